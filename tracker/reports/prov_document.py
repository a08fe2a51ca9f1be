"""The provenance report as W3C PROV-JSON, for tools that exchange provenance.

One **entity** for each post and each file of the chain and each raw answer that was captured; one
**activity** for each capture, each fingerprint, each comparison of two files behind a link of the
chain, each revision of the chain and each verdict of a person; one **agent** for this program, each
account that published one of the posts and each person who judged. ``prov_counts`` counts them
without PROV.

Names are in ``urn:tracker:``; times of publication are intervals, so they stand as attributes.
Sources: W3C PROV-DM; the PROV-JSON member submission.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from prov.model import ProvActivity, ProvAgent, ProvDocument, ProvEntity

from tracker.model.chain import ChainLink
from tracker.model.clip import PostSummary
from tracker.model.ids import PostKey, VideoId
from tracker.model.verdict import Verdict
from tracker.reports.documents import instant_text
from tracker.reports.report_input import CaptureRecord, Compared, ReportInput

NAMESPACE = "urn:tracker:"

Account = tuple[str, str]
"""Platform and account."""


@dataclass(frozen=True, slots=True)
class ProvCounts:
    """How many records of each kind a report has in PROV."""

    entities: int
    activities: int
    agents: int


def prov_counts(report: ReportInput) -> ProvCounts:
    """Return how many entities, activities and agents the report's chain comes to."""
    answers = {record.body_sha256 for record in report.captures if record.body_sha256}
    return ProvCounts(
        entities=len(_posts(report)) + len(_videos(report)) + len(answers),
        activities=len(report.captures)
        + len([item for item in report.held if item.algorithm])
        + len(_pairs(report))
        + len(_revisions(report))
        + len(report.chain.verdicts),
        agents=1 + len(_accounts(report)) + len(_persons(report)),
    )


