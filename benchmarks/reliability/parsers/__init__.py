"""Every parser of what comes from outside, by name."""

from __future__ import annotations

from benchmarks.reliability.parsers.evidence import evidence_parsers
from benchmarks.reliability.parsers.names import name_parsers
from benchmarks.reliability.parsers.pages import page_parsers
from benchmarks.reliability.parsers.parser import Parser
from benchmarks.reliability.parsers.platforms import platform_parsers


def all_parsers() -> dict[str, Parser]:
    """Return the parsers by name."""
    found = (*page_parsers(), *platform_parsers(), *name_parsers(), *evidence_parsers())
    return {parser.name: parser for parser in found}
