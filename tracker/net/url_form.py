"""What one form of address is: the row type of the platform tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tracker.model.ids import Platform

NUMBER = re.compile(r"\d{1,25}(?!\w)")


@dataclass(frozen=True, slots=True)
class Form:
    """One form of address.

    ``hosts`` match without a leading ``www.``, ``m.`` or ``mobile.``; an entry that starts
    with a dot stands for every subdomain, one that ends with a dot for every such prefix.
    ``path`` must match in full; its named groups, and those of ``parameters`` (group ->
    parameter name and pattern), fill ``key``. ``fold`` groups are case-insensitive on that
    platform. ``nested`` names a parameter that holds the real address.
    """

    platform: Platform
    hosts: tuple[str, ...]
    path: re.Pattern[str]
    key: str = ""
    parameters: Mapping[str, tuple[str, re.Pattern[str]]] = field(default_factory=dict)
    fold: frozenset[str] = frozenset()
    no_account: frozenset[str] = frozenset()
    nested: str | None = None
    is_post: bool = True
    host_in_account: bool = False


def handles(form: Form, host: str) -> bool:
    """Tell whether ``form`` is about ``host``."""
    bare = bare_host(host)
    return not form.hosts or any(_host_matches(pattern, bare, host) for pattern in form.hosts)


def bare_host(host: str) -> str:
    """Return ``host`` without the prefix that only chooses a layout."""
    for prefix in ("www.", "mobile.", "m."):
        if host.startswith(prefix) and host.count(".") > 1:
            return host.removeprefix(prefix)
    return host


def _host_matches(pattern: str, bare: str, host: str) -> bool:
    if pattern.startswith("."):
        return host.endswith(pattern) or bare == pattern[1:]
    if pattern.endswith("."):
        return bare.startswith(pattern)
    return bare == pattern


def form(
    platform: str,
    hosts: str,
    path: str,
    key: str = "",
    *,
    fold: str = "",
    no_account: str = "",
    nested: str | None = None,
    is_post: bool = True,
    host_in_account: bool = False,
    **parameters: tuple[str, re.Pattern[str]],
) -> Form:
    """Return one row; names and patterns are given as plain, space-separated text."""
    return Form(
        platform=Platform(platform),
        hosts=tuple(hosts.split()),
        path=re.compile(path, re.ASCII),
        key=key,
        parameters=parameters,
        fold=frozenset(fold.split()),
        no_account=frozenset(no_account.split()),
        nested=nested,
        is_post=is_post,
        host_in_account=host_in_account,
    )
