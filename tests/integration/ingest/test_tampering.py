"""Whatever is changed in the store behind the program's back, ``verify`` names it, offline."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from storage import ledger, videos
from tests.integration.ingest.conftest import TurnedClock
from tests.support.footage import make_footage
from tests.support.ots_server import serve_calendar
from tests.support.pages import article, video_page
from tests.support.tsa_server import make_authority
from tests.support.tsa_server import serve as serve_authority
from tests.support.webserver import serve
from tracker.app import App, open_app
from tracker.config import NetworkSettings, Settings, TimestampSettings
from tracker.errors import DatabaseError
from tracker.evidence.hash_chain import next_entry
from tracker.ingest.add import Stated
from tracker.model.ids import VideoId, video_id
from tracker.model.ledger import LedgerEntry, LedgerKind
from tracker.model.summary import Verified


def settings(data: Path, timestamps: TimestampSettings | None = None) -> Settings:
    return Settings(
        data_dir=data,
        network=NetworkSettings(allow_private=True),
        timestamps=timestamps or TimestampSettings(),
    )


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that took in a post with its video, anchored twice, with tokens and a proof.

    Its servers are gone: whatever verifies it works offline. ``early`` is the database as it was
    at the first anchor.
    """
    root = tmp_path_factory.mktemp("kept")
    make_footage(root / "film.mp4", seed=1, seconds=2)
    authority = make_authority(root / "tsa")
    clock = TurnedClock()
    with serve() as site, serve_authority(authority) as tsa, serve_calendar() as calendar:
        terms = {"authorities": [tsa.setting()], "calendars": [calendar.url]}
        asked = TimestampSettings.model_validate(terms)
        media = site.add("/a.mp4", (root / "film.mp4").read_bytes(), content_type="video/mp4")
        post = site.add("/post", video_page("post", media, "2026-02-01T10:00:00Z"))
        with open_app(settings(root / "data", asked), clock=clock) as app:
            assert app.add.take_in(post, Stated()).errors == ()
            app.anchoring.run()
        shutil.copyfile(root / "data" / "tracker.db", root / "early.db")
        with open_app(settings(root / "data", asked), clock=clock) as app:
            clock.at += timedelta(hours=1)
            assert app.add.take_in(site.add("/other", article("Other")), Stated()).errors == ()
            calendar.confirm(900_000)
            app.anchoring.run()
    return root


@pytest.fixture
def data(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept / "data", tmp_path / "data"))


def verified(data: Path) -> Verified:
    with open_app(settings(data), writes=False) as app:
        return app.verify()


def named(data: Path) -> set[str]:
    """Return the kinds of what is broken."""
    return {broken.kind for broken in verified(data).broken}


@contextmanager
def database_of(data: Path) -> Iterator[sqlite3.Connection]:
    """Open the database as someone who first drops what protects it."""
    connection = sqlite3.connect(data / "tracker.db")
    with connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
    connection.close()


def execute(data: Path, *statements: str, values: tuple[object, ...] = ()) -> None:
    with database_of(data) as connection:
        for statement in statements:
            assert connection.execute(statement, values).rowcount != 0, statement


def entries(app: App) -> list[LedgerEntry]:
    with app.archive.database.read() as session:
        return ledger.entries(session)


def flip(path: Path, place: int | None = None) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2 if place is None else place] ^= 1
    path.chmod(0o644)
    path.write_bytes(body)


def test_nothing_was_changed(data: Path) -> None:
    found = verified(data)
    assert found.broken == ()
    assert found.notes == ()
    assert found.anchors == 2
    assert found.entries > 10


KINDS = {
    "media/sha256/*/*/*": "file",
    "keyframes/*/*.keyframes": "file",
    "anchors/*/anchor.json": "anchor",
    "anchors/*/*.tsq": "token",
    "anchors/*/*.tsr": "token",
    "anchors/*/*.pem": "token",
    "anchors/*/*.ots": "token",
}


