"""A report's facts as cleaned words, ready to be laid out; the template only arranges them.

Every text from outside passes ``plain_text`` here; escaping is left to the template engine.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import date

from tracker.model.chain import Chain, ChainLink, Conflict, Relation, Revision
from tracker.model.clip import Appearance
from tracker.model.ids import AppearanceId, PostKey, VideoId
from tracker.model.post import Lead, Post
from tracker.model.time_claim import TimeClaim, TimeInterval
from tracker.model.video import Video
from tracker.reports import wording
from tracker.reports.credential_words import credential_words
from tracker.reports.media_words import length_words, media_time
from tracker.reports.plain_text import clean_block, clean_line, file_name, web_link
from tracker.reports.report_input import ReportInput, SideBySide
from tracker.reports.sound_view import sound_view
from tracker.reports.timeline import Bar, Timeline, timeline
from tracker.reports.transformation_words import transformation_phrases
from tracker.reports.views import (
    AppearanceView,
    ClaimView,
    ConflictView,
    FileView,
    LeadView,
    LinkView,
    PictureView,
    RelationView,
    ReportView,
    RevisionView,
    WhoView,
)
from tracker.reports.visibility_words import visibility_words

MAX_PICTURES = 6
"""Pairs of frames shown for one appearance; more would bury the next one."""

_JPEG_START = b"\xff\xd8\xff"


def report_view(report: ReportInput) -> ReportView:
    """Return ``report`` in words."""
    chain = report.chain
    appearances, line = _appearances(report)
    answer_who, answer_told = _answer(chain)
    rivals = {link.appearance.id for link in wording.maybe_earlier(chain)}
    by_id = dict(zip((link.appearance.id for link in chain.links), appearances, strict=True))
    return ReportView(
        clip=clean_line(chain.clip, 80),
        subject=clean_line(report.subject, 300),
        answer_who=answer_who,
        answer_told=answer_told,
        glance=_glance(chain),
        rivals=tuple(view for key, view in by_id.items() if key in rivals),
        appearances=appearances,
        line=line,
        conflicts=tuple(_conflict(item, by_id, chain) for item in chain.conflicts),
        leads=tuple(_lead(lead) for lead in chain.leads),
        searched=wording.searched_words(chain.searched),
        discovery=tuple(wording.discovery_words(item) for item in chain.discovery[-50:]),
        watched=tuple(clean_line(item, 200) for item in report.archive.watched[:50]),
        history=_history(chain, by_id),
        files=_files(report),
        ledger_entries=report.archive.ledger_entries,
        ledger_head=clean_line(report.archive.ledger_head or "", 64),
        anchors=report.archive.anchors,
        algorithms=tuple(clean_line(item, 300) for item in report.archive.algorithms),
        versions=tuple((clean_line(a, 60), clean_line(b, 60)) for a, b in report.versions),
        revision=chain.revision,
        as_of=wording.moment_words(chain.as_of),
        generated_at=wording.moment_words(report.generated_at),
        tool_version=clean_line(report.tool_version, 60),
    )


def _answer(chain: Chain) -> tuple[WhoView | None, str]:
    """Return who showed it first and the rest of the sentence."""
    root = wording.root_link(chain)
    if root is None:
        return None, ""
    told = wording.known_words(root.appearance.published)
    return _who(root.appearance), f"{told}{wording.as_of(chain.as_of)}."


def _who(seen: Appearance) -> WhoView:
    return WhoView(*wording.who_parts(seen.post, seen.files))


def _glance(chain: Chain) -> tuple[str, ...]:
    """Return the few numbers an editor asks for first."""
    count = wording.count_words
    kinds = [link.relation for link in chain.links if link.relation is not Relation.ROOT]
    parts = [wording.relation_count(kind, kinds.count(kind)) for kind in dict.fromkeys(kinds)]
    others = f": the earliest, {', '.join(parts)}" if parts else ""
    revisions = max(chain.revision - 1, 0)
    contradictions = sum(bool(conflict.claims) for conflict in chain.conflicts)
    leads = (f"{count(len(chain.leads), 'lead')} not followed up",) if chain.leads else ()
    return (
        f"{count(len(chain.links), 'appearance')}{others}",
        f"{length_words(chain.duration_ms)} of shared footage",
        f"{count(contradictions, 'contradiction')} between statements about time",
        *leads,
        f"Answer revised {count(revisions, 'time')}" if revisions else "First answer",
    )


# --- appearances --------------------------------------------------------------------------


def _appearances(report: ReportInput) -> tuple[tuple[AppearanceView, ...], Timeline]:
    links = report.chain.links
    line = timeline([_interval(link.appearance) for link in links])
    posts = {post.key: post for post in report.posts}
    conflicts = _conflicts_by_appearance(report.chain)
    views = tuple(
        _appearance(report, link, bar, posts, conflicts.get(link.appearance.id, ()))
        for link, bar in zip(links, line.bars, strict=True)
    )
    return views, line


def _interval(seen: Appearance) -> TimeInterval | None:
    return None if seen.published is None else seen.published.interval


def _appearance(
    report: ReportInput,
    link: ChainLink,
    bar: Bar,
    posts: Mapping[PostKey, Post],
    conflicts: tuple[ConflictView, ...],
) -> AppearanceView:
    seen = link.appearance
    positions = wording.positions_of(report.chain)
    post = None if seen.post is None else posts.get(seen.post.key)
    published = seen.published
    return AppearanceView(
        number=positions[seen.id],
        is_root=seen.id == report.chain.root,
        who=_who(seen),
        link=None if seen.post is None else link_view(seen.post.key),
        when=_capital(wording.published_words(published)),
        how_known="" if published is None else wording.basis_words(published.basis),
        later_by=_later_by(report.chain, seen),
        status="" if seen.post is None else _capital(visibility_words(seen.post)),
        relation=_relation(link, positions),
        confidence=_confidence(link),
        why=_sentence(link.why, report.chain),
        changes=_changes(link),
        segment=_segment(seen),
        sha256=clean_line(seen.video, 64),
        title=clean_line((post and post.title) or "", 200),
        text=clean_block((post and post.text) or "", 800),
        bar=bar,
        claims=tuple(_claim(n, claim) for n, claim in enumerate(seen.claims, start=1)),
        conflicts=conflicts,
        pictures=_pictures(report, seen, positions),
        sound=sound_view(report, seen.id),
    )


def _relation(link: ChainLink, positions: Mapping[AppearanceId, int]) -> RelationView:
    before, parent, after = wording.relation_parts(link, positions)
    return RelationView(before, parent, after, wording.short_relation(link.relation))


def _confidence(link: ChainLink) -> str:
    """Return how sure the relation is; nothing where no relation is asserted."""
    if link.parent is None and link.relation is not Relation.ROOT:
        return ""
    return wording.confidence_words(link.confidence)


def _changes(link: ChainLink) -> str:
    """Return what was changed; for a copy also that nothing was, otherwise nothing to say."""
    changes = "; ".join(transformation_phrases(link.appearance.transformations))
    if (
        not changes
        and link.parent is not None
        and link.relation in {Relation.COPY, Relation.PARTIAL_COPY}
    ):
        return "No change was measured"
    return _capital(changes)


def _sentence(text: str, chain: Chain) -> str:
    """Return a finding's sentence, cleaned, with files by name instead of by path."""
    for link in chain.links:
        for path in link.appearance.files:
            text = text.replace(path, file_name(path))
    return wording.sentence(clean_line(text, 600))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def link_view(url: str) -> LinkView:
    """Return an address for a reader: shortened as text, followed only if it is the web's."""
    return LinkView(clean_line(url, 200), web_link(url))


