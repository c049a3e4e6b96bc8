"""The viewer in a browser without a GPU: how soon a film stands there, how smooth a drag is.

python benchmarks/viewer.py        (needs Chromium and the extras demo, server and browser)

A new page each time, the service on this machine with two processes. "Shown" is from the
navigation to the film at full depth on the screen; "quick" to the first picture. A frame is one
change of the window: the table and the painting of what is on the screen.
"""

import argparse
import io
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright
from pydicom import dcmread
from pydicom.data import get_testdata_file
from rich.console import Console
from rich.table import Table

from cxr_triage.service.audit import SYSTEM
from cxr_triage.service.paths import open_service_store
from cxr_triage.service.people.accounts import AccountRules
from cxr_triage.service.people.administration import Administration
from cxr_triage.settings import Settings

SIDE = 2048
FRAMES = 60
PICTURE = "performance.getEntriesByType('resource').find((one) => one.name.includes('image.png'))"
DRAG = """(frames) => {
  const { film, view } = document.getElementById("screen").stage;
  const { centre, width } = film.effectiveWindow;
  const times = [];
  for (let frame = 0; frame < frames; frame += 1) {
    const start = performance.now();
    film.setLook({ window: { centre: centre + frame * 10, width } });
    times.push(performance.now() - start);
  }
  const start = performance.now();
  film.show({ ...view, x: view.x + 3 });
  return { look: times.sort((a, b) => a - b)[frames >> 1], move: performance.now() - start };
}"""


def real_film() -> bytes:
    """RG1: 1955×1841, 15 bits, uncompressed."""
    return Path(str(get_testdata_file("RG1_UNCR.dcm"))).read_bytes()


def large_film() -> bytes:
    """The same radiograph on 2048×2048."""
    dataset = dcmread(io.BytesIO(real_film()))
    pixels = dataset.pixel_array
    rows = np.arange(SIDE) * pixels.shape[0] // SIDE
    columns = np.arange(SIDE) * pixels.shape[1] // SIDE
    dataset.Rows = dataset.Columns = SIDE
    dataset.PixelData = np.ascontiguousarray(pixels[np.ix_(rows, columns)]).tobytes()
    for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        dataset[name].value = f"{dataset[name].value}.2048"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=7)
    repeat = parser.parse_args().repeat
    with tempfile.TemporaryDirectory() as folder:
        password, key = accounts(Path(folder))
        server, address = serve(Path(folder))
        try:
            studies = {
                name: upload(address, key, data)
                for name, data in (("RG1, 1955×1841", real_film()), ("2048×2048", large_film()))
            }
            Console().print(measured(address, password, studies, repeat))
        finally:
            server.terminate()
            server.wait(30)


def accounts(folder: Path) -> tuple[str, str]:
    """A radiologist's password and a station's key."""
    password = secrets.token_urlsafe(16)
    with open_service_store(Settings(store_dir=folder)) as store:
        admin = Administration(store, AccountRules())
        admin.create_station("bench", "Bench", by=SYSTEM)
        admin.create_person("keeper", password, role="administrator", by=SYSTEM)
        admin.create_person("reader", password, role="radiologist", by=SYSTEM)
        return password, admin.create_key("bench", scope="both", by=SYSTEM)[0]


def serve(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """The service and its address."""
    environment = os.environ | {
        "CXR_TRIAGE_STORE_DIR": str(folder),
        "CXR_TRIAGE_WORKERS": "2",
        "PYTHONUNBUFFERED": "1",
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "cxr_triage", "serve", "--port", "0"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    line = server.stdout.readline()
    return server, next(word for word in line.split() if word.startswith("http"))


def upload(address: str, key: str, data: bytes) -> str:
    """The study that the film became."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/dicom"}
    answer = httpx.post(f"{address}/v1/images", content=data, headers=headers, timeout=60)
    answer.raise_for_status()
    return str(answer.json()["images"][0]["assessment"]["study_id"])


def measured(address: str, password: str, studies: dict[str, str], repeat: int) -> Table:
    table = Table(title=f"Viewer, Chromium without GPU, median of {repeat} (worst)")
    for column in ("film", "quick, ms", "shown, ms", "window frame, ms", "move, ms"):
        table.add_column(column, justify="right")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = signed_in(browser, address, password)
        for name, study in studies.items():
            opened(page, address, study)  # the browser compiles the scripts
            times = [opened(page, address, study) for _ in range(repeat)]
            table.add_row(name, *(cell(values) for values in zip(*times, strict=True)))
        browser.close()
    return table


def signed_in(browser: Browser, address: str, password: str) -> Page:
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.goto(f"{address}/sign-in?next=/account")
    page.fill("#name", "reader")
    page.fill("#password", password)
    page.click("button.primary")
    page.wait_for_url("**/account")
    return page


def opened(page: Page, address: str, study: str) -> tuple[float, float, float, float]:
    """Milliseconds: quick picture, film shown, a frame of windowing, a move."""
    page.goto(f"{address}/studies/{study}", wait_until="commit")
    page.wait_for_selector("#screen[data-ready=full]", timeout=30000)
    shown = page.evaluate("performance.getEntriesByName('film-on-screen')[0].startTime")
    quick = page.evaluate(f"{PICTURE}.responseEnd")
    drag = page.evaluate(DRAG, FRAMES)
    return quick, shown, drag["look"], drag["move"]


def cell(values: tuple[float, ...]) -> str:
    return f"{statistics.median(values):.0f} ({max(values):.0f})"


if __name__ == "__main__":
    main()
