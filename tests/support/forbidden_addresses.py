"""Forms in which a stranger may write an address that must never be connected to.

The sites of tests answer at 127.0.0.1, the one open network: what means it is closed for its port
or its spelling. Other loopback is 127.0.0.2. No form leads outside, should it ever get through.
Source: IANA special-purpose registries, WHATWG URL (host parser), RFC 3986.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

FORMS: Mapping[str, str] = {
    # IPv4, as it is
    "loopback": "http://127.0.0.2/a.mp4",
    "loopback, its end": "http://127.255.255.254/a.mp4",
    "private 10": "http://10.0.0.5/a.mp4",
    "private 172": "http://172.31.255.1/a.mp4",
    "private 192": "http://192.168.1.1:8080/a.mp4",
    "shared (carriers)": "http://100.64.0.1/a.mp4",
    "link-local": "http://169.254.1.1/a.mp4",
    "metadata": "http://169.254.169.254/latest/meta-data/a.mp4",
    "metadata of containers": "http://169.254.170.2/v2/credentials/a.mp4",
    "metadata, Alibaba": "http://100.100.100.200/latest/meta-data/a.mp4",
    "metadata, Azure": "http://168.63.129.16/a.mp4",
    "metadata, Oracle": "http://192.0.0.192/opc/v2/a.mp4",
    "this network": "http://0.0.0.0/a.mp4",
    "this network, its end": "http://0.255.255.255/a.mp4",
    "multicast": "http://224.0.0.1/a.mp4",
    "multicast, private": "http://239.255.255.250:1900/a.mp4",
    "broadcast": "http://255.255.255.255/a.mp4",
    "reserved": "http://240.0.0.1/a.mp4",
    "benchmarking": "http://198.18.0.1/a.mp4",
    "documentation": "http://203.0.113.7/a.mp4",
    "6to4 relay": "http://192.88.99.1/a.mp4",
    # IPv4, spelled otherwise
    "decimal": "http://2130706434/a.mp4",
    "decimal, of our own site": "http://2130706433/a.mp4",
    "hexadecimal": "http://0x7f000002/a.mp4",
    "hexadecimal, capital": "http://0X7F000002/a.mp4",
    "hexadecimal, dotted": "http://0x7f.0x0.0x0.0x2/a.mp4",
    "octal": "http://017700000002/a.mp4",
    "octal, dotted": "http://0177.0.0.02/a.mp4",
    "octal, many zeros": "http://0000000177.0.0.02/a.mp4",
    "mixed": "http://0x7f.0.02/a.mp4",
    "short, two parts": "http://127.2/a.mp4",
    "short, three parts": "http://127.0.2/a.mp4",
    "short, private": "http://10.5/a.mp4",
    "too large a part": "http://127.0.0.258/a.mp4",
    "too large a number": "http://6425673730/a.mp4",
    "trailing dot": "http://127.0.0.2./a.mp4",
    "full-width digits": "http://１２７.０.０.２/a.mp4",
    "ideographic dots": "http://127。0。0。2/a.mp4",
    "half-width dots": "http://10｡0｡0｡5/a.mp4",
    "circled digits": "http://①②⑦.⓪.⓪.②/a.mp4",
    "percent-encoded": "http://%31%32%37.0.0.2/a.mp4",
    "percent-encoded dot": "http://127%2e0%2e0%2e2/a.mp4",
    "soft hyphen": "http://10.0.0\u00ad.5/a.mp4",
    # IPv6
    "v6 loopback": "http://[::1]/a.mp4",
    "v6 loopback, in full": "http://[0:0:0:0:0:0:0:1]/a.mp4",
    "v6 unspecified": "http://[::]/a.mp4",
    "v6 link-local": "http://[fe80::1]/a.mp4",
    "v6 link-local with a zone": "http://[fe80::1%25eth0]/a.mp4",
    "v6 loopback with a zone": "http://[::1%25lo]/a.mp4",
    "v6 unique local": "http://[fd12:3456::1]/a.mp4",
    "v6 site-local": "http://[fec0::1]/a.mp4",
    "v6 multicast": "http://[ff02::1]/a.mp4",
    "v6 metadata, AWS": "http://[fd00:ec2::254]/a.mp4",
    "v6 metadata, Google": "http://[fd20:ce::254]/a.mp4",
    "v6 mapped": "http://[::ffff:127.0.0.2]/a.mp4",
    "v6 mapped, hexadecimal": "http://[::ffff:7f00:2]/a.mp4",
    "v6 mapped metadata": "http://[::ffff:a9fe:a9fe]/a.mp4",
    "v6 translated": "http://[::ffff:0:127.0.0.2]/a.mp4",
    "v6 compatible": "http://[::127.0.0.2]/a.mp4",
    "NAT64": "http://[64:ff9b::7f00:2]/a.mp4",
    "NAT64 metadata": "http://[64:ff9b::169.254.169.254]/a.mp4",
    "NAT64, local": "http://[64:ff9b:1::a00:5]/a.mp4",
    "6to4": "http://[2002:7f00:2::]/a.mp4",
    "Teredo": "http://[2001:0:7f00:2::]/a.mp4",
    "v6 documentation": "http://[2001:db8::1]/a.mp4",
    "v6 discard": "http://[100::1]/a.mp4",
    "v6 unassigned": "http://[4000::1]/a.mp4",
    # names
    "localhost": "http://localhost.test/a.mp4",
    "a name that is private": "http://private.test/a.mp4",
    "a name that is metadata": "http://metadata.google.internal/computeMetadata/v1/a.mp4",
    "a name that is v6": "http://six.test/a.mp4",
    "a name that is mapped": "http://mapped.test/a.mp4",
    "a name that is open and private": "http://both.test/a.mp4",
    "a name with a dot behind": "http://private.test./a.mp4",
    "a name in capitals": "http://PRIVATE.TEST/a.mp4",
    "a name with wide letters": "http://ｐｒｉｖａｔｅ.test/a.mp4",
    # tricks with the rest of the address
    "user name": "http://example.org@127.0.0.2/a.mp4",
    "user name and word": "http://example.org:80@10.0.0.5/a.mp4",
    "user name of two": "http://a@example.org@127.0.0.2/a.mp4",
    "backslash": "http://10.0.0.5\\@127.0.0.2/a.mp4",
    "backslashes for slashes": "http:\\\\127.0.0.2\\a.mp4",
    "fragment before a name": "http://127.0.0.2#@example.org/a.mp4",
    "question before a name": "http://127.0.0.2?@example.org/a.mp4",
    "tab in the host": "http://127.0.\t0.2/a.mp4",
    "line break in the host": "http://10.0\n.0.5/a.mp4",
    "no scheme": "//127.0.0.2/a.mp4",
    "one slash": "http:/127.0.0.2/a.mp4",
    "three slashes": "http:///127.0.0.2/a.mp4",
    "mail port": "http://127.0.0.2:25/a.mp4",
    "mail port of an open network": "http://127.0.0.1:25/a.mp4",
    "secure shell of an open network": "http://127.0.0.1:22/a.mp4",
    "port zero": "http://127.0.0.2:0/a.mp4",
    "port beyond": "http://127.0.0.2:65616/a.mp4",
    # other schemes
    "ftp": "ftp://10.0.0.5/a.mp4",
    "gopher": "gopher://10.0.0.5:70/_a.mp4",
    "dict": "dict://127.0.0.2:2628/a.mp4",
    "rtmp": "rtmp://10.0.0.5/live/a.mp4",
    "rtsp": "rtsp://10.0.0.5/a.mp4",
    "websocket": "ws://10.0.0.5/a.mp4",
    "file": "file:///etc/hostname",
    "file of another machine": "file://10.0.0.5/share/a.mp4",
}

RELATIVE = frozenset({"backslashes for slashes", "one slash", "three slashes"})
"""Forms that lead to the page's own host where a page leads to them."""

