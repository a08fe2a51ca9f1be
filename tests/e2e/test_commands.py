"""The commands as other people's scripts use them."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Clips
from tests.support.tracker_cli import TrackerCommand


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def all_files(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def add_source(tracker: TrackerCommand, clips: Clips) -> dict[str, Any]:
    outcome = tracker.run(
        "add", "--json", clips.source, "--published-at", "2022-09-09T10:00:00Z",
        "--post-url", "https://twitter.com/MaksymEristavi/status/1568188530000000000",
        "--account", "MaksymEristavi",
    )  # fmt: skip
    assert outcome.code == 0, outcome
    return outcome.document


def test_add_reports_posts_videos_and_clip(tracker: TrackerCommand, clips: Clips) -> None:
    added = add_source(tracker, clips)
    assert added["schema"] == "tracker/added/1"
    assert added["target"] == str(clips.source)
    (post,) = added["posts"]
    assert post["platform"] == "x"
    assert post["account"] == "MaksymEristavi"
    assert post["url"] == "https://x.com/i/status/1568188530000000000"
    (video,) = added["videos"]
    assert video["sha256"] == digest(clips.source)
    assert video["new"] is True
    assert video["clip"].startswith("clip-")
    again = add_source(tracker, clips)
    assert again["videos"] == [{**video, "new": False}]
    history = tracker.run("history", post["url"], "--json").document
    assert (history["schema"], history["account"]) == ("tracker/history/1", "MaksymEristavi")


def test_lookup_finds_the_copy_and_writes_nothing(tracker: TrackerCommand, clips: Clips) -> None:
    add_source(tracker, clips)
    before = all_files(tracker.data_dir)
    outcome = tracker.run("lookup", "--json", clips.copy, clips.foreign)
    assert outcome.code == 0, outcome
    assert all_files(tracker.data_dir) == before
    found, foreign = outcome.documents
    assert found["schema"] == "tracker/lookup/1"
    assert found["subject"]["sha256"] == digest(clips.copy)
    (match,) = found["matches"]
    assert match["video"] == digest(clips.source)
    (segment,) = match["segments"]
    assert segment["mirrored"] is True
    assert abs(segment["reference_ms"][0] - 3_000) <= 500
    assert abs(segment["reference_ms"][1] - 9_000) <= 500
    assert found["earliest"]["post"]["account"] == "MaksymEristavi"
    assert found["searched"]["videos"] == 1
    assert set(found["elapsed_ms"]) == {"fetch", "decode", "search", "align", "verify", "total"}
    assert foreign["matches"] == []
    assert foreign["earliest"] is None


def test_lookup_in_an_archive_that_does_not_exist(tracker: TrackerCommand, clips: Clips) -> None:
    outcome = tracker.run("lookup", "--json", clips.copy)
    assert outcome.code == 0, outcome
    assert outcome.document["matches"] == []
    assert outcome.document["searched"]["videos"] == 0
    assert not tracker.data_dir.exists()


def test_chain_by_every_name_of_the_subject(tracker: TrackerCommand, clips: Clips) -> None:
    added = add_source(tracker, clips)
    tracker.run("add", clips.copy, "--published-at", "2024-01-01T00:00:00Z",
                "--post-url", "https://t.me/somechannel/12")  # fmt: skip
    clip = added["videos"][0]["clip"]
    names = [clip, digest(clips.copy), str(clips.source), "https://t.me/s/somechannel/12",
             "https://mobile.twitter.com/x/status/1568188530000000000"]  # fmt: skip
    documents = tracker.run("chain", "--json", *names).documents
    assert len(documents) == len(names)
    assert {document["clip"] for document in documents} == {clip}
    root, copy = documents[0]["appearances"]
    assert documents[0]["root"] == root["id"]
    assert (root["parent"], root["relation"]) == (None, "root")
    assert (copy["parent"], copy["relation"]) == (root["id"], "partial_copy")
    kinds = {claim["kind"] for claim in root["time_claims"]}
    assert kinds >= {"operator", "first_observed", "id_derived"}


def test_what_is_stated_without_an_address_is_kept(tracker: TrackerCommand, clips: Clips) -> None:
    outcome = tracker.run("add", "--json", clips.copy, "--account", "zoe", "--platform", "tiktok")
    (post,) = outcome.document["posts"]
    assert (post["account"], post["platform"]) == ("zoe", "tiktok")


def test_an_older_upload_that_arrives_late_becomes_the_root(
    tracker: TrackerCommand, clips: Clips
) -> None:
    tracker.run("add", clips.copy, "--published-at", "2024-01-01T00:00:00Z",
                "--post-url", "https://t.me/somechannel/12")  # fmt: skip
    first = tracker.run("chain", "--json", clips.copy).document
    add_source(tracker, clips)
    second = tracker.run("chain", "--json", clips.copy).document
    assert second["clip"] == first["clip"]
    assert second["appearances"][0]["post"]["platform"] == "x"
    assert second["revision"] == first["revision"] + 1
    assert [past["root"] for past in second["history"]] == [first["root"]]
    (clip,) = tracker.run("clips", "--json").documents
    assert clip["appearances"] == 2
    assert clip["root"]["url"] == "https://x.com/i/status/1568188530000000000"


def test_reports_in_every_form(tracker: TrackerCommand, clips: Clips, tmp_path: Path) -> None:
    add_source(tracker, clips)
    tracker.run("add", clips.copy)
    for form in ("html", "json", "csv", "prov"):
        outcome = tracker.run(
            "report", clips.copy, "--format", form, "-o", tmp_path / f"report.{form}"
        )
        assert outcome.code == 0, outcome
    html = (tmp_path / "report.html").read_text()
    assert "Earliest appearance known to this archive" in html
    assert html.count("data:image/jpeg") >= 2
    assert json.loads((tmp_path / "report.json").read_text())["schema"] == "tracker/report/1"
    with (tmp_path / "report.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 2


def test_a_bundle_is_verified_with_nothing_but_itself(
    tracker: TrackerCommand, clips: Clips, tmp_path: Path
) -> None:
    add_source(tracker, clips)
    tracker.run("add", clips.copy)
    case = tmp_path / "case.zip"
    for options in ((), ("--originals",), ("--redact",)):
        made = tracker.run("report", clips.copy, "--format", "bundle", "-o", case, *options)
        assert made.code == 0, made
        elsewhere = tmp_path / "another-home"
        elsewhere.mkdir(exist_ok=True)
        stranger = TrackerCommand(elsewhere)
        checked = stranger.run("verify", case, "--json")
        assert checked.code == 0, checked
        assert checked.document["ok"] is True
        assert list(elsewhere.iterdir()) == []
    body = bytearray(case.read_bytes())
    body[len(body) // 2] ^= 1
    case.write_bytes(bytes(body))
    outcome = stranger.run("verify", case, "--json")
    assert outcome.code == 1
    assert outcome.document["broken"]
    assert stranger.run("verify", tmp_path / "nothing.zip").code == 1


def test_verify_names_a_changed_file(tracker: TrackerCommand, clips: Clips) -> None:
    add_source(tracker, clips)
    assert tracker.run("verify", "--json").document["ok"] is True
    stored = next((tracker.data_dir / "media").rglob(f"*{digest(clips.source)[8:]}*"))
    stored.chmod(0o600)
    content = bytearray(stored.read_bytes())
    content[len(content) // 2] ^= 1
    stored.write_bytes(content)
    outcome = tracker.run("verify", "--json")
    assert outcome.code == 1
    document = outcome.document
    assert document["ok"] is False
    (broken,) = document["broken"]
    assert broken["kind"] == "file"
    assert digest(clips.source)[8:] in broken["name"] or digest(clips.source) in broken["name"]


def test_import_of_a_folder_is_resumable(
    tracker: TrackerCommand, clips: Clips, tmp_path: Path
) -> None:
    folder = tmp_path / "old-archive"
    folder.mkdir()
    (folder / "one.mp4").write_bytes(clips.source.read_bytes())
    (folder / "one.info.json").write_text(
        json.dumps(
            {
                "id": "dQw4w9WgXcQ",
                "webpage_url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
                "extractor_key": "Youtube",
                "uploader": "Someone",
                "upload_date": "20190220",
                "title": "A title",
            }
        )
    )
    (folder / "two.mp4").write_bytes(clips.copy.read_bytes())
    (folder / "two.info.json").write_text("{broken")
    first = tracker.run("import", "--json", folder)
    assert first.code == 1, first
    taken, without_sidecar = first.documents
    assert taken["errors"] == []
    assert "two.info.json" in without_sidecar["errors"][0]["error"]
    again = tracker.run("import", "--json", folder)
    assert [v["new"] for d in again.documents for v in d["videos"]] == [False, False]
    lookup = tracker.run("lookup", "--json", clips.copy).document
    earliest = lookup["earliest"]
    assert earliest["post"]["url"] == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    assert earliest["published"]["earliest"] == "2019-02-20T00:00:00Z"
    assert earliest["published"]["latest"].startswith("2019-02-20T23:59:59")


def test_watches_are_added_listed_paused_and_removed(tracker: TrackerCommand) -> None:
    feed = "https://news.example/feed.xml"
    assert tracker.run("watch", "add", feed, "--interval", "60").code == 0
    (watch,) = tracker.run("watch", "list", "--json").documents
    assert watch["target"] == feed
    paused = tracker.run("watch", "pause", feed)
    assert (paused.code, paused.stdout, paused.stderr) == (0, "", f"paused: {feed}\n")
    assert tracker.run("watch", "list", "--json").document["paused"] is True
    again = tracker.run("watch", "pause", feed, "--resume")
    assert (again.code, again.stdout, again.stderr) == (0, "", f"runs again: {feed}\n")
    removed = tracker.run("watch", "remove", feed)
    assert (removed.code, removed.stdout, removed.stderr) == (0, "", f"no longer watched: {feed}\n")
    assert tracker.run("watch", "list", "--json").documents == []
    assert tracker.run("watch", "remove", feed).code == 1
    assert tracker.run("watch", "add", "no address").code == 2


def test_the_sample_kind_of_article_yields_leads(tracker: TrackerCommand, tmp_path: Path) -> None:
    page = tmp_path / "article.txt"
    page.write_text(
        "Residents cheer as a column drives in.\n\n"
        "A video posted on Telegram by reporter Olha Kovalenko shows the column entering town.\n\n"
        "The ministry did not answer questions.\n"
    )
    added = tracker.run("add", "--json", page).document
    (lead,) = added["leads"]
    assert lead["platform"] == "telegram"
    assert lead["account"] == "Olha Kovalenko"
    assert "posted on Telegram by reporter Olha Kovalenko" in lead["text"]
    assert added["errors"] == []


def test_doctor_decode_and_version(tracker: TrackerCommand) -> None:
    outcome = tracker.run("doctor", "--json")
    assert outcome.code == 0, outcome
    assert {f["name"] for f in outcome.document["findings"]} >= {"decoders", "yt-dlp", "database"}
    confined = {f["name"]: f for f in outcome.document["findings"]}["decoders are confined"]
    assert confined["ok"] == ("nothing but" not in confined["detail"])
    led = {"TRACKER_NETWORK__CONNECT_TO": '{"a.test": "127.0.0.1:9"}'}
    told = {f["name"]: f for f in tracker.run("doctor", "--json", **led).document["findings"]}
    assert "a.test at 127.0.0.1:9" in told["hosts reached elsewhere"]["detail"]
    wrong = tracker.run("add", "x.mp4", TRACKER_NETWORK__CONNECT_TO='{"a.test": "a:b:c"}')
    assert (wrong.code, wrong.stdout) == (2, "")
    assert "network.connect_to" in wrong.stderr
    decoded, unknown = tracker.run("decode", "1568188530000000000", "-", "--json").documents
    assert "x" in {reading["layout"] for reading in decoded["readings"]}
    assert unknown["readings"] == []
    assert tracker.run("--version").stdout.startswith("tracker ")
