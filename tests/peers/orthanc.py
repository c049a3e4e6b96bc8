"""Orthanc with its DICOMweb plugin, in a folder of its own, as an archive that sends to us."""

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

PROGRAM = shutil.which("Orthanc", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")

needs_orthanc = pytest.mark.skipif(
    PROGRAM is None or not PLUGIN.exists(),
    reason="needs Debian's orthanc and orthanc-dicomweb (then: make test-peers)",
)

OURS = "triage"
TITLE = "ORTHANC"
ENDED = {"Success", "Failure"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Orthanc:
    """One Orthanc. server: the address of our service, key: the password that it sends."""

    def __init__(self, folder: Path, *, server: str = "http://127.0.0.1:9", key: str = "none",
                 to_port: int = 0) -> None:  # fmt: skip
        """to_port: of our DICOM listener."""
        self._port, self.dicom_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self._port}/dicom-web"
        configuration = {
            "StorageDirectory": str(folder / "storage"),
            "HttpPort": self._port,
            "DicomServerEnabled": True,
            "DicomPort": self.dicom_port,
            "DicomAet": TITLE,
            "DicomAlwaysAllowEcho": True,
            "DicomAlwaysAllowStore": True,
            "DicomAlwaysAllowFind": True,
            "DicomCheckCalledAet": False,
            "UnknownSopClassAccepted": True,
            "DicomModalities": {OURS: ["CXRTRIAGE", "127.0.0.1", to_port]} if to_port else {},
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "JobsHistorySize": 1000,
            "Plugins": [str(PLUGIN)],
            "DicomWeb": {
                "Enable": True,
                "Servers": {
                    OURS: {"Url": f"{server}/dicomweb", "Username": "archive", "Password": key}
                },
            },
        }
        file = folder / "orthanc.json"
        file.write_text(json.dumps(configuration))
        self._log = (folder / "orthanc.log").open("wb")
        self._process = subprocess.Popen([PROGRAM, file], stdout=self._log, stderr=self._log)
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{self._port}", timeout=60, trust_env=False
        )
        self._wait()

    def _wait(self) -> None:
        for _ in range(200):
            try:
                self._client.get("/system").raise_for_status()
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError("Orthanc does not answer")

    def receive(self, data: bytes) -> str:
        """Give it an instance; Orthanc's name of its study."""
        answer = self._client.post("/instances", content=data)
        answer.raise_for_status()
        return answer.json()["ParentStudy"]

    def forward(self, study: str) -> dict:
        """Have it send a study to us by C-STORE; the job when it has ended."""
        wish = {"Resources": [study], "Synchronous": False}
        answer = self._client.post(f"/modalities/{OURS}/store", json=wish)
        answer.raise_for_status()
        return self.ended(answer.json()["ID"])

    def instances(self) -> list[dict]:
        """What it holds: tags of each instance by keyword, and of which study (its name there)."""
        found = []
        for one in self._client.get("/instances?expand").json():
            tags = self._client.get(f"/instances/{one['ID']}/simplified-tags").json()
            series = self._client.get(f"/series/{one['ParentSeries']}").json()
            found.append(tags | {"study": series["ParentStudy"], "ID": one["ID"]})
        return found

    def file(self, name: str) -> bytes:
        """An instance, by the archive's name of it."""
        return self._client.get(f"/instances/{name}/file").content

    def forget(self, study: str) -> None:
        self._client.delete(f"/studies/{study}").raise_for_status()

    def stow(self, studies: list[str]) -> str:
        """Have it send studies to our service; the name of the job."""
        wish = {"Resources": studies, "Synchronous": False}
        answer = self._client.post(f"/dicom-web/servers/{OURS}/stow", json=wish)
        answer.raise_for_status()
        return answer.json()["ID"]

    def job(self, name: str) -> dict:
        return self._client.get(f"/jobs/{name}").json()

    def ended(self, name: str) -> dict:
        """The job when it has ended."""
        for _ in range(1200):
            job = self.job(name)
            if job["State"] in ENDED:
                return job
            time.sleep(0.1)
        raise RuntimeError("the job does not end")

    def stop(self) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait(30)
        self._log.close()
