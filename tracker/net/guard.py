"""Which addresses may be connected to: everything public, and what the config allows.

Pages, feeds and redirects come from strangers, so any of them may name a service inside the
user's own network or a cloud's metadata service. The guard judges the address that a name
resolves to, and the doors to the network connect to that very address, so a name that answers
differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from tracker.errors import ForbiddenAddress, NetworkError
from tracker.net.politeness import HostTurns
from tracker.net.rerouting import Rerouting
from tracker.net.url_syntax import DEFAULT_PORTS, shown

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(text: str) -> tuple[IpNetwork, ...]:
    return tuple(ipaddress.ip_network(item) for item in text.split())


# What ``allow_private`` opens: this machine and the networks of a home or an office.
_PRIVATE = _networks(
    "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 100.64.0.0/10 ::1/128 fc00::/7"
)
# Never public; opened only by naming the network. Source: IANA special-purpose address
# registries (IPv4, IPv6), RFC 6890; the last line holds metadata services of clouds.
_CLOSED = _networks(
    "0.0.0.0/8 169.254.0.0/16 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 "
    "198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 "
    "100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 "
    "100.100.100.200/32 168.63.129.16/32 fd00:ec2::254/128 fd20:ce::254/128"
)
_GLOBAL_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")  # all that is given out today
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # Source: RFC 6052
_COMPATIBLE = ipaddress.IPv6Network("::/96")  # Source: RFC 4291 §2.5.5.1, deprecated

# Ports of services that could be made to obey the text of a request (mail, printers, chat …).
# Source: WHATWG Fetch, "bad port".
# fmt: off
_BAD_PORTS = frozenset((
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
    102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389,
    427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636,
    989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566,
    6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
))
# fmt: on
_NUMBER_LABEL = re.compile(r"(?:0[xX][0-9a-fA-F]*|\d+)\Z")


class AddressGuard:
    """Tells whether an address may be connected to.

    ``allow_private`` opens loopback and private networks. ``allowed_networks`` (CIDR texts)
    opens exactly those, whatever they are. Link-local, metadata, multicast and reserved
    addresses stay closed unless named. ``rerouting`` says which hosts are reached elsewhere; that
    place is judged in their stead. ``turns`` is whose turn it is to ask a host: every door that
    has this guard obeys it; without it nothing is paced.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        allowed_networks: tuple[str, ...] = (),
        rerouting: Rerouting | None = None,
        turns: HostTurns | None = None,
    ) -> None:
        self.allow_private = allow_private
        self.allowed_networks = allowed_networks
        self.rerouting = rerouting or Rerouting()
        self.turns = turns
        self._allowed = tuple(ipaddress.ip_network(text) for text in allowed_networks)

    def check(self, url: str) -> None:
        """Return if ``url`` may be fetched, after looking its host up.

        Raises ``ForbiddenAddress``; ``NetworkError`` if the host has no address at all.
        """
        self.resolve(*self.rerouting.place(*self.check_form(url)))

    def check_form(self, url: str) -> tuple[str, int]:
        """Return host and port of ``url``; raise ``ForbiddenAddress`` for a suspicious form.

        No look-up: for callers that connect through ``resolve``.
        """
        try:
            split = urlsplit(url)
            host, port = split.hostname or "", split.port
        except ValueError as exc:
            raise ForbiddenAddress(f"not a web address: {shown(url)}") from exc
        if split.scheme not in DEFAULT_PORTS or not host:
            raise ForbiddenAddress(f"only http and https addresses are fetched: {shown(url)}")
        if "@" in split.netloc or "\\" in split.netloc:
            raise ForbiddenAddress("an address with a user name in it is not fetched")
        refuse_odd_number(host)
        port = DEFAULT_PORTS[split.scheme] if port is None else port
        self.check_port(port)
        return host, port

    def check_port(self, port: int) -> None:
        """Return if a web server may be expected at ``port``; raise ``ForbiddenAddress`` if not."""
        if port == 0 or port in _BAD_PORTS:
            raise ForbiddenAddress(f"port {port} is not one web servers use")

    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """Return the IP addresses of ``host``, each of them allowed, in the system's order.

        Raises ``ForbiddenAddress`` if any of them is closed: a name that points inside and
        outside at once is an attack. Raises ``NetworkError`` if there is none.
        """
        refuse_odd_number(host)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as exc:
            raise NetworkError(f"no address is known for the host {shown(host)}") from exc
        addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
        self.check_all(host, addresses)
        return addresses

    def check_all(self, host: str, addresses: Iterable[str]) -> None:
        """Return if every one of the ``addresses`` of ``host`` may be connected to.

        Raises ``ForbiddenAddress``, which names the first that may not.
        """
        for address in addresses:
            if not self.allows_ip(address):
                raise ForbiddenAddress(
                    f"{shown(host)} is the closed address {address}: private, loopback, "
                    "link-local or reserved"
                )

    def allows_ip(self, text: str) -> bool:
        """Tell whether the IP address ``text`` may be connected to (False if it is none)."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        real = _embedded_ipv4(address) or address
        if any(real in network or address in network for network in self._allowed):
            return True
        if real.version == 6 and real in _COMPATIBLE and not real.is_loopback:
            return False
        if any(real in network for network in _CLOSED):
            return False
        if any(real in network for network in _PRIVATE):
            return self.allow_private
        return real.is_global if real.version == 4 else real in _GLOBAL_UNICAST_V6


def _embedded_ipv4(address: IpAddress) -> ipaddress.IPv4Address | None:
    """The IPv4 address that is really meant by ``::ffff:a.b.c.d`` and by NAT64."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None


def refuse_odd_number(host: str) -> None:
    """Refuse ``2130706433``, ``0x7f.1``, ``0177.0.0.1``: IPv4 spelled so as to pass filters.

    Raises ``ForbiddenAddress``.
    """
    last = host.removesuffix(".").rpartition(".")[2]
    if ":" in host or not _NUMBER_LABEL.match(last):
        return
    try:
        ipaddress.IPv4Address(host)
    except ValueError as exc:
        raise ForbiddenAddress(f"an IP address in an unusual spelling: {shown(host)}") from exc
