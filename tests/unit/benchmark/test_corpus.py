"""A ground truth from anywhere: whatever is wrong with it is said in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tracker.benchmark.corpus import read_corpus
from tracker.errors import UsageError

POSITIVE: dict[str, Any] = {
    "id": "q1",
    "file": "q/q1.mp4",
    "positive": True,
    "ref": "r1",
    "transform": "trim",
    "family": "trim",
    "query_start": 0,
    "query_end": 4,
    "ref_start": 2,
    "ref_end": 6,
    "speed": 1.0,
    "flip": False,
}
NEGATIVE = {
    "id": "q2",
    "file": "q/q2.mp4",
    "positive": False,
    "ref": None,
    "transform": "plain",
    "family": "trim",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("ref/r1.mp4", "q/q1.mp4", "q/q2.mp4", "../outside.mp4"):
        path = tmp_path / "corpus" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"film")
    return tmp_path / "corpus"


def write(folder: Path, truth: object) -> Path:
    (folder / "gt.json").write_text(json.dumps(truth))
    return folder


def truth(**changes: object) -> dict[str, object]:
    refs = [{"id": "r1", "file": "ref/r1.mp4", "dur": 10}]
    return {"refs": refs, "queries": [{**POSITIVE, **changes}, NEGATIVE], "seed": 4}


def test_a_good_one(folder: Path) -> None:
    corpus = read_corpus(write(folder, truth()))
    assert [query.positive for query in corpus.queries] == [True, False]
    assert corpus.path(corpus.references[0]).is_file()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ref": "r9"}, "unknown ref 'r9'"),
        ({"ref": None}, "names its ref"),
        ({"id": "q2"}, "used twice"),
        ({"file": "../outside.mp4"}, "outside the corpus folder"),
        ({"file": "/etc/passwd"}, "outside the corpus folder"),
        ({"file": "q/none.mp4"}, "does not exist"),
        ({"file": "q/\0.mp4"}, "is no file name"),
        ({"file": "x" * 5000}, "at most 300"),
        ({"file": 7}, "string"),
        ({"query_end": "soon"}, "number"),
        ({"query_end": -1}, "must not be empty"),
        ({"ref_end": "inf"}, "finite"),
        ({"positive": "perhaps"}, "boolean"),
        ({"transform": ""}, "at least 1"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        read_corpus(write(folder, truth(**changes)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", '"x"', "null", "[" * 100_000, '{"refs": [], "queries": []}', "\xff"],
)
def test_no_ground_truth_at_all(folder: Path, text: str) -> None:
    (folder / "gt.json").write_text(text, encoding="latin-1")
    with pytest.raises(UsageError):
        read_corpus(folder)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no corpus folder"):
        read_corpus(tmp_path / "nowhere")
