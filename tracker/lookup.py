"""Use case: "have we seen this footage before, and where first?" Writes nothing."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlmodel import Session

from storage import clips as clip_rows
from storage import post_media
from storage import posts as post_rows
from storage import verdicts as verdict_rows
from storage import videos as video_rows
from tracker.acquire import Acquirer, Problem, local_video, media_name
from tracker.appearances import seen_in, shown_in, video_credentials
from tracker.errors import MediaError, NotAVideo, TrackerError, UnknownSubject, speaking_of
from tracker.evidence.content_credentials import ReadCredentials, read_credentials, unreadable
from tracker.examine import examine
from tracker.identify import Identified, Identifier
from tracker.ingest.detect import ArchivedFingerprints
from tracker.ingest.stage import Archive
from tracker.media.digest import sha256_of
from tracker.media.probe import MediaLimits
from tracker.model.clip import Appearance
from tracker.model.credentials import ContentCredentials
from tracker.model.fingerprint import Examined
from tracker.model.ids import SHA256_HEX, VideoId
from tracker.model.lookup import (
    Earliest,
    LookupMatch,
    LookupResult,
    LookupSoundMatch,
    LookupSubject,
)
from tracker.model.match import Match
from tracker.originals import Originals
from tracker.provenance.agreement import tells_the_moment
from tracker.provenance.chain import describe
from tracker.provenance.order import in_order, not_orderable_with
from tracker.subjects import post_key
from tracker.timestamps.conflicts import conflicts

LOOKUP_DEPTH = 1
"""A lookup follows what the page shows, not what that shows in turn."""

LOOKUP_BUDGET = 20
"""How many addresses one lookup may read."""

SAME_STRETCH_SHARE = 0.5
"""Matches on at least this share of the best match's stretch speak about the same footage."""

MOST_ASKED = 10
"""So many matches in doubt are looked at on the originals: each takes a second."""

LeftOut = Callable[[str, TrackerError], None]
"""Is told an address and why it could not be asked about."""


@dataclass(slots=True)
class _Stopwatch:
    """Whole milliseconds by phase."""

    elapsed_ms: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            spent_ms = round((time.perf_counter() - start) * 1000)
            self.elapsed_ms[name] = self.elapsed_ms.get(name, 0) + spent_ms


@dataclass(frozen=True, slots=True)
class _Query:
    """A video asked about: at ``path``, or already in the archive."""

    video: VideoId
    examined: Examined
    credentials: ContentCredentials | None = None
    path: Path | None = None