NAMES: Mapping[str, tuple[str, ...]] = {
    "localhost.test": ("127.0.0.2",),
    "private.test": ("10.0.0.5",),
    "metadata.google.internal": ("169.254.169.254",),
    "six.test": ("::1",),
    "mapped.test": ("::ffff:10.0.0.5",),
    "both.test": ("127.0.0.1", "10.0.0.5"),
}
"""What the names above are, by the only DNS that tests may ask."""

_NUMERIC = re.compile(r"[0-9a-fA-FxX.:%]+(?:[a-z0-9]*)\Z")


@contextmanager
def own_names() -> Iterator[None]:
    """Answer look-ups of names from ``NAMES`` alone for the enclosed block: no DNS is asked."""
    genuine = socket.getaddrinfo
    socket.getaddrinfo = resolver(genuine)
    try:
        yield
    finally:
        socket.getaddrinfo = genuine


def resolver(genuine: Callable[..., Any]) -> Callable[..., Any]:
    """Return a ``getaddrinfo`` that knows ``NAMES`` and numbers, and asks nobody."""

    def answer(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
        known = NAMES.get(text.lower().removesuffix("."))
        if known is not None:
            return [e for ip in known for e in genuine(ip, port, type=socket.SOCK_STREAM)]
        if text != "localhost" and not _NUMERIC.match(text) and not _is_ip(text):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return genuine(host, port, *args, **options)

    return answer


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
