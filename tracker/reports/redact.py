"""Account names replaced by keyed hashes, wherever in a value they stand.

A name becomes ``account-`` and twelve hex digits of HMAC-SHA256 over the name in lower case without
``@``, keyed with the case's salt: the same account is the same word all over one case, and nobody
without the salt can try names against it. Addresses on platforms name their accounts, openly or by
the post's number, so they are replaced as a whole.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import PurePath
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from tracker.errors import UnsupportedSource
from tracker.net.urls import WEB, parse_address

ValueT = TypeVar("ValueT")

KEPT_FIELDS = frozenset(
    {
        *("platform", "platforms", "algorithm", "algorithms", "versions", "tool_version", "tools"),
        *("kind", "codec", "container", "content_type", "source", "ledger_head"),
    }
)
"""Fields of values, and keys of ledger bodies, that hold no words from outside."""

SHORTEST_IN_TEXT = 3
"""Shorter names are replaced where they stand as an account, not in running text."""

SHORTEST_INSIDE_WORDS = 6
"""From this length on a name is replaced inside longer words as well, as in ``#FreeSomebody``."""

_NAME_FIELDS = frozenset({"account", "by", "signer"})
_PATH_FIELDS = frozenset({"files"})
_FIXED = re.compile(r"(?:[0-9a-f]{64}|(?:clip|app)-[0-9a-f]{16})\Z")
_ADDRESS = re.compile(
    r"\b(?:https?|file|at)://[^\s<>\"'\])}]+"
    r"|\bdid:(?:plc|web):[\w.:%-]+"
    r"|\b(?:[\w-]+\.)+[a-z]{2,}/[^\s<>\"'\])}]+",
    re.IGNORECASE,
)
_E_MAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")
_MENTION = re.compile(r"(?<![\w/@.])[@＠][\w.-]*\w(?:@[\w-]+(?:\.[\w-]+)+)?")
_PSEUDONYM = re.compile(r"(?:account|file|address)-[0-9a-f]{12}")


class Redactor:
    """Replaces what names an account. ``paths`` are local files, ``hosts`` servers of accounts."""

    def __init__(
        self,
        salt: bytes,
        names: Iterable[str] = (),
        paths: Iterable[str] = (),
        hosts: Iterable[str] = (),
    ) -> None:
        self._salt = salt
        self._hosts = frozenset(host.lower() for host in hosts)
        self._paths = sorted({path for path in paths if path}, key=len, reverse=True)
        self._known = _known(names)

    def account(self, name: str) -> str:
        """Return the word that stands for an account's name; given one already, that."""
        if _PSEUDONYM.fullmatch(name):
            return name
        return f"account-{self._digest(name.strip().lstrip('@＠').casefold())}"

    def path(self, path: str) -> str:
        """Return the word that stands for a local file, with its ending."""
        suffix = PurePath(path).suffix
        ending = suffix if re.fullmatch(r"\.[A-Za-z0-9]{1,5}", suffix) else ""
        return f"file-{self._digest(path)}{ending.lower()}"

    def text(self, text: str) -> str:
        """Return running text without names, mentions, and addresses that name accounts."""
        if _FIXED.match(text):
            return text
        for path in self._paths:
            text = text.replace(path, self.path(path))
        text = _ADDRESS.sub(lambda found: self._address(found[0]), text)
        text = _E_MAIL.sub(lambda found: f"address-{self._digest(found[0].casefold())}", text)
        text = _MENTION.sub(lambda found: self.account(found[0]), text)
        return self._names(text)

    def value(self, value: ValueT) -> ValueT:
        """Return the value with every text in it redacted: data classes, mappings, sequences."""
        return self._any(value, "")  # type: ignore[no-any-return]  # the same shape, by recursion

    def _any(self, value: Any, name: str) -> Any:
        if isinstance(value, Enum) or name in KEPT_FIELDS:
            return value
        if isinstance(value, str):
            return self._string(value, name)
        if is_dataclass(value) and not isinstance(value, type):
            return self._dataclass(value)
        if isinstance(value, Mapping):
            return {
                self.text(key) if isinstance(key, str) else key: self._any(item, str(key))
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return type(value)(self._any(item, name) for item in value)
        return value

    def _dataclass(self, value: Any) -> Any:
        changed = {
            field.name: self._any(getattr(value, field.name), field.name)
            for field in fields(value)
            if field.init
        }
        return replace(value, **changed)

    def _string(self, text: str, name: str) -> str:
        if name in _NAME_FIELDS:
            return self.account(text) if text else text
        return self.path(text) if name in _PATH_FIELDS else self.text(text)

    # --- addresses and names -------------------------------------------------------------

    def _address(self, text: str) -> str:
        url = text if "://" in text or text.startswith("did:") else f"https://{text}"
        host = _host(url)
        if self._is_open(url, host):
            shown = self._names(text)
            plain = unquote(shown)
            if self._names(plain) == plain:
                return shown  # otherwise a name stands in it as %XX
        return f"redacted://{_domain(host)}/{self._digest(url)}"

    def _is_open(self, url: str, host: str) -> bool:
        """Tell whether it is a page on the open web, which is no account's own."""
        if not url.startswith(("http://", "https://")) or host in self._hosts or "/@" in url:
            return False
        try:
            return parse_address(url).platform == WEB
        except UnsupportedSource:
            return False

    def _names(self, text: str) -> str:
        if self._known is None:
            return text
        parts = re.split(f"({_PSEUDONYM.pattern})", text)
        return "".join(
            part if number % 2 else self._known.sub(lambda found: self.account(found[0]), part)
            for number, part in enumerate(parts)
        )

    def _digest(self, text: str) -> str:
        body = text.encode("utf-8", "surrogatepass")
        return hmac.new(self._salt, body, hashlib.sha256).hexdigest()[:12]


def bare_names(names: Iterable[str]) -> set[str]:
    """Return names without ``@`` and blanks around, and the parts of ``user@server``."""
    bare = {name.strip().lstrip("@＠") for name in names}
    return bare | {name.partition("@")[0] for name in bare}


def _known(names: Iterable[str]) -> re.Pattern[str] | None:
    """Return a pattern of all names long enough to stand in a text, the longest first."""
    found = {name for name in bare_names(names) if len(name) >= SHORTEST_IN_TEXT}
    if not found:
        return None
    words = (
        re.escape(name)
        if len(name) >= SHORTEST_INSIDE_WORDS
        else rf"(?<![^\W_]){re.escape(name)}(?![^\W_])"
        for name in sorted(found, key=lambda name: (-len(name), name))
    )
    return re.compile("|".join(words), re.IGNORECASE)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or urlsplit(url).scheme).lower()
    except ValueError:
        return "address"


def _domain(host: str) -> str:
    """Return the last two labels of a name: the ones before may name an account."""
    return (
        host if re.fullmatch(r"[\d.]+|\[?[0-9a-f:]+\]?", host) else ".".join(host.split(".")[-2:])
    )