@pytest.mark.parametrize("pattern", KINDS)
@pytest.mark.parametrize("place", [0, None, -1])
def test_a_flipped_byte_of_any_file_is_named(data: Path, pattern: str, place: int | None) -> None:
    paths = sorted(data.glob(pattern))
    assert paths
    flip(paths[0], place)
    assert (KINDS[pattern], str(paths[0])) in {(b.kind, b.name) for b in verified(data).broken}


@pytest.mark.parametrize("pattern", KINDS)
def test_a_removed_file_of_any_kind_is_named(data: Path, pattern: str) -> None:
    first = min(data.glob(pattern))
    first.unlink()
    assert (KINDS[pattern], str(first)) in {(b.kind, b.name) for b in verified(data).broken}


def test_every_ledger_entry_is_guarded(data: Path) -> None:
    last = verified(data).entries
    for sequence in (1, 2, last // 2, last):
        copy = Path(shutil.copytree(data, data.parent / f"changed-{sequence}"))
        execute(copy, "UPDATE ledger_entry SET body = '{}' WHERE sequence = ?", values=(sequence,))
        assert ("entry", str(sequence)) in {(b.kind, b.name) for b in verified(copy).broken}


def test_removed_and_swapped_entries_are_named(data: Path) -> None:
    swap = Path(shutil.copytree(data, data.parent / "swapped"))
    execute(data, "DELETE FROM ledger_entry WHERE sequence = 5")
    assert {"entry", "anchor"} <= named(data)
    execute(
        swap,
        "UPDATE ledger_entry SET sequence = -5 WHERE sequence = 5",
        "UPDATE ledger_entry SET sequence = 5 WHERE sequence = 6",
        "UPDATE ledger_entry SET sequence = 6 WHERE sequence = -5",
    )
    assert {"entry", "anchor"} <= named(swap)


@pytest.mark.parametrize("cut", [1, 3, 8])
def test_a_cut_tail_is_named(data: Path, cut: int) -> None:
    last = verified(data).entries
    execute(data, "DELETE FROM ledger_entry WHERE sequence > ?", values=(last - cut,))
    assert named(data)


def test_a_tail_cut_with_all_its_rows_is_found_by_the_copies(data: Path) -> None:
    """Whoever takes the second anchor out of the database whole leaves its copy behind."""
    with database_of(data) as connection:
        (end,) = connection.execute("SELECT last_sequence FROM anchor WHERE number = 1").fetchone()
        connection.execute("DELETE FROM timestamp_token WHERE anchor = 2")
        connection.execute("DELETE FROM anchor WHERE number = 2")
        connection.execute("DELETE FROM ledger_entry WHERE sequence > ?", (end,))
    assert any(
        broken.kind == "anchor" and "tail was cut off" in broken.reason
        for broken in verified(data).broken
    )


def test_a_ledger_rewritten_from_the_middle_is_named(data: Path) -> None:
    """All hashes are made anew, so that the chain is whole: the anchors know better."""
    with open_app(settings(data), writes=False) as app:
        old = entries(app)
    forged = old[:3]
    for entry in old[3:]:
        body = {"forged": True} if entry.sequence == 4 else None
        made = next_entry(forged[-1], entry.kind, body or {}, TurnedClock().at)
        forged.append(made)
    with database_of(data) as connection:
        connection.execute("DELETE FROM ledger_entry")
        connection.executemany(
            "INSERT INTO ledger_entry VALUES (?, ?, ?, ?, ?, ?)",
            [
                (e.sequence, str(e.kind), e.at, e.body, e.previous_hash, e.entry_hash)
                for e in forged
            ],
        )
    reasons = [b.reason for b in verified(data).broken if b.kind == "anchor"]
    assert any("rewritten" in reason for reason in reasons)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE anchor SET head_hash = 'x' WHERE number = 1",
        "UPDATE anchor SET merkle_root = previous WHERE number = 2",
        "UPDATE anchor SET at = '2020-01-01T00:00:00.000000Z' WHERE number = 2",
        "UPDATE anchor SET last_sequence = 9007199254740993 WHERE number = 2",
        "UPDATE anchor SET number = 7 WHERE number = 2",
        "DELETE FROM anchor WHERE number = 2",
    ],
)
def test_a_changed_anchor_is_named(data: Path, statement: str) -> None:
    execute(data, statement)
    assert "anchor" in named(data)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE timestamp_token SET gen_at = gen_at - 86400000000 WHERE gen_at IS NOT NULL",
        "UPDATE timestamp_token SET state = 'attested' WHERE state = 'pending'",
        "UPDATE timestamp_token SET block_height = 1 WHERE block_height IS NOT NULL",
        "UPDATE timestamp_token SET state = 'invented'",
        "UPDATE timestamp_token SET response = '../../../etc/passwd'",
        "DELETE FROM timestamp_token WHERE kind = 'rfc3161'",
        "UPDATE timestamp_token SET sequence = 999 WHERE kind = 'rfc3161' AND anchor = 1",
    ],
)
def test_a_changed_token_is_named(data: Path, statement: str) -> None:
    execute(data, statement)
    assert "token" in named(data)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE post SET text = 'something else'",
        "UPDATE post SET account = 'someone'",
        "UPDATE post SET status = 'deleted'",
        "UPDATE post SET published_latest_at = published_latest_at - 1",
        "UPDATE post SET first_observed_at = first_observed_at - 3600000000",
        "UPDATE post SET key = key || 'x'",
        (
            "INSERT INTO post (key, url, platform, kind, status, depth, first_observed_at) "
            "VALUES ('https://x.test/1', 'https://x.test/1', 'x', 'post', 'live', 0, 1)"
        ),
        "UPDATE post_claim SET earliest_at = 0 WHERE earliest_at IS NOT NULL",
        "UPDATE post_claim SET source = 'elsewhere'",
        "DELETE FROM post_claim WHERE kind = 'first_observed'",
        (
            "INSERT INTO post_claim (post_id, kind, forgeable_by, source) "
            "SELECT id, 'reported', 'nobody', 'made up' FROM post"
        ),
        "UPDATE post_status SET at = at - 1",
        "UPDATE post_status SET last_at = last_at + 1",
        "DELETE FROM post_status",
        (
            "INSERT INTO post_edit (post_id, field, before, after, last_seen_at, first_seen_at) "
            "SELECT id, 'text', 'a', 'b', 1, 2 FROM post LIMIT 1"
        ),
        "UPDATE post_media SET video = NULL",
        "UPDATE post_media SET url = 'https://elsewhere.test/a.mp4'",
        (
            "INSERT INTO post_link (post_id, url, relation) "
            "SELECT id, 'https://x.test/1', 'links' FROM post LIMIT 1"
        ),
        "INSERT INTO post_spelling (url, post_id) SELECT 'https://x.test/2', id FROM post LIMIT 1",
        (
            "INSERT INTO lead (post_id, identity, text, platform, account, source_url) "
            "SELECT id, 'i', 't', 'x', 'a', 'https://x.test/3' FROM post LIMIT 1"
        ),
        "UPDATE capture SET final_url = 'https://elsewhere.test/'",
        "UPDATE capture SET started_at = started_at - 1 WHERE id = 1",
        "UPDATE capture SET post_id = NULL WHERE post_id IS NOT NULL",
        "DELETE FROM capture WHERE id = 1",
        (
            "INSERT INTO capture (requested_url, final_url, started_at, finished_at, redirects, "
            "tools) VALUES ('https://x.test/', 'https://x.test/', 1, 2, '[]', '[]')"
        ),
        "UPDATE video SET duration_ms = duration_ms + 1",
        "UPDATE video SET first_observed_at = 0",
        "UPDATE video SET broken_packets = 3",
        (
            "INSERT INTO video_claim (video, kind, forgeable_by, source) "
            "SELECT sha256, 'container', 'file', 'made up' FROM video"
        ),
        "UPDATE clip SET end_ms = end_ms + 1",
        "UPDATE clip SET reference = 'elsewhere'",
        "UPDATE clip SET created_at = created_at - 1",
        "UPDATE clip SET retired_at = 1, retired_reason = 'made up'",
        "UPDATE clip SET merged_into = id",
        "UPDATE clip SET id = 'clip-0000000000000000'",
        "DELETE FROM clip",
        (
            "INSERT INTO clip (id, reference, start_ms, end_ms, created_at) "
            "SELECT 'clip-0000000000000000', sha256, 0, 9, 1 FROM video"
        ),
        "DELETE FROM clip_member",
        "UPDATE clip_member SET video = 'elsewhere'",
        "INSERT INTO clip_member (clip, video) SELECT id, 'made up' FROM clip",
    ],
)
def test_a_changed_row_of_what_was_observed_is_named(data: Path, statement: str) -> None:
    execute(data, statement)
    broken = verified(data).broken
    assert {b.kind for b in broken} == {"entry"}
    assert any(b.name.startswith(("post ", "video ", "clip ", "capture ")) for b in broken)


