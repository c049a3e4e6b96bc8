"""Nothing reports its use to anybody."""

import os
import subprocess
import sys


def test_onnx_runtime_reports_nothing_to_its_maker(tmp_path):
    """It would keep an identifier of the machine in the home folder, or complain that it cannot."""
    homes = {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    environment = {name: value for name, value in os.environ.items() if "TELEMETRY" not in name}
    done = subprocess.run(
        [sys.executable, "-c", "import cxr_triage.model.engine"],
        env=environment | homes,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert list(tmp_path.rglob("*")) == []
