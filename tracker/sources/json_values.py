"""Values of other people's JSON: what is of the wrong type is passed over."""

from __future__ import annotations

from collections.abc import Collection, Mapping

Json = Mapping[str, object]


def number_of(value: object) -> int | None:
    """Return a whole number given as one or as its digits, ``None`` for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    is_number = isinstance(value, str) and value.isascii() and value.isdecimal()
    return int(value) if isinstance(value, str) and is_number and len(value) <= 25 else None


def mapping(value: object) -> Json:
    """Return ``value`` if it is a JSON object, otherwise an empty one."""
    return value if isinstance(value, Mapping) else {}


def is_one_of(value: object, names: Collection[str]) -> bool:
    """Tell whether ``value`` is one of the texts ``names``; lists and objects are none."""
    return isinstance(value, str) and value in names


def items_of(value: object, limit: int = 500) -> list[Json]:
    """Return the objects in a JSON list, at most ``limit``; nothing for anything else."""
    found = value[:limit] if isinstance(value, list) else []
    return [item for item in found if isinstance(item, Mapping)]
