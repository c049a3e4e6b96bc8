"""A published model, from a server on this machine to a proven model in the data folder."""

import json
import shutil
import threading

import pytest

from cxr_triage.domain import PREPROCESSING_VERSION
from cxr_triage.errors import FetchFailed, ModelError
from cxr_triage.model.card import POSITIONS_FILE, read_card, read_proof
from cxr_triage.model.catalog import BASELINE, Catalog
from cxr_triage.model.engine import Engine
from cxr_triage.model.provision.fetch import Patience
from cxr_triage.model.provision.install import choose, remove
from cxr_triage.triage import provision
from cxr_triage.triage.provision import Provision, Watcher, Wishes, provide, verify_installed

from ..model.published import CHECKPOINT, FILM, NAME, PICTURE, catalogue, files, golden, serving

QUICK = Patience(attempts=2, backoff_s=0.01, connect_s=2, read_s=2)


class Place:
    """A data folder, a catalogue that points at a server, and what was told."""

    def __init__(self, folder, server):
        self.server, self.folder, self.data = server, folder, folder / "data"
        self.told = []
        self.point_at(server.url)

    def point_at(self, url, **changes):
        cards = catalogue(self.folder / "cards", url, **changes)
        self.catalog = Catalog(data=self.data, cards=cards)

    def provide(self, name=NAME, **wishes) -> Provision:
        watcher = Watcher(notice=lambda code, _: self.told.append(code))
        wishes = Wishes(patience=QUICK, **wishes)
        return provide(name, self.catalog, self.data, wishes, watcher, threads=2)

    def measure(self):
        """As `model measure` leaves it, of no films."""
        folder = self.catalog.installed()[NAME]
        model = {"sha256": read_card(folder).sha256}
        said = {"model": model, "preprocessing": PREPROCESSING_VERSION}
        (folder / POSITIONS_FILE).write_text(json.dumps(said), "utf-8")

    def verify(self, **wishes):
        folder = self.catalog.find(NAME)
        return verify_installed(folder, self.data, Wishes(patience=QUICK, **wishes), Watcher())


@pytest.fixture
def place(tmp_path):
    with serving() as server:
        yield Place(tmp_path, server)


@pytest.fixture
def published_files(tmp_path):
    """The published files in a folder, as carried on a stick."""
    folder = tmp_path / "stick"
    folder.mkdir()
    for name, content in files().items():
        (folder / name).write_bytes(content)
    return folder


def test_fetched_model_reproduces_the_scores_of_torchxrayvision(place):
    result = place.provide()
    assert result.card.proof == "proven"
    assert result.proof.passed
    assert result.proof.scores == 36
    assert max(result.proof.deviations.values()) < 0.005
    assert len(result.card.labels) == 18


def test_proven_model_runs_by_default_and_removed_one_does_not(place):
    assert place.catalog.default() == BASELINE
    place.provide()
    assert place.catalog.default() == BASELINE  # proven, but measured on no films
    place.measure()
    assert place.catalog.default() == NAME
    assert Engine(place.catalog.find(), threads=1).card.proof == "proven"
    remove(NAME, place.data)
    assert place.catalog.default() == BASELINE


def test_chosen_model_goes_before_the_proven_one_until_it_is_removed(place):
    place.provide()
    choose(BASELINE, place.data)
    assert place.catalog.default() == BASELINE
    choose(NAME, place.data)
    remove(NAME, place.data)
    assert place.catalog.chosen() == ""


def test_nothing_but_the_model_is_left(place):
    place.provide()
    left = {file.relative_to(place.data).as_posix() for file in place.data.rglob("*")}
    model = read_card(place.catalog.find(NAME)).file
    inside = {f"models/{NAME}/{name}" for name in ("card.json", "proof.json", model)}
    assert {name for name in left if name.startswith("models/")} == {f"models/{NAME}", *inside}
    assert not any(name.startswith("downloads/") for name in left)


def test_second_fetch_takes_nothing_from_the_network(place):
    place.provide()
    place.server.requests.clear()
    assert place.provide().card.proof == "proven"
    assert place.server.requests == []
    assert place.told[-1] == "already_installed"


def test_damaged_model_is_fetched_again(place):
    place.provide()
    folder = place.catalog.find(NAME)
    (folder / read_card(folder).file).write_bytes(b"damaged")
    assert place.provide().card.proof == "proven"
    Engine(folder, threads=1)


def test_files_are_enough_without_network(place, published_files):
    place.point_at("http://127.0.0.1:9")
    result = place.provide(file=published_files / CHECKPOINT)
    assert result.card.proof == "proven"
    assert (published_files / CHECKPOINT).is_file()


def test_without_reference_images_the_model_is_installed_unproven(place, published_files):
    place.point_at("http://127.0.0.1:9")
    alone = published_files / "alone"
    alone.mkdir()
    shutil.move(published_files / CHECKPOINT, alone / CHECKPOINT)
    result = place.provide(file=alone / CHECKPOINT)
    assert (result.card.proof, result.proof) == ("unproven", None)
    assert result.unproven.code == "download_no_connection"
    assert place.catalog.default() == BASELINE
    place.measure()
    assert place.catalog.default() == BASELINE
    folder = place.catalog.installed()[NAME]
    wishes = Wishes(patience=QUICK, references=published_files)
    assert verify_installed(folder, place.data, wishes, Watcher()).card.proof == "proven"
    assert place.catalog.default() == NAME


