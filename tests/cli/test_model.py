"""`cxr-triage model` as a person runs it, against a server on this machine."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import zipfile

import psutil
import pytest

from cxr_triage.calibration.reference import FOLDER
from cxr_triage.model.card import read_card
from cxr_triage.model.catalog import shipped_folder
from cxr_triage.model.engine import Engine

from ..conftest import real_image
from ..model.published import CHECKPOINT, NAME, Handler, catalogue, files, serving
from .test_score import INTERRUPTIBLE


def few_reference_films(folder):
    """A folder like that which ships, of a few films: measuring takes seconds."""
    folder.mkdir()
    shipped = shipped_folder(FOLDER)
    with (shipped / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kept = [row for split in ("val", "test") for row in rows if row["split"] == split][::400]
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(kept)
    with (
        zipfile.ZipFile(shipped / "films.zip") as films,
        zipfile.ZipFile(folder / "films.zip", "w") as out,
    ):
        for row in kept:
            out.writestr(row["image"], films.read(row["image"]))
    return folder


class Machine:
    """A data folder and a catalogue in the environment of each command."""

    def __init__(self, folder):
        self.folder, self.data = folder, folder / "data"
        clean = {name: value for name, value in os.environ.items() if "CXR_TRIAGE" not in name}
        self.environment = clean | {
            "CXR_TRIAGE_DATA_DIR": str(self.data),
            "CXR_TRIAGE_CATALOG": str(folder / "cards"),
            "CXR_TRIAGE_REFERENCE_FILMS": str(few_reference_films(folder / "reference-films")),
        }

    def start(self, *arguments, **options):
        return psutil.Popen(
            [sys.executable, "-c", INTERRUPTIBLE, *map(str, arguments)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            **options,
        )

    def run(self, *arguments):
        process = self.start(*arguments)
        process.out, process.err = process.communicate(timeout=120)
        return process


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.fixture
def published(machine):
    with serving() as server:
        catalogue(machine.folder / "cards", server.url)
        yield server


def largest_memory(process, found):
    """Keep the largest resident size of the process and its children together, in bytes."""
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        try:
            tree = [process, *process.children(recursive=True)]
            found.append(sum(member.memory_info().rss for member in tree))
        except psutil.Error:
            return
        time.sleep(0.01)


def test_fetch_prove_score_quickly_in_little_memory_without_torch(machine, published):
    start = time.monotonic()
    sizes = [0]
    fetching = machine.start("model", "fetch", NAME)
    watch = threading.Thread(target=largest_memory, args=(fetching, sizes))
    watch.start()
    _, told = fetching.communicate(timeout=60)
    watch.join()
    scored = machine.run("score", real_image("RG1_UNCR"), "--json", "--quiet")
    assert time.monotonic() - start < 60
    assert max(sizes) < 500 * 2**20
    assert fetching.returncode == 0, told
    assert "Proven: 36 published scores are reproduced" in told
    assert f"By default {NAME} runs" in told
    row = json.loads(scored.out)
    assert row["model"]["name"] == NAME
    assert row["model"]["proof"] == "proven"
    assert len(row["findings"]) == 18
    assert "Traceback" not in told + scored.err


def test_every_output_of_an_unproven_model_says_so(machine, published):
    name = "densenet121-res224-all"
    folder = machine.folder / "cards" / name / "card.json"
    card = json.loads(folder.read_text("utf-8"))
    folder.write_text(json.dumps(card | {"references": []}), "utf-8")
    fetched = machine.run("model", "fetch", name)
    assert "it runs only when it is named" in fetched.err
    assert "By default nih-baseline runs" in fetched.err
    out = machine.folder / "out"
    scored = machine.run("score", real_image("RG1_UNCR"), "--model", name, "--out", out)
    assert scored.returncode == 0, scored.err
    assert "Unproven model" in scored.err
    assert (out / "report.html").read_text("utf-8").count("Unproven model") >= 2
    row = json.loads((out / "results.jsonl").read_text("utf-8"))
    assert row["model"]["proof"] == "unproven"
    assert "Unproven" in machine.run("model", "info", name).out
    used = machine.run("model", "use", name, "--lang", "vi")
    assert "chưa được kiểm chứng" in used.out
    assert machine.run("info").out.count(name) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a POSIX signal; run it on Linux")
@pytest.mark.parametrize("seed", range(3))
def test_fetch_killed_at_any_byte_ends_well_the_next_time(machine, seed):
    """Kills at a random byte of the checkpoint, twice, then lets it finish."""
    size = len(files()[CHECKPOINT])
    reached = threading.Event()
    limit = random.Random(seed).randrange(size)  # noqa: S311  no secret

    def slowly(handler):
        if handler.path != f"/{CHECKPOINT}" or reached.is_set():
            Handler.well(handler)
            return
        start = int((handler.headers.get("Range") or "bytes=0-")[6:-1])
        rest = files()[CHECKPOINT][start:]
        handler.send(
            206 if start else 200,
            rest[: max(0, limit - start)],
            Content_Length=len(rest),
            Content_Range=f"bytes {start}-{size - 1}/{size}",
        )
        handler.wfile.flush()
        reached.set()
        time.sleep(1)
        handler.close_connection = True

    with serving(slowly) as server:
        catalogue(machine.folder / "cards", server.url)
        process = machine.start("model", "fetch", NAME)
        assert reached.wait(60)
        process.kill()
        process.communicate()
        assert not (machine.data / "models" / NAME / "card.json").exists()
        done = machine.run("model", "fetch", NAME)
    assert done.returncode == 0, done.err
    folder = machine.data / "models" / NAME
    assert read_card(folder).proof == "proven"
    Engine(folder, threads=1)


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a POSIX signal; run it on Linux")
@pytest.mark.parametrize("delay_s", [0.1, 0.5, 1.0])
def test_killed_after_the_download_a_model_is_whole_or_not_there(machine, published, delay_s):
    process = machine.start("model", "fetch", NAME)
    while not published.requests:
        time.sleep(0.01)
    time.sleep(delay_s)
    process.kill()
    process.communicate()
    folder = machine.data / "models" / NAME
    if (folder / "card.json").exists():
        Engine(folder, threads=1)
    assert machine.run("model", "fetch", NAME).returncode == 0
    assert read_card(folder).proof == "proven"
    left = sorted(file.suffix for file in folder.iterdir())
    assert left == [".json", ".json", ".json", ".onnx"]


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal; run it on Linux")
def test_interrupted_fetch_says_that_its_part_is_kept(machine):
    def stalls(handler):
        handler.send(200, files()[CHECKPOINT][:1000], Content_Length=len(files()[CHECKPOINT]))
        handler.wfile.flush()
        time.sleep(3)
        handler.close_connection = True

    with serving(stalls) as server:
        catalogue(machine.folder / "cards", server.url)
        process = machine.start("model", "fetch", NAME)
        while not server.requests:
            time.sleep(0.01)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted. What was fetched is kept" in told
    assert "Traceback" not in told


def test_list_info_verify_use_remove(machine, published):
    assert "not fetched" in machine.run("model", "list").out
    assert machine.run("model", "fetch", NAME).returncode == 0
    listed = machine.run("model", "list").out
    assert "runs by default" in next(line for line in listed.splitlines() if NAME in line)
    shown = machine.run("model", "info").out
    for text in (NAME, "Proven", "Pneumothorax", "VinDr-CXR 0.93", "Apache-2.0"):
        assert text in shown
    verified = machine.run("model", "verify", NAME)
    assert verified.returncode == 0
    assert "is the one of its card" in verified.err
    assert "nih-baseline" in machine.run("model", "use", "nih-baseline").out
    assert "nih-baseline" in machine.run("info").out
    assert machine.run("model", "remove", NAME).returncode == 0
    assert machine.run("model", "remove", NAME).returncode == 1
    assert NAME not in os.listdir(machine.data / "models")  # noqa: PTH208


def test_verify_finds_one_other_byte(machine, published):
    machine.run("model", "fetch", NAME)
    folder = machine.data / "models" / NAME
    file = folder / read_card(folder).file
    content = bytearray(file.read_bytes())
    content[5_000_000] ^= 1
    file.write_bytes(content)
    verified = machine.run("model", "verify", NAME)
    assert verified.returncode == 1
    assert "differs from its card" in verified.err


def test_failure_is_one_sentence_in_the_language_of_the_user(machine, published):
    catalogue(machine.folder / "cards", "http://127.0.0.1:9", sources=[])
    machine.environment["CXR_TRIAGE_LANGUAGE"] = "vi"
    failed = machine.run("model", "fetch", NAME)
    assert failed.returncode == 1
    assert failed.err.strip().splitlines() == [
        "Không biết nguồn tải của checkpoint.pt. Hãy dùng --from TỆP hoặc --mirror URL."
    ]


def test_help_is_in_both_languages(machine):
    assert "Fetch a published model" in machine.run("model", "--help").out
    machine.environment["CXR_TRIAGE_LANGUAGE"] = "vi"
    assert "Tải mô hình đã công bố" in machine.run("model", "--help").out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["fetch", "nothing"], "There is no model of that name"),
        (["fetch", "nih-baseline"], "there is nothing to fetch"),
        (["fetch", "densenet121-res224-nih"], "Give the one you trust with --sha256"),
        (["fetch", "densenet121-res224-nih", "--sha256", "short"], "64 hexadecimal digits"),
        (["info", "nothing"], "There is no model of that name"),
        (["use", "nothing"], "There is no model of that name"),
        (["use", "densenet121-res224-pc"], "Fetch it: cxr-triage model fetch"),
        (["verify", "densenet121-res224-pc"], "Fetch it: cxr-triage model fetch"),
    ],
)
def test_wrong_names_are_said(machine, arguments, sentence):
    done = machine.run("model", *arguments)
    assert done.returncode == 1
    assert sentence in done.err
    assert "Traceback" not in done.err


def test_score_imports_nothing_of_the_network():
    code = "import cxr_triage.cli.app, sys; print({'httpx', 'filelock'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere(machine, published):
    lines = machine.run("model", "fetch", NAME).err.splitlines()
    assert lines == [line.strip() for line in lines if line.strip()]
    assert len(lines) == 8
