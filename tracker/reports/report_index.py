"""A report's facts by what they are about, looked up once for every appearance."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
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

_ADDRESS = re.compile(r"https?://[^\s]*[^\s.;:,]")
"""An address in a sentence, without the punctuation that follows it."""


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
    numbers: Mapping[str, int]
    without_pictures: frozenset[VideoId]

    def for_readers(self, text: str) -> str:
        """Return a sentence with posts by their number and files by name, not by path."""
        text = _ADDRESS.sub(self._numbered, text)
        for path, name in self.file_names.items():
            text = text.replace(path, name)
        return text

    def _numbered(self, address: re.Match[str]) -> str:
        number = self.numbers.get(address[0])
        return address[0] if number is None else f"appearance {number}"


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
        numbers=_numbers(links),
        file_names={path: file_name(path) for link in links for path in link.appearance.files},
    )


def _numbers(links: Sequence[ChainLink]) -> dict[str, int]:
    """Return the number of each post that shows the clip once; others need more than a number."""
    keys = [link.appearance.post.key if link.appearance.post else None for link in links]
    times = Counter(keys)
    return {key: n for n, key in enumerate(keys, start=1) if key is not None and times[key] == 1}


def _lost_pictures(held: Held) -> bool:
    """Tell whether a video was decoded, which keeps pictures, and has none left."""
    return held.algorithm is not None and not held.keyframes
