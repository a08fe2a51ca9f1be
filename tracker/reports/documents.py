"""The JSON objects other people's scripts rely on, built from values.

Field names and shapes are a published contract (``docs/schemas``): fields may be added within
a schema's number, never renamed, removed or given another meaning. Times are ISO 8601 in UTC
with ``Z``; media times are whole milliseconds; stretches are ``[start, end]``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tracker.errors import without_user_names
from tracker.model.added import AddedResult
from tracker.model.chain import Answer, Chain, ChainLink, Conflict, Coverage, Revision
from tracker.model.clip import PostSummary
from tracker.model.credentials import ContentCredentials
from tracker.model.discovery import Discovery
from tracker.model.lookup import (
    Earliest,
    LookupMatch,
    LookupResult,
    LookupSoundMatch,
    LookupSubject,
)
from tracker.model.match import Segment, Transformation
from tracker.model.post import Lead
from tracker.model.status import PostStatus, Visibility
from tracker.model.summary import ClipSummary, Verified
from tracker.model.time_claim import Published, TimeClaim, require_utc
from tracker.model.verdict import Verdict
from tracker.model.video import Damage
from tracker.model.watch import Watch

Document = dict[str, object]

PHASES = ("fetch", "decode", "search", "align", "verify", "total")

_STATUSES = {
    PostStatus.LIVE: "live",
    PostStatus.DELETED: "deleted",
    PostStatus.SUSPENDED: "deleted",
    PostStatus.PRIVATE: "private",
}


def instant_text(at: datetime | None) -> str | None:
    """Return ``at`` as ISO 8601 UTC with ``Z``, with as many fraction digits as it needs.

    That is none, three (milliseconds) or six (microseconds). Raises ``ValueError`` for a naive
    time.
    """
    if at is None:
        return None
    utc = require_utc(at, "at").replace(tzinfo=None)
    if utc.microsecond == 0:
        unit = "seconds"
    else:
        unit = "milliseconds" if utc.microsecond % 1000 == 0 else "microseconds"
    return utc.isoformat(timespec=unit) + "Z"


def published_document(published: Published | None) -> Document | None:
    """Return the interval a post was published in and the claim kind behind it, or ``None``."""
    if published is None:
        return None
    return {
        "earliest": instant_text(published.interval.earliest_at),
        "latest": instant_text(published.interval.latest_at),
        "basis": published.basis.value,
    }


def post_document(post: PostSummary) -> Document:
    """Return a post as lookups, chains and additions show it."""
    return {
        "url": post.key,
        "platform": post.platform,
        "account": post.account,
        "published": published_document(post.published),
    }


def coverage_document(searched: Coverage) -> Document:
    """Return what was searched."""
    return {
        "videos": searched.videos,
        "posts": searched.posts,
        "frames": searched.frames,
        "platforms": list(searched.platforms),
        "oldest_post": instant_text(searched.oldest_post_at),
        "newest_post": instant_text(searched.newest_post_at),
    }


def discovery_document(search: Discovery) -> Document:
    """Return one search for earlier uploads and what it came to."""
    return {
        "platform": search.platform,
        "query": search.query,
        "target": search.target,
        "until": instant_text(search.until_at),
        "searched_at": instant_text(search.searched_at),
        "hits": search.hits,
        "earlier": search.earlier,
        "without_preview": search.without_preview,
        "compared": search.compared,
        "likely": search.likely,
        "fetched": search.fetched,
        "error": search.error,
    }


def verdict_document(verdict: Verdict) -> Document:
    """Return one person's judgement of whether a video shows a clip."""
    return {
        "clip": verdict.clip,
        "video": verdict.video,
        "verdict": verdict.kind.value,
        "by": verdict.by,
        "why": verdict.why,
        "at": instant_text(verdict.at),
        "algorithm": verdict.algorithm,
    }


def judged_document(verdict: Verdict) -> Document:
    """Return ``tracker/judged/1``."""
    return {"schema": "tracker/judged/1", **verdict_document(verdict)}


def lead_document(lead: Lead) -> Document:
    """Return a post that a text attributes to an account without linking it."""
    return {
        "text": lead.text,
        "platform": lead.platform,
        "account": lead.account,
        "source_url": lead.source_url,
        "day": lead.day,
    }


def claim_document(claim: TimeClaim) -> Document:
    """Return one statement about when."""
    return {
        "kind": claim.kind.value,
        "earliest": instant_text(claim.interval.earliest_at),
        "latest": instant_text(claim.interval.latest_at),
        "forgeable_by": claim.forgeable_by.value,
        "source": claim.source,
    }


