"""The provenance report for programs: the chain with what stands around it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tracker.model.post import Post
from tracker.model.status import StatusChange
from tracker.model.video import Video
from tracker.reports.criteria import Criterion, criteria
from tracker.reports.documents import (
    Document,
    chain_document,
    claim_document,
    damage_document,
    instant_text,
    lead_document,
    post_document,
    segment_document,
    sound_segment_document,
)
from tracker.reports.report_input import (
    CaptureRecord,
    Compared,
    ReportInput,
    SameSound,
)
from tracker.reports.wording import NOT_SEARCHED, answer_words


def render_json(report: ReportInput) -> str:
    """Return ``tracker/report/1`` as indented JSON with a final line feed, in UTF-8 letters."""
    return json_text(report_document(report))


def json_text(document: Document) -> str:
    """Return a document as indented JSON with a final line feed, in UTF-8 letters."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n"
    # A file name may hold bytes that are no UTF-8 (lone surrogates): those stay escaped.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def report_document(report: ReportInput) -> Document:
    """Return ``tracker/report/1``: ``chain`` is a whole ``tracker/chain/1``."""
    return {
        "schema": "tracker/report/1",
        "subject": report.subject,
        "answer": answer_words(report.chain),
        "not_searched": NOT_SEARCHED,
        "generated_at": instant_text(report.generated_at),
        "tool_version": report.tool_version,
        "versions": dict(report.versions),
        "chain": chain_document(report.chain),
        "posts": [_post(post, report.statuses.get(post.key, ())) for post in report.posts],
        "files": [_file(video) for video in report.videos],
        "frames": [
            {
                "appearance": pair.appearance,
                "reference": pair.reference,
                "reference_ms": pair.reference_pts_ms,
                "appearance_ms": pair.appearance_pts_ms,
                "mirrored": pair.mirrored,
            }
            for pair in report.pictures
        ],
        "sounds": [
            {
                "appearance": sound.appearance,
                "reference": sound.reference,
                "sound": sound.agreement.value,
            }
            for sound in report.sounds
        ],
        "sound_matches": [_same_sound(item) for item in report.same_sounds],
        "compared": [_compared(item) for item in report.compared],
        "captures": [capture_document(record) for record in report.captures],
        "preservation": [_criterion(item) for item in criteria(report)],
        "archive": _archive(report),
    }


def capture_document(record: CaptureRecord) -> Document:
    """Return one request and what answered it."""
    exchange = record.exchange
    return {
        "post": record.post,
        "requested_url": exchange.requested_url,
        "final_url": exchange.final_url,
        "redirects": list(exchange.redirects),
        "status_code": exchange.status_code,
        "content_type": exchange.content_type,
        "started_at": instant_text(exchange.started_at),
        "finished_at": instant_text(exchange.finished_at),
        "tools": [{"name": name, "version": version} for name, version in exchange.tools],
        "body_sha256": record.body_sha256,
        "video": record.video,
    }


def _criterion(item: Criterion) -> Document:
    return {"name": item.name, "state": item.state, "met": item.met, "total": item.total}


def _compared(item: Compared) -> Document:
    return {
        "appearance": item.appearance,
        "other": item.other,
        "score": round(item.match.score, 6),
        "segments": [segment_document(segment) for segment in item.match.segments],
    }


def _same_sound(item: SameSound) -> Document:
    return {
        "appearance": item.appearance,
        "video": item.match.reference,
        "score": round(item.match.score, 6),
        "segments": [sound_segment_document(segment) for segment in item.match.segments],
        "posts": [post_document(post) for post in item.posts],
        "files": list(item.files),
    }


def _post(post: Post, history: Sequence[StatusChange]) -> Document:
    return {
        "url": post.key,
        "platform": post.platform,
        "kind": post.kind.value,
        "account": post.account,
        "title": post.title,
        "text": post.text,
        "status": post.status.value,
        "status_history": [
            {
                "status": span.status.value,
                "first_at": instant_text(span.at),
                "last_at": instant_text(span.last_at),
            }
            for span in history
        ],
        "links": [{"url": link.url, "relation": link.relation.value} for link in post.links],
        "time_claims": [claim_document(claim) for claim in post.claims],
        "leads": [lead_document(lead) for lead in post.leads],
        "spellings": list(post.spellings),
    }


def _file(video: Video) -> Document:
    info = video.info
    return {
        "sha256": video.id,
        "size_bytes": video.size_bytes,
        "container": info and info.container,
        "codec": info and info.codec,
        "width": info and info.width,
        "height": info and info.height,
        "duration_ms": info and info.duration_ms,
        "has_audio": info and info.has_audio,
        "creation_at": instant_text(info.creation_at) if info else None,
        "damage": damage_document(info.damage) if info else None,
    }


def _archive(report: ReportInput) -> Document:
    facts = report.archive
    return {
        "ledger_entries": facts.ledger_entries,
        "ledger_head": facts.ledger_head,
        "anchors": facts.anchors,
        "anchored_through": facts.last_anchor.last_sequence if facts.last_anchor else None,
        "time_stamps": [
            {
                "kind": token.kind.value,
                "authority": token.authority,
                "state": token.state.value,
                "gen_at": instant_text(token.gen_at),
                "reason": token.reason or None,
            }
            for token in facts.tokens
        ],
        "watched": list(facts.watched),
        "algorithms": list(facts.algorithms),
    }
