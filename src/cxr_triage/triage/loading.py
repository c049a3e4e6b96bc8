"""Settings and options → the pipeline that a command runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cxr_triage.domain import ModelCard
from cxr_triage.imaging.configured import decoder_of, limits_of
from cxr_triage.model.catalog import SHIPPED_ONLY, Catalog, data_folder
from cxr_triage.model.cpus import usable_cpus
from cxr_triage.model.engine import Engine
from cxr_triage.model.gate_model import GateModel
from cxr_triage.settings import Settings
from cxr_triage.triage.decision import Decision, decide
from cxr_triage.triage.gate import Gate
from cxr_triage.triage.image_reader import ImageReader
from cxr_triage.triage.pipeline import Pipeline
from cxr_triage.triage.policy import Policy, read_policy
from cxr_triage.triage.positions import find_positions, read_positions


def load_engine(settings: Settings, *, model: str | None, threads: int | None) -> Engine:
    """The model that the option names, else the setting, else the default of the catalogue."""
    folder = catalog_of(settings).find(model or settings.model)
    return Engine(folder, threads=settings.threads if threads is None else threads)


def load_decision(folder: Path, card: ModelCard, rules: Policy, settings: Settings) -> Decision:
    """How films are decided: by the site's own films, else those measured beside the model.

    A model beside which none hold decides by its operating points, and says so.
    Raises PolicyInvalid.
    """
    reference = find_positions(folder, card)
    if settings.positions is None:
        return decide(card, rules, reference)
    return decide(card, rules, read_positions(settings.positions), reference)


def catalog_of(settings: Settings) -> Catalog:
    """Models that ship, and those that were fetched to the data folder."""
    return Catalog(data=data_folder(settings.data_dir), cards=settings.catalog)


def workers_of(settings: Settings, workers: int | None) -> int:
    """How many images are read at the same time."""
    return (settings.workers if workers is None else workers) or usable_cpus()


def load_gate(rules: Policy) -> Gate:
    """The gate of a policy, with the network that it names."""
    return Gate(rules, GateModel(SHIPPED_ONLY.gate(rules.sight.gate)))


@contextmanager
def open_image_reader(
    settings: Settings, *, rules: Policy, workers: int | None
) -> Iterator[ImageReader]:
    """Reads and judges only; its decoding processes end with the block."""
    with decoder_of(settings, workers_of(settings, workers)) as decoder:
        yield ImageReader(
            gate=load_gate(rules),
            decoder=decoder,
            limits=limits_of(settings),
            marks=rules.warnings,
        )


@contextmanager
def open_pipeline(
    settings: Settings,
    *,
    model: str | None,
    policy: Path | None,
    workers: int | None,
    threads: int | None,
) -> Iterator[Pipeline]:
    """A pipeline whose decoding processes end with the block."""
    rules = read_policy(policy or settings.policy)
    engine = load_engine(settings, model=model, threads=threads)
    with decoder_of(settings, workers_of(settings, workers)) as decoder:
        yield Pipeline(
            engine=engine,
            policy=rules,
            gate=load_gate(rules),
            decoder=decoder,
            limits=limits_of(settings),
            decision=load_decision(engine.folder, engine.card, rules, settings),
        )
