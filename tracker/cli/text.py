"""Results as text for a person at a terminal: the answer first, then what it rests on.

Reads well in 80 columns and without colour; bold and dim only repeat what the words say.
Text from outside is cleaned and printed as plain text, never as markup.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from rich.console import Console

from tracker.cli.lines import BOLD, DIM
from tracker.cli.lines import address as _address
from tracker.cli.lines import item as _item
from tracker.cli.lines import say as _say
from tracker.model.added import AddedResult, AddedVideo
from tracker.model.chain import Chain, ChainLink, Relation
from tracker.model.clip import PostSummary
from tracker.model.credentials import ContentCredentials
from tracker.model.lookup import (
    Earliest,
    LookupMatch,
    LookupResult,
    LookupSoundMatch,
    LookupSubject,
)
from tracker.model.post import Lead
from tracker.model.summary import ClipSummary, Verified
from tracker.model.watch import Watch
from tracker.reports import wording
from tracker.reports.added_words import left_words
from tracker.reports.credential_words import credential_words, tells_something
from tracker.reports.lookup_words import candidate_words, change_words, lookup_answer, moment_words
from tracker.reports.lookup_words import segment_words as _segment_words
from tracker.reports.lookup_words import stretch_words as _stretch
from tracker.reports.media_words import damage_words, length_words
from tracker.reports.plain_text import clean_line
from tracker.reports.sound_words import SAME_SOUND_NOTE, SAME_SOUND_TITLE, agreement_words
from tracker.reports.verdict_words import verdict_words
from tracker.reports.visibility_words import visibility_words

MAX_SEARCHES = 20  # for earlier uploads, the latest


def plain(text: str, limit: int = 600) -> str:
    """Return text from outside as one line that a terminal can show without harm."""
    return clean_line(text, limit)


# --- lookup -------------------------------------------------------------------------------


def print_lookup(console: Console, result: LookupResult, *, with_candidates: bool = False) -> None:
    """Print a lookup: where it was seen first, then every match, then what was searched."""
    _say(console, lookup_answer(result), style=BOLD)
    if result.earliest is not None:
        _print_earliest(console, result.earliest)
    console.print()
    _say(console, _subject_words(result.subject), style=DIM)
    if result.subject.damage is not None:
        _say(console, damage_words(result.subject.damage), style=DIM)
    if result.credentials is not None:
        _say(console, credential_words(result.credentials), style=DIM)
    _print_matches(console, "Matches, best first:", result.matches)
    if with_candidates:
        title = "Candidates under the threshold, not asserted:"
        _print_matches(console, title, result.candidates)
    else:
        for words in candidate_words(result.candidates):
            _say(console, words, style=DIM)
    _print_sound_matches(console, result.sound_matches)
    _print_reach(console, result)


def _print_reach(console: Console, result: LookupResult) -> None:
    console.print()
    _say(console, wording.searched_words(result.searched), style=DIM)
    _say(console, wording.NOT_SEARCHED, style=DIM)
    total = result.elapsed_ms.get("total")
    if total is not None:
        _say(console, f"Took {total / 1000:.1f} s.", style=DIM)


def _print_earliest(console: Console, earliest: Earliest) -> None:
    if earliest.post is not None:
        _address(console, earliest.post.key, 2)
    if earliest.why:
        _say(console, f"Why: {clean_line(earliest.why, 600)}", 2)
    for text in earliest.contradicted_by:
        _say(console, f"Contradicted: {clean_line(text, 600)}", 2)


def _subject_words(subject: LookupSubject) -> str:
    size = f"{subject.width} × {subject.height}"
    length = length_words(subject.duration_ms)
    return f"Asked about: {clean_line(subject.target, 300)} ({length}, {size})"


def _print_matches(console: Console, title: str, matches: tuple[LookupMatch, ...]) -> None:
    if not matches:
        return
    console.print()
    _say(console, title)
    for number, item in enumerate(matches, start=1):
        _print_match(console, number, item)


def _print_match(console: Console, number: int, item: LookupMatch) -> None:
    clip = f"  {clean_line(item.clip, 40)}" if item.clip else ""
    video = clean_line(item.match.reference, 64)[:16]
    _say(console, f"{number:2}. score {item.match.score:.2f}  video {video}…{clip}", style=BOLD)
    for segment in item.match.segments:
        _say(console, _segment_words(segment), 4)
    if moment := moment_words(item.match):
        _say(console, moment, 4)
    if changes := change_words(item.match):
        _say(console, changes, 4)
    sound = agreement_words(item.match.sound)
    if sound:
        _say(console, sound, 4)
    _print_credentials(console, item.credentials)
    for verdict in item.verdicts:
        _say(console, verdict_words(verdict, item.clip), 4)
    _print_posts(console, item.posts, 4)
    for path in item.files:
        _say(console, f"Local file: {clean_line(path, 300)}", 4)


def _print_credentials(console: Console, found: ContentCredentials | None) -> None:
    """Print what a video's own manifest says, where it has one."""
    if found is not None and tells_something(found):
        _say(console, credential_words(found), 4)


