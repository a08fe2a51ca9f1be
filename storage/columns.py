"""Column types that behave the same on every database the product runs on."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

from tracker.errors import DatabaseError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

NO_TIME = datetime.max.replace(tzinfo=UTC)
"""Read in place of what is no time, where ``READ_AS_IS`` is set."""

READ_AS_IS: ContextVar[bool] = ContextVar("read_as_is", default=False)
"""Whether values that this program cannot have written are read all the same, to be named."""

RowId = BigInteger().with_variant(Integer(), "sqlite")
"""Numbers rows by itself: SQLite does so only for a column that is spelled INTEGER."""


class Instant(TypeDecorator[datetime]):
    """Aware datetimes, kept as integer microseconds since 1970 in UTC.

    SQLite drops offsets silently, and databases round fractions differently: an integer does
    neither. A naive datetime raises ``ValueError``, and what somebody else wrote in the place of
    a time ``DatabaseError``.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the microseconds for the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without zone cannot be stored: {value!r}")
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the aware datetime in UTC."""
        if value is None:
            return None
        try:
            return EPOCH + value * MICROSECOND
        except (TypeError, OverflowError):  # SQLite keeps text and bytes in any column
            if READ_AS_IS.get():
                return NO_TIME
            raise DatabaseError(
                "the database holds a time that is none: it was changed by hand "
                "(`tracker verify` names the row)"
            ) from None


class CleanText(TypeDecorator[str]):
    """Text from anywhere, made storable: see ``clean_text``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the text without what databases cannot hold."""
        return None if value is None else clean_text(value)


def clean_text(text: str) -> str:
    """Return ``text`` with lone surrogates and NUL replaced by U+FFFD.

    Hostile JSON carries both; UTF-8 cannot hold the first, PostgreSQL cannot hold the second.
    """
    if text.isascii():
        return text.replace("\x00", "\ufffd")
    valid = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return valid.replace("\x00", "\ufffd")
