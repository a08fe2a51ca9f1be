"""The product's findings in words for people: careful, in intervals, without enum names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

from tracker.model.chain import Chain, ChainLink, Coverage, Relation
from tracker.model.clip import Appearance, PostSummary
from tracker.model.discovery import Discovery
from tracker.model.ids import AppearanceId, Platform
from tracker.model.status import PostStatus
from tracker.model.time_claim import ClaimKind, ForgeableBy, Published, TimeInterval
from tracker.reports.plain_text import clean_line, file_name
from tracker.reports.transformation_words import transformation_phrases

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_PLATFORMS = {
    "bluesky": "Bluesky",
    "dailymotion": "Dailymotion",
    "discord": "Discord",
    "douyin": "Douyin",
    "facebook": "Facebook",
    "gab": "Gab",
    "instagram": "Instagram",
    "linkedin": "LinkedIn",
    "mastodon": "Mastodon",
    "odysee": "Odysee",
    "reddit": "Reddit",
    "rumble": "Rumble",
    "telegram": "Telegram",
    "threads": "Threads",
    "tiktok": "TikTok",
    "truthsocial": "Truth Social",
    "vimeo": "Vimeo",
    "vk": "VK",
    "web": "the web",
    "weibo": "Weibo",
    "x": "X",
    "youtube": "YouTube",
}

_BASIS = {
    ClaimKind.ID_DERIVED: "read from the platform's own post number",
    ClaimKind.PLATFORM_REPORTED: "as the platform reports it",
    ClaimKind.PAGE_METADATA: "as the page says of itself",
    ClaimKind.FEED: "as its feed says",
    ClaimKind.HTTP_HEADER: "from the server's date for the file",
    ClaimKind.CONTAINER_METADATA: "from the date inside the video file",
    ClaimKind.C2PA_SIGNED: "from a signed content credential",
    ClaimKind.OPERATOR: "as stated by whoever took the file in",
    ClaimKind.FIRST_OBSERVED: "when this archive first saw it; it may be older",
    ClaimKind.TSA: "from a trusted time stamp",
    ClaimKind.OTS: "from an OpenTimestamps proof",
    ClaimKind.ARCHIVE_CAPTURE: "from a web archive's capture; it may be older",
}

_FORGEABLE = {
    ForgeableBy.NOBODY: "hard for anyone to alter",
    ForgeableBy.PLATFORM: "only the platform could alter it",
    ForgeableBy.UPLOADER: "the uploader could have altered it",
    ForgeableBy.SIGNER: "whoever signed the file could have chosen it",
    ForgeableBy.US: "rests on this archive's own word",
}

_STATUS = {
    PostStatus.LIVE: "visible when last looked at",
    PostStatus.DELETED: "deleted when last looked at",
    PostStatus.PRIVATE: "private when last looked at",
    PostStatus.SUSPENDED: "its account was suspended when last looked at",
    PostStatus.LOGIN_REQUIRED: "behind a login when last looked at",
    PostStatus.GEO_BLOCKED: "blocked in this region when last looked at",
    PostStatus.UNKNOWN: "not known whether it can still be seen",
}

_RELATION = {
    Relation.NATIVE_SHARE: "Shared natively from {parent}; no new upload",
    Relation.SAME_MEDIA: "Shows the same uploaded media as {parent}; no new upload",
    Relation.SAME_FILE: "Carries the same file as {parent}, byte for byte",
    Relation.COPY: "Copy of {parent}",
    Relation.PARTIAL_COPY: "Copy of a part of {parent}",
    Relation.CITES: "Shows the post of {parent} (embedded or quoted); no upload of its own",
}

_EARLIEST_KNOWN = "Earliest appearance known to this archive"

_SHORT_RELATION = {
    Relation.ROOT: "earliest known",
    Relation.NATIVE_SHARE: "shared natively",
    Relation.SAME_MEDIA: "same upload",
    Relation.SAME_FILE: "same file",
    Relation.COPY: "copy",
    Relation.PARTIAL_COPY: "partial copy",
    Relation.CITES: "citation",
}


def platform_name(platform: Platform) -> str:
    """Return the platform as people write it."""
    return _PLATFORMS.get(platform, clean_line(platform, 40) or "an unnamed platform")


def who(post: PostSummary | None, files: tuple[str, ...] = ()) -> str:
    """Return who showed it and on which platform: "@name on X", "a local file (name.mp4)"."""
    return " ".join(part for part in who_parts(post, files) if part)


def who_parts(post: PostSummary | None, files: tuple[str, ...] = ()) -> tuple[str, str]:
    """Return the name alone and the rest: names may run from right to left, the rest may not."""
    if post is None:
        names = ", ".join(file_name(path) for path in files[:3])
        return (f"a local file ({names})" if names else "a local file"), ""
    account = clean_line(post.account or "", 80)
    if not account:
        account = host_of(post) if post.platform == "web" else "an unnamed account"
    elif post.platform != "web" and not account.startswith("@") and " " not in account:
        account = "@" + account
    return account, f"on {platform_name(post.platform)}"


def host_of(post: PostSummary) -> str:
    """Return the host of the post's address, shortened."""
    rest = post.key.partition("://")[2]
    return clean_line(rest.partition("/")[0].rpartition("@")[2], 80) or "an unnamed page"


