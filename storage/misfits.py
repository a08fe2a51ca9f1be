"""Values that no column of ours can hold: SQLite keeps whatever somebody writes into a column."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, Float, LargeBinary, Table, Text, text
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Session

from storage.tables import Row

_BEYOND_ASCII = "'*[^' || char(1) || '-' || char(127) || ']*'"
"""A pattern for texts that are looked at closely: all others are UTF-8 for certain."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that is not of its column's kind; ``row`` is SQLite's own number of the row."""

    table: str
    row: int
    column: str


def misfits(s: Session) -> Iterator[Misfit]:
    """Yield every value that is text where a number is due, bytes where text is, or no UTF-8.

    Other databases refuse such values when they are written: nothing is yielded there.
    """
    raw = s.connection().connection.driver_connection
    if not isinstance(raw, sqlite3.Connection):
        return
    raw.create_function("is_utf8", 1, _is_utf8, deterministic=True)
    for table in Row.metadata.sorted_tables:
        conditions = [_misfits_in(table, column) for column in table.columns]
        query = (
            f"SELECT rowid, {', '.join(conditions)} FROM {table.name} "  # noqa: S608 - names of ours
            f"WHERE {' OR '.join(conditions)}"
        )
        for number, *found in s.execute(text(query)):
            for column, is_misfit in zip(table.columns, found, strict=True):
                if is_misfit:
                    yield Misfit(table.name, number, column.name)


def _misfits_in(table: Table, column: Column[object]) -> str:
    """Return the condition of SQL that a value of the column is none of its kind."""
    name = f'"{table.name}"."{column.name}"'
    kinds = _storage_classes(column.type)
    wrong = f"typeof({name}) NOT IN ({', '.join(map(repr, kinds))})"
    if "text" in kinds:
        wrong += f" OR ({name} GLOB {_BEYOND_ASCII} AND NOT is_utf8(CAST({name} AS BLOB)))"
    return f"({wrong})"


def _storage_classes(kind: TypeEngine[object]) -> tuple[str, ...]:
    """Return what SQLite may keep of a column's values. Source: https://sqlite.org/datatype3.html"""
    plain = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    if isinstance(plain, Text):
        return "null", "text"
    if isinstance(plain, LargeBinary):
        return "null", "blob"
    return ("null", "integer", "real") if isinstance(plain, Float) else ("null", "integer")


def _is_utf8(value: bytes | None) -> bool:
    try:
        (value or b"").decode()
    except UnicodeDecodeError:
        return False
    return True
