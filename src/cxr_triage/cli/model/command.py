"""`cxr-triage model`: list, fetch, info, verify, use, remove.

What only these commands need (the network, progress bars) is imported when they run, so
that `score` starts as fast as without them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cxr_triage.cli.exits import FATAL
from cxr_triage.cli.score.run import terminal
from cxr_triage.errors import FetchFailed, ModelError
from cxr_triage.language import Language, say
from cxr_triage.settings import Settings, default_language, read_settings

if TYPE_CHECKING:
    from cxr_triage.model.catalog import Catalog
    from cxr_triage.triage.provision import Provision

_HELP = default_language()

Lang = Annotated[Language | None, typer.Option("--lang", help=say("help.lang", _HELP))]
ModelName = Annotated[str, typer.Argument(help=say("help.model_name", _HELP))]
OptionalName = Annotated[str, typer.Argument(help=say("help.model_name", _HELP))]
FromFile = Annotated[Path | None, typer.Option("--from", help=say("help.from_file", _HELP))]
Mirror = Annotated[str | None, typer.Option("--mirror", help=say("help.mirror", _HELP))]
References = Annotated[Path | None, typer.Option("--reference", help=say("help.reference", _HELP))]
Sha256Option = Annotated[str | None, typer.Option("--sha256", help=say("help.sha256", _HELP))]


def create_model_app(language: Language) -> typer.Typer:
    """The commands below `model`, with their help in `language`."""
    app = typer.Typer(
        help=say("help.model_app", language), no_args_is_help=True, rich_markup_mode=None
    )
    commands: dict[str, Callable[..., None]] = {
        "list": list_models,
        "fetch": fetch,
        "info": info,
        "verify": verify,
        "measure": measure,
        "use": use,
        "remove": remove,
    }
    for name, command in commands.items():
        app.command(name, help=say(f"help.model_{name}", language))(command)
    return app


def list_models(lang: Lang = None) -> None:
    """Every model, where it is, whether it is proven, and which one runs by default."""
    from cxr_triage.cli.model.pages import print_list  # noqa: PLC0415

    settings, language = _settings(lang)
    catalog, _ = _places(settings)
    default = settings.model or catalog.default()
    print_list(catalog.entries(), default, terminal(), language)


def fetch(
    name: ModelName,
    from_file: FromFile = None,
    mirror: Mirror = None,
    reference: References = None,
    sha256: Sha256Option = None,
    lang: Lang = None,
) -> None:
    """Fetch, check, convert, prove and install."""
    from cxr_triage.cli.model.pages import watching  # noqa: PLC0415
    from cxr_triage.triage.provision import Wishes, provide  # noqa: PLC0415

    settings, language = _settings(lang)
    catalog, data = _places(settings)
    wishes = Wishes(
        file=from_file, mirror=mirror, references=reference, sha256=_checked_hash(sha256)
    )
    console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
    with watching(console, language) as watcher:
        result = provide(name, catalog, data, wishes, watcher, threads=settings.threads)
    console.print(say("model.installed", language, name=name))
    _say_proof(result, console, language)
    _measure(catalog.find(name), settings, console, language)
    console.print(say("model.runs_by_default", language, name=settings.model or catalog.default()))
    _exit_if_failed(result)


def measure(name: OptionalName = "", lang: Lang = None) -> None:
    """Score the reference films with a model and keep where they lie: its positions."""
    settings, language = _settings(lang)
    catalog, _ = _places(settings)
    console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
    _measure(catalog.find(name or settings.model), settings, console, language, again=True)


def _measure(
    folder: Path, settings: Settings, console: Console, language: Language, *, again: bool = False
) -> None:
    """Write `positions.json` into the model's folder, unless one that holds is there.

    Raises ModelError, EvaluationFailed, OutputFailed.
    """
    from cxr_triage.batch.files import write_whole, writing  # noqa: PLC0415
    from cxr_triage.calibration.fit import measure_model  # noqa: PLC0415
    from cxr_triage.cli.progress import with_progress  # noqa: PLC0415
    from cxr_triage.model.card import POSITIONS_FILE, read_card  # noqa: PLC0415
    from cxr_triage.triage.positions import find_positions  # noqa: PLC0415

    card = read_card(folder)
    if not again and find_positions(folder, card) is not None:
        return
    console.print(say("model.measuring", language, name=card.name))
    positions = measure_model(
        folder,
        settings,
        lambda films, total: with_progress(
            films, total=total, console=console, language=language, quiet=False
        ),
    )
    with writing():
        write_whole(folder / POSITIONS_FILE, positions.as_json())
    films = len(positions.fit_films) + len(positions.measured_films or ())
    console.print(
        say("model.measured", language, name=card.name, films=films, source=positions.source)
    )
    if positions.optimistic:
        console.print(say("model.measured_optimistic", language))


def info(name: OptionalName = "", lang: Lang = None) -> None:
    """The card and the proof of a model, fetched or not."""
    from cxr_triage.cli.model.pages import print_card  # noqa: PLC0415

    settings, language = _settings(lang)
    catalog, _ = _places(settings)
    wanted = name or settings.model or catalog.default()
    for entry in catalog.entries():
        if entry.card.name == wanted:
            print_card(entry, terminal(), language)
            return
    catalog.find(wanted)  # says which models there are
    raise ModelError("model_unknown", known=wanted)


def verify(
    name: OptionalName = "", mirror: Mirror = None, reference: References = None, lang: Lang = None
) -> None:
    """Hash the model's file and, where scores are published, reproduce them again."""
    from cxr_triage.cli.model.pages import watching  # noqa: PLC0415
    from cxr_triage.triage.provision import Wishes, verify_installed  # noqa: PLC0415

    settings, language = _settings(lang)
    catalog, data = _places(settings)
    folder = catalog.find(name or settings.model)
    wishes = Wishes(mirror=mirror, references=reference)
    console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
    with watching(console, language) as watcher:
        result = verify_installed(folder, data, wishes, watcher, threads=settings.threads)
    console.print(say("model.verified", language, name=result.card.name))
    _say_proof(result, console, language)
    _exit_if_failed(result)


