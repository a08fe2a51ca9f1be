"""Web addresses taken apart and put together again in one normal form."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import idna

from tracker.errors import UnsupportedSource

MAX_URL_CHARS = 8192
DEFAULT_PORTS = {"http": 80, "https": 443}

_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = _UNRESERVED | frozenset("!$&'()*+,;=:@/")
_QUERY_SAFE = _PATH_SAFE | frozenset("?")
_ESCAPE_OR_CHAR = re.compile(r"%[0-9A-Fa-f]{2}|.", re.DOTALL)
_HOST = re.compile(r"(?!.*\.\.)[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_-])?\Z")
_CONTROL_OR_SPACE = "".join(map(chr, range(33)))

# Parameters that tell how a reader came, never what is shown.
_TRACKING_NAME = re.compile(
    r"utm_.*|ns_(?:campaign|mchannel|source|linkname|fee)|"
    r"at_(?:medium|campaign|campaign_type|link_id|link_type|link_origin|format|bbc_team|ptr_name)|"
    r"fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|ysclid|twclid|"
    r"ttclid|li_fat_id|igshid|igsh|mc_cid|mc_eid|_ga|_gl|_hsenc|_hsmi|"
    r"mkt_tok|vero_id|oly_enc_id|s_cid|xtor|wt_mc|ref_src|ref_url|si|cmpid|"
    r"ocid|smid|smtyp|__twitter_impression|fb_action_ids|fb_action_types|"
    r"fb_source|fb_ref|srsltid|mibextid|rdid|ig_rid|ig_mid|xmt|epik|wbraid|_openstat|guccounter|"
    r"guce_referrer(?:_sig)?|__cft__.*|__tn__|__xts__.*|pk_(?:campaign|kwd|source|medium)|"
    r"(?:mtm|matomo|piwik)_.*|hsctatracking|vero_conv|ncid|sr_share|sc_channel|irclickid|_branch_.*"
)


@dataclass(frozen=True, slots=True)
class WebUrl:
    """An http or https address in normal form, without fragment and user name.

    ``query`` holds the raw ``name=value`` pieces in their order, tracking parameters left out.
    ``fragment`` is kept apart because a few old addresses hide the path in it.
    """

    scheme: str
    host: str  # lower case, punycode; IPv6 in brackets
    port: int | None  # None for the scheme's own
    path: str
    query: tuple[str, ...]
    fragment: str

    @property
    def authority(self) -> str:
        """Host, with the port where it is not the scheme's own."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    def parameter(self, name: str) -> str | None:
        """Return the decoded value of the first parameter of that name; ``+`` is a space."""
        for piece in self.query:
            key, _, value = piece.partition("=")
            if unquote(key) == name:
                return unquote(value.replace("+", " "))
        return None

    def text(self) -> str:
        """Return the address as one string."""
        query = "?" + "&".join(self.query) if self.query else ""
        return f"{self.scheme}://{self.authority}{self.path}{query}"


def parse_web_url(url: str) -> WebUrl:
    """Return ``url`` in normal form; raise ``UnsupportedSource`` if it is no web address.

    Normal means: lower-case scheme and host, IDN as punycode, no default port, no dot
    segments, percent-encoding only where needed and in upper case, no tracking parameters.
    Source: RFC 3986 §6.2.2, UTS #46.
    """
    split = _split(url)
    host = _normal_host(split.hostname or "")
    return WebUrl(
        scheme=split.scheme,
        host=host,
        port=_normal_port(split),
        path=_without_dot_segments(_normal_escapes(split.path, _PATH_SAFE)) or "/",
        query=tuple(_kept_parameters(split.query)),
        fragment=split.fragment,
    )


def _split(url: str) -> SplitResult:
    text = url.strip(_CONTROL_OR_SPACE)
    if len(text) > MAX_URL_CHARS:
        raise UnsupportedSource(f"address longer than {MAX_URL_CHARS} characters")
    try:
        text.encode("utf-8")
        split = urlsplit(text)
    except ValueError as exc:  # also UnicodeEncodeError: a lone surrogate
        raise UnsupportedSource(f"not a web address: {shown(url)}") from exc
    if split.scheme not in DEFAULT_PORTS or not split.netloc:
        raise UnsupportedSource(f"not an http or https address: {shown(url)}")
    if "@" in split.netloc or "\\" in split.netloc:
        raise UnsupportedSource("an address with a user name or password in it is not accepted")
    return split


def shown(url: str) -> str:
    """Return ``url`` short and printable, fit to stand in a message."""
    return ascii(url[:120])[1:-1] + ("…" if len(url) > 120 else "")


def _normal_port(split: SplitResult) -> int | None:
    try:
        port = split.port
    except ValueError as exc:
        raise UnsupportedSource("an address with an impossible port number") from exc
    if port == 0:
        raise UnsupportedSource("an address with an impossible port number")
    return None if port == DEFAULT_PORTS[split.scheme] else port


def _normal_host(host: str) -> str:
    if ":" in host:
        return _normal_ipv6(host)
    try:
        ascii_host = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as exc:
        raise UnsupportedSource(f"not a valid host name: {shown(host)}") from exc
    ascii_host = ascii_host.lower().removesuffix(".")
    if len(ascii_host) > 253 or not _HOST.match(ascii_host):
        raise UnsupportedSource(f"not a valid host name: {shown(host)}")
    return ascii_host


def _normal_ipv6(host: str) -> str:
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError as exc:
        raise UnsupportedSource(f"not a valid IPv6 address: {shown(host)}") from exc
    if address.scope_id is not None:
        raise UnsupportedSource("an IPv6 address with a zone is not accepted")
    return f"[{address.compressed}]"


def _normal_escapes(text: str, safe: frozenset[str]) -> str:
    """Decode what needs no escape, escape what does, write hex digits in upper case."""

    def normal(found: re.Match[str]) -> str:
        token = found[0]
        if len(token) == 3:
            char = chr(int(token[1:], 16))
            return char if char in _UNRESERVED else token.upper()
        if token in safe:
            return token
        return "".join(f"%{byte:02X}" for byte in token.encode("utf-8"))

    return _ESCAPE_OR_CHAR.sub(normal, text)


def _without_dot_segments(path: str) -> str:
    """Resolve ``.`` and ``..``. Source: RFC 3986 §5.2.4."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def _kept_parameters(query: str) -> Iterator[str]:
    for piece in _normal_escapes(query, _QUERY_SAFE).split("&"):
        name = unquote(piece.partition("=")[0]).lower()
        if piece and not _TRACKING_NAME.fullmatch(name):
            yield piece


def local_path(url: str) -> Path:
    """Return the path that a file reference means: a plain path or a ``file://`` address."""
    if not url.startswith("file://"):
        return Path(url)
    return Path(unquote(urlsplit(url).path, errors="surrogateescape"))  # as names that are no text
