"""A whole benchmark run on a small corpus made on the spot."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.accuracy.peers.chromaprint import chromaprint
from benchmarks.accuracy.peers.naive import naive
from tests.support.footage import Edit, make_copy, make_footage
from tests.support.json_schema import described
from tracker.benchmark import BenchResult, run_bench
from tracker.benchmark.corpus import read_corpus
from tracker.benchmark.metrics import scores
from tracker.cli.bench_text import bench_tables
from tracker.errors import UsageError


def make_corpus(directory: Path) -> Path:
    (directory / "ref").mkdir(parents=True)
    (directory / "q").mkdir()
    refs = []
    for seed in (1, 2):
        film = make_footage(directory / f"ref/r{seed}.mp4", seed=seed, seconds=9)
        refs.append({"id": f"r{seed}", "file": f"ref/r{seed}.mp4", "dur": film.duration_ms / 1000})
    queries: list[dict[str, object]] = []
    for name, edit in (
        ("trim", Edit(start_s=2, end_s=7)),
        ("mirror", Edit(start_s=2, end_s=7, mirror=True)),
        ("hopeless", None),
    ):
        path = directory / f"q/{name}.mp4"
        if edit is None:  # said to be a copy, but nothing of it is left
            make_footage(path, seed=8, seconds=5)
        else:
            make_copy(directory / "ref/r1.mp4", path, edit)
        stretch = {"query_start": 0, "query_end": 5, "ref_start": 2, "ref_end": 7}
        queries.append(
            {"id": name, "file": f"q/{name}.mp4", "positive": True, "ref": "r1", **stretch}
            | {"transform": name, "family": "edits", "speed": 1.0, "flip": name == "mirror"}
        )
    make_footage(directory / "q/foreign.mp4", seed=9, seconds=5)
    queries.append(
        {"id": "foreign", "file": "q/foreign.mp4", "positive": False, "ref": None}
        | {"transform": "plain", "family": "plain"}
    )
    (directory / "gt.json").write_text(json.dumps({"refs": refs, "queries": queries}))
    return directory


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def steps() -> list[tuple[int, int, str]]:
    return []


@pytest.fixture(scope="module")
def result(corpus: Path, steps: list[tuple[int, int, str]]) -> BenchResult:
    return run_bench(corpus, progress=lambda done, total, label: steps.append((done, total, label)))


def test_accuracy_is_that_of_the_answers(result: BenchResult) -> None:
    overall = result.overall()
    assert (overall.positives, overall.negatives, overall.found) == (3, 1, 2)
    assert (overall.wrong_assertions, overall.false_positives) == (0, 0)
    assert result.missed() == ("hopeless",)
    assert result.by_transform()["mirror"].segment_f1 == pytest.approx(1.0, abs=0.1)


def test_cost_is_measured(result: BenchResult) -> None:
    assert result.cost.video_ms == pytest.approx(38_000, abs=200)
    assert 0.05 < result.cost.ratio < 100
    assert result.cost.index_bytes_per_hour > 100_000
    assert 0 < result.lookup_ms(0.5) <= result.lookup_ms(0.95)


def test_progress_runs_to_the_end(result: BenchResult, steps: list[tuple[int, int, str]]) -> None:
    assert [done for done, _, _ in steps] == list(range(1, steps[0][1] + 1))


def test_the_document_is_json_and_complete(result: BenchResult) -> None:
    document = json.loads(json.dumps(result.document(), allow_nan=False))
    assert described(document)["schema"] == "tracker/bench/1"
    assert set(document["transforms"]) == {"trim", "mirror", "hopeless", "plain"}
    assert set(document["families"]) == {"edits", "plain"}
    wanted = {
        "recall",
        "wrong_assertions",
        "false_positives",
        "segment_precision",
        "segment_recall",
        "segment_f1",
        "micro_ap",
    }
    assert wanted <= set(document["overall"])
    assert {"cpu_s_per_minute", "ratio_to_ffmpeg"} <= set(document["fingerprint"])
    assert set(document["lookup_ms"]) == {"p50", "p95"}
    assert document["index"]["bytes_per_hour"] > 0


def test_the_table_names_every_transform(result: BenchResult) -> None:
    console = Console(file=StringIO(), width=140)
    console.print(bench_tables(result))
    assert isinstance(console.file, StringIO)
    text = console.file.getvalue()
    for word in ("trim", "mirror", "hopeless", "plain", "all queries", "0.67", "Missed: hopeless"):
        assert word in text


def test_a_video_that_cannot_be_read_ends_the_run(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "corpus")
    (corpus / "q/foreign.mp4").write_text("not a film")
    with pytest.raises(UsageError, match=r"foreign\.mp4 is not a video"):
        run_bench(corpus)


def test_the_naive_count_is_run_on_the_same_corpus(corpus: Path) -> None:
    result = naive(read_corpus(corpus), "pHash")
    outcomes = {outcome.query.id: outcome for outcome in result.at_no_false_positive()}
    assert scores(list(outcomes.values())).false_positives == 0
    assert outcomes["trim"].found
    assert not outcomes["mirror"].found
    assert result.as_shipped() is None
    assert result.cpu_s > 0
    # One hash of eight bytes a second.
    assert result.kept_bytes_per_hour == pytest.approx(8 * 3600, rel=0.2)


def test_silent_videos_have_no_chromaprint(corpus: Path) -> None:
    result = chromaprint(read_corpus(corpus))
    assert [outcome.answers for outcome in result.outcomes] == [()] * 4
