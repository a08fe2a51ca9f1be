"""Each appearance of a chain in words, ready to be laid out."""

from __future__ import annotations

from base64 import b64encode

from tracker.model.chain import Chain, ChainLink, Relation
from tracker.model.clip import Appearance
from tracker.model.ids import AppearanceId
from tracker.model.match import Segment
from tracker.model.post import Post
from tracker.model.time_claim import TimeClaim, TimeInterval
from tracker.reports import wording
from tracker.reports.credential_words import credential_words, tells_something
from tracker.reports.media_words import damage_words, length_words, media_time
from tracker.reports.plain_text import clean_block, clean_line, web_link
from tracker.reports.report_index import ReportIndex
from tracker.reports.report_input import SideBySide
from tracker.reports.sound_view import sound_view
from tracker.reports.timeline import Bar
from tracker.reports.transformation_words import transformation_phrases
from tracker.reports.views import (
    AppearanceView,
    ClaimView,
    ConflictView,
    LinkView,
    PictureView,
    RelationView,
    WhoView,
)
from tracker.reports.visibility_words import step_words, visibility_words

MAX_PICTURES = 6
"""Pairs of frames shown for one appearance; more would bury the next one."""

MAX_SEGMENTS = 5
"""Shared stretches told for one appearance."""

MAX_STEPS = 12
"""Steps of a post's visibility told, the latest."""

_JPEG_START = b"\xff\xd8\xff"


def appearance_view(
    index: ReportIndex,
    chain: Chain,
    link: ChainLink,
    bar: Bar,
    conflicts: tuple[ConflictView, ...],
) -> AppearanceView:
    """Return one appearance in words; ``conflicts`` are those about it."""
    seen = link.appearance
    post = None if seen.post is None else index.posts.get(seen.post.key)
    published = seen.published
    return AppearanceView(
        number=index.positions[seen.id],
        is_root=seen.id == chain.root,
        who=who_view(seen),
        link=None if seen.post is None else link_view(seen.post.key),
        when=capital(wording.published_words(published)),
        how_known="" if published is None else wording.basis_words(published.basis),
        later_by=_later_by(index, seen),
        status="" if seen.post is None else capital(visibility_words(seen.post)),
        status_steps=_status_steps(index, seen),
        relation=_relation(link, index),
        confidence=_confidence(link),
        why=finding(link.why, index),
        changes=_changes(link),
        segment=_segment(seen),
        shared=_shared(index, seen.id),
        credentials=_credentials(index, seen),
        damage=_damage(index, seen),
        sha256=clean_line(seen.video, 64),
        title=_title(post),
        text=_text(post),
        bar=bar,
        claims=tuple(_claim(n, claim) for n, claim in enumerate(seen.claims, start=1)),
        conflicts=conflicts,
        pictures=_pictures(index, seen),
        no_pictures=_no_pictures(index, seen),
        sound=sound_view(index.sounds.get(seen.id, ()), index.same_sounds.get(seen.id, ())),
    )


def who_view(seen: Appearance) -> WhoView:
    """Return who showed it."""
    return WhoView(*wording.who_parts(seen.post, seen.files))


def interval_of(seen: Appearance) -> TimeInterval | None:
    """Return when it was published, ``None`` when nothing is known."""
    return None if seen.published is None else seen.published.interval


def finding(text: str, index: ReportIndex) -> str:
    """Return a finding's sentence, cleaned, with posts by number, files by name, dates in words."""
    told = wording.with_moments_written_out(index.for_readers(text))
    return wording.sentence(clean_line(told, 600))


def capital(text: str) -> str:
    """Return the text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def link_view(url: str) -> LinkView:
    """Return an address for a reader: shortened as text, followed only if it is the web's."""
    return LinkView(clean_line(url, 200), web_link(url))


def _relation(link: ChainLink, index: ReportIndex) -> RelationView:
    before, parent, after = wording.relation_parts(link, index.positions)
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
    return capital(changes)


def _later_by(index: ReportIndex, seen: Appearance) -> str:
    """Return how long after the root it was surely published, at the least."""
    mine = interval_of(seen)
    first = None if index.root is None else interval_of(index.root.appearance)
    if mine is None or first is None or not first.certainly_before(mine):
        return ""
    if first.latest_at is None or mine.earliest_at is None:
        return ""
    return f"at least {wording.apart_words(mine.earliest_at - first.latest_at)} later"