def use(name: ModelName, lang: Lang = None) -> None:
    """Choose the model that runs when none is named."""
    from cxr_triage.model.card import read_card  # noqa: PLC0415
    from cxr_triage.model.provision.install import choose, locked  # noqa: PLC0415

    settings, language = _settings(lang)
    catalog, data = _places(settings)
    if name not in {*catalog.shipped(), *catalog.installed()}:
        catalog.find("")  # a broken choice must not stop a new one from being made
        raise ModelError("model_unknown", known=", ".join(sorted(catalog.shipped())))
    card = read_card(catalog.find(name))
    console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
    _measure(catalog.find(name), settings, console, language)
    with locked(data):
        choose(card.name, data)
    if card.proof == "unproven":
        typer.echo(say("model.use_unproven", language, name=card.name))
    typer.echo(say("model.runs_by_default", language, name=card.name))


def remove(name: ModelName, lang: Lang = None) -> None:
    """Remove a fetched model."""
    from cxr_triage.model.provision.install import locked  # noqa: PLC0415
    from cxr_triage.model.provision.install import remove as remove_files  # noqa: PLC0415

    settings, language = _settings(lang)
    catalog, data = _places(settings)
    if name not in catalog.installed():
        raise ModelError("model_not_installed", name=name)
    with locked(data):
        remove_files(name, data)
    typer.echo(say("model.removed", language, name=name))


def _settings(lang: Language | None) -> tuple[Settings, Language]:
    settings = read_settings()
    return settings, lang or settings.language


def _places(settings: Settings) -> "tuple[Catalog, Path]":
    from cxr_triage.model.catalog import Catalog, data_folder  # noqa: PLC0415

    data = data_folder(settings.data_dir)
    return Catalog(data=data, cards=settings.catalog), data


def _checked_hash(sha256: str | None) -> str | None:
    if sha256 is None:
        return None
    digits = sha256.lower()
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        raise FetchFailed("hash_invalid")
    return digits


def _say_proof(result: "Provision", console: Console, language: Language) -> None:
    from cxr_triage.cli.model.pages import proof_sentence  # noqa: PLC0415

    console.print(proof_sentence(result, language))


def _exit_if_failed(result: "Provision") -> None:
    if result.proof is not None and not result.proof.passed:
        raise typer.Exit(FATAL)
