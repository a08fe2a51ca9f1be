"""Step four: from matches and dated posts to clips and chains."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlmodel import Session

from storage import attempts, discoveries, ledger, pending
from storage import clips as clip_rows
from storage import leanings as leaning_rows
from storage import likenesses as likeness_rows
from storage import posts as post_rows
from storage import verdicts as verdict_rows
from storage import videos as video_rows
from storage.clips import StoredRevision
from storage.database import Database
from tracker.appearances import chain_inputs
from tracker.clock import Clock
from tracker.component import Component, load_component
from tracker.evidence.canonical import canonical_json
from tracker.kinship import Kinship, load_kinship, measure
from tracker.model.chain import Chain, Coverage, Revision
from tracker.model.clip import Clip
from tracker.model.ids import ClipId, VideoId
from tracker.model.ledger import LedgerKind
from tracker.model.verdict import VerdictKind
from tracker.provenance.chain import ChainInputs, build_chain, shape
from tracker.provenance.footage import Footage, holding

if TYPE_CHECKING:  # decoders are loaded by the one command that compares
    from tracker.contests import Contests

TRIES = 4
"""So often a chain is made outside the write transaction; then the archive changes too fast."""


@dataclass(frozen=True, slots=True)
class _Assignment:
    """Which clip each stretch of footage is, and which former clips are no more."""

    clips: tuple[tuple[Clip, Footage], ...]
    merged: tuple[tuple[Clip, ClipId], ...]
    split: tuple[Clip, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be written about a component; ``unsettled`` videos have sources to compare yet."""

    component: Component
    assignment: _Assignment
    chains: tuple[Chain, ...]
    unsettled: frozenset[VideoId] = frozenset()