def begin_anew(data: Path, told: list[tuple[LedgerKind, dict[str, object]]]) -> None:
    """Replace the ledger by one that was never anchored and tells this."""
    execute(data, "DELETE FROM timestamp_token", "DELETE FROM anchor", "DELETE FROM ledger_entry")
    shutil.rmtree(data / "anchors")
    made = [LedgerEntry(0, LedgerKind.GENESIS, "", "", "", "0" * 64)]
    for kind, body in told:
        made.append(next_entry(made[-1], kind, body, TurnedClock().at))
    with database_of(data) as connection:
        connection.executemany(
            "INSERT INTO ledger_entry VALUES (?, ?, ?, ?, ?, ?)",
            [
                (e.sequence, str(e.kind), e.at, e.body, e.previous_hash, e.entry_hash)
                for e in made[1:]
            ],
        )


def told_before_clips(data: Path) -> list[tuple[LedgerKind, dict[str, object]]]:
    """Return what an older release would have told of the archive."""
    with open_app(settings(data), writes=False) as app:
        states = [e for e in entries(app) if e.kind is LedgerKind.STATE]
    bodies = [json.loads(e.body) for e in states]
    kept = [{name: body[name] for name in body if name != "clips"} for body in bodies]
    first: dict[str, object] = {"complete": True, "format": "tracker/ledger/1"}
    return [(LedgerKind.GENESIS, first), *((LedgerKind.STATE, body) for body in kept if body)]