def _status_steps(index: ReportIndex, seen: Appearance) -> tuple[str, ...]:
    """Return each state the post was found in, if there was more than one."""
    steps = () if seen.post is None else index.statuses.get(seen.post.key, ())
    if len(steps) < 2:
        return ()
    return tuple(map(step_words, steps[-MAX_STEPS:]))


# --- what it shares with another ----------------------------------------------------------


def _segment(seen: Appearance) -> str:
    stretch = f"{media_time(seen.start_ms)} to {media_time(seen.end_ms)}"
    return f"{stretch} of its video ({length_words(seen.end_ms - seen.start_ms)})"


def _shared(index: ReportIndex, appearance: AppearanceId) -> tuple[str, ...]:
    """Return which of its stretches is which of the appearance it was compared with."""
    compared = index.compared.get(appearance)
    if compared is None:
        return ()
    other = index.positions.get(compared.other)
    segments = sorted(compared.match.segments, key=lambda s: s.query_start_ms)
    told = [_stretches(segment, other) for segment in segments[:MAX_SEGMENTS]]
    more = len(segments) - len(told)
    return (*told, f"and {more} more") if more > 0 else tuple(told)


def _stretches(segment: Segment, other: int | None) -> str:
    mine = f"{media_time(segment.query_start_ms)} to {media_time(segment.query_end_ms)}"
    theirs = f"{media_time(segment.reference_start_ms)} to {media_time(segment.reference_end_ms)}"
    return f"{mine} here is {theirs} of appearance {other}"


def _pictures(index: ReportIndex, seen: Appearance) -> tuple[PictureView, ...]:
    mine = [pair for pair in index.pictures.get(seen.id, ()) if _shows(pair)]
    return tuple(_picture(pair, index, index.positions[seen.id]) for pair in mine[:MAX_PICTURES])


def _no_pictures(index: ReportIndex, seen: Appearance) -> str:
    """Return why there are no frames to show; nothing where that is not for want of them."""
    compared = index.compared.get(seen.id)
    if not seen.cites and seen.video in index.without_pictures:
        whose = "this file"
    elif compared is not None and compared.match.reference in index.without_pictures:
        whose = f"appearance {index.positions[compared.other]}"
    else:
        return ""
    return (
        f"No pictures of {whose} are kept any more, so no frames can be shown. A deletion by order "
        "is in the ledger; its digest and fingerprints stay."
    )


def _shows(pair: SideBySide) -> bool:
    return all(jpeg.startswith(_JPEG_START) for jpeg in (pair.reference_jpeg, pair.appearance_jpeg))


def _picture(pair: SideBySide, index: ReportIndex, number: int) -> PictureView:
    source = None if pair.reference is None else index.first_with_video.get(pair.reference)
    left = "the reference video" if source is None else f"appearance {source}"
    return PictureView(
        left=_data_address(pair.reference_jpeg),
        right=_data_address(pair.appearance_jpeg),
        left_label=f"{capital(left)} at {media_time(pair.reference_pts_ms)}",
        right_label=f"Appearance {number} at {media_time(pair.appearance_pts_ms)}",
        mirrored=pair.mirrored,
    )


def _data_address(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + b64encode(jpeg).decode("ascii")


# --- what is said of it -------------------------------------------------------------------


def _claim(number: int, claim: TimeClaim) -> ClaimView:
    return ClaimView(
        number=number,
        when=capital(wording.interval_words(claim.interval)),
        how=capital(wording.basis_words(claim.kind)),
        altered_by=capital(wording.forgeable_words(claim.forgeable_by)),
        source=clean_line(claim.source, 80),
    )


def _title(post: Post | None) -> str:
    return clean_line((post and post.title) or "", 200)


def _text(post: Post | None) -> str:
    """Return what the post says below its title: the text of a page often begins with it."""
    if post is None or not post.text:
        return ""
    return clean_block(post.text.removeprefix(post.title or "").lstrip(), 800)


def _credentials(index: ReportIndex, seen: Appearance) -> str:
    """Return what the file's Content Credentials say, where there are any."""
    found = index.credentials.get(seen.video)
    if found is None or not tells_something(found):
        return ""
    return capital(credential_words(found).removeprefix("Content Credentials: "))


def _damage(index: ReportIndex, seen: Appearance) -> str:
    """Return what of the file did not decode, where that is so."""
    damage = index.damages.get(seen.video)
    return "" if damage is None else damage_words(damage)
