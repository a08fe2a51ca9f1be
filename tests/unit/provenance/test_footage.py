"""Which videos are one clip: trims join, compilations never do, order changes nothing."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest

from tracker.model.ids import VideoId
from tracker.model.match import Laid, Match, Segment, Transformation
from tracker.provenance.footage import Footage, group_footage
from tracker.provenance.overlaps import BORDER_TOLERANCE_MS


def vid(name: str) -> VideoId:
    """A digest that stands for a name."""
    return VideoId(hashlib.sha256(name.encode()).hexdigest())


def shared(one: str, one_s: tuple[float, float], other: str, other_s: tuple[float, float]) -> Match:
    """A match of one stretch (in seconds) in both videos."""
    segment = Segment(
        query_start_ms=round(one_s[0] * 1000),
        query_end_ms=round(one_s[1] * 1000),
        reference_start_ms=round(other_s[0] * 1000),
        reference_end_ms=round(other_s[1] * 1000),
        speed=(other_s[1] - other_s[0]) / (one_s[1] - one_s[0]),
        mirrored=False,
        score=0.9,
    )
    return Match(vid(one), vid(other), 0.9, (segment,))


class Cuts:
    """Hard cuts at known seconds of named videos."""

    def __init__(self, **seconds: Sequence[float]) -> None:
        self._cuts = {vid(name): list(times) for name, times in seconds.items()}

    def __call__(self, video: VideoId, at_ms: int) -> bool:
        cuts = self._cuts.get(video, [])
        return any(abs(cut * 1000 - at_ms) <= BORDER_TOLERANCE_MS for cut in cuts)


def group(
    durations: dict[str, float], matches: Sequence[Match], cuts: Cuts | None = None
) -> dict[str, set[str]]:
    """Return anchor name → member names."""
    names = {vid(name): name for name in durations}
    lengths = {vid(name): round(seconds * 1000) for name, seconds in durations.items()}
    footage = group_footage(lengths, matches, cuts or Cuts())
    return {names[f.anchor]: {names[m.video] for m in f.members} for f in footage}


def test_a_video_without_matches_is_a_clip_of_its_own() -> None:
    assert group({"a": 10, "b": 20}, []) == {"a": {"a"}, "b": {"b"}}


def test_trims_of_a_long_video_join_its_clip() -> None:
    matches = [
        shared("trim1", (0, 10), "long", (5, 15)),
        shared("trim2", (0, 8), "long", (30, 38)),
    ]
    found = group({"long": 60, "trim1": 10, "trim2": 8}, matches)
    assert found == {"long": {"long", "trim1", "trim2"}}


def test_a_full_copy_joins_and_the_longer_one_anchors() -> None:
    found = group({"a": 10, "b": 10.2}, [shared("a", (0, 10), "b", (0, 10))])
    assert found == {"b": {"a", "b"}}


COMPILATION = {"s1": 20.0, "s2": 25.0, "s3": 30.0, "comp": 15.0}


def test_a_compilation_belongs_to_each_source_and_merges_none() -> None:
    matches = [
        shared("comp", (0, 5), "s1", (3, 8)),
        shared("comp", (5, 10), "s2", (10, 15)),
        shared("comp", (10, 15), "s3", (20, 25)),
    ]
    found = group(COMPILATION, matches, Cuts(comp=(5, 10)))
    assert found == {"s1": {"s1", "comp"}, "s2": {"s2", "comp"}, "s3": {"s3", "comp"}}


def test_whole_short_clips_strung_together_stay_apart() -> None:
    durations = {"s1": 5.0, "s2": 6.0, "s3": 7.0, "comp": 18.0}
    matches = [
        shared("s1", (0, 5), "comp", (0, 5)),
        shared("s2", (0, 6), "comp", (5, 11)),
        shared("s3", (0, 7), "comp", (11, 18)),
    ]
    found = group(durations, matches, Cuts(comp=(5, 11)))
    assert found == {"s1": {"s1", "comp"}, "s2": {"s2", "comp"}, "s3": {"s3", "comp"}}


def test_whole_clips_joined_by_dissolves_stay_apart_as_well() -> None:
    durations = {"s1": 5.0, "s2": 6.0, "s3": 7.0, "comp": 18.0}
    matches = [
        shared("s1", (0, 5), "comp", (0, 5)),
        shared("s2", (0, 6), "comp", (5, 11)),
        shared("s3", (0, 7), "comp", (11, 18)),
    ]
    found = group(durations, matches)
    assert all({"s1", "s2", "s3"} - members for members in found.values())
    assert {"s1", "comp"} <= found["s1"]


def test_a_copy_of_a_compilation_joins_no_sources() -> None:
    durations = {"s1": 20.0, "s2": 20.0, "comp": 10.0, "copy": 10.0}
    matches = [
        shared("comp", (0, 5), "s1", (5, 10)),
        shared("comp", (5, 10), "s2", (7, 12)),
        shared("copy", (0, 5), "s1", (5, 10)),
        shared("copy", (5, 10), "s2", (7, 12)),
        shared("comp", (0, 10), "copy", (0, 10)),
    ]
    found = group(durations, matches, Cuts(comp=(5,), copy=(5,)))
    assert found == {"s1": {"s1", "comp", "copy"}, "s2": {"s2", "comp", "copy"}}


def test_a_news_package_that_uses_a_part_keeps_its_own_clip() -> None:
    found = group(
        {"source": 30.0, "package": 60.0},
        [shared("package", (20, 28), "source", (5, 13))],
        Cuts(package=(20, 28)),
    )
    assert all(members != {"source", "package"} or len(found) == 2 for members in found.values())
    assert sum("package" in members for members in found.values()) >= 1
    assert sum("source" in members for members in found.values()) >= 1


def test_what_a_member_shows_besides_the_clip_pulls_no_stranger_in() -> None:
    durations = {"reference": 60.0, "split": 13.0, "stranger": 6.0}
    matches = [
        shared("split", (0, 13), "reference", (20, 33)),
        shared("stranger", (0, 6), "split", (0, 6)),
    ]
    found = group(durations, matches)
    assert found == {"reference": {"reference", "split"}, "stranger": {"stranger", "split"}}


def beside(match: Match, box: list[float]) -> Match:
    """The match, its query found in that region of the reference's picture."""
    return replace(match, transformations=(Transformation("crop", {"box": box}),))


