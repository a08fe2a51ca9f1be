"""What a report says, as words and places: the shapes the template lays out."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.reports.timeline import Bar, Timeline

UNFOLDED = 40
"""Up to so many appearances a page shows everything at once."""


@dataclass(frozen=True, slots=True)
class LinkView:
    """An address: its text, and where a reader may follow it, the target."""

    text: str
    href: str | None


@dataclass(frozen=True, slots=True)
class WhoView:
    """Who showed it: the name alone, which may run from right to left, and the place."""

    name: str
    place: str


@dataclass(frozen=True, slots=True)
class AnswerView:
    """Who showed it first: the number, name and address to go by, and the sentence's rest."""

    number: int
    who: WhoView
    link: LinkView | None
    told: str


@dataclass(frozen=True, slots=True)
class RelationView:
    """How an appearance relates to its parent: words before its number and after."""

    before: str
    parent: int | None
    after: str
    short: str


@dataclass(frozen=True, slots=True)
class ClaimView:
    """One statement about when."""

    number: int
    when: str
    how: str
    altered_by: str
    source: str


@dataclass(frozen=True, slots=True)
class PictureView:
    """Two frames side by side, as ``data:`` addresses."""

    left: str
    right: str
    left_label: str
    right_label: str
    mirrored: bool


@dataclass(frozen=True, slots=True)
class SameSoundView:
    """One showing of a video with the same sound under another picture."""

    who: WhoView
    link: LinkView | None
    stretch: str


@dataclass(frozen=True, slots=True)
class SoundView:
    """How the sound agrees, and where else it is heard; ``more`` of those are not listed."""

    agreement: str
    same: tuple[SameSoundView, ...]
    more: int

    @property
    def says_something(self) -> bool:
        """Tell whether there is anything to show."""
        return bool(self.agreement or self.same)


@dataclass(frozen=True, slots=True)
class AppearanceView:
    """One appearance as the report tells it."""

    number: int
    is_root: bool
    who: WhoView
    link: LinkView | None
    when: str
    how_known: str
    later_by: str
    status: str
    status_steps: tuple[str, ...]
    relation: RelationView
    confidence: str
    why: str
    changes: str
    segment: str
    shared: tuple[str, ...]
    credentials: str
    damage: str
    sha256: str
    title: str
    text: str
    bar: Bar
    claims: tuple[ClaimView, ...]
    conflicts: tuple[ConflictView, ...]
    pictures: tuple[PictureView, ...]
    no_pictures: str
    sound: SoundView


@dataclass(frozen=True, slots=True)
class ConflictView:
    """A contradiction in words; ``claims`` are the numbers of the claims in their table."""

    text: str
    claims: tuple[int, ...]
    number: int | None
    who: WhoView | None


@dataclass(frozen=True, slots=True)
class VerdictView:
    """What a person decided; ``number`` is the appearance it is about, if it is listed."""

    number: int | None
    words: str
    by: str
    at: str
    why: str


@dataclass(frozen=True, slots=True)
class LeadView:
    """A post that a text names without linking it."""

    who: WhoView
    day: str
    text: str
    source: LinkView


@dataclass(frozen=True, slots=True)
class RevisionView:
    """A former or present answer."""

    number: int
    at: str
    root: int | None
    who: WhoView | None
    reason: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class FileView:
    """A file to be checked by its digest."""

    sha256: str
    shown_in: str
    facts: str


@dataclass(frozen=True, slots=True)
class TreeView:
    """One appearance in the tree: ``children`` were taken from it.

    ``uncertain`` means that nothing says what it was taken from, so it stands beside the root.
    """

    item: AppearanceView
    children: tuple[TreeView, ...]
    uncertain: bool = False


@dataclass(frozen=True, slots=True)
class ReportView:
    """The whole report in words."""

    clip: str
    subject: str
    earliest_known: str
    answer: AnswerView | None
    rests_on: tuple[str, ...]
    contradicted_by: tuple[str, ...]
    overturned_by: tuple[str, ...]
    glance: tuple[str, ...]
    rivals: tuple[AppearanceView, ...]
    appearances: tuple[AppearanceView, ...]
    line: Timeline
    tree: tuple[TreeView, ...]
    conflicts: tuple[ConflictView, ...]
    verdicts: tuple[VerdictView, ...]
    leads: tuple[LeadView, ...]
    searched: str
    discovery: tuple[str, ...]
    watched: tuple[str, ...]
    history: tuple[RevisionView, ...]
    files: tuple[FileView, ...]
    preservation: tuple[tuple[str, str], ...]
    ledger_entries: int
    ledger_head: str
    anchored: str
    stamps: tuple[str, ...]
    algorithms: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]
    revision: int
    as_of: str
    generated_at: str
    tool_version: str

    @property
    def is_long(self) -> bool:
        """Tell whether details are folded away: a page of thousands must open and scroll."""
        return len(self.appearances) > UNFOLDED

    @property
    def with_pictures(self) -> int:
        """How many appearances are shown with frames."""
        return sum(bool(item.pictures) for item in self.appearances)
