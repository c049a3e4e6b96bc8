"""A catalogue with one published model, and a server on this machine that has its files.

The checkpoint has the class, layout and size of the real one with weights that everybody
can make; golden_scores.json holds what torchxrayvision itself says of two images
(test_checkpoint_parity.py writes and checks it).
"""

import functools
import hashlib
import io
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from PIL import Image

from cxr_triage.model.catalog import shipped_models

from ..conftest import real_image
from . import checkpoints

NAME = "densenet121-res224-all"
GOLDEN = Path(__file__).parent / "golden_scores.json"
CHECKPOINT, FILM, PICTURE = "checkpoint.pt", "film.dcm", "picture.png"


@functools.cache
def files() -> dict[str, bytes]:
    """What is published, by file name."""
    noise = np.random.RandomState(9).uniform(0, 255, (20, 24))
    picture = io.BytesIO()
    Image.fromarray(np.kron(noise, np.ones((20, 20))).astype(np.uint8)).save(picture, "PNG")
    return {
        CHECKPOINT: checkpoints.legacy_checkpoint(checkpoints.realistic_weights()),
        FILM: real_image("RG1_UNCR").read_bytes(),
        PICTURE: picture.getvalue(),
    }


def golden() -> dict[str, dict[str, float]]:
    """Scores by label, by image."""
    return json.loads(GOLDEN.read_text("utf-8"))


def described(name: str, *urls: str, **changes) -> dict:
    content = files()[name]
    return {
        "file": name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "sources": list(urls),
    } | changes


def catalogue(folder: Path, url: str, **changes) -> Path:
    """A folder of cards whose one model lies at `url`."""
    card = json.loads((shipped_models()[NAME] / "card.json").read_text("utf-8"))
    card["checkpoint"] = described(CHECKPOINT, f"{url}/{CHECKPOINT}", **changes)
    card["references"] = [
        {"image": described(name, f"{url}/{name}"), "scores": scores}
        for name, scores in golden().items()
    ]
    (folder / NAME).mkdir(parents=True, exist_ok=True)
    (folder / NAME / "card.json").write_text(json.dumps(card), "utf-8")
    return folder


class Handler(BaseHTTPRequestHandler):
    """Serves `files()`; a test replaces `answer` to be hostile."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.requests.append((self.path, self.headers.get("Range")))
        self.server.answer(self)

    def send(self, status, content=b"", **headers):
        self.send_response(status)
        for name, value in {"Content_Length": len(content), **headers}.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(content)

    def well(self):
        """As a good server answers, ranges included."""
        content = files().get(self.path.lstrip("/"))
        if content is None:
            self.send(404)
            return
        span = self.headers.get("Range")
        if span is None:
            self.send(200, content)
            return
        start = int(span.removeprefix("bytes=").rstrip("-"))
        where = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.send(206, content[start:], Content_Range=where)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that goes away is no fault here."""


@contextmanager
def serving(answer=Handler.well):
    """A server on the loopback address; yields it with `url` and `requests`."""
    server = Server(("127.0.0.1", 0), Handler)
    server.answer, server.requests = answer, []
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