def credentials_document(found: ContentCredentials | None) -> Document | None:
    """Return what a file's Content Credentials say; ``None`` where they were not looked for."""
    if found is None:
        return None
    return {
        "state": found.state.value,
        "signer_trust": found.signer_trust and found.signer_trust.value,
        "issuer": found.issuer,
        "signer": found.signer,
        "signed_at": instant_text(found.signed_at),
        "title": found.title,
        "claim_generator": found.claim_generator,
        "active_manifest": found.active_manifest,
        "actions": [
            {
                "action": step.action,
                "at": instant_text(step.at),
                "software_agent": step.software_agent,
                "source_type": step.source_type,
                "manifest": step.manifest,
            }
            for step in found.actions
        ],
        "problems": list(found.problems),
        "reason": found.reason or None,
        "manifest_sha256": found.manifest_sha256,
    }


def damage_document(damage: Damage | None) -> Document | None:
    """Return what of a file did not decode; ``None`` where all of it did."""
    if damage is None:
        return None
    return {
        "broken_packets": damage.broken_packets,
        "stated_duration_ms": damage.stated_duration_ms,
    }


def transformation_documents(transformations: Iterable[Transformation]) -> list[Document]:
    """Return what was done to a copy, in the order given."""
    return [{"kind": item.kind, "detail": dict(item.detail)} for item in transformations]


def sound_segment_document(segment: Segment) -> Document:
    """Return a stretch in which two videos sound the same; ``reference_ms`` is the other's."""
    return {
        "query_ms": [segment.query_start_ms, segment.query_end_ms],
        "reference_ms": [segment.reference_start_ms, segment.reference_end_ms],
        "speed": _fraction(segment.speed),
        "score": _fraction(segment.score),
    }


# --- tracker/lookup/1 ---------------------------------------------------------------------


def lookup_document(result: LookupResult, *, with_candidates: bool = True) -> Document:
    """Return ``tracker/lookup/1``; without candidates their list is empty."""
    candidates = result.candidates if with_candidates else ()
    return {
        "schema": "tracker/lookup/1",
        "subject": {
            **_subject(result.subject),
            "credentials": credentials_document(result.credentials),
        },
        "matches": [_match(item) for item in result.matches],
        "candidates": [_match(item) for item in candidates],
        "sound_matches": [_sound_match(item) for item in result.sound_matches],
        "earliest": _earliest(result.earliest),
        "searched": coverage_document(result.searched),
        "elapsed_ms": {phase: int(result.elapsed_ms.get(phase, 0)) for phase in PHASES},
    }


def _subject(subject: LookupSubject) -> Document:
    return {
        "target": subject.target,
        "sha256": subject.sha256,
        "duration_ms": subject.duration_ms,
        "width": subject.width,
        "height": subject.height,
        "damage": damage_document(subject.damage),
    }


def _match(item: LookupMatch) -> Document:
    return {
        "video": item.match.reference,
        "score": _fraction(item.match.score),
        "clip": item.clip,
        "segments": [segment_document(segment) for segment in item.match.segments],
        "sound": item.match.sound.value,
        "moment_told": item.match.moment_told,
        "transformations": transformation_documents(item.match.transformations),
        "posts": [post_document(post) for post in item.posts],
        "files": list(item.files),
        "credentials": credentials_document(item.credentials),
        "verdicts": [verdict_document(verdict) for verdict in item.verdicts],
    }


def _sound_match(item: LookupSoundMatch) -> Document:
    return {
        "video": item.match.reference,
        "score": _fraction(item.match.score),
        "segments": [sound_segment_document(segment) for segment in item.match.segments],
        "posts": [post_document(post) for post in item.posts],
        "files": list(item.files),
    }


def segment_document(segment: Segment) -> Document:
    """Return a stretch that two videos share."""
    return {
        "query_ms": [segment.query_start_ms, segment.query_end_ms],
        "reference_ms": [segment.reference_start_ms, segment.reference_end_ms],
        "speed": _fraction(segment.speed),
        "mirrored": segment.mirrored,
        "score": _fraction(segment.score),
    }


def _earliest(earliest: Earliest | None) -> Document | None:
    if earliest is None:
        return None
    return {
        "video": earliest.video,
        "post": None if earliest.post is None else post_document(earliest.post),
        "files": list(earliest.files),
        "published": published_document(earliest.published),
        "why": earliest.why,
        "contradicted_by": list(earliest.contradicted_by),
    }


def _fraction(value: float) -> float:
    """Cut off the digits that only say how floating point adds up."""
    return round(float(value), 6)


# --- tracker/chain/1 ----------------------------------------------------------------------


