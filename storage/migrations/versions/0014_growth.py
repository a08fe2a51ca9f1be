"""What the jobs ask for is found without reading the archive: marks, registers and counts.

All three are kept by triggers, so no writer can forget them: marks on videos say which stage has
done its work, ``fixity_check`` holds a line for every kept file from the moment it is kept, and
``tally`` counts what the status shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from storage.columns import RowId
from storage.migrations.triggers import Trigger, count, create, drop

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INDEXES: tuple[tuple[str, str, tuple[str, ...], str | None], ...] = (
    ("ix_video_credentials_due", "video", ("first_observed_at", "sha256"),
     "kept AND NOT credentials_read"),
    ("ix_video_fingerprinted_by", "video", ("kept", "fingerprinted_by"), None),
    ("ix_video_detected_by", "video", ("detected_by",), None),
    ("ix_video_record_due", "video", ("first_observed_at", "sha256"),
     "recorded_version < evidence_version"),
    ("ix_video_kept_first_observed_at", "video", ("kept", "first_observed_at", "sha256"), None),
    ("ix_post_published_latest_at", "post",
     ("published_latest_at", "published_earliest_at", "first_observed_at"), None),
    ("ix_post_published_earliest_at", "post",
     ("published_earliest_at", "published_latest_at"), None),
    ("ix_post_origin_fetched_at", "post", ("origin", "fetched_at"), None),
    ("ix_capture_body_sha256", "capture", ("body_sha256",), None),
    ("ix_content_credentials_manifest_sha256", "content_credentials", ("manifest_sha256",), None),
    ("ix_deletion_removed_at", "deletion", ("removed_at",), None),
    ("ix_clip_merged_into", "clip", ("merged_into",), None),
    ("ix_attempt_item", "attempt", ("item",), None),
    ("ix_attempt_parked_next_at", "attempt", ("parked", "next_at", "stage", "item"), None),
    ("ix_post_collect_due", "post", ("depth", "id"), "fetched_at IS NULL AND NOT given_up"),
    ("ix_post_media_capture_due", "post_media", ("id",), "video IS NULL AND NOT given_up"),
)  # fmt: skip

MARKS = (("video", "credentials_read"), ("post", "given_up"), ("post_media", "given_up"))
HELD = "({0}.fetched_at IS NOT NULL AND {0}.kind IN ('post', 'article'))"
KEEP = (
    "INSERT INTO fixity_check (kind, name, part, result, reason, size_bytes, checked_at, since_at) "
    "SELECT {kind}, {name}, {part}, '', '', 0, 0, 0 WHERE {name} IS NOT NULL "
    "ON CONFLICT (kind, name, part) DO NOTHING"
)
KEEP_KEYFRAMES = (
    "INSERT INTO fixity_check (kind, name, part, result, reason, size_bytes, checked_at, since_at) "
    "SELECT 'keyframes', fingerprint.video, algorithm.key, '', '', 0, 0, 0 FROM fingerprint "
    "JOIN algorithm ON algorithm.id = fingerprint.algorithm_id WHERE {which} "
    "ON CONFLICT (kind, name, part) DO NOTHING"
)
LAST_ALGORITHM = (
    "UPDATE video SET fingerprinted_by = (SELECT fingerprint.algorithm_id FROM fingerprint "
    "WHERE fingerprint.video = NEW.video ORDER BY fingerprint.id DESC LIMIT 1) "
    "WHERE sha256 = NEW.video"
)


def _count(name: str, by: str, part: str = "''") -> str:
    return count(f"'{name}'", by, part)


def _media(name: str) -> str:
    return KEEP.format(kind="'media'", name=name, part="''")


def _token(name: str) -> str:
    return KEEP.format(kind="'token'", name=name, part="''")


NO_LONGER_KEPT = (
    "DELETE FROM fixity_check WHERE kind = 'media' AND name = NEW.sha256 AND part = '' "
    "AND NOT EXISTS (SELECT 1 FROM capture WHERE body_sha256 = NEW.sha256) "
    "AND NOT EXISTS (SELECT 1 FROM content_credentials WHERE manifest_sha256 = NEW.sha256)"
)
GIVEN_UP = {
    "collect": "UPDATE post SET given_up = {parked} WHERE key = {item}",
    "capture": "UPDATE post_media SET given_up = {parked} WHERE id = CAST({item} AS BIGINT)",
}
NOT_DETECTED = (
    "UPDATE video SET detected_by = NULL "
    "WHERE sha256 = OLD.video AND detected_by = OLD.algorithm_id"
)
FRAMES_MORE = (
    "(SELECT CASE WHEN NEW.frames > most THEN NEW.frames - most ELSE 0 END FROM "
    "(SELECT coalesce(max(frames), 0) AS most FROM fingerprint "
    "WHERE video = NEW.video AND id <> NEW.id) AS others)"
)
CHANGED = f"{HELD.format('OLD')} <> {HELD.format('NEW')} OR OLD.platform <> NEW.platform"

TRIGGERS = (
    # --- marks: which stage has done its work -------------------------------------------------
    Trigger("mark_credentials", "INSERT", "content_credentials", "",
            ["UPDATE video SET credentials_read = TRUE WHERE sha256 = NEW.video"]),
    Trigger("mark_fingerprint", "INSERT", "fingerprint", "", [
        "UPDATE video SET fingerprinted_by = NEW.algorithm_id WHERE sha256 = NEW.video",
        KEEP_KEYFRAMES.format(which="fingerprint.id = NEW.id"),
        _count("frames", FRAMES_MORE),
    ]),
    Trigger("mark_detection", "INSERT", "detection", "",
            ["UPDATE video SET detected_by = NEW.algorithm_id WHERE sha256 = NEW.video"]),
    Trigger("mark_no_detection", "DELETE", "detection", "", [NOT_DETECTED]),
    Trigger("mark_forgotten", "INSERT", "deletion", "NEW.with_keyframes", [
        "UPDATE video SET fingerprinted_by = NULL WHERE sha256 = NEW.video",
        "DELETE FROM fixity_check WHERE kind = 'keyframes' AND name = NEW.video",
    ]),
    Trigger("mark_remade", "UPDATE OF remade_at", "deletion",
            "NEW.with_keyframes AND NEW.remade_at IS NOT NULL",
            [LAST_ALGORITHM, KEEP_KEYFRAMES.format(which="fingerprint.video = NEW.video")]),
    *(
        Trigger(f"mark_given_up_{stage}_{number}", event, "attempt", f"{row}.stage = '{stage}'",
                [GIVEN_UP[stage].format(parked=parked, item=f"{row}.item")])
        for stage in GIVEN_UP
        for number, (event, row, parked) in enumerate(
            (("INSERT", "NEW", "NEW.parked"), ("UPDATE OF parked", "NEW", "NEW.parked"),
            ("DELETE", "OLD", "FALSE"))
        )
    ),
    # --- the register of kept files, and counts -----------------------------------------------
    Trigger("count_video", "INSERT", "video", "", [_count("videos", "1")]),
    Trigger("count_kept", "INSERT", "video", "NEW.kept", [_media("NEW.sha256")]),
    Trigger("count_not_kept", "INSERT", "video", "NOT NEW.kept",
            [_count("without_original", "1")]),
    Trigger("count_kept_again", "UPDATE OF kept", "video", "NEW.kept AND NOT OLD.kept",
            [_media("NEW.sha256"), _count("without_original", "-1")]),
    Trigger("count_no_longer_kept", "UPDATE OF kept", "video", "OLD.kept AND NOT NEW.kept",
            [NO_LONGER_KEPT, _count("without_original", "1")]),
    Trigger("count_answer", "INSERT", "capture", "NEW.body_sha256 IS NOT NULL",
            [_media("NEW.body_sha256")]),
    Trigger("count_manifest", "INSERT", "content_credentials",
            "NEW.manifest_sha256 IS NOT NULL", [_media("NEW.manifest_sha256")]),
    Trigger("count_token", "INSERT", "timestamp_token", "",
            [_token(f"NEW.{name}") for name in ("request", "response", "chain", "ca")]),
    Trigger("count_post", "INSERT", "post", HELD.format("NEW"),
            [_count("posts", "1", "NEW.platform")]),
    Trigger("count_no_post", "DELETE", "post", HELD.format("OLD"),
            [_count("posts", "-1", "OLD.platform")]),
    Trigger("count_post_fetched", "UPDATE OF fetched_at, kind, platform", "post",
            f"{HELD.format('NEW')} AND ({CHANGED})", [_count("posts", "1", "NEW.platform")]),
    Trigger("count_post_changed", "UPDATE OF fetched_at, kind, platform", "post",
            f"{HELD.format('OLD')} AND ({CHANGED})", [_count("posts", "-1", "OLD.platform")]),
    Trigger("count_clip", "INSERT", "clip", "NEW.retired_at IS NULL", [_count("clips", "1")]),
    Trigger("count_clip_retired", "UPDATE OF retired_at", "clip",
            "OLD.retired_at IS NULL AND NEW.retired_at IS NOT NULL", [_count("clips", "-1")]),
    Trigger("count_clip_revived", "UPDATE OF retired_at", "clip",
            "OLD.retired_at IS NOT NULL AND NEW.retired_at IS NULL", [_count("clips", "1")]),
)  # fmt: skip

BACKFILL = [
    """UPDATE video SET credentials_read = EXISTS
       (SELECT 1 FROM content_credentials AS c WHERE c.video = video.sha256)""",
    """UPDATE video SET fingerprinted_by =
       (SELECT f.algorithm_id FROM fingerprint AS f WHERE f.video = video.sha256
        ORDER BY f.id DESC LIMIT 1)
       WHERE NOT EXISTS (SELECT 1 FROM deletion AS d WHERE d.video = video.sha256
                         AND d.with_keyframes AND d.remade_at IS NULL)""",
    """UPDATE video SET detected_by =
       (SELECT d.algorithm_id FROM detection AS d WHERE d.video = video.sha256
        ORDER BY d.at DESC LIMIT 1)""",
    """UPDATE post SET given_up = TRUE WHERE fetched_at IS NULL AND EXISTS
       (SELECT 1 FROM attempt AS a WHERE a.stage = 'collect' AND a.item = post.key AND a.parked)""",
    """UPDATE post_media SET given_up = TRUE WHERE video IS NULL AND EXISTS
       (SELECT 1 FROM attempt AS a WHERE a.stage = 'capture'
        AND a.item = CAST(post_media.id AS TEXT) AND a.parked)""",
    "INSERT INTO tally (name, part, n) SELECT 'videos', '', count(*) FROM video",
    """INSERT INTO tally (name, part, n)
       SELECT 'without_original', '', count(*) FROM video WHERE NOT kept""",
    """INSERT INTO tally (name, part, n) SELECT 'frames', '', coalesce(sum(most), 0) FROM
       (SELECT max(frames) AS most FROM fingerprint GROUP BY video) AS each_video""",
    """INSERT INTO tally (name, part, n)
       SELECT 'clips', '', count(*) FROM clip WHERE retired_at IS NULL""",
    """INSERT INTO tally (name, part, n) SELECT 'posts', platform, count(*) FROM post
       WHERE fetched_at IS NOT NULL AND kind IN ('post', 'article') GROUP BY platform""",
]
KEPT = (
    ("media", "sha256", "video", "kept"),
    ("media", "body_sha256", "capture", "body_sha256 IS NOT NULL"),
    ("media", "manifest_sha256", "content_credentials", "manifest_sha256 IS NOT NULL"),
    *(
        ("token", name, "timestamp_token", f"{name} IS NOT NULL")
        for name in ("request", "response", "chain", "ca")
    ),
)
NOT_FORGOTTEN = (
    "NOT EXISTS (SELECT 1 FROM deletion AS d WHERE d.video = fingerprint.video "
    "AND d.with_keyframes AND d.remade_at IS NULL)"
)


def upgrade() -> None:
    for table, name in MARKS:
        op.add_column(
            table, sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.add_column("video", sa.Column("fingerprinted_by", RowId, nullable=True))
    op.add_column("video", sa.Column("detected_by", RowId, nullable=True))
    op.add_column("fingerprint", sa.Column("keyframes_entry", RowId, nullable=True))
    op.create_table(
        "tally",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "part", name=op.f("pk_tally")),
    )
    for name, table, columns, where in INDEXES:
        condition = sa.text(where) if where else None
        op.create_index(
            name, table, list(columns), sqlite_where=condition, postgresql_where=condition
        )
    op.drop_index(op.f("ix_post_fetched_at"), table_name="post")  # ix_post_collect_due serves
    for statement in (*BACKFILL, *_register()):
        op.execute(statement)
    _name_entries()
    for trigger in TRIGGERS:
        create(trigger)


def _register() -> Iterator[str]:
    """Give every file that is kept its line, and take away those of files that are not."""
    columns = "(kind, name, part, result, reason, size_bytes, checked_at, since_at)"
    missing = "ON CONFLICT (kind, name, part) DO NOTHING"
    for kind, name, table, kept in KEPT:
        row = f"SELECT '{kind}', {name}, '', '', '', 0, 0, 0 FROM {table} WHERE {kept}"  # noqa: S608 - names of ours
        yield f"INSERT INTO fixity_check {columns} {row} {missing}"
    yield KEEP_KEYFRAMES.format(which=NOT_FORGOTTEN)
    yield (
        "DELETE FROM fixity_check WHERE kind = 'media' "
        "AND NOT EXISTS (SELECT 1 FROM video WHERE sha256 = fixity_check.name AND kept) "
        "AND NOT EXISTS (SELECT 1 FROM capture WHERE body_sha256 = fixity_check.name) AND NOT "
        "EXISTS (SELECT 1 FROM content_credentials WHERE manifest_sha256 = fixity_check.name)"
    )
    yield (
        "DELETE FROM fixity_check WHERE kind = 'keyframes' AND EXISTS (SELECT 1 FROM deletion "
        "AS d WHERE d.video = fixity_check.name AND d.with_keyframes AND d.remade_at IS NULL)"
    )


def _name_entries() -> None:
    """Note beside each fingerprint which entry of the ledger records its keyframes."""
    connection = op.get_bind()
    if connection is None or op.get_context().as_sql:
        return
    algorithms = {key: number for number, key in connection.execute(
        sa.text("SELECT id, key FROM algorithm")
    )}  # fmt: skip
    after = 0
    while True:
        rows = connection.execute(
            sa.text(
                "SELECT sequence, body FROM ledger_entry WHERE kind = 'fingerprint' "
                "AND sequence > :after ORDER BY sequence LIMIT 1000"
            ),
            {"after": after},
        ).all()
        if not rows:
            return
        named = [entry for sequence, body in rows if (entry := _named(sequence, body, algorithms))]
        if named:
            connection.execute(
                sa.text(
                    "UPDATE fingerprint SET keyframes_entry = :sequence "
                    "WHERE video = :video AND algorithm_id = :algorithm"
                ),
                named,
            )
        after = rows[-1][0]


def _named(sequence: int, body: str, algorithms: dict[str, int]) -> dict[str, object] | None:
    try:
        entry = json.loads(body)
        video, algorithm = entry["video"], algorithms[entry["algorithm"]]
    except (ValueError, KeyError, TypeError):
        return None  # a tampered entry: `tracker verify` names it
    return {"sequence": sequence, "video": str(video), "algorithm": algorithm}


def downgrade() -> None:
    for trigger in TRIGGERS:
        drop(trigger)
    for name, table, _, _ in reversed(INDEXES):
        op.drop_index(name, table_name=table)
    op.create_index(op.f("ix_post_fetched_at"), "post", ["fetched_at"])
    op.drop_table("tally")
    op.execute("DELETE FROM fixity_check WHERE result = ''")
    op.drop_column("fingerprint", "keyframes_entry")
    op.drop_column("video", "detected_by")
    op.drop_column("video", "fingerprinted_by")
    for table, name in reversed(MARKS):
        op.drop_column(table, name)
