"""Every write transaction that changes what was observed says so in the ledger.

It is done here and not by the callers, so that no change can be forgotten: what is kept of posts,
videos, clips and captures has its digests in entries of the kind ``state``, one a transaction. The
body holds, under ``posts``, ``videos`` and ``clips``, digests by the name of the part (``whole``:
parts that are not named are empty); under ``captures``, by number, the digest of each and the post
it was made for; under ``became``, posts that turned out to be others. ``complete`` names the kinds
of which from then on everything kept is recorded: new ledgers begin with all of them, older ones
are brought to it by ``adopt`` (``true``, as it was before clips were recorded, is all but those).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Session, col

from storage import ledger
from storage.row_states import CAPTURE, CLIP_PARTS, NO_ROWS, POST_PARTS, VIDEO_PARTS, Part, digests
from storage.tables import CaptureRow, ClipRow, LedgerRow, PostRow, VideoRow
from tracker.evidence.hash_chain import ROW_KINDS, complete_kinds
from tracker.model.ledger import LedgerKind

_NOTED = "changes of rows"
PARTS_OF: Mapping[str, tuple[Part, ...]] = {
    "posts": POST_PARTS,
    "videos": VIDEO_PARTS,
    "clips": CLIP_PARTS,
}
_PARTS: Mapping[type, tuple[str, Part]] = {
    part.table: (kind, part)
    for kind, parts in (*PARTS_OF.items(), ("captures", (CAPTURE,)))
    for part in parts
}
_OWNERS = (PostRow, VideoRow, ClipRow)
_OWNER_COLUMNS: Mapping[str, Any] = {
    "posts": PostRow.id,
    "videos": VideoRow.sha256,
    "clips": ClipRow.id,
}
ADOPTED_AT_ONCE = 500


@dataclass(slots=True)
class Changes:
    """What one transaction changed: owners by part, owners that are new, posts that merged."""

    parts: dict[tuple[str, str], set[Any]] = field(default_factory=dict)
    whole: set[tuple[str, Any]] = field(default_factory=set)
    became: dict[str, str] = field(default_factory=dict)

    def note(self, kind: str, part: Part, owner: Any) -> None:
        """Remember that a part of ``owner`` is no longer what it was."""
        self.parts.setdefault((kind, part.name), set()).add(owner)

    def note_all(self, kind: str, owner: Any) -> None:
        """Remember that all parts of a post, video or clip are to be recorded."""
        self.whole.add((kind, owner))
        for part in PARTS_OF[kind]:
            self.note(kind, part, owner)


def watch(s: Session) -> None:
    """Note from now on what the session changes."""
    s.info[_NOTED] = Changes()
    event.listen(s, "after_flush", _note_flushed)


def moved(s: Session, row: PostRow, former: PostRow) -> None:
    """Note that ``former`` becomes a part of ``row``, by statements the session cannot see."""
    changes = _changes(s)
    changes.became[former.key] = row.key
    for part in POST_PARTS:
        changes.note("posts", part, row.id)


def record(s: Session, at: datetime) -> None:
    """Enter in the ledger what the session changed; nothing where it changed nothing."""
    s.flush()
    body = _body(s, _changes(s))
    if body:
        ledger.append(s, LedgerKind.STATE, body, at=at)


def unrecorded(s: Session) -> tuple[str, ...]:
    """Return the kinds of which an older release kept rows without recording them.

    Reads the whole ledger's states, unless its first entry names all kinds.
    """
    first = s.scalar(select(col(LedgerRow.body)).where(col(LedgerRow.sequence) == 1))
    if first is None or not (missing := _missing(first)):
        return ()
    adopted = select(col(LedgerRow.body)).where(
        col(LedgerRow.kind) == LedgerKind.STATE.value,
        col(LedgerRow.body).startswith('{"complete":', autoescape=True),
    )
    for body in s.scalars(adopted):
        missing &= _missing(body)
    return tuple(sorted(missing))


def _missing(body: str) -> set[str]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):  # changed by hand: ``verify`` names it
        said = None
    return {*ROW_KINDS} - complete_kinds(said if isinstance(said, dict) else {})


def owners_after(s: Session, kind: str, after: Any) -> list[Any]:
    """Return the next rows of a kind that ``adopt`` is to take."""
    table = CaptureRow.id if kind == "captures" else _OWNER_COLUMNS[kind]
    query = select(col(table)).order_by(col(table)).limit(ADOPTED_AT_ONCE)
    if after is not None:
        query = query.where(col(table) > after)
    return list(s.scalars(query))


def adopt(s: Session, kind: str, owners: Sequence[Any]) -> None:
    """Have this transaction record rows as they are now: an older release did not."""
    changes = _changes(s)
    for owner in owners:
        if kind == "captures":
            changes.note(kind, CAPTURE, owner)
        else:
            changes.note_all(kind, owner)


def finish_adoption(s: Session, at: datetime) -> None:
    """Say that everything kept is recorded from now on."""
    ledger.append(s, LedgerKind.STATE, {"complete": [*ROW_KINDS]}, at=at)


def _changes(s: AnySession) -> Changes:
    changes: Changes = s.info.setdefault(_NOTED, Changes())
    return changes


def _note_flushed(s: AnySession, _context: object) -> None:
    """Look at what was just written; SQLAlchemy still knows which attributes had changed."""
    changes = _changes(s)
    for row in s.new:
        _note(changes, row)
        if isinstance(row, _OWNERS):
            kind, part = _PARTS[type(row)]
            changes.whole.add((kind, getattr(row, part.owner)))
    for row in s.dirty:
        if _is_covered(row):
            _note(changes, row)
    for row in s.deleted:
        _note(changes, row)


def _note(changes: Changes, row: object) -> None:
    known = _PARTS.get(type(row))
    if known is not None:
        kind, part = known
        changes.note(kind, part, getattr(row, part.owner))


def _is_covered(row: object) -> bool:
    known = _PARTS.get(type(row))
    if known is None:
        return False
    attributes = inspect(row, raiseerr=True).attrs
    columns = (*known[1].columns, *known[1].later, known[1].owner)
    return any(attributes[name].history.has_changes() for name in columns)


def _body(s: Session, changes: Changes) -> dict[str, object]:
    captures = dict(_capture_states(s, changes.parts.get(("captures", CAPTURE.name), set())))
    body: dict[str, object] = {
        "posts": _states(s, "posts", changes),
        "videos": _states(s, "videos", changes),
        "clips": _states(s, "clips", changes),
        "captures": captures,
        "became": changes.became,
    }
    return {name: value for name, value in body.items() if value}


def _states(s: Session, kind: str, changes: Changes) -> dict[str, dict[str, object]]:
    """Return the digests of the parts that changed, by what the owner is called."""
    states: dict[Any, dict[str, object]] = {}
    for part in PARTS_OF[kind]:
        owners = changes.parts.get((kind, part.name), set())
        found = dict(digests(s, part, owners))
        for owner in owners:
            states.setdefault(owner, {})[part.name] = found.get(owner, NO_ROWS)
    for state_kind, owner in changes.whole:
        if state_kind == kind:
            states.setdefault(owner, {})["whole"] = True
    return {name: states[owner] for owner, name in _names(s, kind, list(states))}


def _names(s: Session, kind: str, owners: Sequence[Any]) -> Iterator[tuple[Any, str]]:
    """Yield what each owner that still exists is called: a post by its key, others by their id."""
    owner, name = _naming(kind)
    for start in range(0, len(owners), ADOPTED_AT_ONCE):
        batch = owners[start : start + ADOPTED_AT_ONCE]
        query = select(col(owner), col(name)).where(col(owner).in_(batch))
        yield from ((row[0], str(row[1])) for row in s.execute(query))


def names(s: Session, kind: str) -> dict[Any, str]:
    """Return what each row of ``posts``, ``videos`` or ``clips`` is called in the ledger."""
    owner, name = _naming(kind)
    return {row[0]: str(row[1]) for row in s.execute(select(col(owner), col(name)))}


def _naming(kind: str) -> tuple[Any, Any]:
    owner = _OWNER_COLUMNS[kind]
    return (owner, PostRow.key) if kind == "posts" else (owner, owner)


def _capture_states(s: Session, numbers: set[Any]) -> Iterator[tuple[str, dict[str, object]]]:
    posts = dict(capture_posts(s, sorted(numbers)))
    for number, digest in digests(s, CAPTURE, numbers):
        yield str(number), {"digest": digest, "post": posts.get(number)}


def capture_posts(s: Session, numbers: Sequence[int] | None = None) -> Iterator[tuple[int, str]]:
    """Yield the key of the post that each capture was made for, where there is one."""
    query = select(col(CaptureRow.id), col(PostRow.key)).join(
        PostRow, col(PostRow.id) == col(CaptureRow.post_id)
    )
    if numbers is None:
        yield from ((row[0], row[1]) for row in s.execute(query))
        return
    for start in range(0, len(numbers), ADOPTED_AT_ONCE):
        batch = numbers[start : start + ADOPTED_AT_ONCE]
        yield from (
            (row[0], row[1]) for row in s.execute(query.where(col(CaptureRow.id).in_(batch)))
        )
