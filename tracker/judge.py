"""Use case: a person says whether a video shows a clip; from then on that is what counts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from storage import clips as clip_rows
from storage import ledger
from storage import verdicts as verdict_rows
from storage import videos as video_rows
from tracker.clock import Clock
from tracker.errors import UsageError
from tracker.evidence.digests import verdict_digest
from tracker.holds import stated
from tracker.ingest.stage import Archive
from tracker.model.clip import Clip
from tracker.model.ids import VideoId
from tracker.model.ledger import LedgerKind
from tracker.model.verdict import Verdict, VerdictKind
from tracker.subjects import Subjects
from tracker.trace import Tracer


class Judge:
    """Keeps verdicts and brings the chains they are about up to date."""

    def __init__(self, archive: Archive, subjects: Subjects, tracer: Tracer, clock: Clock) -> None:
        self._archive = archive
        self._subjects = subjects
        self._tracer = tracer
        self._clock = clock

    def judge(
        self, clip_name: str, video_name: str, kind: VerdictKind, *, by: str, why: str
    ) -> Verdict:
        """Keep the verdict, obey it, and return it.

        ``clip_name`` and ``video_name`` are named like any subject: clip id, post URL, SHA-256 or
        file. Raises ``UnknownSubject``, or ``UsageError`` where a name stands for several, without
        a name and a reason, or for a clip that nothing but the video shows.
        """
        by, why = stated(by, why)
        clip, video = self._subjects.clip(clip_name), self._subjects.video(video_name)
        now = self._clock.now()
        verdict = Verdict(clip, video, kind, by, why, now, self._tracer.algorithm_key)
        with self._archive.database.write() as session:
            touched = self._obey(session, verdict)
            number = verdict_rows.save_verdict(session, verdict)
            ledger.append(session, LedgerKind.VERDICT, _body(verdict, number), at=now)
            for one in touched:
                video_rows.touch(session, one)
        for one in touched:
            self._tracer.record(one)
        return verdict

    def _obey(self, session: Session, verdict: Verdict) -> Sequence[VideoId]:
        """Make room for the verdict; return the videos whose chains it may change.

        A clip keeps its id when the video it is anchored on is judged to show something else: it
        is anchored on the longest of those left.
        """
        held = clip_rows.resolve_clip(session, verdict.clip)
        if held is None:
            raise UsageError(f"{verdict.clip} is no clip any more: its footage is that of others")
        if held.reference != verdict.video or verdict.kind is not VerdictKind.DIFFERENT:
            return sorted({held.reference, verdict.video})
        left = clip_rows.members(session, held.id) - {verdict.video}
        if not left:
            raise UsageError(f"nothing but this video shows {held.id}: it cannot show another clip")
        lengths = video_rows.durations(session, left)
        heir = max(sorted(left), key=lambda video: lengths.get(video, 0))
        anchored = Clip(held.id, heir, 0, lengths.get(heir, 0))
        clip_rows.save_clip(session, anchored, left, now=verdict.at)
        return sorted({heir, verdict.video})


def _body(verdict: Verdict, number: int) -> dict[str, object]:
    return {
        "number": number,
        "clip": verdict.clip,
        "video": verdict.video,
        "verdict": verdict.kind.value,
        "by": verdict.by,
        "why": verdict.why,
        "digest": verdict_digest(verdict),
    }