@pytest.mark.parametrize("with_states", [False, True])
def test_an_archive_of_an_older_release_is_taken_as_it_is_and_recorded(
    data: Path, with_states: bool
) -> None:
    """Rows of which nothing was ever recorded are not called broken; the next run records them.

    A ledger called itself complete before there were states of clips in it.
    """
    bare: dict[str, object] = {"format": "tracker/ledger/1"}
    begin_anew(data, told_before_clips(data) if with_states else [(LedgerKind.GENESIS, bare)])
    assert not any(b.name.startswith(("post ", "clip ", "capture ")) for b in verified(data).broken)
    with open_app(settings(data)) as app:
        app.anchoring.run()
        recorded = len(entries(app))
    with open_app(settings(data)) as app:
        app.anchoring.run()
        assert len(entries(app)) == recorded
    assert not any(b.name.startswith(("post ", "clip ", "capture ")) for b in verified(data).broken)
    execute(
        data,
        "UPDATE post_claim SET source = 'elsewhere'",
        "DELETE FROM capture WHERE id = 1",
        "DELETE FROM clip_member",
    )
    names = {b.name.split()[0] for b in verified(data).broken}
    assert {"post", "clip", "capture"} <= names


def test_a_token_replaced_by_one_over_another_digest_is_named(data: Path) -> None:
    first, second = sorted(data.glob("anchors/*/*.tsr"))
    second.chmod(0o644)
    second.write_bytes(first.read_bytes())
    assert ("token", str(second)) in {(b.kind, b.name) for b in verified(data).broken}


