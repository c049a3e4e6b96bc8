"""What must not be lost: images, results, reviews, accounts and the audit trail."""

from cxr_triage.errors import MissingExtra

try:
    import sqlalchemy  # noqa: F401 - asked for here, once, for all modules of this room
except ImportError:
    raise MissingExtra("SQLAlchemy", extra="server") from None
