"""`cxr-triage listen`: receive films from X-ray machines by DICOM, without any page."""

import signal
import sys
import threading
from typing import Annotated

import typer

from cxr_triage.language import Language, say
from cxr_triage.settings import default_language, read_settings

_HELP = default_language()
STANDARD_PORT = 11112


def listen(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help=say("help.dicom_port", _HELP))
    ] = None,
    host: Annotated[str | None, typer.Option(help=say("help.dicom_host", _HELP))] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, max=256, help=say("help.processes", _HELP))
    ] = None,
    lang: Annotated[Language | None, typer.Option(help=say("help.lang", _HELP))] = None,
) -> None:
    """Listen until interrupted; what arrives then is finished."""
    from cxr_triage.api.platform.logs import log_to  # noqa: PLC0415 (score starts without all this)
    from cxr_triage.api.platform.services import open_services  # noqa: PLC0415
    from cxr_triage.cli.serve import echo_listening  # noqa: PLC0415
    from cxr_triage.dicom_net.opening import delivering, open_listener  # noqa: PLC0415
    from cxr_triage.imaging.decoding.confinement import hide_from_children  # noqa: PLC0415
    from cxr_triage.service.inference.allocator import keep_freed_memory  # noqa: PLC0415

    keep_freed_memory()
    hide_from_children()
    given = {"dicom_port": port, "dicom_host": host, "workers": workers, "language": lang}
    settings = read_settings().model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    if port is None and not settings.dicom_port:
        settings = settings.model_copy(update={"dicom_port": STANDARD_PORT})
    log_to(sys.stderr)
    stopping = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopping.set())
    with open_services(settings) as services, delivering(settings, services):
        listener = open_listener(settings, services)
        try:
            echo_listening(settings, listener.port)
            stopping.wait()
        finally:
            listener.close()
