"""Open chest X-ray triage: a radiograph in, ranked findings and heatmaps out."""

import os

__version__ = "0.1.0"

# ONNX Runtime can report its use to its maker; nothing here reports anything to anybody.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
