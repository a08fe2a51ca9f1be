"""Packs the answer of a child process and reads it as values, and nothing but values.

Whoever writes a pickle decides which functions its reader calls. A child that a hostile file has
taken over writes what it likes, so nothing is looked up for it but the classes that our answers are
made of: it stays as confined as it was (``confinement``).
Source: Python's library reference, pickle, "Restricting Globals".
"""

from __future__ import annotations

import io
import pickle
from dataclasses import is_dataclass
from enum import Enum
from typing import Any

from tracker.errors import DamagedVideo, TrackerError

PACKAGE = "tracker"
PLAIN = frozenset({
    ("builtins", "bytearray"), ("builtins", "complex"), ("builtins", "frozenset"),
    ("builtins", "set"),
    ("datetime", "date"), ("datetime", "datetime"), ("datetime", "timedelta"),
    ("datetime", "timezone"),
    ("tracker.errors", "_restore"),
    ("numpy", "dtype"), ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
})  # fmt: skip
"""What values are built with besides classes of ours: it makes objects and does nothing else."""


def packed(answer: object) -> bytes:
    """Return ``answer`` as a pickle that ``values`` reads."""
    body = io.BytesIO()
    _Pickler(body).dump(answer)
    return body.getvalue()


def values(body: bytes) -> object:
    """Return what the pickle ``body`` holds; raises ``DamagedVideo`` for one that holds more."""
    try:
        return _Values(io.BytesIO(body)).load()
    except Exception as exc:  # a hostile pickle makes its reader raise anything
        raise DamagedVideo(
            f"the decoder broke down on this file (its answer is none: {type(exc).__name__})"
        ) from exc


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: object) -> Any:
        # Python 3.11.0 to 3.11.3, which Debian 12 has, would have its reader call ``getattr``.
        return (type(value), (value.value,)) if isinstance(value, Enum) else NotImplemented


class _Values(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) in PLAIN:
            return super().find_class(module, name)
        if module.partition(".")[0] == PACKAGE and "." not in name:
            found = super().find_class(module, name)
            if _is_value(found):
                return found
        raise pickle.UnpicklingError(f"no value: {module}.{name}")


def _is_value(found: object) -> bool:
    if not isinstance(found, type) or found.__module__.partition(".")[0] != PACKAGE:
        return False
    return is_dataclass(found) or issubclass(found, Enum | TrackerError)