class Lookup:
    """Finds what the archive knows about the footage at an address or in a file."""

    def __init__(
        self,
        archive: Archive,
        acquirer: Acquirer,
        executor: Executor,
        identifier: Identifier,
        fingerprints: ArchivedFingerprints,
        originals: Originals,
        limits: MediaLimits,
        anchors: str = "",
    ) -> None:
        self._archive = archive
        self._acquirer = acquirer
        self._executor = executor
        self._identifier = identifier
        self._fingerprints = fingerprints
        self._originals = originals
        self._limits = limits
        self._anchors = anchors

    def run(
        self,
        target: str,
        *,
        top: int | None = None,
        left_out: LeftOut = lambda _url, _error: None,
    ) -> list[LookupResult]:
        """Return one result for each video at ``target``, matches best first, at most ``top``.

        ``left_out`` is told of every address under the target that could not be asked about.
        Raises the ``TrackerError`` that kept the target from being read, or ``NotAVideo`` when
        there is no video at it.
        """
        self._fingerprints.refresh_index()
        watch = _Stopwatch()
        fetched = tempfile.TemporaryDirectory(prefix="tracker-lookup-", ignore_cleanup_errors=True)
        with fetched as directory:
            queries = self._queries(target, Path(directory), watch, left_out)
            if not queries:
                raise NotAVideo(f"no video found at {target}")
            return [self._answer(target, query, top, watch) for query in queries]

    # --- the videos asked about ----------------------------------------------------------

    def _queries(
        self, target: str, directory: Path, watch: _Stopwatch, left_out: LeftOut
    ) -> list[_Query]:
        if SHA256_HEX.match(target.lower()) and not Path(target).exists():
            return [self._known(VideoId(target.lower()))]
        path = local_video(target)
        if path is not None:
            return [self._examined(path, sha256_of(path), watch)]
        held = self._held(target)
        if held:
            return held
        with watch.phase("fetch"):
            gathered = self._acquirer.gather(
                target, directory, depth=LOOKUP_DEPTH, budget=LOOKUP_BUDGET
            )
        queries: list[_Query] = []
        problems = list(gathered.problems)
        for media in gathered.media:
            try:
                with speaking_of(media_name(media.ref), media.path.name):
                    queries.append(self._examined(media.path, media.video, watch))
            except TrackerError as exc:
                problems.append(Problem(media.ref.url, exc))
        if problems and not queries:
            raise problems[-1].error
        for problem in problems:
            left_out(problem.url, problem.error)
        return queries

    def _examined(self, path: Path, video: VideoId, watch: _Stopwatch) -> _Query:
        with watch.phase("decode"):
            # Beside the decoding: the manifest is read by another child process.
            credentials = self._executor.submit(read_credentials, path, self._anchors)
            examined = self._executor.submit(examine, path, self._limits).result()
            return _Query(video, examined, _found(credentials), path)

    def _known(self, video: VideoId) -> _Query:
        """Return a video that the archive holds, by its digest."""
        with self._archive.database.read() as session:
            if video_rows.get_video(session, video) is None:
                raise UnknownSubject(f"no video {video} is held, nor is there a file of that name")
            credentials = video_credentials(session, video)
        examined = self._fingerprints.examined(video)
        if examined is None:
            raise MediaError(f"{video} has no fingerprint yet: `tracker run --once` makes it")
        return _Query(video, examined, credentials)

    def _held(self, target: str) -> list[_Query]:
        """Return the videos of a post the archive already holds: no need to fetch it again."""
        with self._archive.database.read() as session:
            key = post_key(session, target)
            videos = post_media.videos_of_post(session, key) if key else []
            read = {video: video_credentials(session, video) for video in videos}
        found = [(video, self._fingerprints.examined(video)) for video in videos]
        return [
            _Query(video, examined, read[video])
            for video, examined in found
            if examined is not None
        ]

    # --- the answer ----------------------------------------------------------------------

    def _answer(
        self, target: str, query: _Query, top: int | None, watch: _Stopwatch
    ) -> LookupResult:
        beside = {query.video: query.path} if query.path is not None else {}
        identified = self._identifier.identify(
            query.video,
            query.examined,
            originals=replace(self._originals, beside=beside),
            most_asked=MOST_ASKED,
        )
        with self._archive.database.read() as session:
            rejected = verdict_rows.rejected_with(session, query.video)
            found = [m for m in identified.matches if m.reference not in rejected]
            found.sort(key=_best_first)
            matches = [self._dressed(session, match, found) for match in found]
            candidates = [
                self._dressed(session, match, found)
                for match in identified.candidates
                if match.reference not in rejected
            ]
            heard = [
                LookupSoundMatch(match, *shown_in(session, match.reference))
                for match in identified.sound_matches
            ]
            earliest = self._earliest(session, matches)
            searched = post_rows.coverage(session)
        info = query.examined.info
        subject = LookupSubject(
            target, query.video, info.duration_ms, info.width, info.height, info.damage
        )
        return LookupResult(
            subject=subject,
            matches=tuple(matches[:top]),
            candidates=tuple(candidates[:top]),
            earliest=earliest,
            searched=searched,
            elapsed_ms=_with_total(watch, identified),
            sound_matches=tuple(heard[:top]),
            credentials=query.credentials,
        )

    def _dressed(self, session: Session, match: Match, found: Sequence[Match]) -> LookupMatch:
        """Return the match with the clip, posts and files of its reference.

        Of several clips that the reference shows, the one the query is about: anchored on the
        query itself, on the reference, or on another video that was found.
        """
        anchors = [match.query, match.reference, *(other.reference for other in found)]
        clips = sorted(
            clip_rows.clips_of_video(session, match.reference),
            key=lambda clip: (
                anchors.index(clip.reference) if clip.reference in anchors else len(anchors)
            ),
        )
        seen = shown_in(session, match.reference)
        credentials = video_credentials(session, match.reference)
        clip = clips[0].id if clips else None
        judged = verdict_rows.of_clip(session, clip) if clip is not None else ()
        about = [verdict for verdict in judged if verdict.video == match.query]
        about += verdict_rows.of_video(session, match.reference)
        verdicts = tuple(sorted(dict.fromkeys(about), key=lambda verdict: verdict.at))
        return LookupMatch(match, clip, *seen, credentials, verdicts)

    def _earliest(self, session: Session, matches: Sequence[LookupMatch]) -> Earliest | None:
        """Return the earliest known appearance of the stretch that the best match is about."""
        if not matches:
            return None
        telling = [match for match in matches if tells_the_moment(match.match)]
        best = (telling or matches)[0].match
        about = [match for match in telling or matches if _same_stretch(best, match.match)]
        ordered = in_order(_seen(session, about))
        if not ordered:
            return None
        first = ordered[0]
        rivals = not_orderable_with(first, ordered)
        contradictions = [conflict.text for conflict in conflicts(first.claims)]
        parts = [match for match in telling or matches if match not in about]
        earlier_parts = [a for a in _seen(session, parts) if _precedes(a, first)]
        return Earliest(
            video=first.video,
            post=first.post,
            files=first.files,
            published=first.published,
            why=_why(len(ordered), len(rivals))
            + _about_parts(len(parts), earlier_parts)
            + _about_moments(matches, telling),
            contradicted_by=tuple(contradictions),
        )


