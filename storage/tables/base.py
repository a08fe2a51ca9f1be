"""What every table shares: the metadata, names of constraints, partial indexes."""

from __future__ import annotations

from sqlalchemy import (
    Index,
    MetaData,
    text,
)
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMING))):
    """The root of all tables, apart from any other SQLModel in the process."""


def partial(name: str, *columns: str, where: str) -> Index:
    """Return an index of the rows that meet a condition, which queries must spell alike."""
    condition = text(where)
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)
