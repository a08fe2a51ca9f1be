"""Everything a report shows, read from the archive in one snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from typing import TypeVar

from sqlmodel import Session

from storage import anchors as anchor_rows
from storage import bulk, ledger
from storage import watches as watch_rows
from tracker import __version__
from tracker.appearances import shown_in
from tracker.errors import IntegrityError
from tracker.export.pictures import pictures
from tracker.ingest.stage import Archive
from tracker.model.chain import Chain
from tracker.model.ids import PostKey, VideoId
from tracker.model.keyframe import Keyframe
from tracker.model.ledger import LedgerEntry, LedgerKind
from tracker.model.post import Post
from tracker.model.status import StatusChange
from tracker.reports.report_input import (
    ArchiveFacts,
    CaptureRecord,
    Compared,
    Held,
    ReportInput,
    SameSound,
    SoundBeside,
)

ValueT = TypeVar("ValueT")

_TOOLS = ("av", "faiss-cpu", "imagehash", "numpy", "opencv-python-headless", "yt-dlp")


class Gatherer:
    """Reads what stands around a chain."""

    def __init__(self, archive: Archive, algorithm_key: str) -> None:
        self._archive = archive
        self._algorithm = algorithm_key

    def report(self, session: Session, subject: str, chain: Chain) -> ReportInput:
        """Return the report's input; equal states of the archive give equal input."""
        state = state_entry(session)
        statuses = bulk.statuses(session, _keys(chain))
        as_of = _as_of(chain, state, statuses)
        chain = replace(chain, as_of=as_of)
        compared = tuple(self._compared(session, chain))
        return ReportInput(
            chain=chain,
            pictures=tuple(pictures(chain, compared, self.keyframes)),
            generated_at=as_of,
            subject=subject,
            tool_version=__version__,
            archive=self._facts(session, state),
            posts=_posts(session, chain),
            videos=_in_order(chain, bulk.videos(session, videos_of(chain))),
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
            credentials=_in_order(chain, bulk.credentials(session, videos_of(chain))),
        )

    def _facts(self, session: Session, state: LedgerEntry | None) -> ArchiveFacts:
        anchors = anchor_rows.anchors(session)
        last = anchors[-1] if anchors else None
        return ArchiveFacts(
            ledger_entries=state.sequence if state else 0,
            ledger_head=state.entry_hash if state else None,
            anchors=len(anchors),
            last_anchor=last,
            tokens=tuple(anchor_rows.tokens(session, last.number)) if last else (),
            watched=tuple(watch.target for watch in watch_rows.watches(session)),
            algorithms=(self._algorithm,),
        )

    def keyframes(self, video: VideoId) -> Sequence[Keyframe]:
        """Return the video's keyframes; none where there are none, or they are damaged."""
        if not self._archive.keyframes.contains(video, self._algorithm):
            return ()
        try:
            return self._archive.keyframes.get(video, self._algorithm)
        except IntegrityError:  # `tracker verify` names them; a report goes without
            return ()

    def _compared(self, session: Session, chain: Chain) -> list[Compared]:
        """Return what each appearance shares with its parent, or the root."""
        by_id = {link.appearance.id: link.appearance for link in chain.links}
        beside = [
            (link.appearance, by_id[link.parent or chain.root])
            for link in chain.links
            if not link.appearance.cites
        ]
        pairs = [(child.video, parent.video) for child, parent in beside]
        matches = bulk.matches(session, pairs, self._algorithm)
        found = ((c, p, matches.get((c.video, p.video))) for c, p in beside)
        return [Compared(c.id, p.id, match) for c, p, match in found if match and match.asserted]

    def _same_sounds(self, session: Session, chain: Chain) -> Iterator[SameSound]:
        """Yield the videos outside the chain that sound like one of its appearances."""
        inside = set(videos_of(chain))
        matches = bulk.sound_matches(session, inside, self._algorithm)
        told: set[VideoId] = set()
        for link in chain.links:
            video = link.appearance.video
            if link.appearance.cites or video in told:
                continue
            told.add(video)
            for match in matches.get(video, ()):
                if match.reference not in inside:
                    seen = shown_in(session, match.reference)
                    yield SameSound(link.appearance.id, match, *seen)

    def _captures(self, session: Session, chain: Chain) -> Iterator[CaptureRecord]:
        """Yield the requests behind the chain's posts and videos, in the order they were made."""
        found = bulk.captures(session, _keys(chain), videos_of(chain))
        for _, capture in sorted(found.items()):
            digest = capture.body_sha256
            held = digest is not None and self._archive.media.contains(digest)
            yield CaptureRecord(capture.post, capture.exchange, digest, capture.video, held)

    def _held(self, session: Session, chain: Chain) -> Iterator[Held]:
        names = videos_of(chain)
        fingerprinted = bulk.fingerprinted(session, names, self._algorithm)
        for video in names:
            yield Held(
                video=video,
                original=self._archive.media.contains(video),
                keyframes=self._archive.keyframes.contains(video, self._algorithm),
                algorithm=self._algorithm if video in fingerprinted else None,
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


def _posts(session: Session, chain: Chain) -> tuple[Post, ...]:
    keys = tuple(dict.fromkeys(_keys(chain)))
    stored = bulk.posts(session, keys)
    return tuple(stored[key].post for key in keys if key in stored)


def _in_order(chain: Chain, found: Mapping[VideoId, ValueT]) -> tuple[ValueT, ...]:
    return tuple(found[video] for video in videos_of(chain) if video in found)