def test_videos_side_by_side_in_a_longer_split_screen_stay_apart() -> None:
    durations = {"left": 10.0, "right": 10.0, "split": 13.0}
    left = beside(shared("left", (0, 10), "split", (0, 10)), [0.0, 0.0, 0.5, 1.0])
    right = beside(shared("right", (0, 10), "split", (2, 12)), [0.5, 0.0, 0.5, 1.0])
    found = group(durations, [left, right])
    assert all({"left", "right"} - members for members in found.values())
    assert found["left"] == {"left", "split"}
    assert found["right"] == {"right", "split"}


def test_two_crops_of_one_video_that_match_each_other_stay_together() -> None:
    durations = {"left": 10.0, "right": 10.0, "whole": 13.0}
    left = beside(shared("left", (0, 10), "whole", (0, 10)), [0.0, 0.0, 0.5, 1.0])
    right = beside(shared("right", (0, 10), "whole", (2, 12)), [0.5, 0.0, 0.5, 1.0])
    found = group(durations, [left, right, shared("left", (2, 10), "right", (0, 8))])
    assert found == {"whole": {"left", "right", "whole"}}


def edited(match: Match, *kinds: str) -> Match:
    """The match, with what was done to the query's picture; nothing but an encoding otherwise."""
    found = tuple(Transformation(kind) for kind in kinds or ("reencode",))
    return replace(
        match, transformations=found, reverse_transformations=(Transformation("reencode"),)
    )


def test_a_trim_that_happens_to_begin_and_end_with_a_shot_joins() -> None:
    found = group(
        {"long": 30, "trim": 10, "copy": 29},
        [
            shared("trim", (0, 10), "long", (8, 18)),
            shared("copy", (0, 29), "long", (0, 29)),
            shared("trim", (0, 10), "copy", (8, 18)),
        ],
        Cuts(long=(8, 18), copy=(8, 18)),
    )
    assert found == {"long": {"long", "trim", "copy"}}


def test_a_copy_that_is_found_in_a_copy_only_joins() -> None:
    found = group(
        {"whole": 10, "crop": 9, "subtitled": 9},
        [
            edited(shared("crop", (0, 9), "whole", (0, 9)), "crop"),
            edited(shared("subtitled", (0, 9), "crop", (0, 9)), "caption"),
        ],
    )
    assert found == {"whole": {"whole", "crop", "subtitled"}}


