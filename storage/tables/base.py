"""What every table shares: the metadata and the names of constraints."""

from __future__ import annotations

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import SQLModel
from sqlmodel._compat import SQLModelConfig

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMING))):
    """The root of all tables, apart from any other SQLModel in the process.

    Validators of tables are left unbuilt: rows do not validate, and to build them for each table
    is a part of every command's start.
    """

    model_config = SQLModelConfig(defer_build=True)
