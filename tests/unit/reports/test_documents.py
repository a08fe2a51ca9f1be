"""The JSON that other people's scripts rely on: names, shapes and times."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import sample_results
from tests.support.json_schema import problems
from tests.support.sample_chain import AS_OF, ROOT, bare_report, sample_chain, sample_report
from tracker.model.chain import Relation
from tracker.model.status import PostStatus
from tracker.model.summary import Verified
from tracker.model.time_claim import ClaimKind, ForgeableBy, Published, TimeInterval
from tracker.reports.documents import (
    Document,
    added_document,
    chain_document,
    clip_document,
    instant_text,
    lookup_document,
    post_document,
    published_document,
    verified_document,
    watch_document,
)
from tracker.reports.json_document import render_json, report_document
from tracker.reports.status_document import status_document

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"

POST = {"url", "platform", "account", "published"}
SEARCHED = {"videos", "posts", "frames", "platforms", "oldest_post", "newest_post"}

PRODUCED: list[tuple[str, Document]] = [
    ("lookup", lookup_document(sample_results.seen_before())),
    ("lookup", lookup_document(sample_results.never_seen())),
    ("chain", chain_document(sample_chain())),
    ("chain", chain_document(bare_report().chain)),
    ("added", added_document(sample_results.added())),
    ("verified", verified_document(sample_results.broken())),
    ("verified", verified_document(Verified(0, 0, 0))),
    ("report", report_document(sample_report())),
    ("status", status_document(sample_results.status())),
    *(("watch", watch_document(watch)) for watch in sample_results.watches()),
    ("report", report_document(bare_report())),
    *(("clip", clip_document(clip)) for clip in sample_results.clips()),
]


def schema(name: str) -> dict[str, object]:
    loaded = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def first(document: Document, name: str) -> dict[str, object]:
    items = document[name]
    assert isinstance(items, list)
    assert isinstance(items[0], dict)
    return items[0]


def part(document: Document, name: str) -> dict[str, object]:
    value = document[name]
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize(("name", "document"), PRODUCED)
def test_what_is_produced_is_what_the_schema_says(name: str, document: Document) -> None:
    through_json = json.loads(json.dumps(document))
    assert problems(through_json, schema(name)) == []


@pytest.mark.parametrize("name", sorted({name for name, _ in PRODUCED}))
def test_a_schema_refuses_what_breaks_it(name: str) -> None:
    document = next(dict(made) for kind, made in PRODUCED if kind == name)
    assert problems({**document, "schema": "other/1"}, schema(name))
    assert problems({**document, "not_described": 1}, schema(name))
    del document["schema"]
    assert problems(document, schema(name))


def test_the_schemas_name_every_enum_value() -> None:
    defs = part(schema("chain"), "$defs")
    claim = part(part(defs, "time_claim"), "properties")
    appearance = part(part(defs, "appearance"), "properties")
    assert part(claim, "kind")["enum"] == [kind.value for kind in ClaimKind]
    assert part(claim, "forgeable_by")["enum"] == [party.value for party in ForgeableBy]
    assert part(appearance, "relation")["enum"] == [relation.value for relation in Relation]
    assert part(appearance, "status_detail")["enum"] == [status.value for status in PostStatus]


def test_lookup_has_the_promised_fields() -> None:
    document = lookup_document(sample_results.seen_before())
    assert set(document) == {
        *("schema", "subject", "matches", "candidates", "sound_matches", "earliest", "searched"),
        "elapsed_ms",
    }
    subject = {"target", "sha256", "duration_ms", "width", "height", "damage", "credentials"}
    assert set(part(document, "subject")) == subject
    match = first(document, "matches")
    assert set(match) == {
        *("video", "score", "clip", "segments", "sound", "transformations", "posts", "files"),
        *("credentials", "verdicts", "moment_told"),
    }
    assert first(match, "segments") == {
        "query_ms": [0, 9000],
        "reference_ms": [4000, 13_000],
        "speed": 1.0,
        "mirrored": False,
        "score": 0.95,
    }
    assert first(match, "transformations") == {
        "kind": "crop",
        "detail": {"box": [0.1, 0.1, 0.8, 0.8]},
    }
    assert set(first(match, "posts")) == POST
    assert {"video", "post", "published", "why", "contradicted_by"} < set(
        part(document, "earliest")
    )
    assert set(part(document, "searched")) == SEARCHED
    assert part(document, "elapsed_ms") == {
        "fetch": 0, "decode": 800, "search": 0, "align": 0, "verify": 0, "total": 1234,
    }  # fmt: skip


def test_nothing_found_says_so_with_empty_lists() -> None:
    document = lookup_document(sample_results.never_seen())
    assert (document["matches"], document["candidates"]) == ([], [])
    assert document["earliest"] is None


def test_candidates_are_left_out_when_not_asked_for() -> None:
    result = sample_results.seen_before()
    assert lookup_document(result, with_candidates=False)["candidates"] == []
    assert len(first(lookup_document(result), "candidates")) > 0


def test_chain_has_the_promised_fields() -> None:
    document = chain_document(sample_chain())
    promised = {"schema", "clip", "revision", "as_of", "root", "appearances", "conflicts", "leads"}
    assert promised | {"history", "searched", "discovery", "answer", "verdicts"} == set(
        document
    ) - {"duration_ms"}
    assert document["as_of"] == "2026-11-22T10:00:00Z"
    seen = first(document, "appearances")
    later = {"last_looked_at", "last_seen_at", "first_gone_at", "credentials"}
    assert set(seen) - later - {"files", "why", "status_detail"} == {
        *("id", "video", "segment_ms", "post", "published", "time_claims", "parent", "relation"),
        *("confidence", "transformations", "status"),
    }
    assert first(document, "discovery") | {"until": None, "searched_at": None} == {
        "platform": "bluesky", "query": "Kharkiv", "target": "https://bsky.app/search?q=Kharkiv",
        "until": None, "searched_at": None, "hits": 12, "earlier": 4, "without_preview": 1,
        "compared": 3, "likely": 0, "fetched": 0, "error": None,
    }  # fmt: skip
    assert set(first(seen, "time_claims")) == {
        *("kind", "earliest", "latest", "forgeable_by", "source")
    }
    assert {"claims", "text"} < set(first(document, "conflicts"))
    assert {"text", "platform", "account", "source_url"} < set(first(document, "leads"))
    assert set(first(document, "history")) == {"revision", "at", "root", "reason"}


def test_a_status_beyond_the_four_promised_is_unknown_with_its_detail() -> None:
    items = chain_document(sample_chain())["appearances"]
    assert isinstance(items, list)
    assert [item["status"] for item in items] == [
        *("deleted", "live", "live", "live", "unknown", "private", "live", "live", "unknown")
    ]
    assert items[4]["status_detail"] == "login_required"


def test_added_clip_and_verified_have_the_promised_fields() -> None:
    document = added_document(sample_results.added())
    assert set(document) == {"schema", "target", "posts", "videos", "leads", "errors", "left"}
    assert first(document, "videos") == {
        "sha256": "01" * 32,
        "clip": "clip-5b1f0c9a7e3d2248",
        "new": True,
    }
    assert set(first(document, "errors")) == {"url", "error"}
    clip = clip_document(sample_results.clips()[0])
    assert set(clip) - {"files"} == {"schema", "clip", "appearances", "root", "duration_ms"}
    assert set(part(clip, "root")) == {"url", "published"}
    verified = verified_document(sample_results.broken())
    assert set(verified) == {"schema", "ok", "entries", "files", "anchors", "broken"}
    assert verified["ok"] is False
    assert set(first(verified, "broken")) == {"kind", "name", "reason"}


def test_status_and_watches_are_plain_json() -> None:
    status = json.loads(json.dumps(status_document(sample_results.status())))
    assert status["schema"] == "tracker/status/1"
    assert status["pending"] == {"fingerprint": 12, "detect": 0}
    assert status["failing"][0]["retry_at"] == "2026-11-22T10:00:00Z"
    paused = watch_document(sample_results.watches()[1])
    assert (paused["schema"], paused["paused"]) == ("tracker/watch/1", True)


def test_an_unknown_time_is_null_and_an_open_end_too() -> None:
    assert published_document(None) is None
    latest = Published(TimeInterval(None, AS_OF), ClaimKind.FIRST_OBSERVED)
    assert published_document(latest) == {
        "earliest": None,
        "latest": "2026-11-22T10:00:00Z",
        "basis": "first_observed",
    }
    assert post_document(ROOT)["account"] == "kharkiv_today"


@pytest.mark.parametrize(
    ("microsecond", "text"),
    [
        (0, "2019-02-20T14:40:26Z"),
        (837_000, "2019-02-20T14:40:26.837Z"),
        (837_001, "2019-02-20T14:40:26.837001Z"),
    ],
)
def test_times_have_as_many_digits_as_they_need(microsecond: int, text: str) -> None:
    at = datetime(2019, 2, 20, 15, 40, 26, microsecond, timezone(timedelta(hours=1)))
    assert instant_text(at) == text


@given(st.datetimes(min_value=datetime(1990, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_no_digit_of_a_time_is_lost(at: datetime) -> None:
    text = instant_text(at)
    assert text is not None
    assert datetime.fromisoformat(text) == at


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        instant_text(datetime(2020, 1, 1))  # noqa: DTZ001


def test_the_json_report_holds_the_whole_chain_and_what_stands_around_it() -> None:
    report = json.loads(render_json(sample_report()))
    assert report["schema"] == "tracker/report/1"
    assert problems(report["chain"], schema("chain")) == []
    assert report["answer"].startswith("Earliest appearance known to this archive as of ")
    assert report["posts"][0]["url"] == ROOT.key
    assert report["files"][0]["size_bytes"] == 1_234_567
    assert report["versions"] == {"av": "18.1.0", "yt-dlp": "2026.08.19"}


def test_the_json_report_is_equal_for_equal_input_and_writable_whatever_it_holds() -> None:
    assert render_json(sample_report()) == render_json(sample_report())
    odd = bare_report()
    odd = type(odd)(odd.chain, (), odd.generated_at, "bad\udc80name.mp4", odd.tool_version)
    text = render_json(odd)
    assert json.loads(text.encode("utf-8"))["subject"] == "bad\udc80name.mp4"
    assert report_document(odd)["subject"] == "bad\udc80name.mp4"