def shown_by(appearance: Appearance) -> str:
    """Return who showed the appearance."""
    return who(appearance.post, appearance.files)


# --- when ---------------------------------------------------------------------------------


def date_words(at: datetime) -> str:
    """Return "3 March 2021"."""
    return day_words(at.astimezone(UTC).date())


def day_words(day: date) -> str:
    """Return "3 March 2021"."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def moment_words(at: datetime) -> str:
    """Return "3 March 2021, 14:05 UTC" (cut off to the minute)."""
    return f"{date_words(at)}, {at.astimezone(UTC):%H:%M} UTC"


_MOMENT = re.compile(r"\b(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC\b", re.ASCII)
"""As the sentences of findings name moments: they are kept as data and read by scripts."""


def with_moments_written_out(text: str) -> str:
    """Return a finding's sentence with "3 March 2021, 14:05:09 UTC" for every moment it names."""

    def words(found: re.Match[str]) -> str:
        with suppress(ValueError):  # quoted from a post, it may be no date
            return f"{day_words(date.fromisoformat(found[1]))}, {found[2]} UTC"
        return found[0]

    return _MOMENT.sub(words, text)


def interval_words(interval: TimeInterval) -> str:
    """Return an interval as it would follow "published": always both ends, or which is open.

    Ends are rounded outwards, to seconds when the interval is shorter than an hour and to
    minutes otherwise, so that the words never claim more than the interval does.
    """
    earliest, latest = interval.earliest_at, interval.latest_at
    if earliest is None:
        return "at an unknown time" if latest is None else f"no later than {_ceiling(latest)}"
    if latest is None:
        return f"no earlier than {moment_words(earliest)}"
    return _bounded(earliest, latest)


def _bounded(earliest: datetime, latest: datetime) -> str:
    if _is_whole_day(earliest, latest):
        return f"on {date_words(earliest)}, at some time of that day (UTC)"
    step = timedelta(seconds=1) if latest - earliest < timedelta(hours=1) else timedelta(minutes=1)
    start, end = _rounded_outwards(earliest, latest, step)
    clock = "%H:%M:%S" if step.seconds == 1 else "%H:%M"
    if start.date() == end.date():
        return f"between {start:{clock}} and {end:{clock}} UTC on {date_words(start)}"
    return f"between {date_words(start)}, {start:{clock}} and {date_words(end)}, {end:{clock}} UTC"


def _is_whole_day(earliest: datetime, latest: datetime) -> bool:
    starts = earliest.time().isoformat() == "00:00:00"
    return starts and timedelta(days=1) - (latest - earliest) in (
        timedelta(microseconds=1),
        timedelta(seconds=1),
    )


