"""A report's facts as cleaned words, ready to be laid out; the template only arranges them.

Every text from outside passes ``plain_text`` here; escaping is left to the template engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from tracker.model.chain import Chain, Conflict, Relation, Revision
from tracker.model.ids import AppearanceId
from tracker.model.post import Lead
from tracker.model.time_claim import TimeClaim
from tracker.model.verdict import Verdict, VerdictKind
from tracker.model.video import Video
from tracker.reports import wording
from tracker.reports.appearance_view import (
    appearance_view,
    capital,
    finding,
    interval_of,
    link_view,
)
from tracker.reports.chain_tree import chain_tree
from tracker.reports.credential_words import credential_words
from tracker.reports.criteria import criteria
from tracker.reports.media_words import damage_words, length_words
from tracker.reports.plain_text import clean_line, file_name
from tracker.reports.report_index import ReportIndex, report_index
from tracker.reports.report_input import ReportInput
from tracker.reports.stamp_words import anchor_words, stamp_words
from tracker.reports.timeline import Timeline, timeline
from tracker.reports.views import (
    AnswerView,
    AppearanceView,
    ConflictView,
    FileView,
    LeadView,
    ReportView,
    RevisionView,
    VerdictView,
    WhoView,
)


def report_view(report: ReportInput) -> ReportView:
    """Return ``report`` in words."""
    chain = report.chain
    index = report_index(report)
    appearances, line = _appearances(chain, index)
    rivals = {link.appearance.id for link in wording.maybe_earlier(chain)}
    by_id = dict(zip((link.appearance.id for link in chain.links), appearances, strict=True))
    return ReportView(
        clip=clean_line(chain.clip, 80),
        subject=clean_line(report.subject, 300),
        answer=_answer(chain, by_id),
        earliest_known=wording.earliest_known(chain),
        rests_on=tuple(map(_claim_words, chain.answer.supported_by)),
        contradicted_by=tuple(finding(text, index) for text in chain.answer.contradicted_by),
        overturned_by=tuple(finding(text, index) for text in chain.answer.overturned_by),
        glance=_glance(chain),
        rivals=tuple(view for key, view in by_id.items() if key in rivals),
        appearances=appearances,
        line=line,
        tree=chain_tree(chain, by_id),
        conflicts=tuple(_conflict(item, by_id, index) for item in chain.conflicts),
        verdicts=tuple(_verdict(item, index) for item in chain.verdicts),
        leads=tuple(_lead(lead) for lead in chain.leads),
        searched=wording.searched_words(chain.searched),
        discovery=tuple(wording.discovery_words(item) for item in chain.discovery[-50:]),
        watched=tuple(clean_line(item, 200) for item in report.archive.watched[:50]),
        history=_history(chain, by_id),
        files=_files(report),
        preservation=tuple((item.name, capital(item.state)) for item in criteria(report)),
        ledger_entries=report.archive.ledger_entries,
        ledger_head=clean_line(report.archive.ledger_head or "", 64),
        anchored=anchor_words(report.archive),
        stamps=stamp_words(report.archive),
        algorithms=tuple(clean_line(item, 300) for item in report.archive.algorithms),
        versions=tuple((clean_line(a, 60), clean_line(b, 60)) for a, b in report.versions),
        revision=chain.revision,
        as_of=wording.moment_words(chain.as_of),
        generated_at=wording.moment_words(report.generated_at),
        tool_version=clean_line(report.tool_version, 60),
    )


def _answer(chain: Chain, by_id: Mapping[AppearanceId, AppearanceView]) -> AnswerView | None:
    """Return who showed it first and where; nothing for a chain without appearances."""
    root = wording.root_link(chain)
    if root is None:
        return None
    view = by_id[root.appearance.id]
    told = wording.known_words(root.appearance.published)
    return AnswerView(view.number, view.who, view.link, f"{told}.")


def _claim_words(claim: TimeClaim) -> str:
    """Return a statement about time as one line: when, how it is known, who could alter it."""
    how, who = wording.basis_words(claim.kind), wording.forgeable_words(claim.forgeable_by)
    return f"{capital(wording.interval_words(claim.interval))}, {how}; {who}"


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


def _appearances(chain: Chain, index: ReportIndex) -> tuple[tuple[AppearanceView, ...], Timeline]:
    line = timeline([interval_of(link.appearance) for link in chain.links])
    conflicts = _conflicts_by_appearance(chain, index)
    views = tuple(
        appearance_view(index, chain, link, bar, conflicts.get(link.appearance.id, ()))
        for link, bar in zip(chain.links, line.bars, strict=True)
    )
    return views, line


# --- the rest -----------------------------------------------------------------------------


def _conflicts_by_appearance(
    chain: Chain, index: ReportIndex
) -> dict[AppearanceId, tuple[ConflictView, ...]]:
    found: dict[AppearanceId, tuple[ConflictView, ...]] = {}
    for conflict in chain.conflicts:
        if conflict.appearance is not None:
            view = _conflict(conflict, {}, index)
            found[conflict.appearance] = (*found.get(conflict.appearance, ()), view)
    return found


def _conflict(
    conflict: Conflict, by_id: Mapping[AppearanceId, AppearanceView], index: ReportIndex
) -> ConflictView:
    view = None if conflict.appearance is None else by_id.get(conflict.appearance)
    return ConflictView(
        text=finding(conflict.text, index),
        claims=tuple(place + 1 for place in conflict.claims),
        number=view.number if view else None,
        who=view.who if view else None,
    )


_VERDICTS = {
    VerdictKind.SAME: "shows this footage",
    VerdictKind.DIFFERENT: "does not show this footage",
    VerdictKind.UNSURE: "may or may not show this footage",
}


def _verdict(item: Verdict, index: ReportIndex) -> VerdictView:
    number = index.first_with_video.get(item.video)
    subject = "" if number else f"the file {clean_line(item.video, 64)} "
    return VerdictView(
        number=number,
        words=f"{subject}{_VERDICTS[item.kind]}",
        by=clean_line(item.by, 100),
        at=wording.moment_words(item.at),
        why=clean_line(item.why, 400),
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
    facts = f"{size}, {length_words(info.duration_ms)}, {info.width} × {info.height} pixels"
    return f"{facts}. {damage_words(info.damage).rstrip('.')}" if info.damage else facts