def chain_document(chain: Chain) -> Document:
    """Return ``tracker/chain/1``."""
    return {
        "schema": "tracker/chain/1",
        "clip": chain.clip,
        "revision": chain.revision,
        "as_of": instant_text(chain.as_of),
        "duration_ms": chain.duration_ms,
        "root": chain.root,
        "appearances": [_appearance(link) for link in chain.links],
        "conflicts": [_conflict(conflict) for conflict in chain.conflicts],
        "leads": [lead_document(lead) for lead in chain.leads],
        "history": [_revision(revision) for revision in chain.history],
        "searched": coverage_document(chain.searched),
        "discovery": [discovery_document(search) for search in chain.discovery],
        "answer": _answer(chain.answer),
        "verdicts": [verdict_document(verdict) for verdict in chain.verdicts],
    }


def _answer(answer: Answer) -> Document:
    return {
        "supported_by": [claim_document(claim) for claim in answer.supported_by],
        "contradicted_by": list(answer.contradicted_by),
        "overturned_by": list(answer.overturned_by),
    }


def _appearance(link: ChainLink) -> Document:
    seen = link.appearance
    status = PostStatus.UNKNOWN if seen.post is None else seen.post.status
    return {
        "id": seen.id,
        "video": seen.video,
        "segment_ms": [seen.start_ms, seen.end_ms],
        "post": None if seen.post is None else post_document(seen.post),
        "files": list(seen.files),
        "published": published_document(seen.published),
        "time_claims": [claim_document(claim) for claim in seen.claims],
        "parent": link.parent,
        "relation": link.relation.value,
        "confidence": _fraction(link.confidence),
        "why": link.why,
        "transformations": transformation_documents(seen.transformations),
        # Only four words are promised; behind a login or a border, visibility is unknown to us.
        "status": _STATUSES.get(status, "unknown"),
        "status_detail": status.value,
        **_visibility(None if seen.post is None else seen.post.visibility),
        "credentials": credentials_document(seen.credentials),
    }


def _visibility(seen: Visibility | None) -> Document:
    """Return the last look, the last at which it was seen, the first at which it was gone."""
    return {
        "last_looked_at": instant_text(seen.last_look_at) if seen else None,
        "last_seen_at": instant_text(seen.last_seen_at) if seen else None,
        "first_gone_at": instant_text(seen.first_gone_at) if seen else None,
    }


def _conflict(conflict: Conflict) -> Document:
    return {
        "claims": list(conflict.claims),
        "text": conflict.text,
        "appearance": conflict.appearance,
    }


def _revision(revision: Revision) -> Document:
    return {
        "revision": revision.revision,
        "at": instant_text(revision.at),
        "root": revision.root,
        "reason": revision.reason,
    }


# --- tracker/added/1, tracker/clip/1, tracker/verified/1 ----------------------------------


def added_document(result: AddedResult) -> Document:
    """Return ``tracker/added/1``."""
    return {
        "schema": "tracker/added/1",
        "target": without_user_names(result.target),
        "posts": [post_document(post) for post in result.posts],
        "videos": [
            {"sha256": video.sha256, "clip": video.clip, "new": video.new}
            for video in result.videos
        ],
        "leads": [lead_document(lead) for lead in result.leads],
        "errors": [
            {"url": without_user_names(error.url), "error": error.error} for error in result.errors
        ],
        "left": {
            "over_budget": result.left.over_budget,
            "beyond_depth": result.left.beyond_depth,
        },
    }


def clip_document(summary: ClipSummary) -> Document:
    """Return ``tracker/clip/1``; ``root`` is ``null`` when it is a local file."""
    root = summary.root
    return {
        "schema": "tracker/clip/1",
        "clip": summary.clip,
        "appearances": summary.appearances,
        "root": None
        if root is None
        else {"url": root.key, "published": published_document(root.published)},
        "files": list(summary.files),
        "duration_ms": summary.duration_ms,
    }


def verified_document(verified: Verified) -> Document:
    """Return ``tracker/verified/1``."""
    return {
        "schema": "tracker/verified/1",
        "ok": verified.ok,
        "entries": verified.entries,
        "files": verified.files,
        "anchors": verified.anchors,
        "broken": [
            {"kind": item.kind, "name": item.name, "reason": item.reason}
            for item in verified.broken
        ],
    }


# --- tracker/watch/1 -----------------------------------------------------------------------


def watch_document(watch: Watch) -> Document:
    """Return ``tracker/watch/1``: one standing order."""
    return {
        "schema": "tracker/watch/1",
        "target": watch.target,
        "interval_s": watch.interval_s,
        "depth": watch.depth,
        "budget": watch.budget,
        "paused": watch.paused,
        "back_to": instant_text(watch.back_to),
        "last_polled_at": instant_text(watch.last_polled_at),
        "from_config": watch.from_config,
    }
