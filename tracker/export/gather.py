"""Everything a report shows, read from the archive in one snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version

from sqlmodel import Session

from storage import captures as capture_rows
from storage import fingerprints as fingerprint_rows
from storage import ledger
from storage import matches as match_rows
from storage import posts as post_rows
from storage import sounds as sound_rows
from storage import videos as video_rows
from storage import watches as watch_rows
from storage.credentials import get_credentials
from tracker import __version__
from tracker.appearances import shown_in
from tracker.errors import IntegrityError
from tracker.export.pictures import pictures
from tracker.ingest.stage import Archive
from tracker.model.chain import Chain
from tracker.model.credentials import VideoCredentials
from tracker.model.fingerprint import Keyframe
from tracker.model.ids import PostKey, VideoId
from tracker.model.ledger import LedgerEntry, LedgerKind
from tracker.model.post import Post
from tracker.model.status import StatusChange
from tracker.model.video import Video
from tracker.reports.report_input import (
    ArchiveFacts,
    CaptureRecord,
    Compared,
    Held,
    ReportInput,
    SameSound,
    SoundBeside,
)

_TOOLS = ("av", "faiss-cpu", "imagehash", "numpy", "opencv-python-headless", "yt-dlp")


class Gatherer:
    """Reads what stands around a chain."""

    def __init__(self, archive: Archive, algorithm_key: str) -> None:
        self._archive = archive
        self._algorithm = algorithm_key

    def report(self, session: Session, subject: str, chain: Chain) -> ReportInput:
        """Return the report's input; equal states of the archive give equal input."""
        state = state_entry(session)
        statuses = dict(_statuses(session, chain))
        as_of = _as_of(chain, state, statuses)
        chain = replace(chain, as_of=as_of)
        compared = tuple(self._compared(session, chain))
        return ReportInput(
            chain=chain,
            pictures=tuple(pictures(chain, compared, self.keyframes)),
            generated_at=as_of,
            subject=subject,
            tool_version=__version__,
            archive=ArchiveFacts(
                ledger_entries=state.sequence if state else 0,
                ledger_head=state.entry_hash if state else None,
                watched=tuple(watch.target for watch in watch_rows.watches(session)),
                algorithms=(self._algorithm,),
            ),
            posts=tuple(_posts(session, chain)),
            videos=tuple(_videos(session, chain)),
            versions=tuple((name, version(name)) for name in _TOOLS),
            sounds=tuple(
                SoundBeside(item.appearance, item.match.reference, item.match.sound)
                for item in compared
            ),
            same_sounds=tuple(self._same_sounds(session, chain)),
            compared=compared,
            captures=tuple(self._captures(session, chain)),
            held=tuple(self._held(session, chain)),
            statuses=statuses,
            credentials=tuple(_credentials(session, chain)),
        )

    def keyframes(self, video: VideoId) -> Sequence[Keyframe]:
        """Return the video's keyframes; none where there are none, or they are damaged."""
        if not self._archive.keyframes.contains(video, self._algorithm):
            return ()
        try:
            return self._archive.keyframes.get(video, self._algorithm)
        except IntegrityError:  # `tracker verify` names them; a report goes without
            return ()

    def _compared(self, session: Session, chain: Chain) -> Iterator[Compared]:
        """Yield each appearance with its parent, or the root, and what the two share."""
        by_id = {link.appearance.id: link.appearance for link in chain.links}
        for link in chain.links:
            child, parent = link.appearance, by_id[link.parent or chain.root]
            if child.cites or child.video == parent.video:
                continue
            match = match_rows.match_of(session, child.video, parent.video, self._algorithm)
            if match is not None and match.asserted:
                yield Compared(child.id, parent.id, match)

    def _same_sounds(self, session: Session, chain: Chain) -> Iterator[SameSound]:
        """Yield the videos outside the chain that sound like one of its appearances."""
        inside = {link.appearance.video for link in chain.links}
        told: set[VideoId] = set()
        for link in chain.links:
            video = link.appearance.video
            if link.appearance.cites or video in told:
                continue
            told.add(video)
            for match in sound_rows.sound_matches_of(session, video, self._algorithm):
                if match.reference not in inside:
                    seen = shown_in(session, match.reference)
                    yield SameSound(link.appearance.id, match, *seen)

    def _captures(self, session: Session, chain: Chain) -> Iterator[CaptureRecord]:
        """Yield the requests behind the chain's posts and videos, in the order they were made."""
        found = {
            capture.id: capture
            for key in _keys(chain)
            for capture in capture_rows.captures_of_post(session, key)
        }
        for video in videos_of(chain):
            found |= {c.id: c for c in capture_rows.captures_of_video(session, video)}
        for _, capture in sorted(found.items()):
            digest = capture.body_sha256
            held = digest is not None and self._archive.media.contains(digest)
            yield CaptureRecord(capture.post, capture.exchange, digest, capture.video, held)

    def _held(self, session: Session, chain: Chain) -> Iterator[Held]:
        for video in videos_of(chain):
            fingerprint = fingerprint_rows.has_fingerprint(session, video, self._algorithm)
            yield Held(
                video=video,
                original=self._archive.media.contains(video),
                keyframes=self._archive.keyframes.contains(video, self._algorithm),
                algorithm=self._algorithm if fingerprint else None,
            )


def state_entry(session: Session) -> LedgerEntry | None:
    """Return the entry that the reported state ends with: the last one that is no export.

    An export changes nothing that is reported, so it must not change the next report either.
    """
    return ledger.last_not_of_kind(session, LedgerKind.EXPORT)


def videos_of(chain: Chain) -> tuple[VideoId, ...]:
    """Return the chain's videos, in order of their first appearance."""
    return tuple(dict.fromkeys(link.appearance.video for link in chain.links))


def _keys(chain: Chain) -> Iterator[PostKey]:
    for link in chain.links:
        if link.appearance.post is not None:
            yield link.appearance.post.key


def _as_of(
    chain: Chain,
    state: LedgerEntry | None,
    statuses: dict[PostKey, tuple[StatusChange, ...]],
) -> datetime:
    """Return the last time anything reported was recorded or looked at."""
    times = [span.last_at for spans in statuses.values() for span in spans]
    if state is not None:
        times.append(datetime.fromisoformat(state.at))
    return max(times, default=chain.as_of)


def _statuses(session: Session, chain: Chain) -> Iterator[tuple[PostKey, tuple[StatusChange, ...]]]:
    for key in _keys(chain):
        yield key, tuple(post_rows.status_history(session, key))


def _posts(session: Session, chain: Chain) -> Iterator[Post]:
    for key in dict.fromkeys(_keys(chain)):
        stored = post_rows.get_post(session, key)
        if stored is not None:
            yield stored.post


def _videos(session: Session, chain: Chain) -> Iterator[Video]:
    for video in videos_of(chain):
        stored = video_rows.get_video(session, video)
        if stored is not None:
            yield stored


def _credentials(session: Session, chain: Chain) -> Iterator[VideoCredentials]:
    for video in videos_of(chain):
        held = get_credentials(session, video)
        if held is not None:
            yield held