def _rounded_outwards(
    earliest: datetime, latest: datetime, step: timedelta
) -> tuple[datetime, datetime]:
    start = earliest - _since_midnight(earliest) % step
    end = latest + -_since_midnight(latest) % step
    return start, max(end, start + step)


def _since_midnight(at: datetime) -> timedelta:
    return at - at.replace(hour=0, minute=0, second=0, microsecond=0)


def _ceiling(at: datetime) -> str:
    minute = timedelta(minutes=1)
    return moment_words(at + -_since_midnight(at) % minute)


def published_words(published: Published | None) -> str:
    """Return "published between … and …", or that the time is not known."""
    if published is None or published.interval == TimeInterval(None, None):
        return "published at an unknown time"
    return f"published {interval_words(published.interval)}"


def basis_words(basis: ClaimKind) -> str:
    """Return how a time is known, in a few words."""
    return _BASIS[basis]


def forgeable_words(party: ForgeableBy) -> str:
    """Return who could have altered a statement about time."""
    return _FORGEABLE[party]


def known_words(published: Published | None) -> str:
    """Return the published interval with how it is known, in brackets."""
    if published is None:
        return published_words(None)
    return f"{published_words(published)} ({basis_words(published.basis)})"


def apart_words(gap: timedelta) -> str:
    """Return a span of time roughly: "3 hours", "41 days", "2 years"."""
    seconds = int(gap.total_seconds())
    for size, name in ((31_557_600, "year"), (86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return count_words(seconds // size, name)
    return count_words(seconds, "second")


# --- numbers --------------------------------------------------------------------


def count_words(count: int, noun: str, plural: str | None = None) -> str:
    """Return "1 post", "12,345 posts"."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def sentence(text: str) -> str:
    """Return ``text`` with a capital and a full stop."""
    ended = text if text.endswith((".", "!", "?", "…")) else text + "."
    return ended[:1].upper() + ended[1:] if text else ""


def confidence_words(confidence: float) -> str:
    """Return a word for a confidence in [0, 1], with the number."""
    steps = ((0.9, "high"), (0.75, "fair"), (0.5, "moderate"))
    shown = round(confidence, 2)  # the word goes by the number that stands beside it
    word = next((name for limit, name in steps if shown >= limit), "low")
    return f"{word} ({shown:.2f} of 1)"


# --- relations ----------------------------------------------------------------------------


def status_words(status: PostStatus) -> str:
    """Return whether the post could be seen when last looked at."""
    return _STATUS[status]


def short_relation(relation: Relation) -> str:
    """Return the relation in two words, for a column."""
    return _SHORT_RELATION[relation]


def relation_count(relation: Relation, count: int) -> str:
    """Return "1 copy", "3 partial copies", "2 shared natively"."""
    words = _SHORT_RELATION[relation]
    if count != 1:
        words = words.replace("copy", "copies").replace("citation", "citations")
    return f"{count} {words}"


def change_words(appearance: Appearance) -> str:
    """Return what was changed, as one phrase; empty when nothing is recorded."""
    return ", ".join(transformation_phrases(appearance.transformations))


def relation_words(link: ChainLink, positions: Mapping[AppearanceId, int]) -> str:
    """Return how an appearance relates to its parent, as a phrase without a full stop."""
    before, parent, after = relation_parts(link, positions)
    return before + ("" if parent is None else f"appearance {parent}") + after


def relation_parts(
    link: ChainLink, positions: Mapping[AppearanceId, int]
) -> tuple[str, int | None, str]:
    """Return the phrase as what stands before the parent, the parent's number, what follows."""
    if link.relation is Relation.ROOT:
        return _EARLIEST_KNOWN, None, ""
    before, _, after = _RELATION[link.relation].partition("{parent}")
    parent = positions.get(link.parent) if link.parent is not None else None
    if parent is None:
        return "Shows this footage; which appearance it was taken from is not known", None, ""
    return before, parent, after


def relation_and_changes(link: ChainLink, positions: Mapping[AppearanceId, int]) -> str:
    """Return the relation with what was changed: "Copy of appearance 1, cropped to …"."""
    changes = change_words(link.appearance)
    words = relation_words(link, positions)
    return f"{words}, {changes}" if changes else words


def positions_of(chain: Chain) -> dict[AppearanceId, int]:
    """Return each appearance's number in the chain, counted from 1."""
    return {link.appearance.id: n for n, link in enumerate(chain.links, start=1)}


def root_link(chain: Chain) -> ChainLink | None:
    """Return the link of the chain's root, ``None`` for a chain without appearances."""
    return next((link for link in chain.links if link.appearance.id == chain.root), None)


def maybe_earlier(chain: Chain) -> tuple[ChainLink, ...]:
    """Return the appearances whose times do not rule out that they came before the root.

    Native shares and citations of another post cannot precede what they show and are left out.
    """
    root = root_link(chain)
    if root is None:
        return ()
    return tuple(
        link
        for link in chain.links
        if link is not root
        and link.relation not in {Relation.NATIVE_SHARE, Relation.CITES}
        and not _certainly_before(root.appearance.published, link.appearance.published)
    )


def _certainly_before(one: Published | None, other: Published | None) -> bool:
    if one is None or other is None:
        return False
    return one.interval.certainly_before(other.interval)


# --- sentences ----------------------------------------------------------------------------


def answer_words(chain: Chain) -> str:
    """Return the chain's answer as one sentence."""
    root = root_link(chain)
    if root is None:
        return (
            f"No appearance of this footage is known to this archive as of "
            f"{moment_words(chain.as_of)}."
        )
    seen = root.appearance
    return f"{earliest_known(chain)}: {shown_by(seen)}, {known_words(seen.published)}."


def earliest_known(chain: Chain) -> str:
    """Return how the answer begins: what it is an answer to, and when it was given."""
    return f"{_EARLIEST_KNOWN} as of {moment_words(chain.as_of)}"


def searched_words(searched: Coverage) -> str:
    """Return what was searched, as one sentence."""
    held = (
        f"{count_words(searched.videos, 'video')} ({count_words(searched.frames, 'frame')}) "
        f"from {count_words(searched.posts, 'post')}"
    )
    where = ", ".join(platform_name(name) for name in searched.platforms[:20])
    places = f" on {where}" if where else ""
    return f"Searched: {held}{places}{_span(searched)}."


def discovery_words(search: Discovery) -> str:
    """Return what one search for earlier uploads came to, as one sentence."""
    if not search.target:
        return f"No search for earlier uploads: {clean_line(search.error or '', 200)}."
    where = f"{platform_name(search.platform)} for “{clean_line(search.query, 100)}”"
    lead = f"Searched on {where} up to {moment_words(search.until_at)}"
    if search.error is not None and not search.hits:
        return f"{lead}: no answer ({clean_line(search.error, 200)})."
    unseen = f", {search.without_preview} without a picture" if search.without_preview else ""
    alike = f"{search.likely} alike" if search.likely else "none alike"
    broken = f"; broken off ({clean_line(search.error, 200)})" if search.error else ""
    found = f"{count_words(search.hits, 'post')}, {search.compared} compared{unseen}"
    return f"{lead}: {found}, {alike}{broken}."


def _span(searched: Coverage) -> str:
    oldest, newest = searched.oldest_post_at, searched.newest_post_at
    if oldest is None or newest is None:
        return ""
    first, last = date_words(oldest), date_words(newest)
    return f", dated {first}" if first == last else f", dated {first} to {last}"


NOT_SEARCHED = (
    "Posts and platforms that this archive does not hold were not searched: an earlier "
    "appearance may exist elsewhere."
)
"""What every answer must say of its own reach."""