def test_a_token_replaced_with_its_row_is_named(data: Path) -> None:
    """The digest in the row is made to fit: what the token is over cannot be."""
    first, second = sorted(data.glob("anchors/*/*.tsr"))
    shutil.copyfile(first, second.parent / first.name)
    execute(
        data,
        "UPDATE timestamp_token SET response = ? WHERE response = ?",
        values=(first.stem, second.stem),
    )
    reasons = [b.reason for b in verified(data).broken if b.kind == "token"]
    assert any("over another digest" in reason for reason in reasons)


def test_a_database_put_back_to_an_earlier_state_is_named(kept: Path, data: Path) -> None:
    shutil.copyfile(kept / "early.db", data / "tracker.db")
    for side in ("tracker.db-wal", "tracker.db-shm"):
        (data / side).unlink(missing_ok=True)
    assert any("earlier state" in broken.reason for broken in verified(data).broken)


def test_a_database_that_is_gone_is_named(data: Path) -> None:
    for path in data.glob("tracker.db*"):
        path.unlink()
    found = verified(data)
    assert ("file", str(data / "tracker.db")) in {(b.kind, b.name) for b in found.broken}
    assert len([b for b in found.broken if b.kind == "anchor"]) == 2
    with open_app(settings(data)) as app:  # a new one is begun: what vouched for the old one stays
        with app.archive.database.write() as session:
            ledger.append(session, LedgerKind.WATCH, {}, at=app.clock.now())
        app.anchoring.run()
    assert len([b for b in verified(data).broken if b.kind == "anchor"]) == 2


def test_an_emptied_ledger_is_named(data: Path) -> None:
    execute(data, "DELETE FROM timestamp_token", "DELETE FROM anchor", "DELETE FROM ledger_entry")
    assert {"entry", "anchor"} <= named(data)


@pytest.mark.parametrize("pattern", ["*.hashes", "*.features", "*.ids", "manifest.json"])
def test_an_altered_search_index_is_named_and_built_anew(data: Path, pattern: str) -> None:
    path = min(data.glob(f"index/*/{pattern}"))
    flip(path)
    (broken,) = verified(data).broken
    assert (broken.kind, broken.name) == ("file", str(path.parent))
    assert "delete the folder" in broken.reason
    shutil.rmtree(path.parent)
    assert verified(data).ok  # no index at all is none that could be wrong
    with open_app(settings(data)) as app:
        app.detect.process(_only_video(app))
    assert path.parent.is_dir()
    assert verified(data).ok


def test_a_search_index_that_lacks_a_video_is_named(data: Path) -> None:
    for manifest in data.glob("index/*/manifest.json"):
        held = json.loads(manifest.read_text())
        manifest.write_text(json.dumps({**held, "shards": []}))
    found = verified(data)
    assert {broken.kind for broken in found.broken} == {"file"}
    assert len(found.broken) == 3
    assert all("is missing from it" in broken.reason for broken in found.broken)


def _only_video(app: App) -> VideoId:
    with app.archive.database.read() as session:
        (only,) = videos.kept_digests(session)
    return video_id(only)