def test_a_copy_of_another_part_of_a_copy_does_not_join() -> None:
    found = group(
        {"whole": 10, "with_more": 20, "other": 8},
        [
            edited(shared("with_more", (0, 9), "whole", (0, 9)), "trim"),
            edited(shared("other", (0, 8), "with_more", (11, 19)), "trim"),
        ],
        Cuts(with_more=(9,)),
    )
    assert found["whole"] == {"whole", "with_more"}
    assert all({"whole", "other"} - members for members in found.values())


def test_a_copy_of_the_picture_around_an_inset_does_not_join() -> None:
    inset = edited(shared("reaction", (0, 9), "whole", (0, 9)), "picture_in_picture")
    crop = replace(
        edited(shared("viewer", (0, 9), "reaction", (0, 9)), "crop"),
        reverse_transformations=(Transformation("picture_in_picture"),),
    )
    found = group({"whole": 10, "reaction": 9, "viewer": 9}, [inset, crop])
    assert all({"whole", "viewer"} - members for members in found.values())
    copy = edited(shared("viewer", (0, 9), "reaction", (0, 9)), "caption")
    copy = replace(copy, laid=Laid(0.5, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    found = group({"whole": 10, "reaction": 9, "viewer": 9}, [inset, copy])
    assert found == {"whole": {"whole", "reaction", "viewer"}}


def test_two_clips_set_into_the_same_stock_footage_stay_apart() -> None:
    """What they share is around the clip: the pictures disagree in the middle."""
    stock = edited(shared("one_inset", (0, 9), "other_inset", (0, 9)), "colour")
    stock = replace(stock, laid=Laid(0.9, 0.45, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    insets = [
        edited(shared("one_inset", (0, 9), "one", (0, 9)), "picture_in_picture"),
        edited(shared("other_inset", (0, 9), "other", (0, 9)), "colour"),
    ]
    durations = {"one_inset": 9, "other_inset": 9.2, "one": 9.1, "other": 9.3}
    found = group(durations, [stock, *insets])
    assert all({"one", "other"} - members for members in found.values())


@pytest.mark.parametrize("around", ["trim", "picture_in_picture"])
def test_the_footage_that_a_clip_was_set_into_does_not_join(around: str) -> None:
    """Where the clip stands in the picture may be unknown; that another one was set in is not."""
    inset = edited(shared("reaction", (0, 9), "whole", (0, 9)), around)
    backdrop = replace(
        shared("reaction", (0, 9), "stock", (0, 9)),
        transformations=(Transformation("picture_in_picture", {"shows": "other"}),),
        reverse_transformations=(Transformation("overlay"),),
        laid=Laid(0.5, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    )
    found = group({"whole": 10, "reaction": 9, "stock": 8.9}, [inset, backdrop])
    assert all({"whole", "stock"} - members for members in found.values())


def test_a_crop_of_a_member_whose_picture_could_not_be_laid_joins() -> None:
    """That the clip fills the member's picture is not known, but nothing else was seen in it."""
    member = edited(shared("reaction", (0, 9), "whole", (0, 9)), "trim")
    crop = edited(shared("viewer", (0, 9), "reaction", (0, 9)), "crop")
    found = group({"whole": 10, "reaction": 9, "viewer": 9}, [member, crop])
    assert found == {"whole": {"whole", "reaction", "viewer"}}


def test_who_has_another_picture_set_into_a_part_uses_the_others_footage() -> None:
    backdrop = replace(
        shared("reaction", (0, 6), "stock", (0, 6)),
        transformations=(Transformation("picture_in_picture", {"shows": "other"}),),
        reverse_transformations=(Transformation("overlay"),),
    )
    inset = edited(shared("reaction", (0, 9), "whole", (1, 10)), "trim")
    found = group({"whole": 10, "reaction": 9, "stock": 8}, [inset, backdrop])
    assert found == {"whole": {"whole", "reaction"}, "stock": {"stock", "reaction"}}


def test_a_copy_with_another_picture_set_into_it_carries_its_own_copies() -> None:
    backdrop = replace(
        shared("reaction", (0, 9), "whole", (0, 9)),
        transformations=(Transformation("picture_in_picture", {"shows": "other"}),),
        reverse_transformations=(Transformation("overlay"),),
        laid=Laid(0.5, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    )
    copy = edited(shared("viewer", (0, 9), "reaction", (0, 9)), "caption")
    copy = replace(copy, laid=Laid(0.5, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    found = group({"whole": 10, "reaction": 9, "viewer": 9}, [backdrop, copy])
    assert found == {"whole": {"whole", "reaction", "viewer"}}


def test_a_crop_of_the_anchor_is_no_inset_of_it() -> None:
    """The picture goes on beside what the crop shows: there is no edge around it."""
    laid = Laid(0.5, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0)
    crop = replace(
        edited(shared("anchor", (0, 9), "source", (0, 9)), "crop"),
        reverse_transformations=(Transformation("picture_in_picture", {"shows": "reference"}),),
        laid=laid,
    )
    part = replace(edited(shared("copy", (0, 8), "source", (0, 8)), "crop"), laid=laid)
    durations = {"anchor": 9.5, "source": 9, "copy": 8}
    assert group(durations, [crop, part]) == {"anchor": {"anchor", "source", "copy"}}
    framed = replace(crop, laid=replace(laid, reference_seam=1.0))
    assert "copy" not in group(durations, [framed, part])["anchor"]


def test_two_full_copies_are_in_one_clip_whichever_anchors_it() -> None:
    """The longest shows an opening of its own; the others are whole copies of each other."""
    durations = {"with_opening": 12.0, "one": 9.0, "two": 9.0}
    matches = [
        shared("one", (0, 9), "with_opening", (3, 12)),
        shared("two", (0, 6), "with_opening", (3, 9)),
        shared("two", (0, 9), "one", (0, 9)),
    ]
    found = group(durations, matches, Cuts(with_opening=(3,)))
    assert any({"one", "two"} <= members for members in found.values())


def test_the_clip_leaves_out_an_opening_that_only_the_longest_shows() -> None:
    durations = {"opened": 14_000, "one": 10_000, "two": 10_000}
    matches = [
        shared("one", (0, 10), "opened", (4, 14)),
        shared("two", (0, 10), "opened", (4, 14)),
        shared("one", (0, 10), "two", (0, 10)),
    ]
    lengths = {vid(name): ms for name, ms in durations.items()}
    (cut,) = group_footage(lengths, matches, Cuts(opened=(4,)))
    assert (cut.whole.start_ms, cut.whole.end_ms) == (4_000, 14_000)
    (running,) = group_footage(lengths, matches, Cuts())
    assert (running.whole.start_ms, running.whole.end_ms) == (0, 14_000)


def test_who_shares_the_opening_only_is_no_member() -> None:
    durations = {"opened": 20.0, "one": 15.0, "two": 15.0, "also_opened": 18.0, "third": 14.0}
    matches = [
        shared("one", (0, 15), "opened", (5, 20)),
        shared("two", (0, 15), "opened", (5, 20)),
        shared("one", (0, 15), "two", (0, 15)),
        shared("opened", (0, 5), "also_opened", (0, 5)),
        shared("third", (0, 13), "also_opened", (5, 18)),
    ]
    found = group(durations, matches, Cuts(opened=(5,), also_opened=(5,)))
    assert all(not {"one", "two"} & m or not {"also_opened", "third"} & m for m in found.values())
    assert any({"opened", "one", "two"} <= members for members in found.values())
    assert any({"also_opened", "third"} <= members for members in found.values())


def test_an_opening_and_what_comes_after_it_tie_no_two_together_that_use_one_each() -> None:
    """One shares an opening with a copy of the clip, a compilation what comes after it."""
    durations = {"opened": 11.0, "one": 12.0, "two": 12.0, "also_opened": 9.0, "other": 9.0}
    durations |= {"compiled": 15.0, "third": 12.0, "fourth": 12.0}
    matches = [
        shared("opened", (0, 6), "also_opened", (0, 6)),
        shared("opened", (6, 11), "one", (0.2, 5.2)),
        shared("opened", (6, 11), "two", (0.2, 5.2)),
        shared("one", (0, 12), "two", (0, 12)),
        shared("also_opened", (6, 9), "other", (0.5, 3.5)),
        shared("compiled", (0, 4), "opened", (6, 10)),
        shared("compiled", (5, 9), "third", (2, 6)),
        shared("compiled", (10, 14), "fourth", (2, 6)),
    ]
    found = group(durations, matches)
    assert all(not {"also_opened", "compiled"} <= members for members in found.values())


@pytest.mark.parametrize(("cut_s", "joins"), [((), True), ((2.9,), False), ((4.5,), False)])
def test_who_uses_the_end_of_a_shot_joins_those_that_use_its_beginning(
    cut_s: tuple[float, ...], joins: bool
) -> None:
    durations = {"whole": 7.7, "one": 4.5, "two": 4.5, "three": 4.5, "compiled": 14.0}
    durations |= {"other": 6.0, "another": 6.0}
    matches = [
        *(shared(name, (0, 4.5), "whole", (0, 4.5)) for name in ("one", "two", "three")),
        shared("compiled", (0, 5), "other", (0, 5)),
        shared("compiled", (9.5, 14), "another", (0, 4.5)),
        shared("compiled", (5, 9.5), "whole", (2.9, 7.4)),
    ]
    found = group(durations, matches, Cuts(whole=cut_s))
    assert ("compiled" in found["whole"]) is joins


def test_a_longer_copy_of_a_part_with_an_opening_is_no_clip_of_its_own() -> None:
    """The part begins and ends with a shot, so that either may have it from the other."""
    durations = {"opened": 10.0, "whole": 8.0, "copy": 8.0, "beginning": 6.0}
    matches = [
        shared("opened", (5, 10), "whole", (1, 6)),
        shared("opened", (5, 10), "copy", (1, 6)),
        shared("opened", (5, 10), "beginning", (1, 6)),
        shared("whole", (0, 8), "copy", (0, 8)),
        shared("beginning", (0, 6), "whole", (0, 6)),
        shared("beginning", (0, 6), "copy", (0, 6)),
    ]
    cuts = Cuts(opened=(5,), whole=(1, 6), copy=(1, 6), beginning=(1, 6))
    (members,) = group(durations, matches, cuts).values()
    assert members == set(durations)


def test_every_video_is_in_a_clip() -> None:
    """One that is explained by others, none of which shows enough to count as its source."""
    durations = {"a": 20.0, "b": 20.0, "c": 10.0}
    matches = [shared("c", (0, 4), "a", (0, 4)), shared("c", (4, 8.5), "b", (3, 7.5))]
    for cuts in (Cuts(), Cuts(c=(4,)), Cuts(a=(4,), b=(3, 7.5), c=(4, 8.5))):
        found = group(durations, matches, cuts)
        assert set(durations) == set().union(*found.values())


@pytest.mark.parametrize("count", [3, 4])
def test_the_order_of_matches_changes_nothing(count: int) -> None:
    matches = [
        shared("comp", (0, 5), "s1", (3, 8)),
        shared("comp", (5, 10), "s2", (10, 15)),
        shared("comp", (10, 15), "s3", (20, 25)),
        shared("trim", (0, 4), "s1", (2, 6)),
    ][:count]
    lengths = {vid(name): round(s * 1000) for name, s in {**COMPILATION, "trim": 4.0}.items()}
    results: set[tuple[Footage, ...]] = set()
    for order in permutations(matches):
        turned = [
            m
            if i % 2
            else Match(m.reference, m.query, m.score, tuple(s.swapped() for s in m.segments))
            for i, m in enumerate(order)
        ]
        results.add(group_footage(lengths, turned, Cuts(comp=(5, 10))))
    assert len(results) == 1


def test_footage_that_went_everywhere_is_grouped_in_good_time() -> None:
    count = 120
    lengths = {vid(f"v{n}"): 5_000 + 30 * n for n in range(count)}
    matches = [shared(f"v{i}", (0, 5), f"v{j}", (0, 5)) for i in range(count) for j in range(i)]
    asked = Counted()
    started = time.process_time()
    group_footage(lengths, matches, asked)
    assert time.process_time() - started < 5
    assert asked.times <= 2 * len(matches)


class Counted:
    """Never a cut, and how often that was asked."""

    times = 0

    def __call__(self, video: VideoId, at_ms: int) -> bool:
        self.times += 1
        return False
