"""Where fingerprints leave the moment in doubt the kept originals are asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from storage import matches as match_rows
from tests.integration.test_identify import Shelf, video
from tests.integration.test_other_moments import H264, filmed, takes
from tests.support.footage import make_footage
from tests.support.hostile_media import run
from tracker.app import App
from tracker.examine import examine
from tracker.identify import MOST_ASKED, Identified, Sparing
from tracker.ingest.add import Stated
from tracker.model.ids import VideoId, video_id
from tracker.model.keyframe import Keyframe
from tracker.model.match import InstantAgreement, Match, Segment

__all__ = ["takes"]

ALIKE = InstantAgreement(0.9, 0.1, 3.0, 1.0)


@pytest.fixture(scope="module")
def copy(takes: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few seconds of the first take, cropped and poor: fingerprints leave the moment in doubt."""
    made = tmp_path_factory.mktemp("copies") / "copy.mp4"
    poor = ("-vf", "crop=iw*0.8:ih*0.8", *H264, "-crf", "36")
    run("-ss", "3", "-t", "5", "-i", takes[0], *poor, made)
    return made


def found(app: App, one: VideoId, other: VideoId) -> Match | None:
    with app.archive.database.read() as session:
        return match_rows.match_of(session, one, other, app.algorithm_key)


def taken_in(app: App, path: Path) -> VideoId:
    return app.add.take_in(str(path), Stated()).videos[0].sha256


def test_what_moves_in_a_copy_agrees_and_is_kept_with_the_match(
    app: App, takes: tuple[Path, Path], copy: Path
) -> None:
    held, made = taken_in(app, takes[0]), taken_in(app, copy)
    match = found(app, held, made)
    assert match is not None
    assert match.instants is not None
    assert match.instants.clear
    assert match.moment_told
    (chain,) = app.subjects.chains(made)
    assert any("in the original files what moves agrees" in link.why for link in chain.links)
    assert app.verify().broken == ()


def test_another_take_of_the_camera_stays_apart(
    app: App, takes: tuple[Path, Path], copy: Path
) -> None:
    videos = [taken_in(app, path) for path in (*takes, copy)]
    first, other = (app.subjects.chains(video)[0] for video in videos[:2])
    assert first.clip != other.clip
    assert found(app, videos[1], videos[2]) is None


def test_where_an_original_is_gone_nothing_is_asked(
    app: App, takes: tuple[Path, Path], copy: Path
) -> None:
    held = taken_in(app, takes[0])
    app.archive.media.remove(held)
    match = found(app, held, taken_in(app, copy))
    assert match is not None
    assert match.instants is None


def test_the_order_of_arrival_changes_nothing(
    app: App, takes: tuple[Path, Path], copy: Path
) -> None:
    segment = Segment(3_000, 8_000, 0, 5_000, 1.0, mirrored=False, score=1.0)
    held, made = taken_in(app, takes[0]), taken_in(app, copy)
    one = app.originals.instant_agreement(held, made, segment)
    assert one is not None
    assert one == app.originals.instant_agreement(made, held, segment.swapped())