def _later_by(chain: Chain, seen: Appearance) -> str:
    """Return how long after the root it was surely published, at the least."""
    root = wording.root_link(chain)
    mine = _interval(seen)
    first = None if root is None else _interval(root.appearance)
    if mine is None or first is None or not first.certainly_before(mine):
        return ""
    if first.latest_at is None or mine.earliest_at is None:
        return ""
    return f"at least {wording.apart_words(mine.earliest_at - first.latest_at)} later"


def _segment(seen: Appearance) -> str:
    stretch = f"{media_time(seen.start_ms)} to {media_time(seen.end_ms)}"
    return f"{stretch} of its video ({length_words(seen.end_ms - seen.start_ms)})"


def _claim(number: int, claim: TimeClaim) -> ClaimView:
    return ClaimView(
        number=number,
        when=_capital(wording.interval_words(claim.interval)),
        how=_capital(wording.basis_words(claim.kind)),
        altered_by=_capital(wording.forgeable_words(claim.forgeable_by)),
        source=clean_line(claim.source, 80),
    )


def _pictures(
    report: ReportInput, seen: Appearance, positions: Mapping[AppearanceId, int]
) -> tuple[PictureView, ...]:
    mine = [pair for pair in report.pictures if pair.appearance == seen.id and _shows(pair)]
    number = positions[seen.id]
    return tuple(_picture(pair, report.chain, number) for pair in mine[:MAX_PICTURES])


