"""Make `store-0005.tar.xz` with the version that wrote that schema.

    git worktree add --detach ../before c8b640d && cd ../before
    PYTHONPATH=src:. python …/tests/store/data/make_store.py …/tests/store/data

That is the last version before results bore a format number, and before corrections (schema
0006): newer ones must open what it left. The environment of today's `make test` runs it. The
archive holds the store as its service left it (`store/`), a backup that it made (`backup/`), what
its programming interface and its commands said of it (`said.json`), and results of `score`.
"""

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom.pixels import pixel_array
from tests.api.serving import Served, assessment, send
from tests.conftest import real_image

LONGEST = 320
ROOT = "1.2.826.0.1.3680043.10.1488.5"
DECLARED = {
    "patient_id": "HM-12", "patient_name": "LÊ THỊ HOÀ", "birth_date": "1961-04-30", "sex": "F",
    "view": "PA", "accession": "A-7",
}  # fmt: skip
LABEL = "Pneumothorax"
ASKING = ("administrator", "clinician", "nurse")


def pixels() -> np.ndarray:
    """The real radiograph, u16 with few enough bits to be packed well."""
    whole = pixel_array(pydicom.dcmread(real_image("RG1_UNCR")))
    step = -(-max(whole.shape) // LONGEST)
    rows, columns = (side // step for side in whole.shape)
    blocks = whole[: rows * step, : columns * step].reshape(rows, step, columns, step)
    return (blocks.mean((1, 3)).astype(np.uint16) >> 7).astype(np.uint16)


def film(number: int, grey: np.ndarray, *, study: int, **attributes: str) -> bytes:
    ds = pydicom.dcmread(real_image("RG1_UNCR"))
    grey = grey.copy()
    grey[0, 0] = number
    ds.Rows, ds.Columns = grey.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    ds.PixelData = grey.astype(np.uint8).tobytes()
    ds["PixelData"].VR = "OB"
    ds.WindowCenter, ds.WindowWidth = 86, 172
    if "PixelSpacing" in ds:
        del ds.PixelSpacing
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{ROOT}.1.{study}", f"{ROOT}.2.{number}"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ROOT}.3.{number}"
    for name, value in attributes.items():
        setattr(ds, name, value)
    buffer = io.BytesIO()
    ds.save_as(buffer)
    return buffer.getvalue()


def films() -> dict[str, bytes]:
    grey = pixels()
    hoa = {
        "PatientName": "Nguyễn^Thị Hồng Hoa", "PatientID": "BN-0042", "PatientSex": "F",
        "PatientBirthDate": "19580219", "AccessionNumber": "CĐ-001",
    }  # fmt: skip
    an = {
        "PatientName": "TRAN^VAN AN", "PatientID": "BN-0043", "PatientSex": "M",
        "PatientBirthDate": "19710203", "AccessionNumber": "CD-002",
    }  # fmt: skip
    noise = np.random.default_rng(5).integers(0, 8, grey.shape, np.uint16) * 24
    return {
        "signed": film(1, grey, study=1, **hoa),
        "both": film(2, grey[:, ::-1], study=2, **an),
        "both, lateral": film(3, grey, study=2, ViewPosition="LL", **an),
        "a child": film(4, grey, study=3, PatientName="Bé Na", PatientID="", PatientAge="004Y"),
        "no chest": film(6, np.repeat(np.repeat(noise[::8, ::8], 8, 0), 8, 1), study=4, **an),
    }


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray((170 - pixels().clip(0, 170)).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def fill(server: Served) -> None:
    """Images, readings, and what the audit trail has of them."""
    made = films()
    with server.client() as north, server.client("south") as south:
        results = {
            name: assessment(send(south if name == "no chest" else north, data))
            for name, data in made.items()
        }
        send(north, made["signed"])  # again
        sent = north.post("/v1/images", data=DECLARED, files={"file": ("x.png", picture())})
        assert sent.status_code == 201, sent.text
    first = f"/v1/assessments/{results['signed']['id']}/reviews"
    draft = {"verdicts": {LABEL: "agree"}, "missed": ["Fracture"], "overall": "unsure"}
    with server.person("clinician") as clinician:
        saved = clinician.post(first, json=draft | {"note": "Cần chụp lại?"})
        assert saved.status_code == 201, saved.text
        other = f"/v1/assessments/{results['both']['id']}/reviews"
        saved = clinician.post(other, json={"verdicts": {LABEL: "disagree"}, "note": "mờ"})
        assert saved.status_code == 201, saved.text
        clinician.get("/v1/worklist?q=hong")
    with server.person("radiologist") as radiologist:
        radiologist.get(f"/v1/assessments/{results['signed']['id']}")
        told = draft | {"action": "sign", "version": 1, "impression": "Tràn khí màng phổi phải."}
        signed = radiologist.post(first, json=told)
        assert signed.status_code == 201, signed.text
        added = {"action": "addendum", "note": "Đã gọi điện cho bác sĩ."}
        assert radiologist.post(first, json=added).status_code == 201
        radiologist.get(f"/v1/studies/{ROOT}.1.1")
    with server.nobody() as nobody:
        wrong = nobody.post("/v1/session", json={"name": "clinician", "password": "wrong word"})
        assert wrong.status_code == 401


def said(server: Served) -> dict[str, object]:
    """Every answer, by who asks and where; the worklists first."""
    answers: dict[str, object] = {}
    with ExitStack() as stack:
        people = {name: stack.enter_context(server.person(name)) for name in ASKING}

        def ask(name: str, path: str) -> dict:
            answer = people[name].get(path, headers={"Accept-Language": "en"})
            assert answer.status_code == 200, answer.text
            return answers.setdefault(f"{name} {path}", answer.json())

        listed = {name: ask(name, "/v1/worklist?limit=50")["studies"] for name in ASKING}
        for name, rows in listed.items():
            for row in rows:
                for one in ask(name, f"/v1/studies/{row['id']}")["assessments"]:
                    ask(name, f"/v1/assessments/{one['id']}")
    return answers


def command(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "cxr_triage", "admin", *words],
        env=os.environ | {"CXR_TRIAGE_STORE_DIR": str(folder)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


def score(folder: Path) -> None:
    """The same films at the command line, as `scored/results.jsonl`."""
    scored = folder / "scored"
    with tempfile.TemporaryDirectory() as name:
        for number, data in enumerate((*films().values(), picture())):
            (Path(name) / f"film-{number}").write_bytes(data)
        words = ("score", name, "--out", str(scored), "--quiet")
        command = [sys.executable, "-m", "cxr_triage", *words]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    for file in scored.rglob("*"):
        if file.is_file() and file.suffix != ".jsonl":
            file.unlink()


def packed(folder: Path, to: Path) -> None:
    with tarfile.open(to, "w:xz", preset=9) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.stat().st_size and "spool" not in file.parts:
                info = archive.gettarinfo(file, str(file.relative_to(folder)))
                info.mode, info.uid, info.gid, info.uname, info.gname = 0o600, 0, 0, "", ""
                with file.open("rb") as content:
                    archive.addfile(info, content)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "store"
        server = Served(folder)
        try:
            fill(server)
            said(server)  # from here on no study is opened for the first time
            answers = said(server)
        finally:
            server.stop()
        command(folder, "set-quota", "north", "--images", "500")
        told = {
            "answers": answers,
            "stations": command(folder, "list-stations"),
            "people": command(folder, "list-users"),
            "keys": command(folder, "list-keys"),
            "verified": command(folder, "verify-audit"),
            "audit": command(folder, "export-audit").splitlines(),
        }
        command(folder, "backup", str(Path(name) / "backup"))
        (Path(name) / "said.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8")
        score(Path(name))
        packed(Path(name), Path(sys.argv[1]) / "store-0005.tar.xz")


main()
