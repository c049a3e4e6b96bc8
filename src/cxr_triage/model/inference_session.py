"""A checked file as an ONNX Runtime session: what was hashed is what runs."""

import hashlib
from pathlib import Path

import onnxruntime

from cxr_triage.errors import ModelError


def read_checked(file: Path, size: int, sha256: str, *, name: str) -> bytes:
    """The file's content. Raises ModelError `model_missing` or `model_altered`."""
    try:
        if file.stat().st_size != size:
            raise ModelError("model_altered", name=name)
        content = file.read_bytes()
    except OSError:
        raise ModelError("model_missing", name=name) from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError("model_altered", name=name)
    return content


def load_inference_session(content: bytes, threads: int) -> onnxruntime.InferenceSession:
    """Raises ModelError `model_unloadable`."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Idle threads that spin would take the CPU from decoding, which runs at the same time.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as problem:
        raise ModelError("model_unloadable") from problem