def _print_sound_matches(console: Console, matches: tuple[LookupSoundMatch, ...]) -> None:
    if not matches:
        return
    console.print()
    _say(console, SAME_SOUND_TITLE)
    for number, item in enumerate(matches, start=1):
        video = clean_line(item.match.reference, 64)[:16]
        _say(console, f"{number:2}. score {item.match.score:.2f}  video {video}…", style=BOLD)
        for segment in item.match.segments:
            _say(console, _segment_words(segment), 4)
        _print_posts(console, item.posts, 4)
        for path in item.files:
            _say(console, f"Local file: {clean_line(path, 300)}", 4)
    _say(console, SAME_SOUND_NOTE, style=DIM)


def _print_posts(console: Console, posts: tuple[PostSummary, ...], indent: int) -> None:
    for post in posts:
        _say(console, f"{wording.who(post)}, {wording.known_words(post.published)}", indent)
        _address(console, post.key, indent + 2)


# --- chain --------------------------------------------------------------------------------


def print_chain(console: Console, chain: Chain) -> None:
    """Print a chain: the answer, every appearance in order, then doubts and what was searched."""
    _say(console, wording.answer_words(chain), style=BOLD)
    positions = wording.positions_of(chain)
    rivals = [positions[link.appearance.id] for link in wording.maybe_earlier(chain)]
    if rivals:
        noun = "appearance" if len(rivals) == 1 else "appearances"
        numbers = ", ".join(map(str, rivals))
        _say(console, f"Not certain: by time alone, {noun} {numbers} could have been earlier.")
    console.print()
    length = length_words(chain.duration_ms)
    _say(console, f"{clean_line(chain.clip, 40)}, {length}, answer {chain.revision}", style=DIM)
    if chain.answer.overturned_by:
        _say(console, f"What would overturn it: {'; '.join(chain.answer.overturned_by)}.")
    for link in chain.links:
        _print_link(console, link, positions[link.appearance.id], chain)
    _print_doubts(console, chain)
    _print_verdicts(console, chain)
    _print_history(console, chain)
    console.print()
    _say(console, wording.searched_words(chain.searched), style=DIM)
    for search in chain.discovery[-MAX_SEARCHES:]:
        _say(console, wording.discovery_words(search), style=DIM)
    _say(console, wording.NOT_SEARCHED, style=DIM)


def _print_verdicts(console: Console, chain: Chain) -> None:
    if chain.verdicts:
        console.print()
        _say(console, "What persons decided:", style=BOLD)
    for verdict in chain.verdicts:
        _item(console, verdict_words(verdict, verdict.clip))


def _print_link(console: Console, link: ChainLink, number: int, chain: Chain) -> None:
    seen = link.appearance
    console.print()
    _say(console, f"{number:2}. {wording.shown_by(seen)}", style=BOLD)
    if seen.post is not None:
        _address(console, seen.post.key, 4)
    told = wording.known_words(seen.published)
    _say(console, told[:1].upper() + told[1:], 4)
    relation = wording.relation_and_changes(link, wording.positions_of(chain))
    if link.parent is not None or link.relation is Relation.ROOT:
        relation += f"; confidence {wording.confidence_words(link.confidence)}"
    _say(console, relation, 4)
    if link.why:
        _say(console, f"Why: {clean_line(link.why, 600)}", 4)
    _print_credentials(console, seen.credentials)
    stretch = f"{_stretch(seen.start_ms, seen.end_ms)} of video {clean_line(seen.video, 64)[:16]}…"
    status = "" if seen.post is None else f"; {visibility_words(seen.post)}"
    _say(console, stretch + status, 4, DIM)


def _print_doubts(console: Console, chain: Chain) -> None:
    positions = wording.positions_of(chain)
    if chain.conflicts:
        console.print()
        _say(console, "Conflicts:")
    for conflict in chain.conflicts:
        number = positions.get(conflict.appearance) if conflict.appearance else None
        about = f"appearance {number}: " if number else ""
        _item(console, f"{about}{clean_line(conflict.text, 600)}")
    _print_leads(console, chain.leads)


