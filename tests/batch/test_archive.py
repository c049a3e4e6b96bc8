"""Archives: a row for every file whatever happens, nothing twice, and nothing mixed."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from hashlib import sha256
from pathlib import Path

import numpy as np
import psutil
import pytest

from cxr_triage.batch.archive import scorer as module
from cxr_triage.batch.archive.job import Job
from cxr_triage.batch.archive.known import Known, write_known
from cxr_triage.batch.archive.lease import claim
from cxr_triage.batch.archive.plan import write_plan
from cxr_triage.batch.archive.rows import GrowingRows, RowFile, ScoredRow
from cxr_triage.batch.archive.scorer import Scorer
from cxr_triage.batch.archive.sources import Contents, Entry, entries
from cxr_triage.errors import ImageTooLarge, ModelError, UnreadableImage
from cxr_triage.imaging.limits import Limits

from ..cli.running import COMMAND, cxr_triage, environment_of, in_own_process

FILMS = Path(module.__file__).parents[2] / "demo_films" / "films"
KILLS = 20 if os.environ.get("SOAK") else 3
MODEL = ("--model", "nih-lite")
NEEDS = "install the extra parquet: pip install 'cxr-triage[parquet]'"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Films, one of them twice under two names, and what is none."""
    made = tmp_path_factory.mktemp("archive") / "films"
    made.mkdir()
    for name in ("film-03.dcm", "film-08.dcm", "film-09.png", "film-16.jpg"):
        shutil.copy(FILMS / name, made / name)
    shutil.copy(FILMS / "film-16.jpg", made / "sub film.jpg")
    (made / "broken.dcm").write_bytes((FILMS / "film-03.dcm").read_bytes()[:9000])
    (made / "notes.txt").write_text("no film")
    return made


def rows_of(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "results.jsonl").read_text("utf-8").splitlines()]


def steady(rows: list[dict]) -> list[dict]:
    """Rows without what every run takes anew: time."""
    return [{name: row[name] for name in row if name != "timings_ms"} for row in rows]