@pytest.fixture(scope="module")
def shaken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A film from an unsteady hand and a poor part of it: their keyframes show other places."""
    folder = tmp_path_factory.mktemp("shaken")
    still, film, part = (folder / f"{name}.mp4" for name in ("still", "film", "part"))
    make_footage(still, seed=33, seconds=9, cuts=())
    shake = "crop=iw*0.6:ih*0.6:x=(iw-ow)*(0.5+0.48*sin(5*t)):y=(ih-oh)*(0.5+0.48*cos(7*t))"
    run("-i", still, "-vf", f"{shake},scale=640:360", "-an", *H264, film)
    run(
        "-ss",
        "1.7",
        "-i",
        film,
        "-vf",
        "scale=480:-2,eq=brightness=0.2",
        "-an",
        *H264,
        "-crf",
        "32",
        part,
    )
    return film, part


def test_pictures_of_an_unsteady_hand_are_compared_at_one_instant(
    app: App, shaken: tuple[Path, Path]
) -> None:
    held, made = (taken_in(app, path) for path in shaken)
    match = found(app, held, made)
    assert match is not None
    assert match.laid is not None
    assert match.laid.unlike < 0.1


def test_without_the_originals_such_pictures_tell_nothing(
    app: App, shaken: tuple[Path, Path]
) -> None:
    held = taken_in(app, shaken[0])
    app.archive.media.remove(held)
    match = found(app, held, taken_in(app, shaken[1]))
    assert match is not None
    assert match.laid is None
    assert "colour" not in [change.kind for change in match.transformations]


def test_pictures_are_of_one_instant_whichever_video_is_asked_about(
    app: App, takes: tuple[Path, Path], copy: Path
) -> None:
    segment = Segment(3_000, 8_000, 0, 5_000, 1.0, mirrored=False, score=1.0)
    held, made = taken_in(app, takes[0]), taken_in(app, copy)
    here, there = app.originals.pictures(held, made, segment)
    assert app.originals.pictures(made, held, segment.swapped()) == (there, here)
    assert len(here) == len(there) >= 5
    for one, other in zip(here, there, strict=True):
        assert abs(segment.reference_ms(one.pts_ms) - other.pts_ms) <= 80


def test_a_lookup_of_a_file_asks_the_originals_too(
    app: App, takes: tuple[Path, Path], copy: Path
) -> None:
    held = taken_in(app, takes[0])
    (result,) = app.lookup.run(str(copy))
    (seen,) = result.matches
    assert (seen.match.reference, seen.match.moment_told) == (held, True)
    assert seen.match.instants is not None
    assert seen.match.instants.clear
    app.archive.media.remove(held)
    ((asked_alone,),) = [found.matches for found in app.lookup.run(str(copy))]
    assert asked_alone.match.instants is None


def test_a_lookup_of_what_is_held_says_what_the_archive_does(
    app: App, takes: tuple[Path, Path], copy: Path
) -> None:
    held, made = taken_in(app, takes[0]), taken_in(app, copy)
    kept = found(app, made, held)
    assert kept is not None
    (result,) = app.lookup.run(made)
    told = {seen.match.reference: seen.match.instants for seen in result.matches}
    assert told[held] == kept.instants


def test_a_lookup_says_what_was_done_to_pictures_of_an_unsteady_hand(
    app: App, shaken: tuple[Path, Path]
) -> None:
    taken_in(app, shaken[0])
    (result,) = app.lookup.run(str(shaken[1]))
    (seen,) = result.matches
    assert "colour" in [change.kind for change in seen.match.transformations]


@dataclass
class Told:
    """Originals of which somebody else knows what they show."""

    agreement: InstantAgreement | None
    asked: list[Segment] = field(default_factory=list)

    def instant_agreement(
        self, query: VideoId, reference: VideoId, segment: Segment
    ) -> InstantAgreement | None:
        self.asked.append(segment)
        return self.agreement

    def pictures(
        self, query: VideoId, reference: VideoId, segment: Segment
    ) -> tuple[tuple[Keyframe, ...], tuple[Keyframe, ...]]:
        return (), ()


def identified(folder: Path, held: Path, query: Path, told: Told) -> Identified:
    shelf = Shelf(folder / "index")
    shelf.put(held)
    return shelf.identifier().identify(
        video(query), examine(query), originals=told, both_directions=True
    )


def test_a_candidate_whose_originals_clearly_agree_is_a_match(
    takes: tuple[Path, Path], tmp_path: Path
) -> None:
    (match,) = identified(tmp_path, takes[0], takes[1], Told(ALIKE)).matches
    assert match.asserted
    assert match.score >= 0.5
    assert match.instants == ALIKE
    assert "other_moment" not in [change.kind for change in match.transformations]


@pytest.mark.parametrize("agreement", [None, InstantAgreement(0.3, 0.1, 3.0, 1.0)])
def test_a_candidate_stays_one_where_they_do_not(
    takes: tuple[Path, Path], tmp_path: Path, agreement: InstantAgreement | None
) -> None:
    told = Told(agreement)
    found = identified(tmp_path, takes[0], takes[1], told)
    assert found.matches == ()
    assert len(found.candidates) == len(told.asked) == 1


def test_what_moves_but_not_alike_in_thumbnails_is_looked_at_too(tmp_path: Path) -> None:
    """A line in time is shared, and nothing bears it out: the score is next to nothing."""
    held, query = filmed(tmp_path, "90x70")
    (match,) = identified(tmp_path / "told", held, query, Told(ALIKE)).matches
    assert match.asserted
    told = Told(InstantAgreement(0.2, 0.1, 3.0, 0.5))
    found = identified(tmp_path / "apart", held, query, told)
    assert found.matches == found.candidates == ()
    assert len(told.asked) == 1


def test_of_very_many_pairs_the_first_hundred_are_looked_at() -> None:
    segment = Segment(0, 5_000, 0, 5_000, 1.0, mirrored=False, score=1.0)
    told = Told(ALIKE)
    sparing = Sparing(told)
    videos = [video_id(f"{number:064x}") for number in range(MOST_ASKED + 2)]
    answers = [sparing.instant_agreement(videos[0], one, segment) for one in videos[1:]]
    assert answers == [ALIKE] * MOST_ASKED + [None]
    assert len(told.asked) == MOST_ASKED
    assert sparing.instant_agreement(videos[0], videos[1], segment) == ALIKE
    assert sparing.pictures(videos[0], videos[-1], segment) == ((), ())
