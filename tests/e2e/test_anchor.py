"""Anchors as a user of the command line meets them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.ots_server import serve_calendar
from tests.support.pages import article
from tests.support.tracker_cli import TrackerCommand
from tests.support.tsa_server import make_authority
from tests.support.tsa_server import serve as serve_authority
from tests.support.webserver import serve


def test_anchors_tokens_and_what_the_commands_say_of_them(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    tracker = TrackerCommand(home)
    empty = tracker.run("anchor")
    assert (empty.code, empty.stdout) == (
        0,
        "The ledger is empty: there is nothing to anchor.\n",
    )
    assert "no outside party vouches for the time" in tracker.run("doctor").stdout
    authority = make_authority(tmp_path / "tsa")
    with serve() as site, serve_authority(authority) as tsa, serve_calendar() as calendar:
        assert tracker.run("add", site.add("/a", article("A"))).code == 0
        assert "Not anchored yet" in tracker.run("status").stdout
        vouching = {
            "TRACKER_TIMESTAMPS__AUTHORITIES": json.dumps([tsa.setting()]),
            "TRACKER_TIMESTAMPS__CALENDARS": json.dumps([calendar.url]),
        }
        doctor = tracker.run("doctor", **vouching)
        assert f"{tsa.url}, checked against 1 certificates" in " ".join(doctor.stdout.split())
        done = tracker.run("run", "--once", **vouching)
        assert (done.code, "anchor 3" in done.stderr) == (0, True)
        calendar.confirm(871_234)
        found = tracker.run("anchor", "--json", **vouching).document
    assert found["schema"] == "tracker/anchored/1"
    assert (found["new"], found["anchor"]["number"], found["errors"]) == (False, 1, [])
    assert [token["state"] for token in found["tokens"]] == ["attested"]
    status = tracker.run("status", **vouching)
    assert "Last anchor: 1 (entries 1 to" in status.stdout
    assert f"{tsa.url}: 1 verified." in status.stdout
    assert "1 in a Bitcoin block (to be checked against its header)" in status.stdout
    verified = tracker.run("verify", "--json").document
    assert (verified["ok"], verified["anchors"]) == (True, 1)
    (answer,) = tracker.data_dir.glob("anchors/*/*.tsr")
    answer.chmod(0o644)
    answer.write_bytes(b"")
    broken = tracker.run("verify", "--json")
    assert broken.code == 1
    assert {item["kind"] for item in broken.document["broken"]} == {"token"}


def test_by_hand_a_failing_authority_is_said_and_is_the_exit_code(tmp_path: Path) -> None:
    tracker = TrackerCommand(tmp_path)
    away = {"TRACKER_TIMESTAMPS__AUTHORITIES": '[{"url": "http://127.0.0.1:9/tsr"}]'}
    with serve() as site:
        tracker.run("add", site.add("/a", article("A")))
    done = tracker.run("anchor", **away)
    assert done.code == 3
    assert done.stdout.startswith("New: anchor 1 (entries 1 to")
    assert "http://127.0.0.1:9/tsr" in done.stderr
    assert "failing:" in " ".join(tracker.run("status", **away).stdout.split())
