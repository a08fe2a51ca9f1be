"""Metrics and health: what a monitor reads, over real connections."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from jobs.monitoring import archive_metrics, checkup, monitoring
from storage import daemon as daemon_rows
from storage import fixity as fixity_rows
from storage import posts, videos, watches
from storage.database import Database
from tests.support.json_schema import load, problems
from tests.support.values import NOW, a_post, a_video, published
from tracker import metrics
from tracker.archive_metrics import ArchiveMetrics
from tracker.clock import SystemClock
from tracker.config import MonitorSettings, Settings
from tracker.errors import OutsideError
from tracker.health import Checkup
from tracker.model.daemon import DaemonProcess, JobState
from tracker.model.fixity import FixityCheck, FixityResult, KeptFile, KeptKind
from tracker.model.health import Health
from tracker.model.video import Video
from tracker.model.watch import Watch
from tracker.reports.health_document import health_document
from tracker.web.monitor import monitored

HOUR = timedelta(hours=1)


class _At:
    """A clock that stands still."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


def _checkup(database: Database, tmp_path: Path, at: datetime = NOW, **terms: object) -> Checkup:
    found = checkup(Settings(data_dir=tmp_path), database)
    return replace(found, clock=_At(at), terms=replace(found.terms, free_bytes=0, **terms))  # type: ignore[arg-type]  # terms by name


def _wrong(health: Health) -> set[str]:
    return {check.name for check in health.checks if not check.ok}


def _leads(database: Database, at: datetime = NOW) -> None:
    me = DaemonProcess("h", "newsroom", 7, since_at=at, renewed_at=at, lease_s=30)
    with database.write() as session:
        assert daemon_rows.take(session, me, daemon_rows.sighting(daemon_rows.leader(session)))


def test_all_is_well_where_a_daemon_leads(database: Database, tmp_path: Path) -> None:
    _leads(database)
    health = _checkup(database, tmp_path, NOW + timedelta(seconds=20)).health()
    assert (health.ok, health.role) == (True, "leading")
    assert "process 7 on newsroom leads" in health.reason
    assert problems(json.loads(json.dumps(health_document(health))), load("health")) == []


def test_an_archive_without_database_or_daemon_is_unwell(
    database: Database, tmp_path: Path
) -> None:
    nowhere = Database(f"sqlite:///{tmp_path / 'none' / 'd.db'}")
    missing = _checkup(nowhere, tmp_path).health()
    nowhere.close()
    assert (_wrong(missing), missing.role) == ({"database"}, "none")
    assert not (tmp_path / "none").exists()
    alone = _checkup(database, tmp_path).health()
    assert _wrong(alone) == {"daemon"}
    assert _checkup(database, tmp_path).health(with_daemon=False).ok
    _leads(database)
    silent = _checkup(database, tmp_path, NOW + HOUR).health()
    assert (_wrong(silent), silent.role) == ({"daemon"}, "none")
    assert "nothing was heard" in silent.reason


def test_a_disk_that_is_nearly_full_is_told(database: Database, tmp_path: Path) -> None:
    found = _checkup(database, tmp_path)
    full = replace(found, terms=replace(found.terms, free_bytes=1 << 62)).health(with_daemon=False)
    assert _wrong(full) == {"disk"}
    assert full.reason.startswith("only ")


def test_a_job_that_stands_still_is_told(database: Database, tmp_path: Path) -> None:
    at_work = JobState("capture", limit_s=3600, started_at=NOW, item="x", item_started_at=NOW)
    asleep = JobState("record", limit_s=3600, started_at=NOW, ended_at=NOW)
    switched_off = JobState("former", limit_s=1, started_at=NOW, ended_at=NOW)
    with database.write() as session:
        daemon_rows.save_jobs(session, (at_work, asleep, switched_off))
    for hours, stalled in ((0.1, []), (0.5, ["record"]), (2, ["capture", "record"])):
        at = NOW + hours * HOUR
        _leads(database, at)
        health = _checkup(database, tmp_path, at).health()
        assert _wrong(health) == ({"jobs"} if stalled else set())
        assert not stalled or health.reason == f"stalled: {', '.join(stalled)}"


def test_polls_are_stale_when_no_watch_had_a_good_one(database: Database, tmp_path: Path) -> None:
    _leads(database)
    with database.write() as session:
        for name in ("a", "b"):
            watches.save_watch(session, Watch(f"https://{name}.test/feed", 600, 0, 5))
        watches.save_watch(session, Watch("https://c.test/feed", 600, 0, 5, paused=True))
    assert _wrong(_checkup(database, tmp_path).health()) == {"polls"}
    with database.write() as session:
        watches.mark_polled(session, "https://a.test/feed", at=NOW, etag=None, last_modified=None)
    health = _checkup(database, tmp_path).health()
    assert health.ok
    assert "1 of 2 watches are late" in health.reason