class Tracer:
    """Computes clips and chains from what is stored, and records them when they change.

    With ``contests`` it compares close sources on the originals before it records.
    """

    def __init__(
        self,
        database: Database,
        algorithm_key: str,
        clock: Clock,
        contests: Contests | None = None,
    ) -> None:
        self._database = database
        self._algorithm = algorithm_key
        self._clock = clock
        self._contests = contests

    @property
    def algorithm_key(self) -> str:
        """The algorithm whose matches clips are made from."""
        return self._algorithm

    # --- reading -------------------------------------------------------------------------

    def chains_of_video(self, session: Session, video: VideoId) -> list[Chain]:
        """Return the chains of every clip the video shows, the one it shows most of first."""
        component, kinship = self._loaded(session, video)
        searched = post_rows.coverage(session)
        found = []
        for clip, footage in self._assign(session, component).clips:
            shown = [m.duration_ms for m in footage.members if m.video == video]
            chain = (
                self._chain(session, component, kinship, clip, footage, searched) if shown else None
            )
            if chain is not None:
                found.append((max(shown), chain))
        found.sort(key=lambda item: (-item[0], item[1].clip))
        return [chain for _, chain in found]

    def chain_of_clip(self, session: Session, clip_id: ClipId) -> Chain | None:
        """Return the clip's chain as of now; merged clips answer with the one they became.

        ``None`` for a clip that is none any more, as its footage is made up of others.
        """
        stored = clip_rows.resolve_clip(session, clip_id)
        if stored is None:
            return None
        component, kinship = self._loaded(session, stored.reference)
        assignment = self._assign(session, component)
        heirs = {former.id: heir for former, heir in assignment.merged}
        wanted = heirs.get(stored.id, stored.id)
        for clip, footage in assignment.clips:
            if clip.id == wanted:
                searched = post_rows.coverage(session)
                return self._chain(session, component, kinship, clip, footage, searched)
        return None

    def all_chains(self, session: Session) -> Iterator[Chain]:
        """Yield the chain of every live clip; clips that share footage are worked out together."""
        waiting = {clip.id: clip for clip in clip_rows.all_clips(session)}
        searched = post_rows.coverage(session)
        while waiting:
            stored = waiting.pop(next(iter(waiting)))
            component, kinship = self._loaded(session, stored.reference)
            for clip, footage in self._assign(session, component).clips:
                if clip.id == stored.id or waiting.pop(clip.id, None) is not None:
                    chain = self._chain(session, component, kinship, clip, footage, searched)
                    if chain is not None:
                        yield chain

    # --- recording -----------------------------------------------------------------------

    def record(self, video: VideoId) -> list[Chain]:
        """Bring the clips and chains around ``video`` up to date; return those that changed.

        Chains are made while nobody waits; the write transaction only checks that nothing they
        rest on has changed since. Safe to repeat: nothing is written when nothing changed but
        the mark that says so.
        """
        for _ in range(TRIES):
            with self._database.read() as session:
                component, kinship = self._loaded(session, video)
                basis = self._basis(session, component)
            kinship = self._measured(component, kinship)
            with self._database.read() as session:
                plan = self._plan(session, component, kinship)
            plan = self._settled(plan, kinship)
            with self._database.write() as session:
                if self._basis(session, component) == basis:
                    return self._write(session, plan)
        with self._database.write() as session:
            return self._write(session, self._plan(session, *self._loaded(session, video)))

    def _measured(self, component: Component, kinship: Kinship) -> Kinship:
        """Find out how alike the component's videos are, where that is not known yet."""
        found = measure(self._database, component, kinship.likenesses, self._algorithm)
        if found:
            with self._database.write() as session:
                likeness_rows.save_likenesses(session, found, self._algorithm)
        return replace(kinship, likenesses={**kinship.likenesses, **found})

    def _settled(self, plan: _Plan, kinship: Kinship) -> _Plan:
        """Return the plan made anew once the contests that it asked for are decided."""
        if self._contests is None or not kinship.asked:
            return plan
        component = plan.component
        found, unsettled = self._contests.settled(component.matches, kinship.asked)
        if found:
            with self._database.write() as session:
                leaning_rows.save_leanings(session, found, self._algorithm)
            kinship = replace(kinship, leanings={**kinship.leanings, **found})
            with self._database.read() as session:
                plan = self._plan(session, component, kinship)
        return replace(plan, unsettled=unsettled)

    def _plan(self, session: Session, component: Component, kinship: Kinship) -> _Plan:
        assignment = self._assign(session, component)
        made = [self._inputs(session, component, *one) for one in assignment.clips]
        chains = [
            self._build(session, component, kinship, inputs, as_of_new_revision=True)
            for inputs in made
            if inputs.appearances
        ]
        return _Plan(component, assignment, tuple(chains))

    def _basis(self, session: Session, component: Component) -> object:
        """Return what changes whenever something that the component's chains rest on does."""
        clips = clip_rows.clips_anchored(session, component.videos)
        latest = [clip_rows.latest_revision(session, clip.id) for clip in clips]
        numbers = [revision.revision if revision else 0 for revision in latest]
        return video_rows.evidence_versions(session, component.videos), clips, numbers

    def _write(self, session: Session, plan: _Plan) -> list[Chain]:
        now, assignment = self._clock.now(), plan.assignment
        for clip, footage in assignment.clips:
            members = [stretch.video for stretch in footage.members]
            clip_rows.save_clip(session, clip, members, now=now)
        for clip, heir in assignment.merged:
            reason = f"its footage is part of {heir}"
            clip_rows.retire_clip(session, clip.id, into=heir, reason=reason, at=now)
        for clip in assignment.split:
            reason = "its footage is made up of other clips"
            clip_rows.retire_clip(session, clip.id, into=None, reason=reason, at=now)
        changed = [chain for chain in plan.chains if self._revise(session, chain)]
        for member, version in plan.component.versions.items():
            if member not in plan.unsettled:
                video_rows.mark_recorded(session, member, version)
        # Those that failed by themselves are done as well: nothing would try them again.
        attempts.clear_all(session, pending.RECORD, plan.component.versions)
        return changed

    def _revise(self, session: Session, chain: Chain) -> bool:
        """Store a new revision if the chain's shape differs from the latest one."""
        document = canonical_json(shape(chain.links, chain.root))
        digest = hashlib.sha256(document).hexdigest()
        latest = clip_rows.latest_revision(session, chain.clip)
        if latest is not None and latest.digest == digest:
            return False
        reason = _verdict_reason(latest, chain) or _reason(latest, chain)
        clip_rows.save_revision(
            session,
            chain.clip,
            revision=chain.revision,
            root=chain.root,
            reason=reason,
            digest=digest,
            document=document.decode(),
            at=chain.as_of,
        )
        body = {
            "clip": chain.clip,
            "revision": chain.revision,
            "root": chain.root,
            "digest": digest,
            "reason": reason,
        }
        ledger.append(session, LedgerKind.CHAIN, body, at=chain.as_of)
        return True

    # --- building blocks -----------------------------------------------------------------

    def _loaded(self, session: Session, video: VideoId) -> tuple[Component, Kinship]:
        component = load_component(session, video, self._algorithm)
        return component, load_kinship(session, component, self._algorithm)

    def _assign(self, session: Session, component: Component) -> _Assignment:
        """Give each stretch of footage the oldest clip id that any of its videos anchors.

        An id goes to one stretch only, though the video behind it may lie in several.
        """
        former: dict[VideoId, list[Clip]] = defaultdict(list)  # by the anchor of their heir
        split: list[Clip] = []
        for clip in clip_rows.clips_anchored(session, component.videos):
            heir = holding(component.footage, clip.reference)
            former[heir.anchor].append(clip) if heir else split.append(clip)
        clips: list[tuple[Clip, Footage]] = []
        merged: list[tuple[Clip, ClipId]] = []
        for footage in component.footage:
            owned = former[footage.anchor]
            anchor = footage.whole
            new_id = owned[0].id if owned else _new_clip_id(session, footage.anchor)
            clips.append((Clip(new_id, anchor.video, anchor.start_ms, anchor.end_ms), footage))
            merged.extend((clip, new_id) for clip in owned[1:])
        return _Assignment(tuple(clips), tuple(merged), tuple(split))

    def _chain(
        self,
        session: Session,
        component: Component,
        kinship: Kinship,
        clip: Clip,
        footage: Footage,
        searched: Coverage,
    ) -> Chain | None:
        inputs = replace(self._inputs(session, component, clip, footage), searched=searched)
        return self._build(session, component, kinship, inputs) if inputs.appearances else None

    def _inputs(
        self, session: Session, component: Component, clip: Clip, footage: Footage
    ) -> ChainInputs:
        return replace(
            chain_inputs(session, clip, footage),
            discovery=tuple(discoveries.of_clip(session, clip.id)),
            verdicts=verdict_rows.of_clip(session, clip.id),
            looking_alike=component.beside(footage),
        )

    def _build(
        self,
        session: Session,
        component: Component,
        kinship: Kinship,
        inputs: ChainInputs,
        *,
        as_of_new_revision: bool = False,
    ) -> Chain:
        history = clip_rows.history(session, inputs.clip.id)
        latest = max((past.revision for past in history), default=0)
        return build_chain(
            inputs,
            component.matches,
            history=_former(history, latest, as_of_new_revision),
            revision=latest + 1 if as_of_new_revision else max(latest, 1),
            as_of=self._clock.now(),
            odds_of=kinship.odds,
            precedes_of=kinship.precedes,
            leaning_of=kinship.leaning,
        )