@pytest.fixture(scope="module")
def whole(folder, tmp_path_factory) -> Path:
    """The output of a run that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole") / "out"
    done = in_own_process(
        "score", folder, "--out", out, "--csv", "--resume", "--shard-files", 3,
        "--progress", "json", *MODEL,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    said = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert said[-1]["done"] == said[-1]["total"] == 7
    return out


def test_every_file_has_one_row_in_order_as_without_shards(folder, whole, tmp_path):
    cxr_triage("score", folder, "--out", tmp_path / "o", "--no-report", "--quiet", *MODEL)
    rows = rows_of(whole)
    assert [row["path"] for row in rows] == [str(path) for path in sorted(folder.iterdir())]
    assert steady(rows) == steady(rows_of(tmp_path / "o"))
    with (whole / "results.csv").open(encoding="utf-8-sig") as file:
        assert [row["path"] for row in csv.DictReader(file)] == [row["path"] for row in rows]
    said = (whole / "summary.txt").read_text("utf-8")
    assert said.startswith("7 files")
    assert "Assessed: 5 (71.4 %)" in said
    assert "Demonstration model: not for clinical use" in said
    page = (whole / "summary.html").read_text("utf-8")
    assert "<script" not in page
    assert "Demonstration model: not for clinical use" in page
    assert page.count("<polygon") == 14 + 1


def test_each_shard_says_what_was_written_of_it(whole):
    done = [json.loads(file.read_bytes()) for file in sorted((whole / "state").glob("*.done"))]
    assert [one["rows"] for one in done] == [3, 3, 1]
    for one in done:
        for name, digest in one["files"].items():
            assert sha256((whole / "parts" / name).read_bytes()).hexdigest() == digest


def test_a_second_run_needs_to_say_that_it_goes_on(folder, whole):
    done = cxr_triage("score", folder, "--out", whole, "--csv", "--dry-run", *MODEL)
    assert "7 files in 1 shards, 0 files of them done" in done.stdout
    done = cxr_triage(
        "score", folder, "--out", whole, "--csv", "--shard-files", 3, "--files-from", os.devnull,
        *MODEL,
    )  # fmt: skip
    assert done.returncode == 1
    assert "--resume" in done.stderr


@pytest.mark.parametrize(
    "other", [("--model", "nih-baseline"), (*MODEL, "--assume-adult"), (*MODEL, "--lang", "vi")]
)
def test_rows_of_two_kinds_do_not_go_into_one_table(folder, whole, other):
    before = (whole / "results.jsonl").read_bytes()
    done = in_own_process("score", folder, "--out", whole, "--csv", "--resume", *other)
    assert done.returncode == 1
    assert (whole / "results.jsonl").read_bytes() == before


def test_what_was_moved_and_renamed_is_known_by_its_content(folder, whole, tmp_path):
    """And what is new is scored, what changed under its name too."""
    out, moved = tmp_path / "out", tmp_path / "moved"
    shutil.copytree(whole, out)
    shutil.copytree(folder, moved)
    (moved / "film-03.dcm").rename(moved / "zz.dcm")
    shutil.copy(FILMS / "film-14.tif", moved / "film-08.dcm")
    done = in_own_process("score", moved, "--out", out, "--csv", "--resume", *MODEL)
    assert done.returncode == 3, done.stderr
    rows = {Path(row["path"]).name: row for row in rows_of(out)}
    before = {row["digest"]: row for row in rows_of(whole) if row["digest"]}
    assert len(rows) == 7
    assert rows["zz.dcm"]["timings_ms"] == before[rows["zz.dcm"]["digest"]]["timings_ms"]
    assert rows["film-08.dcm"]["digest"] not in before
    assert rows["film-08.dcm"]["outcome"] == "assessed"
    assert not list((out / "state").glob("known*"))
    assert len(list((out / "state").glob("*.rows"))) == 1


def test_parts_of_an_array_make_the_same_table(folder, whole, tmp_path):
    for part in (2, 3, 1):
        assert not (tmp_path / "o" / "results.jsonl").exists()
        done = in_own_process(
            "score", folder, "--out", tmp_path / "o", "--shard", f"{part}/3", "--shard-files", 3,
            *MODEL,
        )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert steady(rows_of(tmp_path / "o")) == steady(rows_of(whole))


def test_lists_and_what_comes_in_name_files(folder, tmp_path):
    names = tmp_path / "names"
    names.write_bytes(b"\0".join(os.fsencode(path) for path in sorted(folder.glob("*.txt"))))
    done = in_own_process(
        "score", "-", "--files-from", names, "--out", tmp_path / "o", *MODEL,
        typed=f"{folder / 'broken.dcm'}\n{folder / 'nowhere.dcm'}\n",
    )  # fmt: skip
    assert done.returncode == 4, done.stderr
    codes = {Path(row["path"]).name: row["error"]["code"] for row in rows_of(tmp_path / "o")}
    assert set(codes) == {"notes.txt", "broken.dcm", "nowhere.dcm"}
    assert codes["nowhere.dcm"] == "file_unreadable"


@pytest.mark.parametrize("kind", ["zip", "stored.zip", "tar", "tar.gz", "tar.xz"])
def test_members_of_archives_are_read_where_they_lie(folder, tmp_path, kind):
    archive = tmp_path / f"films.{kind}"
    if kind.endswith("zip"):
        method = zipfile.ZIP_STORED if kind == "stored.zip" else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(archive, "w", method) as made:
            for path in sorted(folder.iterdir()):
                made.write(path, path.name)
    else:
        with tarfile.open(archive, f"w:{kind.partition('.')[2]}") as made:
            for path in sorted(folder.iterdir()):
                made.add(path, path.name)
    contents = Contents(Limits())
    found = list(entries([archive], [], tmp_path / "out"))
    assert [one.path for one in found] == [
        f"{archive}!/{path.name}" for path in sorted(folder.iterdir())
    ]
    for one in (*found, *reversed(found)):
        assert (
            contents.read(Entry.read(one.line()))
            == (folder / one.path[-99:].split("!/")[1]).read_bytes()
        )
    with pytest.raises(ImageTooLarge):
        Contents(Limits(max_file_bytes=100)).read(found[-1])
    damaged = archive.read_bytes()
    archive.write_bytes(damaged[: len(damaged) // 2])
    with pytest.raises(UnreadableImage):
        [Contents(Limits()).read(one) for one in found]
    with pytest.raises(UnreadableImage) as lost:
        [contents.read(one) for one in entries([archive], [], tmp_path / "out")]
    assert lost.value.code == "archive_damaged", "its films are missing, not left out"


def test_what_overlaps_is_read_once_and_the_output_is_not(folder, tmp_path):
    found = list(entries([folder, folder / "notes.txt", folder], [], folder / "nowhere"))
    assert len(found) == len(list(folder.iterdir()))
    assert len(list(entries([folder.parent], [], folder))) == 0


def test_a_lease_is_one_process_s_until_it_is_dead(tmp_path):
    file = tmp_path / "x.lease"
    first = claim(file)
    with first:
        assert first.held
        assert claim(file) is None
    assert not file.exists()
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    file.write_text(
        json.dumps(
            {"token": "x", "host": os.uname().nodename, "pid": int(gone.stdout), "started": 1}
        )
    )
    with claim(file) as second:
        assert second.held
    file.write_text(json.dumps({"token": "y", "host": "elsewhere", "pid": 1, "started": 1}))
    assert claim(file) is None
    os.utime(file, (1, 1))
    assert claim(file) is not None


def test_a_lease_is_kept_alive(tmp_path):
    file = tmp_path / "x.lease"
    with claim(file, seconds=0.4):
        time.sleep(1.0)
        assert claim(file, seconds=0.4) is None


def test_of_rows_that_were_cut_off_the_whole_ones_are_kept(tmp_path):
    rows = [ScoredRow(row={"path": f"f{n}", "digest": f"{n:064x}"}) for n in range(4)]
    whole = b"".join(row.line() for row in rows)
    for cut in range(0, len(whole) + 1, 7):
        file = tmp_path / "x.rows"
        file.write_bytes(whole[:cut])
        with GrowingRows(file, iter(["f0", "f1", "f2", "f3"])) as growing:
            for row in rows[growing.kept :]:
                growing.add(row)
        assert file.read_bytes() == whole
    with GrowingRows(file, iter(["f0", "other"])) as growing:
        assert growing.kept == 1


def test_rows_are_found_by_content(tmp_path):
    rows = [ScoredRow(row={"path": f"f{n}", "digest": f"{n * 7919:064x}"[::-1]}) for n in range(50)]
    for part in (0, 1):
        (tmp_path / f"{part}.rows").write_bytes(b"".join(r.line() for r in rows[part::2]))
    assert write_known(tmp_path / "known.index", sorted(tmp_path.glob("*.rows"))) == 50
    known = Known(tmp_path / "known.index")
    for row in rows:
        assert known.line(row.digest) == row.line()
    assert known.line("f" * 64) is None


def test_a_plan_is_the_same_each_time_and_changes_with_its_files(tmp_path):
    found = [Entry(path=f"f{n}\udc80", mark=(n, n)) for n in range(10)]
    plan = write_plan(tmp_path, found, 4)
    assert [shard.files for shard in plan.shards] == [4, 4, 2]
    assert [one for shard in plan.shards for one in plan.entries(shard)] == found
    assert write_plan(tmp_path, found, 4) == plan
    changed = write_plan(tmp_path, [*found[:5], Entry(path="f5", mark=(5, 9)), *found[6:]], 4)
    same = [a.key == b.key for a, b in zip(plan.shards, changed.shards, strict=True)]
    assert same == [True, False, True]


TRAPS = """
import os, sys
sys.path.insert(0, sys.argv[1])
from cxr_triage.batch.archive import process, sources
read = sources.Contents.read
def trap(self, entry):
    if "deadly" in entry.path:
        os._exit(9)
    if "once" in entry.path and not os.path.exists(os.environ["TRAP"]):
        open(os.environ["TRAP"], "w").close()
        os._exit(9)
    return read(self, entry)
