"""Corpora made from a folder of videos, and the runner that measures the product on them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.accuracy.ablation import CHANGES, COLUMNS
from benchmarks.accuracy.ablation import main as run_ablation
from benchmarks.accuracy.aligners import METHODS
from benchmarks.accuracy.aligners import main as compare_aligners
from benchmarks.accuracy.edits.__main__ import main as make_edits
from benchmarks.accuracy.edits.catalogue import RECIPES
from benchmarks.accuracy.edits.ffmpeg import Part, Source, read_source
from benchmarks.accuracy.edits.make import make_corpus
from benchmarks.accuracy.edits.montage import MONTAGES
from benchmarks.accuracy.edits.stillness import Samples, takes
from benchmarks.accuracy.run import main as run_accuracy
from tests.support.footage import make_footage
from tracker.benchmark.corpus import Corpus, Query, Stretch, read_corpus
from tracker.examine import examine
from tracker.media.frames import FrameReader, Sampling
from tracker.media.probe import MediaLimits

SIZE = (160, 90)
KINDS = len(RECIPES) + len(MONTAGES)
KEEPING_THE_PICTURE = {"trim", "speed", "framerate", "recode", "resize", "repeated", "compilation"}
"""Families whose queries show what the reference shows, at its place and in its colours."""


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    for seed in range(3):
        make_footage(folder / f"v{seed}.mp4", seed=seed, seconds=7, size=SIZE)
    return folder


@pytest.fixture(scope="module")
def corpus(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("made") / "corpus"
    make_corpus(videos, folder, seed=7, queries=KINDS)
    return read_corpus(folder)


def test_every_kind_of_edit_is_there(corpus: Corpus) -> None:
    made = {query.transform for query in corpus.queries if query.positive}
    assert {name for _, name, _ in (*RECIPES, *MONTAGES)} - made <= {"trim"}
    assert made & {"trim", "trim3"}


def test_every_copy_says_what_was_done(corpus: Corpus) -> None:
    known = {"trim", "crop", "borders", "mirror", "rotation", "speed", "overlay", "caption"}
    known |= {"colour", "picture_in_picture", "compilation", "reencode"}
    for query in corpus.queries:
        assert {edit.kind for edit in query.edits} <= known
        assert query.edits or not query.positive


def test_foreign_footage_is_in_no_reference(corpus: Corpus) -> None:
    references = {reference.id for reference in corpus.references}
    foreign = {query.source for query in corpus.queries if not query.positive}
    assert foreign
    assert not references & foreign


def test_copies_show_what_the_truth_says(corpus: Corpus) -> None:
    checked = [q for q in corpus.queries if q.positive and q.family in KEEPING_THE_PICTURE]
    assert len(checked) >= 10
    for query in checked:
        for stretch in query.stretches:
            assert _agreement(corpus, query, stretch) > 0.9, query.id


def _agreement(corpus: Corpus, query: Query, stretch: Stretch) -> float:
    """Return how alike the pictures are at a third and two thirds of the stretch."""
    reference = next(r for r in corpus.references if r.id == query.ref)
    copied, original = _pictures(corpus.path(query)), _pictures(corpus.path(reference))
    shares = []
    for share in (0.33, 0.67):
        at = stretch.query_start + share * (stretch.query_end - stretch.query_start)
        of = stretch.ref_start + share * (stretch.ref_end - stretch.ref_start)
        shares.append(np.corrcoef(_at(copied, at).ravel(), _at(original, of).ravel())[0, 1])
    return float(min(shares))


def _pictures(path: Path) -> list[tuple[float, npt.NDArray[np.uint8]]]:
    reader = FrameReader(path, Sampling(interval_ms=40), MediaLimits())
    return [(frame.pts_ms / 1000, _small(frame.gray)) for frame in reader]


def _small(gray: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    rows = np.linspace(0, gray.shape[0] - 1, 30).astype(int)
    columns = np.linspace(0, gray.shape[1] - 1, 50).astype(int)
    small: npt.NDArray[np.uint8] = gray[np.ix_(rows, columns)]
    return small


def _at(
    pictures: list[tuple[float, npt.NDArray[np.uint8]]], seconds: float
) -> npt.NDArray[np.uint8]:
    return min(pictures, key=lambda one: abs(one[0] - seconds))[1]


def test_one_seed_makes_one_corpus(videos: Path, tmp_path: Path) -> None:
    digests = []
    for name in ("one", "other"):
        assert make_edits([str(videos), str(tmp_path / name), "--seed", "3", "--queries", "4"]) == 0
        files = sorted(p for p in (tmp_path / name).rglob("*") if p.is_file())
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in files])
    assert len(digests[0]) > 6
    assert digests[0] == digests[1]


@pytest.fixture(scope="module")
def source(videos: Path) -> Source:
    return read_source(videos / "v0.mp4", 360)


def test_two_takes_of_one_camera_do_not_touch(source: Source) -> None:
    (pair,) = takes(source, _scene([17 * n // 10 for n in range(32)]))
    assert pair.static
    assert pair.first.start_s + pair.first.length_s < pair.second.start_s


def test_a_picture_that_comes_back_is_no_second_take(source: Source) -> None:
    assert takes(source, _scene([17 * (n % 16) // 10 for n in range(32)])) == []


def test_a_still_picture_yields_no_takes_and_shows_nothing(source: Source) -> None:
    still = _scene([10] * 32)
    assert takes(source, still) == []
    assert not still.shows_something(Part(source, 0, 10))
    assert _scene([17 * n // 10 for n in range(32)]).shows_something(Part(source, 0, 10))


def _scene(places: list[int]) -> Samples:
    """Return what a fixed camera sees of a block that is at these places."""
    rng = np.random.default_rng(1)
    background = rng.uniform(60, 200, (36, 64)).astype(np.float32)
    frames = np.repeat(background[None], len(places), axis=0)
    for frame, place in zip(frames, places, strict=True):
        frame[10:20, place : place + 10] = 20
    return Samples(frames, np.arange(len(places)) / 2)


def test_a_folder_of_one_video_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    make_footage(tmp_path / "in/v.mp4", seed=1, seconds=5, size=SIZE)
    assert make_edits([str(tmp_path / "in"), str(tmp_path / "out"), "--seed", "1"]) == 2
    assert "fewer than two videos" in capsys.readouterr().err


def test_the_runner_measures_the_same_from_its_cache(
    videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_corpus(videos, tmp_path / "corpus", seed=1, queries=2)
    arguments = [str(tmp_path / "corpus"), "--cache", str(tmp_path / "cache"), "--json"]
    documents = []
    for name in ("first.json", "second.json"):
        assert run_accuracy([*arguments, str(tmp_path / name)]) == 0
        (document,) = json.loads((tmp_path / name).read_text())
        documents.append(document)
    kept = len(list((tmp_path / "cache").rglob("*.pickle")))
    assert kept == len(list((tmp_path / "corpus").rglob("*.mp4")))
    assert documents[0]["schema"] == "tracker/accuracy/1"
    assert documents[0]["bench"]["overall"] == documents[1]["bench"]["overall"]
    assert documents[0]["bench"]["fingerprint"] == documents[1]["bench"]["fingerprint"]
    printed = capsys.readouterr().out
    assert "recall per family, misses named:" in printed
    assert "threshold chosen on half A" in printed


def test_an_ablation_leaves_out_what_it_names(
    videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_corpus(videos, tmp_path / "corpus", seed=1, queries=2)
    document = tmp_path / "document.md"
    document.write_text("before\n<!-- ablation: begin -->\nold\n<!-- ablation: end -->\nafter\n")
    arguments = [str(tmp_path / "corpus"), "--cache", str(tmp_path / "cache")]
    arguments += ["--write", str(document), "--only", *CHANGES]
    assert run_ablation(arguments) == 0
    printed = capsys.readouterr().out
    text = document.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    searched = {}
    for line in printed.splitlines()[2:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert line in text
        searched[cells[0]] = float(cells[COLUMNS.index("searched, MB/h")])
    assert set(searched) == set(CHANGES)
    assert searched["full frames and nothing else"] < searched["no insets"]
    assert searched["hashes every 500 ms"] < searched["everything"]
    assert searched["local features only"] < searched["everything"]
    assert searched["64 of 256 bits"] < searched["everything"]


def test_aligners_are_compared_on_a_corpus_and_on_look_alikes(
    videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_corpus(videos, tmp_path / "corpus", seed=1, queries=2)
    document = tmp_path / "document.md"
    document.write_text("<!-- aligners: begin -->\n<!-- aligners: end -->\n")
    arguments = [str(tmp_path / "corpus"), "--alike", str(tmp_path / "corpus")]
    arguments += ["--cache", str(tmp_path / "cache"), "--write", str(document)]
    assert compare_aligners(arguments) == 0
    head, _, *lines = capsys.readouterr().out.splitlines()
    recall = head.split(" | ").index("recall")
    assert [line.split(" | ")[0].strip("| ") for line in lines] == list(METHODS)
    assert all(float(line.split(" | ")[recall]) > 0 for line in lines)
    assert all(line in document.read_text() for line in lines)


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ("everything", {0, 1, 2, 3, 4}),
        ("no insets", {0, 1, 2}),
        ("no content box", {0, 2, 3, 4}),
        ("no moving part", {0, 1, 3, 4}),
        ("full frames only, with features", {0}),
        ("local features only", set()),
    ],
)
def test_an_ablation_leaves_out_whole_rows_of_hashes(
    videos: Path, change: str, left: set[int]
) -> None:
    examined = examine(videos / "v0.mp4")
    held = examined.fingerprint
    views = (np.arange(len(held.views)) % 5).astype(np.uint8)
    boxes = np.repeat(views[:, None], 4, axis=1)
    examined = replace(examined, fingerprint=replace(held, views=views, boxes=boxes))
    changed = CHANGES[change](examined).fingerprint
    assert set(changed.views.tolist()) == left
    assert np.array_equal(changed.codes, held.codes[np.isin(views, sorted(left))])
    assert np.array_equal(changed.boxes[:, 0], changed.views)


def test_tables_and_peers_are_written_into_a_document(
    videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_corpus(videos, tmp_path / "corpus", seed=1, queries=2)
    document = tmp_path / "document.md"
    document.write_text("before\n<!-- measured: begin -->\n<!-- measured: end -->\nafter\n")
    arguments = [str(tmp_path / "corpus"), "--cache", str(tmp_path / "cache")]
    assert run_accuracy([*arguments, "--peers", "dhash", "--write", str(document)]) == 0
    text = document.read_text()
    for word in ("### Corpus `corpus`", "imagehash dHash", "| recall |", "Families under", "after"):
        assert word in text
    assert "imagehash dHash" in capsys.readouterr().out


def test_peers_without_their_environment_are_named(
    videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_corpus(videos, tmp_path / "corpus", seed=1, queries=1)
    arguments = [str(tmp_path / "corpus"), "--cache", str(tmp_path / "cache"), "--peers", "vpdq"]
    assert run_accuracy([*arguments, "--peers-python", str(tmp_path / "none")]) != 0
    assert "make bench-peers" in capsys.readouterr().err