def render_prov(report: ReportInput) -> str:
    """Return the report as PROV-JSON with a final line feed; equal input gives equal text."""
    document = json.loads(str(prov_document(report).serialize(format="json")))
    text = json.dumps(_ordered(document), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")  # lone surrogates


def prov_document(report: ReportInput) -> ProvDocument:
    """Return the report as a PROV document."""
    return _Builder(report).build()


def _ordered(value: object) -> object:
    """Put lists, which hold sets here, in one order."""
    if isinstance(value, dict):
        return {key: _ordered(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((_ordered(item) for item in value), key=json.dumps)
    return value


class _Builder:
    def __init__(self, report: ReportInput) -> None:
        self._report = report
        self._document = ProvDocument()
        self._document.add_namespace("tracker", NAMESPACE)
        self._posts: dict[PostKey, ProvEntity] = {}
        self._videos: dict[VideoId, ProvEntity] = {}
        self._accounts: dict[Account, ProvAgent] = {}
        self._answers: dict[str, ProvEntity] = {}
        self._seen = {link.appearance.id: link.appearance for link in report.chain.links}
        self._made: set[str] = set()  # entities that some activity generated already
        self._program = self._document.agent(
            "tracker:program",
            {
                "prov:type": "prov:SoftwareAgent",
                "prov:label": f"tracker {report.tool_version}",
            },
        )

    def build(self) -> ProvDocument:
        for account in _accounts(self._report):
            self._account(account)
        for post in _posts(self._report).values():
            self._post(post)
        for link in self._report.chain.links:
            self._video(link)
        for number, record in enumerate(self._report.captures, start=1):
            self._capture(number, record)
        self._fingerprints()
        matches = {pair: self._comparison(item) for pair, item in _pairs(self._report).items()}
        for link in self._report.chain.links:
            self._derivation(link, matches)
        for number, root, at, reason in _revisions(self._report):
            self._revision(number, root, at, reason)
        persons = {name: self._person(name) for name in _persons(self._report)}
        for number, verdict in enumerate(self._report.chain.verdicts, start=1):
            self._verdict(number, verdict, persons[verdict.by])
        return self._document

    def _person(self, name: str) -> ProvAgent:
        facts = {"prov:type": "prov:Person", "prov:label": name}
        return self._document.agent(f"tracker:person-{_short(name)}", facts)

    def _verdict(self, number: int, verdict: Verdict, person: ProvAgent) -> None:
        activity = self._document.activity(
            f"tracker:verdict-{number}",
            verdict.at,
            verdict.at,
            {
                "prov:type": "tracker:Verdict",
                "tracker:verdict": verdict.kind.value,
                "tracker:why": verdict.why,
            },
        )
        self._document.wasAssociatedWith(activity, person)
        if verdict.video in self._videos:
            self._document.used(activity, self._videos[verdict.video])

    # --- entities and agents -------------------------------------------------------------

    def _account(self, account: Account) -> None:
        platform, name = account
        self._accounts[account] = self._document.agent(
            f"tracker:account-{_short(platform, name)}",
            {"prov:label": name, "tracker:platform": platform},
        )

    def _post(self, post: PostSummary) -> None:
        facts = {
            "prov:type": "tracker:Post",
            "prov:label": post.key,
            "tracker:platform": post.platform,
            "tracker:status": post.status.value,
        }
        if post.published is not None:
            interval = post.published.interval
            facts["tracker:publishedEarliest"] = instant_text(interval.earliest_at) or "unknown"
            facts["tracker:publishedLatest"] = instant_text(interval.latest_at) or "unknown"
            facts["tracker:publishedBasis"] = post.published.basis.value
        entity = self._document.entity(f"tracker:post-{_short(post.key)}", facts)
        self._posts[post.key] = entity
        if post.account:
            self._document.wasAttributedTo(entity, self._accounts[post.platform, post.account])

    def _video(self, link: ChainLink) -> None:
        video = link.appearance.video
        if video not in self._videos:
            facts = {"prov:type": "tracker:File", "tracker:sha256": video}
            self._videos[video] = self._document.entity(f"tracker:file-{video}", facts)

    def _answer(self, digest: str) -> ProvEntity:
        if digest not in self._answers:
            facts = {"prov:type": "tracker:Answer", "tracker:sha256": digest}
            self._answers[digest] = self._document.entity(f"tracker:answer-{digest}", facts)
        return self._answers[digest]

    # --- activities ----------------------------------------------------------------------

    def _capture(self, number: int, record: CaptureRecord) -> None:
        exchange = record.exchange
        activity = self._document.activity(
            f"tracker:capture-{number}",
            exchange.started_at,
            exchange.finished_at,
            {
                "prov:type": "tracker:Capture",
                "tracker:requestedUrl": exchange.requested_url,
                "tracker:finalUrl": exchange.final_url,
                "tracker:tools": "; ".join(" ".join(tool) for tool in exchange.tools),
            },
        )
        self._document.wasAssociatedWith(activity, self._program)
        if record.post in self._posts:
            self._document.used(activity, self._posts[record.post])
        if record.video in self._videos:
            self._generated(self._videos[record.video], activity, record)
        if record.body_sha256:
            self._generated(self._answer(record.body_sha256), activity, record)

    def _generated(self, entity: ProvEntity, activity: ProvActivity, record: CaptureRecord) -> None:
        """The first capture made the entity known; a further one met it again."""
        name = str(entity.identifier)
        if name in self._made:
            self._document.used(activity, entity, record.exchange.finished_at)
            return
        self._made.add(name)
        self._document.wasGeneratedBy(entity, activity, record.exchange.finished_at)

    def _fingerprints(self) -> None:
        for item in self._report.held:
            if item.algorithm is None:
                continue
            activity = self._document.activity(
                f"tracker:fingerprint-{item.video}",
                other_attributes={
                    "prov:type": "tracker:Fingerprint",
                    "tracker:algorithm": item.algorithm,
                },
            )
            self._document.wasAssociatedWith(activity, self._program)
            if item.video in self._videos:
                self._document.used(activity, self._videos[item.video])

    def _comparison(self, compared: Compared) -> ProvActivity:
        match = compared.match
        first, second = sorted((match.query, match.reference))
        activity = self._document.activity(
            f"tracker:match-{_short(first, second)}",
            other_attributes={
                "prov:type": "tracker:Match",
                "tracker:score": f"{match.score:.6f}",
            },
        )
        self._document.wasAssociatedWith(activity, self._program)
        for video in (first, second):
            self._document.used(activity, self._videos[VideoId(video)])
        return activity

    def _revision(self, number: int, root: str, at: str, reason: str) -> None:
        activity = self._document.activity(
            f"tracker:revision-{number}",
            at,
            at,
            {
                "prov:type": "tracker:ChainRevision",
                "tracker:root": root,
                "tracker:reason": reason,
            },
        )
        self._document.wasAssociatedWith(activity, self._program)

    def _derivation(self, link: ChainLink, matches: dict[frozenset[VideoId], ProvActivity]) -> None:
        """Say what the appearance was taken from: its post from the parent's, else the files."""
        parent = None if link.parent is None else self._seen.get(link.parent)
        if parent is None:
            return
        child = link.appearance
        one: ProvEntity = self._videos[child.video]
        other: ProvEntity = self._videos[parent.video]
        if child.post is not None and parent.post is not None:
            one, other = self._posts[child.post.key], self._posts[parent.post.key]
        self._document.wasDerivedFrom(
            one,
            other,
            matches.get(frozenset((child.video, parent.video))),
            other_attributes={
                "tracker:relation": link.relation.value,
                "tracker:confidence": f"{link.confidence:.6f}",
                "tracker:appearance": child.id,
            },
        )


def _posts(report: ReportInput) -> dict[PostKey, PostSummary]:
    return {
        link.appearance.post.key: link.appearance.post
        for link in report.chain.links
        if link.appearance.post is not None
    }


def _videos(report: ReportInput) -> set[VideoId]:
    return {link.appearance.video for link in report.chain.links}


def _accounts(report: ReportInput) -> dict[Account, None]:
    return {
        (post.platform, post.account): None
        for post in _posts(report).values()
        if post.account is not None and post.account
    }


def _persons(report: ReportInput) -> dict[str, None]:
    return {verdict.by: None for verdict in report.chain.verdicts}


def _pairs(report: ReportInput) -> dict[frozenset[VideoId], Compared]:
    """Return one comparison for each two files, the first made."""
    found: dict[frozenset[VideoId], Compared] = {}
    for item in report.compared:
        found.setdefault(frozenset((item.match.query, item.match.reference)), item)
    return found


def _revisions(report: ReportInput) -> list[tuple[int, str, str, str]]:
    return list(_each_revision(report))


def _each_revision(report: ReportInput) -> Iterator[tuple[int, str, str, str]]:
    """Yield number, root, time and reason of every answer given, the present one last."""
    chain = report.chain
    for past in chain.history:
        if past.revision != chain.revision:
            yield past.revision, past.root, instant_text(past.at) or "", past.reason
    yield chain.revision, chain.root, instant_text(chain.as_of) or "", "the present answer"


def _short(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
