"""Names that are reached elsewhere than the world's DNS says, and whose word for them is taken.

For an archive behind a gateway of its own, a mirror of a platform, or a stand-in for it in a test:
the request stays what it was (address, ``Host``, name in TLS); only the connection goes to another
place. That place passes the address guard like any other. What came by another way, or on the word
of another authority, says so: both are named among the tools of every recorded answer.
"""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import certifi

from tracker.errors import ConfigError

_PLACE = re.compile(r"(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))(?::(\d{1,5}))?\Z")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\Z")
_MAX_CA_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """Where to connect to; ``port`` is ``None`` for the port that was asked for."""

    host: str
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Rerouting:
    """Which hosts are reached elsewhere, and which certificates are trusted beside the usual.

    ``connect_to`` maps exact host names to ``host``, ``host:port`` or ``[address]:port``.
    ``ca_file`` holds certificates in PEM. Raises ``ConfigError`` for what is neither.
    """

    connect_to: Mapping[str, str] = field(default_factory=dict)
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        for host, place in self.connect_to.items():
            if not _HOST.match(host.lower()):
                raise ConfigError(f"network.connect_to: not the name of a host: {host[:100]!r}")
            _place(place)
        if self.ca_file is not None:
            self.ca_bytes()

    def place(self, host: str, port: int) -> tuple[str, int]:
        """Return the host and port to connect to for ``host`` and ``port``: mostly these."""
        for name, text in self.connect_to.items():
            if name.lower() == host.lower().removesuffix("."):
                place = _place(text)
                return place.host, place.port or port
        return host, port

    def ports(self) -> frozenset[int]:
        """Return the ports that places of the config are reached at."""
        named = (_place(text).port for text in self.connect_to.values())
        return frozenset(port for port in named if port is not None)

    def bundle(self) -> bytes | None:
        """Return the usual authorities and those of ``ca_file`` as one PEM; ``None`` without."""
        if self.ca_file is None:
            return None
        return Path(certifi.where()).read_bytes() + b"\n" + self.ca_bytes()

    def ca_bytes(self) -> bytes:
        """Return what ``ca_file`` holds; raise ``ConfigError`` where that is no certificate."""
        if self.ca_file is None:
            return b""
        try:
            with self.ca_file.open("rb") as file:
                content = file.read(_MAX_CA_BYTES)
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(
                cadata=content.decode("ascii")
            )
        except OSError as exc:  # ssl.SSLError is one too
            reason = "no PEM certificate" if isinstance(exc, ssl.SSLError) else exc.strerror
            raise ConfigError(f"network.ca_file: cannot use {self.ca_file}: {reason}") from exc
        except ValueError as exc:
            raise ConfigError(f"network.ca_file: {self.ca_file} is no PEM certificate") from exc
        return content

    def tools(self) -> tuple[tuple[str, str], ...]:
        """Return what an answer that came this way must say of it; nothing without a setting."""
        named: list[tuple[str, str]] = []
        if self.connect_to:
            routes = (f"{host} at {place}" for host, place in sorted(self.connect_to.items()))
            named.append(("network.connect_to", ", ".join(routes)))
        if self.ca_file is not None:
            digest = hashlib.sha256(self.ca_bytes()).hexdigest()
            named.append(("network.ca_file", f"sha256 {digest}"))
        return tuple(named)


def _place(text: str) -> Place:
    found = _PLACE.match(text)
    port = int(found[3]) if found and found[3] else None
    if found is None or port == 0 or (port or 0) > 65535:
        raise ConfigError(f"network.connect_to: neither host nor host:port: {text[:100]!r}")
    return Place(found[1] or found[2], port)
