"""Score the films of the demonstration, and a leg that is refused.

python scripts/demo.py [--out DIR] [--lang en|vi] [--fetch]

With --fetch the published model is fetched first. When it cannot be, one line says why and
the model that is there runs.
"""

import argparse
import os
import subprocess
import sys
import threading
from pathlib import Path

import httpx

from cxr_triage.cli.demo.films import demo_films
from cxr_triage.model.card import read_card
from cxr_triage.model.catalog import Catalog, data_folder
from cxr_triage.settings import read_settings

COMMAND = [sys.executable, "-m", "cxr_triage"]
PUBLISHED = "densenet121-res224-all"
PATIENCE_S = 3.0
"""So long a server may take to answer at all; there may be no network."""
GOING_ON = {"en": "Going on without it.", "vi": "Tiếp tục với mô hình có sẵn."}
FETCHING = {
    "en": f"Fetching {PUBLISHED} (28 MB), then proving it …",
    "vi": f"Đang tải {PUBLISHED} (28 MB), sau đó kiểm chứng …",
}
NO_NETWORK = {
    "en": f"{PUBLISHED} cannot be fetched: no server answers (no network?).",
    "vi": f"Không tải được {PUBLISHED}: không máy chủ nào trả lời (mất mạng?).",
}


def reachable(urls: tuple[str, ...]) -> bool:
    """Does any of these servers answer in time, whatever it says? Proxies are respected. Names
    are looked up in threads of their own, which wait for as long as the system likes."""
    answered = threading.Event()

    def ask(url: str) -> None:
        try:
            httpx.head(url, timeout=PATIENCE_S)
        except (httpx.HTTPError, OSError):
            return
        answered.set()

    for url in urls:
        threading.Thread(target=ask, args=(url,), daemon=True).start()
    return answered.wait(PATIENCE_S)


def fetch(lang: str) -> None:
    """Fetch the published model; say in one line what came of it."""
    catalog = Catalog(data=data_folder(read_settings().data_dir))
    offer = read_card(catalog.shipped()[PUBLISHED]).checkpoint
    here = PUBLISHED in catalog.installed()
    if not here and not reachable(() if offer is None else offer.sources):
        print(f"{NO_NETWORK[lang]} {GOING_ON[lang]}", file=sys.stderr, flush=True)
        return
    print(FETCHING[lang], file=sys.stderr, flush=True)
    command = [*COMMAND, "model", "fetch", PUBLISHED, "--lang", lang]
    done = subprocess.run(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"CXR_TRIAGE_LANGUAGE": lang},
        check=False,
    )
    lines = [line.strip() for line in (done.stderr or "").splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    print(f"{last} {GOING_ON[lang]}" if done.returncode else last, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out/demo"))
    parser.add_argument("--lang", choices=("en", "vi"), default="en")
    parser.add_argument("--fetch", action="store_true", help="fetch the published model first")
    arguments = parser.parse_args()
    if arguments.fetch:
        fetch(arguments.lang)
    films = arguments.out / "films"
    films.mkdir(parents=True, exist_ok=True)
    for film in demo_films():
        (films / film.name).write_bytes(film.data)
    options = ["--out", str(arguments.out), "--lang", arguments.lang]
    finished = subprocess.run([*COMMAND, "score", str(films), *options], check=False)
    sys.exit(finished.returncode)


if __name__ == "__main__":
    main()
