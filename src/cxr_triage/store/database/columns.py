"""What columns are made of: times, references, words; the same in every database."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, Dialect, ForeignKey, String, Text, TypeDecorator

from cxr_triage.domain import folded

LONGEST_SEARCHED = 255
"""Characters: an index takes no more."""


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC, as text that sorts; the same in every database."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else stored_moment(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else datetime.fromisoformat(value)


def stored_moment(moment: datetime) -> str:
    """`2026-03-04T05:06:07.000000Z`. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone")
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds") + "Z"


def identifier() -> Column[str]:
    """A row's own."""
    return Column("id", String(64), primary_key=True)


def reference(table: str, *, optional: bool = False, index: bool = False) -> Column[str]:
    """A reference to a row of `table`, named for what one row is."""
    one = {"people": "person", "studies": "study"}.get(table, table.removesuffix("s"))
    return Column(
        f"{one}_id", String(64), ForeignKey(f"{table}.id"), nullable=optional, index=index
    )


def text_column(name: str, length: int) -> Column[str]:
    """At most so many characters; never null."""
    return Column(name, String(length), nullable=False)


def words_unless_older(name: str, length: int) -> Column[str]:
    """Words that rows from before a migration lack."""
    return Column(name, String(length), nullable=False, server_default="")


def searched(original: str) -> Column[str]:
    """Another column's text as people search it, made whenever a row is added."""

    def of_row(context: Any) -> str:  # noqa: ANN401 - SQLAlchemy does not say what it is
        return folded(context.get_current_parameters()[original])[:LONGEST_SEARCHED]

    return Column("folded", Text, nullable=False, default=of_row, server_default="")


def document(name: str) -> Column[str]:
    """JSON."""
    return Column(name, Text, nullable=False)


def moment(name: str, *, optional: bool = False) -> Column[datetime]:
    """A time in UTC."""
    return Column(name, UtcDateTime, nullable=optional)
