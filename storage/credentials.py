"""Content Credentials of the videos, and which videos were not looked at yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

from sqlmodel import Session, col, select

from storage import pending
from storage.rows import json_text
from storage.tables import CredentialsRow, VideoRow
from tracker.errors import IntegrityError
from tracker.model.credentials import (
    ContentCredentials,
    CredentialAction,
    CredentialState,
    VideoCredentials,
)
from tracker.model.ids import VideoId


def save_credentials(s: Session, video: VideoId, found: ContentCredentials, now: datetime) -> None:
    """Keep what was found in the video; it is read once (``DatabaseError`` for a second time)."""
    row = CredentialsRow(video=video, state=found.state.value, read_at=now)
    row.active_manifest, row.title = found.active_manifest, found.title
    row.issuer, row.signer, row.signed_at = found.issuer, found.signer, found.signed_at
    row.claim_generator, row.reason = found.claim_generator, found.reason
    row.manifest_sha256 = found.manifest_sha256
    row.actions = json_text([_action_document(action) for action in found.actions])
    row.problems = json_text(list(found.problems))
    row.tools = json_text([list(tool) for tool in found.tools])
    s.add(row)
    s.flush()


def get_credentials(s: Session, video: VideoId) -> VideoCredentials | None:
    """Return what was found in the video; ``None`` while it was not looked at."""
    row = s.get(CredentialsRow, video)
    return None if row is None else credentials_from(row)


def all_credentials(s: Session) -> Iterator[tuple[VideoId, ContentCredentials | None]]:
    """Yield every video that was looked at with what was found in it.

    ``None`` stands for a row that cannot be read (it was tampered with).
    """
    query = select(CredentialsRow).order_by(col(CredentialsRow.video))
    for row in s.exec(query.execution_options(yield_per=500)):
        yield VideoId(row.video), _found_or_none(row)


def manifest_digests(s: Session) -> set[str]:
    """Return the SHA-256 of every manifest store that is kept."""
    query = select(CredentialsRow.manifest_sha256).where(
        col(CredentialsRow.manifest_sha256).is_not(None)
    )
    return {digest for digest in s.exec(query.distinct()) if digest}


def pending_credentials(s: Session, *, now: datetime, limit: int) -> list[VideoId]:
    """Return kept videos that were not looked at, without those held back until later."""
    query = pending.credentials_query().where(
        pending.ready(pending.CREDENTIALS, col(VideoRow.sha256), now)
    )
    return [VideoId(video) for video in s.scalars(query.limit(limit))]


def credentials_from(row: CredentialsRow) -> VideoCredentials:
    """Return what ``row`` says; raises ``IntegrityError`` where it cannot be read."""
    found = _found_or_none(row)
    if found is None:
        raise IntegrityError(
            f"what the database says of the Content Credentials of {row.video} cannot be read: "
            "it was changed"
        )
    return VideoCredentials(VideoId(row.video), found, row.read_at)


def _found_or_none(row: CredentialsRow) -> ContentCredentials | None:
    try:
        return _found(row)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _found(row: CredentialsRow) -> ContentCredentials:
    return ContentCredentials(
        state=CredentialState(row.state),
        active_manifest=row.active_manifest,
        title=row.title,
        issuer=row.issuer,
        signer=row.signer,
        signed_at=row.signed_at,
        claim_generator=row.claim_generator,
        actions=tuple(_action(item) for item in json.loads(row.actions)),
        problems=tuple(json.loads(row.problems)),
        reason=row.reason,
        tools=tuple((name, version) for name, version in json.loads(row.tools)),
        manifest_sha256=row.manifest_sha256,
    )


def _action_document(action: CredentialAction) -> dict[str, object]:
    return {**asdict(action), "at": action.at.isoformat() if action.at else None}


def _action(document: dict[str, str | None]) -> CredentialAction:
    at = document["at"]
    return CredentialAction(
        action=document["action"] or "",
        manifest=document["manifest"] or "",
        at=datetime.fromisoformat(at) if at else None,
        software_agent=document["software_agent"],
        source_type=document["source_type"],
    )