def test_files_nobody_knows_are_noted(data: Path) -> None:
    folder = min(data.glob("anchors/*"))
    (folder / f"{'0' * 64}.tsr").write_bytes(b"x")
    found = verified(data)
    assert found.ok
    assert any("recorded nowhere" in note for note in found.notes)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE algorithm SET parameters = parameters || 'x'",
        "UPDATE algorithm SET versions = '7'",
        "UPDATE fingerprint SET hashes = hashes + 1",
        "UPDATE fingerprint SET codes = CAST(x'00' || codes AS BLOB)",
        "UPDATE fingerprint SET features = x'00'",
        "UPDATE fingerprint SET thumbnails = x'00'",
        "UPDATE fingerprint SET sound = 7",
        "UPDATE content_credentials SET state = 'invented'",
        "UPDATE content_credentials SET actions = '[]x'",
        "UPDATE content_credentials SET actions = '[{}]'",
        "UPDATE content_credentials SET tools = '[7]'",
        "UPDATE content_credentials SET actions = replace(hex(zeroblob(50000)), '00', '[')",
        "UPDATE algorithm SET parameters = replace(hex(zeroblob(50000)), '00', '[')",
    ],
)
def test_a_row_that_cannot_be_read_any_more_is_named(data: Path, statement: str) -> None:
    execute(data, statement)
    broken = [b for b in verified(data).broken if not b.name.startswith("row ")]
    assert broken
    assert all("the database no longer says what entry" in b.reason for b in broken)


UNREADABLE = {
    "post": ("title", "text", "origin", "first_observed_at", "depth"),
    "post_claim": ("source", "earliest_at"),
    "capture": ("final_url", "body_sha256", "started_at"),
    "video": ("codec", "fingerprinted_by"),
    "ledger_entry": ("body", "kind", "previous_hash", "entry_hash"),
    "fingerprint": ("made_at", "duration_ms"),
    "algorithm": ("name", "parameters"),
    "clip": ("reference", "start_ms"),
    "chain_revision": ("document", "at"),
    "anchor": ("last_sequence", "at"),
    "timestamp_token": ("authority", "received_at", "response"),
    "content_credentials": ("title", "state", "read_at"),
}


@pytest.mark.parametrize("value", ["CAST(x'ff' AS TEXT)", "x'ff'"])
@pytest.mark.parametrize("table", UNREADABLE)
def test_text_that_is_none_is_named_and_ends_nothing(data: Path, table: str, value: str) -> None:
    """SQLite keeps anything in any column; a second change elsewhere is named as well."""
    flip(min(data.glob("keyframes/*/*.keyframes")))
    for column in UNREADABLE[table]:
        copy = Path(shutil.copytree(data, data.parent / column))
        statement = f"UPDATE {table} SET {column} = {value} WHERE rowid = ?"  # noqa: S608 - names of ours
        with database_of(copy) as connection:
            (row,) = connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()  # noqa: S608
            connection.execute(statement, (row,))
        broken = verified(copy).broken
        reason = f"what its column {column} holds cannot be read: it was changed by hand"
        assert (f"row {row} of {table}", reason) in {(b.name, b.reason) for b in broken}
        assert "file" in {b.kind for b in broken}


def test_other_scripts_and_every_kind_of_value_of_ours_can_be_read(data: Path) -> None:
    execute(data, "UPDATE post SET origin = 'قناة 👩‍👩‍👧 ' || char(65533)")
    assert verified(data).ok


def test_a_time_that_is_none_is_one_sentence_of_any_other_command(data: Path) -> None:
    execute(data, "UPDATE chain_revision SET at = x'ff'")
    with (
        open_app(settings(data), writes=False) as app,
        pytest.raises(DatabaseError, match="changed by hand"),
    ):
        list(app.subjects.summaries())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE chain_revision SET root = 'app-0000000000000000' WHERE revision = 1",
        "UPDATE chain_revision SET reason = 'it was so' WHERE revision = 1",
        "UPDATE chain_revision SET at = at - 86400000000 WHERE revision = 1",
    ],
)
def test_a_former_answer_that_was_changed_is_named(data: Path, statement: str) -> None:
    execute(data, statement)
    (broken,) = verified(data).broken
    assert broken.kind == "entry"
    assert broken.name.startswith("answer 1 of clip-")
