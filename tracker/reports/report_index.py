"""A report's facts by what they are about, looked up once for every appearance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracker.model.chain import ChainLink
from tracker.model.credentials import ContentCredentials
from tracker.model.ids import AppearanceId, PostKey, VideoId
from tracker.model.post import Post
from tracker.model.status import StatusChange
from tracker.model.video import Damage
from tracker.reports.plain_text import file_name
from tracker.reports.report_input import (
    Compared,
    Held,
    ReportInput,
    SameSound,
    SideBySide,
    SoundBeside,
)
from tracker.reports.wording import positions_of, root_link


@dataclass(frozen=True, slots=True)
class ReportIndex:
    """Where to find what belongs to an appearance, a post or a video."""

    positions: Mapping[AppearanceId, int]
    root: ChainLink | None
    posts: Mapping[PostKey, Post]
    statuses: Mapping[PostKey, tuple[StatusChange, ...]]
    pictures: Mapping[AppearanceId, Sequence[SideBySide]]
    compared: Mapping[AppearanceId, Compared]
    sounds: Mapping[AppearanceId, Sequence[SoundBeside]]
    same_sounds: Mapping[AppearanceId, Sequence[SameSound]]
    credentials: Mapping[VideoId, ContentCredentials]
    damages: Mapping[VideoId, Damage]
    first_with_video: Mapping[VideoId, int]
    file_names: Mapping[str, str]
    without_pictures: frozenset[VideoId]

    def without_paths(self, text: str) -> str:
        """Return a sentence with files by name instead of by path."""
        for path, name in self.file_names.items():
            text = text.replace(path, name)
        return text


def report_index(report: ReportInput) -> ReportIndex:
    """Return the index of a report."""
    links = report.chain.links
    pictures: dict[AppearanceId, list[SideBySide]] = defaultdict(list)
    for pair in report.pictures:
        pictures[pair.appearance].append(pair)
    sounds: dict[AppearanceId, list[SoundBeside]] = defaultdict(list)
    for sound in report.sounds:
        sounds[sound.appearance].append(sound)
    same_sounds: dict[AppearanceId, list[SameSound]] = defaultdict(list)
    for same in report.same_sounds:
        same_sounds[same.appearance].append(same)
    first: dict[VideoId, int] = {}
    for number, link in enumerate(links, start=1):
        first.setdefault(link.appearance.video, number)
    return ReportIndex(
        positions=positions_of(report.chain),
        root=root_link(report.chain),
        posts={post.key: post for post in report.posts},
        statuses=report.statuses,
        pictures=pictures,
        compared={item.appearance: item for item in report.compared},
        sounds=sounds,
        same_sounds=same_sounds,
        credentials={held.video: held.credentials for held in report.credentials},
        damages={v.id: v.info.damage for v in report.videos if v.info and v.info.damage},
        first_with_video=first,
        without_pictures=frozenset(held.video for held in report.held if _lost_pictures(held)),
        file_names={path: file_name(path) for link in links for path in link.appearance.files},
    )


def _lost_pictures(held: Held) -> bool:
    """Tell whether a video was decoded, which keeps pictures, and has none left."""
    return held.algorithm is not None and not held.keyframes
