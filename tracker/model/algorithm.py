"""What names a way of making fingerprints."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Algorithm:
    """Names exactly how a fingerprint was made; different values are never compared.

    ``parameters`` and ``versions`` are sorted ``name=value`` texts (``bits=256``,
    ``av=18.1.0``). ``versions`` hold those libraries whose release may change the bits.
    """

    name: str
    parameters: tuple[str, ...]
    versions: tuple[str, ...]

    @property
    def key(self) -> str:
        """One line that is equal if and only if the fingerprints may be compared."""
        return "|".join((self.name, *self.parameters, *self.versions))