sources.Contents.read = trap
process.main()
"""


def failed(entry, error):
    return ScoredRow(row={"path": entry.path, "error": error.code})


def test_a_file_that_kills_the_process_costs_that_file_alone(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BOOTSTRAP", TRAPS)
    monkeypatch.setenv("TRAP", str(tmp_path / "trapped"))
    names = ["a.txt", "deadly.dcm", "b.txt", "c.txt", "once.txt", "d.txt", "e-deadly.dcm"]
    for name in names:
        shutil.copy(folder / "notes.txt", tmp_path / name)
    files = [Entry(path=str(tmp_path / name)) for name in names]
    with Scorer(Job(out=str(tmp_path), model="nih-lite", readers=2)) as scorer:
        rows = list(scorer.rows(files, failed))
    assert [Path(row.row["path"]).name for row in rows] == names
    died = [Path(row.row["path"]).name for row in rows if row.row["error"] == "scorer_died"]
    assert died == ["deadly.dcm", "e-deadly.dcm"]


def test_a_process_that_cannot_start_ends_the_run(tmp_path, monkeypatch):
    with pytest.raises(ModelError) as error, Scorer(Job(out=str(tmp_path), model="none")) as scorer:
        scorer.facts()
    assert error.value.code == "model_unknown"
    monkeypatch.setattr(module, "BOOTSTRAP", "raise SystemExit(3)")
    with pytest.raises(ModelError) as error, Scorer(Job(out=str(tmp_path))) as scorer:
        scorer.facts()
    assert error.value.code == "scorer_not_started"


def started(folder: Path, out: Path) -> subprocess.Popen:
    arguments = ["score", folder, "--out", out, "--csv", "--resume", "--shard-files", 3, *MODEL]
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment_of({}),
    )


def kept_rows(out: Path) -> int:
    return sum(len(list(RowFile(file))) for file in (out / "state").glob("*.rows"))


@pytest.mark.soak
def test_killed_at_any_moment_and_gone_on_with_the_table_is_the_same(folder, whole, tmp_path):
    chance = np.random.default_rng(5)
    out = tmp_path / "out"
    for _ in range(KILLS):
        running = started(folder, out)
        before = kept_rows(out) if out.exists() else 0
        wanted = before + int(chance.integers(0, 3))
        end = time.monotonic() + 60
        while running.poll() is None and time.monotonic() < end:
            if out.exists() and kept_rows(out) >= wanted and chance.random() < 0.2:
                break
            time.sleep(chance.uniform(0.01, 0.3))
        running.send_signal(signal.SIGKILL)
        running.communicate()
        if out.exists():
            assert kept_rows(out) >= before
        if (out / "results.jsonl").exists():
            shutil.rmtree(out)
    last = started(folder, out)
    last.communicate(timeout=300)
    assert last.returncode == 3
    assert steady(rows_of(out)) == steady(rows_of(whole))
    assert not list((out / "state").glob("*.lease"))


def test_sigterm_ends_cleanly_and_keeps_what_is_done(folder, tmp_path):
    running = started(folder, tmp_path / "o")
    while running.poll() is None and not ((tmp_path / "o").exists() and kept_rows(tmp_path / "o")):
        time.sleep(0.05)
    children = psutil.Process(running.pid).children(recursive=True)
    running.terminate()
    said = running.communicate(timeout=60)[1].decode()
    assert running.returncode == 130
    assert "what is done is kept" in said
    assert kept_rows(tmp_path / "o") >= 1
    assert not list((tmp_path / "o" / "state").glob("*.lease"))
    assert not psutil.wait_procs(children, timeout=20)[1]


def test_parquet_has_units_model_and_what_researchers_ask_for(folder, tmp_path):
    dataset = pytest.importorskip("pyarrow.dataset", reason=NEEDS)
    done = in_own_process(
        "score", folder, "--out", tmp_path / "o", "--embeddings", "--maps", "--shard-files", 3,
        *MODEL,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    found = dataset.dataset(tmp_path / "o" / "parts", format="parquet", exclude_invalid_files=True)
    table = found.to_table().to_pylist()
    rows = rows_of(tmp_path / "o")
    assert [one["path"] for one in table] == [row["path"] for row in rows]
    meta = {k.decode(): v.decode() for k, v in found.schema.metadata.items()}
    assert meta["cxr_triage.fingerprint"] == rows[0]["fingerprint"]
    assert json.loads(meta["cxr_triage.model"])["name"] == "nih-lite"
    labels, shape = json.loads(meta["cxr_triage.labels"]), json.loads(meta["cxr_triage.maps_shape"])
    assert found.schema.field("logit.Mass").metadata[b"unit"] == b"log-odds"
    for one, row in zip(table, rows, strict=True):
        scored = row["outcome"] == "assessed"
        assert (one["embedding"] is not None) == (one["maps"] is not None) == scored
        for finding in row["findings"]:
            logit = one[f"logit.{finding['label']}"]
            assert finding["probability"] == pytest.approx(
                1 / (1 + 2.718281828459045**-logit), abs=2e-6
            )
        if scored:
            assert len(one["maps"]) == shape[0] * shape[1] * shape[2]
            assert shape[0] == len(labels)