def test_a_broken_file_is_told(database: Database, tmp_path: Path) -> None:
    _leads(database)
    _break_a_file(database)
    assert _wrong(_checkup(database, tmp_path).health()) == {"files"}


def test_metrics_are_read_by_prometheus_own_parser(database: Database, tmp_path: Path) -> None:
    _leads(database)
    _break_a_file(database)
    with database.write() as session:
        for number in range(150):
            target = f'https://feed{number}.test/"quoted"\\\n'
            watches.save_watch(session, Watch(target, 600, 0, 5))
            at = NOW - number * HOUR
            watches.mark_polled(session, target, at=at, etag=None, last_modified=None)
        posts.save_post(
            session, a_post(), now=NOW - HOUR, depth=0, origin=None, published=published()
        )
    found = _read(ArchiveMetrics(database, tmp_path, "k", _At(NOW)).page().decode())
    assert found["tracker_up"] == {(): 1}
    assert found["tracker_leader"] == {(): 1}
    assert found["tracker_posts"] == {(("platform", "x"),): 1}
    assert found["tracker_queue_items"][("stage", "capture"),] == 1
    assert found["tracker_queue_oldest_seconds"][("stage", "capture"),] == 3600
    assert found["tracker_queue_items"][("stage", "record"),] == 0
    assert found["tracker_broken_files"] == {(): 1}
    assert found["tracker_ledger_entries"][()] > 0
    ages = found["tracker_watch_poll_age_seconds"]
    assert (len(ages), max(ages.values())) == (100, 149 * 3600)
    assert found["tracker_disk_free_bytes"][()] > 0


def test_metrics_of_an_archive_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "tracker.db"
    path.write_bytes(b"this is no database" * 100)
    database = Database(f"sqlite:///{path}")
    found = _read(archive_metrics(Settings(data_dir=tmp_path), database).page().decode())
    database.close()
    assert found["tracker_up"] == {(): 0}
    assert "tracker_queue_items" not in found


def test_hosts_from_outside_get_no_more_than_a_hundred_names() -> None:
    for number in range(300):
        metrics.count_fetch(f"{number}.host.test" * 30, "2xx")
    found = _read(ArchiveMetrics(_nothing(), Path("/"), "k", SystemClock()).page().decode())
    hosts = {dict(labels)["host"] for labels in found["tracker_fetches_total"]}
    assert len(hosts) <= 101
    assert "other" in hosts
    assert max(map(len, hosts)) <= metrics.MAX_HOST_CHARS


def test_served_on_this_machine_under_its_own_names_only(
    database: Database, tmp_path: Path
) -> None:
    _leads(database)
    page = ArchiveMetrics(database, tmp_path, "k", _At(NOW))
    with monitored(0, page, _checkup(database, tmp_path), frozenset()) as address:
        port = int(address.rsplit(":", 1)[1].strip("/"))
        assert _ask(port, "/metrics")[0] == 200
        status, text = _ask(port, "/health")
        assert (status, json.loads(text)["role"]) == (200, "leading")
        assert _ask(port, "/metrics", host="evil.example")[0] == 421
        assert _ask(port, "/metrics", method="POST")[0] == 405
        assert _ask(port, "/nothing")[0] == 404
        with (
            pytest.raises(OutsideError),
            monitored(port, page, _checkup(database, tmp_path), frozenset()),
        ):
            pass
    assert not any(thread.name == "monitor" for thread in threading.enumerate())


def test_the_daemon_serves_them_where_the_config_names_a_port(tmp_path: Path) -> None:
    with monitoring(Settings(data_dir=tmp_path)):
        assert not any(thread.name == "monitor" for thread in threading.enumerate())
    port = _free_port()
    settings = Settings(data_dir=tmp_path, monitor=MonitorSettings(port=port))
    with monitoring(settings):
        status, text = _ask(port, "/health")
        assert (status, json.loads(text)["ok"]) == (503, False)
        assert "tracker_up 0.0" in _ask(port, "/metrics")[1]


def _break_a_file(database: Database) -> None:
    video = a_video("a")
    with database.write() as session:
        videos.save_video(session, Video(video, 5), kept=True, now=NOW)
        file = KeptFile(KeptKind.MEDIA, video)
        check = FixityCheck(file, FixityResult.MISSING, "it is missing", 0, NOW, NOW)
        fixity_rows.save_check(session, check)


def _nothing() -> Database:
    return Database("sqlite:////nowhere/at/all.db")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _ask(port: int, path: str, *, host: str = "localhost", method: str = "GET") -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, headers={"Host": host})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def _read(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found
