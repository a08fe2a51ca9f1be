"""One spelling for one value: canonical JSON.

Source: RFC 8785 (JSON Canonicalization Scheme).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import rfc8785


def canonical_json(value: object) -> bytes:
    """Return the canonical JSON of ``value`` as UTF-8.

    Mappings with text keys, lists, tuples, text, booleans, ``None`` and integers up to 2**53 - 1
    are accepted. Floats raise ``ValueError``: their text differs between languages, so whoever
    records one decides on its digits first. So do lone surrogates and every other type.
    """
    try:
        return rfc8785.dumps(_plain(value, "value"))  # type: ignore[arg-type]  # checked by _plain
    except rfc8785.CanonicalizationError as exc:
        raise ValueError(f"not fit for canonical JSON: {exc}") from exc


def canonical_digest(value: object) -> str:
    """Return the lower-case hex SHA-256 of the canonical JSON of ``value``."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def _plain(value: object, path: str) -> object:
    if isinstance(value, float):
        raise ValueError(  # noqa: TRY004 - the value is refused, whatever its type
            f"not fit for canonical JSON: {path} is the float {value!r}; write it as text"
        )
    if isinstance(value, Mapping):
        return {_key(key, path): _plain(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{path}[{n}]") for n, item in enumerate(value)]
    return value


def _key(key: object, path: str) -> str:
    if not isinstance(key, str):
        raise ValueError(f"not fit for canonical JSON: {path} has the key {key!r}, not text")  # noqa: TRY004 - as above
    return key