def _shows(pair: SideBySide) -> bool:
    return all(jpeg.startswith(_JPEG_START) for jpeg in (pair.reference_jpeg, pair.appearance_jpeg))


def _picture(pair: SideBySide, chain: Chain, number: int) -> PictureView:
    source = _number_of_video(chain, pair.reference)
    left = "the reference video" if source is None else f"appearance {source}"
    return PictureView(
        left=_data_address(pair.reference_jpeg),
        right=_data_address(pair.appearance_jpeg),
        left_label=f"{_capital(left)} at {media_time(pair.reference_pts_ms)}",
        right_label=f"Appearance {number} at {media_time(pair.appearance_pts_ms)}",
        mirrored=pair.mirrored,
    )


def _number_of_video(chain: Chain, video: VideoId | None) -> int | None:
    if video is None:
        return None
    found = (n for n, link in enumerate(chain.links, 1) if link.appearance.video == video)
    return next(found, None)


def _data_address(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + b64encode(jpeg).decode("ascii")


# --- the rest -----------------------------------------------------------------------------


def _conflicts_by_appearance(chain: Chain) -> dict[AppearanceId, tuple[ConflictView, ...]]:
    found: dict[AppearanceId, tuple[ConflictView, ...]] = {}
    for conflict in chain.conflicts:
        if conflict.appearance is not None:
            view = _conflict(conflict, {}, chain)
            found[conflict.appearance] = (*found.get(conflict.appearance, ()), view)
    return found


def _conflict(
    conflict: Conflict, by_id: Mapping[AppearanceId, AppearanceView], chain: Chain
) -> ConflictView:
    view = None if conflict.appearance is None else by_id.get(conflict.appearance)
    return ConflictView(
        text=_sentence(conflict.text, chain),
        claims=tuple(index + 1 for index in conflict.claims),
        number=view.number if view else None,
        who=view.who if view else None,
    )


def _lead(lead: Lead) -> LeadView:
    account = clean_line(lead.account, 80) or "an unnamed account"
    return LeadView(
        who=WhoView(account, f"on {wording.platform_name(lead.platform)}"),
        day=_day(lead.day or ""),
        text=clean_line(lead.text, 500),
        source=link_view(lead.source_url),
    )


def _day(text: str) -> str:
    try:
        return wording.day_words(date.fromisoformat(text))
    except ValueError:
        return clean_line(text, 20)


def _history(
    chain: Chain, by_id: Mapping[AppearanceId, AppearanceView]
) -> tuple[RevisionView, ...]:
    newest_first = sorted(chain.history, key=lambda item: item.revision, reverse=True)
    return tuple(_revision(item, chain, by_id) for item in newest_first)


def _revision(
    item: Revision, chain: Chain, by_id: Mapping[AppearanceId, AppearanceView]
) -> RevisionView:
    view = by_id.get(item.root)
    return RevisionView(
        number=item.revision,
        at=wording.moment_words(item.at),
        root=view.number if view else None,
        who=view.who if view else None,
        reason=clean_line(item.reason, 300).rstrip("."),
        is_current=item.revision == chain.revision,
    )


def _files(report: ReportInput) -> tuple[FileView, ...]:
    shown: dict[str, list[str]] = {}
    for number, link in enumerate(report.chain.links, start=1):
        names = [file_name(path) for path in link.appearance.files[:3]]
        label = f"{number} ({', '.join(names)})" if names else str(number)
        shown.setdefault(link.appearance.video, []).append(label)
    told = {held.video: credential_words(held.credentials) for held in report.credentials}
    facts: dict[str, str] = {
        video.id: ". ".join(filter(None, (_file_facts(video), told.get(video.id))))
        for video in report.videos
    }
    return tuple(
        FileView(clean_line(sha256, 64), ", ".join(numbers), facts.get(sha256, ""))
        for sha256, numbers in shown.items()
    )


def _file_facts(video: Video) -> str:
    size, info = f"{video.size_bytes:,} bytes", video.info
    if info is None:
        return size
    return f"{size}, {length_words(info.duration_ms)}, {info.width} × {info.height} pixels"
