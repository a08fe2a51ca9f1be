"""Compare rows of posts, videos, clips and captures with the digests the ledger holds of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlmodel import Session

from storage import row_changes
from storage.row_states import CAPTURE, NO_ROWS, Part, digests
from tracker.evidence.recorded import RecordedDigest, RecordedStates
from tracker.model.ledger import Broken

NOUNS = {"posts": "post", "videos": "video", "clips": "clip"}


def check_states(session: Session, states: RecordedStates) -> Iterator[Broken]:
    """Yield each part of a post, video or clip, and each capture, that is not what was recorded.

    Rows of which nothing was ever recorded are named only where everything is.
    """
    for kind, parts in row_changes.PARTS_OF.items():
        names = row_changes.names(session, kind)
        yield from _strangers(kind, names, states)
        for part in parts:
            yield from _check_part(session, kind, part, names, states)
    yield from _check_captures(session, states)


def _strangers(kind: str, names: Mapping[Any, str], states: RecordedStates) -> Iterator[Broken]:
    """Yield what is kept and was never recorded, and what was recorded and is gone."""
    kept = set(names.values())
    known = {name for known_kind, name in states.parts if known_kind == kind}
    if kind in states.complete:
        for name in sorted(kept - known):
            yield Broken("entry", f"{NOUNS[kind]} {name}", "no ledger entry records it")
    for name in sorted(known - kept):
        yield Broken("entry", f"{NOUNS[kind]} {name}", "it is gone from the database")


def _check_part(
    session: Session,
    kind: str,
    part: Part,
    names: Mapping[Any, str],
    states: RecordedStates,
) -> Iterator[Broken]:
    found = dict(digests(session, part))
    for owner, name in names.items():
        entry = _expected(states, kind, name, part)
        if entry is not None and found.get(owner, NO_ROWS) != entry.value:
            yield _differs(f"{NOUNS[kind]} {name}", part, entry)
    for owner in found.keys() - names.keys():
        yield Broken("entry", f"{NOUNS[kind]} {owner}", f"there are {part.noun} of it, but not it")


def _expected(states: RecordedStates, kind: str, name: str, part: Part) -> RecordedDigest | None:
    parts = states.parts.get((kind, name), {})
    if part.name in parts:
        return parts[part.name]
    return RecordedDigest(NO_ROWS, 0) if (kind, name) in states.whole else None


def _check_captures(session: Session, states: RecordedStates) -> Iterator[Broken]:
    posts = dict(row_changes.capture_posts(session))
    missing = dict(states.captures)
    for number, digest in digests(session, CAPTURE):
        label = f"capture {number}"
        recorded = missing.pop(number, None)
        if recorded is None:
            if "captures" in states.complete:
                yield Broken("entry", label, "no ledger entry records it")
            continue
        entry, post = recorded
        if digest != entry.value:
            yield _differs(label, CAPTURE, entry)
        if posts.get(number) != (None if post is None else states.now(post)):
            reason = f"entry {entry.sequence} records it of another post"
            yield Broken("entry", label, reason)
    for number, (entry, _) in missing.items():
        yield Broken("entry", f"capture {number}", f"it is gone; entry {entry.sequence} records it")


def _differs(label: str, part: Part, entry: RecordedDigest) -> Broken:
    what = f"entry {entry.sequence} recorded" if entry.sequence else "the ledger recorded (none)"
    return Broken("entry", label, f"its {part.noun} in the database are no longer what {what}")
