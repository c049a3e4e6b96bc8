"""The service over HTTP: routes translate, services decide."""

from cxr_triage.errors import MissingExtra

try:
    import fastapi  # noqa: F401 - asked for here, once, for all modules of this room
except ImportError:
    raise MissingExtra("FastAPI", extra="server") from None