def _new_clip_id(session: Session, anchor: VideoId) -> ClipId:
    """Return an id no clip ever had: derived from the anchor, so that a re-run gives the same."""
    for attempt in range(1_000):
        digest = hashlib.sha256(f"{anchor}\n{attempt}".encode()).hexdigest()
        clip = ClipId(f"clip-{digest[:16]}")
        if clip_rows.get_clip(session, clip) is None:
            return clip
    raise AssertionError(f"no free clip id for {anchor}")


def _former(history: Sequence[Revision], latest: int, as_of_new_revision: bool) -> list[Revision]:
    """Return the answers before the one being given."""
    return [past for past in history if as_of_new_revision or past.revision < latest]


def _verdict_reason(latest: StoredRevision | None, chain: Chain) -> str | None:
    """Return that a person changed the answer, if one judged since it was last recorded."""
    if latest is None or not chain.verdicts or chain.verdicts[-1].at < latest.at:
        return None
    verdict = chain.verdicts[-1]
    if verdict.kind is VerdictKind.UNSURE:
        return "a person withdrew a verdict: the machine's finding stands"
    shows = "shows" if verdict.kind is VerdictKind.SAME else "does not show"
    return f"a person judged that video {verdict.video[:12]}… {shows} this clip"


def _reason(latest: StoredRevision | None, chain: Chain) -> str:
    """Return why the answer differs from the latest recorded one."""
    if latest is None:
        return "first record of this clip"
    if latest.root == chain.root:
        return "appearances or their relations changed"
    known = {link["appearance"] for link in json.loads(latest.document)["links"]}
    if chain.root not in known:
        return "an earlier upload was found"
    if any(link.appearance.id == latest.root for link in chain.links):
        return "what is known about the times of publication changed"
    return "the former root is no longer known to show this clip"