def _print_leads(console: Console, leads: tuple[Lead, ...]) -> None:
    if leads:
        console.print()
        _say(console, "Leads, named in a text but not linked:")
    for lead in leads:
        account = clean_line(lead.account, 80) or "an unnamed account"
        day = f", {clean_line(lead.day, 20)}" if lead.day else ""
        _item(console, f"{account} on {wording.platform_name(lead.platform)}{day}")
        _say(console, f"“{clean_line(lead.text, 400)}”", 4)
        _address(console, lead.source_url, 4)


def _print_history(console: Console, chain: Chain) -> None:
    if len(chain.history) < 2:
        return
    positions = wording.positions_of(chain)
    console.print()
    _say(console, "Answers so far, newest first:")
    for item in sorted(chain.history, key=lambda past: past.revision, reverse=True):
        number = positions.get(item.root)
        root = f"appearance {number}" if number else "an appearance no longer listed"
        when = wording.moment_words(item.at)
        reason = clean_line(item.reason, 300)
        _item(console, f"{item.revision}, {when}: {root} ({reason})")


# --- clips, additions, watches ------------------------------------------------------------


def print_clips(console: Console, clips: Iterable[ClipSummary]) -> None:
    """Print the clips known: how long, how often seen, where first."""
    known = tuple(clips)
    _say(console, f"{wording.count_words(len(known), 'clip')} known.", style=BOLD)
    for clip in known:
        seen = wording.count_words(clip.appearances, "appearance")
        length = length_words(clip.duration_ms)
        console.print()
        _say(console, f"{clean_line(clip.clip, 40)}  {length}, {seen}", style=BOLD)
        told = f", {wording.known_words(clip.root.published)}" if clip.root else ""
        _say(console, f"Earliest known: {wording.who(clip.root, clip.files)}{told}", 2)
        if clip.root is not None:
            _address(console, clip.root.key, 2)


def print_added(console: Console, result: AddedResult) -> None:
    """Print what one target brought in and what was left; errors go to standard error."""
    _say(console, added_answer(result), style=BOLD)
    _print_posts(console, result.posts, 2)
    for video in result.videos:
        _say(console, _video_words(video), 2)
    for words in left_words(result):
        _say(console, words, 2)
    _print_leads(console, result.leads)


def added_answer(result: AddedResult) -> str:
    """Return in one sentence what a target brought in."""
    new = sum(video.new for video in result.videos)
    held = len(result.videos) - new
    parts = [
        wording.count_words(len(result.posts), "post"),
        wording.count_words(new, "new video") + (f" ({held} already held)" if held else ""),
    ]
    if result.leads:
        parts.append(wording.count_words(len(result.leads), "lead"))
    if result.errors:
        parts.append(wording.count_words(len(result.errors), "error"))
    return f"Added {clean_line(result.target, 200)}: {', '.join(parts)}."


def _video_words(video: AddedVideo) -> str:
    state = "new" if video.new else "already held"
    clip = f", {clean_line(video.clip, 40)}" if video.clip else ""
    return f"Video {clean_line(video.sha256, 64)[:16]}… ({state}{clip})"


def print_watches(console: Console, watches: Iterable[Watch]) -> None:
    """Print the standing orders."""
    known = tuple(watches)
    _say(console, f"{wording.count_words(len(known), 'watch', 'watches')}.", style=BOLD)
    for watch in known:
        _address(console, watch.target, 0)
        polled = watch.last_polled_at
        last = f"last polled {wording.moment_words(polled)}" if polled else "not polled yet"
        paused = "paused, " if watch.paused else ""
        origin = ", from the config" if watch.from_config else ""
        every = wording.apart_words(timedelta(seconds=watch.interval_s))
        back = f", back to {wording.moment_words(watch.back_to)}" if watch.back_to else ""
        _say(console, f"{paused}every {every}{back}, {last}{origin}", 2)


# --- verification --------------------------------------------------------------------------


def print_verified(console: Console, verified: Verified) -> None:
    """Print whether everything recorded is intact, and every item that is not."""
    _say(console, verified_answer(verified), style=BOLD)
    for item in verified.broken:
        name = clean_line(item.name, 300)
        _item(console, f"{clean_line(item.kind, 20)} {name}: {clean_line(item.reason, 300)}")
    for note in verified.notes:
        _say(console, f"Note: {clean_line(note, 300)}", style=DIM)


def verified_answer(verified: Verified) -> str:
    """Return in one sentence what was checked and whether it holds."""
    count = wording.count_words
    checked = (
        f"{count(verified.entries, 'ledger entry', 'ledger entries')}, "
        f"{count(verified.files, 'file')} and {count(verified.anchors, 'anchor')} checked"
    )
    if verified.ok:
        return f"Intact: {checked}, nothing differs."
    return f"Broken: {count(len(verified.broken), 'item')} of what was recorded; {checked}."