def test_mirror_serves_all_files_by_their_published_names(place):
    url = place.server.url
    place.point_at("http://127.0.0.1:9")
    assert place.provide(mirror=f"{url}/").card.proof == "proven"
    assert {path for path, _ in place.server.requests} == {f"/{name}" for name in files()}


def test_other_scores_are_not_proof(place):
    card_file = place.folder / "cards" / NAME / "card.json"
    card = json.loads(card_file.read_text("utf-8"))
    score = golden()[FILM]["Mass"]
    card["references"][0]["scores"]["Mass"] = score + (0.02 if score < 0.5 else -0.02)
    card_file.write_text(json.dumps(card), "utf-8")
    result = place.provide()
    assert not result.proof.passed
    assert result.card.proof == "unproven"
    assert result.proof.deviations[FILM] == pytest.approx(0.02, abs=0.005)
    assert place.catalog.default() == BASELINE


def test_proof_of_another_file_or_preprocessing_does_not_count(place):
    place.provide()
    folder = place.catalog.find(NAME)
    proof = read_proof(folder)
    for change in ({"sha256": "0" * 64}, {"preprocessing": "0"}, {"passed": False}):
        text = proof.model_copy(update=change).model_dump_json()
        (folder / "proof.json").write_text(text, "utf-8")
        assert read_card(folder).proof == "unproven"
    for spoilt in ("{", "[]", '{"passed": true}'):
        (folder / "proof.json").write_text(spoilt, "utf-8")
        assert read_card(folder).proof == "unproven"


def test_card_cannot_call_itself_proven(place):
    card_file = place.folder / "cards" / NAME / "card.json"
    card_file.write_text(card_file.read_text("utf-8").replace('"unproven"', '"proven"'), "utf-8")
    with pytest.raises(ModelError) as caught:
        read_card(card_file.parent)
    assert caught.value.code == "card_invalid"


def test_altered_local_file_is_refused(place, published_files):
    content = bytearray(files()[CHECKPOINT])
    content[1_000_000] ^= 1
    (published_files / CHECKPOINT).write_bytes(content)
    with pytest.raises(FetchFailed) as caught:
        place.provide(file=published_files / CHECKPOINT)
    assert caught.value.code == "file_not_wanted"
    assert place.catalog.installed() == {}


def test_hash_of_the_user_is_needed_where_none_is_published(place):
    sha256 = read_card(place.folder / "cards" / NAME).checkpoint.sha256
    place.point_at(place.server.url, sha256=None, bytes=None)
    with pytest.raises(FetchFailed) as caught:
        place.provide()
    assert caught.value.code == "hash_needed"
    with pytest.raises(FetchFailed) as caught:
        place.provide(sha256="0" * 64)
    assert caught.value.code == "download_altered"
    assert place.provide(sha256=sha256).card.checkpoint.sha256 == sha256


def test_hash_of_the_user_cannot_replace_the_published_one(place):
    with pytest.raises(FetchFailed) as caught:
        place.provide(sha256="0" * 64)
    assert caught.value.code == "hash_differs"


def test_checkpoint_of_another_network_is_refused_though_its_hash_is_right(place, monkeypatch):
    from ..model import checkpoints, published  # noqa: PLC0415

    weights = checkpoints.realistic_weights()
    del weights["features.norm5.bias"]
    other = files() | {CHECKPOINT: checkpoints.legacy_checkpoint(weights)}
    monkeypatch.setattr(published, "files", lambda: other)
    place.point_at(place.server.url)
    with pytest.raises(ModelError) as caught:
        place.provide()
    assert caught.value.code == "checkpoint_unexpected"
    assert place.catalog.installed() == {}


def test_two_processes_do_not_fight(place):
    results = []
    threads = [threading.Thread(target=lambda: results.append(place.provide())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.card.proof for result in results] == ["proven"] * 3
    paths = [path for path, _ in place.server.requests]
    assert sorted(paths) == sorted(f"/{name}" for name in files())


def test_model_that_does_not_run_never_takes_its_place(place, monkeypatch):
    def broken(*_, **__):
        raise ModelError("model_unloadable")

    monkeypatch.setattr(provision, "Engine", broken)
    with pytest.raises(ModelError):
        place.provide()
    assert place.catalog.installed() == {}


@pytest.mark.parametrize(
    ("name", "code"), [("nothing", "model_unknown"), (BASELINE, "model_not_offered")]
)
def test_only_published_models_can_be_fetched(place, name, code):
    with pytest.raises(ModelError) as caught:
        place.provide(name)
    assert caught.value.code == code


def test_offered_model_says_how_to_fetch_it(place):
    with pytest.raises(ModelError, match="cxr-triage model fetch densenet121-res224-all"):
        place.catalog.find(NAME)


def test_all_three_files_are_asked_for_once(place):
    place.provide()
    assert sorted(path for path, _ in place.server.requests) == sorted(
        f"/{name}" for name in (CHECKPOINT, FILM, PICTURE)
    )