def _found(reading: Future[ReadCredentials]) -> ContentCredentials:
    try:
        return reading.result().credentials
    except MediaError as exc:
        return unreadable(str(exc))


def _seen(session: Session, matches: Sequence[LookupMatch]) -> list[Appearance]:
    return [seen for match in matches for seen in seen_in(session, match.match.reference)]


def _same_stretch(best: Match, other: Match) -> bool:
    """Tell whether both matches are about the same part of the query."""
    start, end = _query_hull(best)
    other_start, other_end = _query_hull(other)
    shared = min(end, other_end) - max(start, other_start)
    return shared >= SAME_STRETCH_SHARE * (end - start)


def _query_hull(match: Match) -> tuple[int, int]:
    starts = [segment.query_start_ms for segment in match.segments]
    ends = [segment.query_end_ms for segment in match.segments]
    return min(starts), max(ends)


def _best_first(match: Match) -> tuple[float, bool, int, str]:
    """Order by score as it is shown; among equals the same file, then the longest stretch."""
    start, end = _query_hull(match)
    same_file = match.query == match.reference
    return -round(match.score, 2), not same_file, start - end, match.reference


def _why(appearances: int, rivals: int) -> str:
    others = appearances - 1
    if others == 0:
        return "It is the only appearance of this stretch of footage known to this archive."
    if rivals == 0:
        named = "one other appearance" if others == 1 else f"{others} other appearances"
        return f"It was published before the {named} of this stretch known to this archive."
    return (
        "It is the appearance known to have been public at the earliest time; "
        f"of {others} other{'s' if others > 1 else ''}, {rivals} cannot be ordered against it, "
        "because the times are not known closely enough."
    )


def _about_parts(parts: int, earlier: Sequence[Appearance]) -> str:
    """Say that parts of the query were also seen elsewhere: the answer is not about those."""
    if not parts:
        return ""
    videos = "One other video shows" if parts == 1 else f"{parts} other videos show"
    text = f" {videos} a part of it (see the matches)"
    if not earlier:
        return f"{text}."
    return f"{text}; such a part was published earlier, at {describe(in_order(earlier)[0])}."


def _about_moments(matches: Sequence[LookupMatch], telling: Sequence[LookupMatch]) -> str:
    """Say that some show the same shot, in which next to nothing moves, maybe at another moment."""
    untold = len(matches) - len(telling)
    if not untold:
        return ""
    if not telling:
        return (
            " Next to nothing moves in this video: it is the same shot, but nobody can tell from "
            "the pictures whether it is the same moment of it."
        )
    videos = "One other video shows" if untold == 1 else f"{untold} other videos show"
    return f" {videos} the same shot, maybe at another moment; the answer is not about those."


def _precedes(one: Appearance, other: Appearance) -> bool:
    return in_order([one, other])[0] is one


def _with_total(watch: _Stopwatch, identified: Identified) -> dict[str, int]:
    phases = {"fetch": 0, "decode": 0, "search": 0, "align": 0, "verify": 0}
    phases |= watch.elapsed_ms | {k: round(v) for k, v in identified.elapsed_ms.items()}
    phases["total"] = sum(v for k, v in phases.items() if k != "total")
    return phases
