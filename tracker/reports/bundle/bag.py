"""What BagIt asks of a bag's own files. Source: RFC 8493, section 2.

``bagit.make_bag`` is not used: it changes the process's working directory, knows no zip and wants
every file written twice. That ``bagit`` accepts what is made here is tested with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
PAYLOAD = "data/"


@dataclass(frozen=True, slots=True)
class Written:
    """A file's digest and size."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class BagFacts:
    """What ``bag-info.txt`` says apart from the payload's size."""

    clip: str
    tool_version: str
    as_of: str  # ISO 8601; the day is taken


def bag_info(facts: BagFacts, files: Mapping[str, Written]) -> str:
    """Return ``bag-info.txt`` for the files written."""
    payload = [file.size_bytes for path, file in files.items() if path.startswith(PAYLOAD)]
    return (
        f"Bag-Software-Agent: tracker {facts.tool_version}\n"
        f"Bagging-Date: {facts.as_of[:10]}\n"
        f"External-Identifier: {facts.clip}\n"
        f"Payload-Oxum: {sum(payload)}.{len(payload)}\n"
    )


def manifest(files: Mapping[str, Written], *, payload: bool) -> str:
    """Return the manifest of the payload, or of everything else but itself."""
    return digest_lines(
        {
            path: file.sha256
            for path, file in files.items()
            if path.startswith(PAYLOAD) is payload and path != TAG_MANIFEST
        }
    )


def digest_lines(digests: Mapping[str, str]) -> str:
    """Return one line for each file, as ``sha256sum`` writes and checks them."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items()))
