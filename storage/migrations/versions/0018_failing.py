"""What fails is counted by triggers, and what is a finding rather than a failure is marked.

The status counted both by reading every post that was ever given up. A finding is a post that was
given up because its platform said why it cannot be seen: see ``attempts.failing``. Media that wait
for their capture are found by an index that SQLite prefers to that of videos.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.triggers import Trigger, count, create, drop

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ANSWERED = "({0}.platform <> 'web' AND {0}.status NOT IN ('live', 'unknown'))"
BY_KEY = "EXISTS (SELECT 1 FROM post WHERE post.key = attempt.item AND {0})"
BY_SPELLING = (
    "EXISTS (SELECT 1 FROM post_spelling JOIN post ON post.id = post_spelling.post_id "
    "WHERE post_spelling.url = attempt.item AND {0})"
)
FOUND = f"({BY_KEY} OR {BY_SPELLING})".format(ANSWERED.format("post"))
GIVEN_UP = "stage = 'collect' AND parked"
MARK = f"UPDATE attempt SET finding = {FOUND} WHERE {GIVEN_UP}"  # noqa: S608 - words of ours
NAMES = "(SELECT {0}.key UNION ALL SELECT url FROM post_spelling WHERE post_id = {0}.id)"

CLASS = "(CASE WHEN {0}.parked THEN 'given_up' ELSE 'failing' END)"
MOVED = "(OLD.parked <> NEW.parked OR OLD.finding <> NEW.finding)"


def _counted(row: str, by: str) -> list[str]:
    return [count(CLASS.format(row), by, f"{row}.stage")]


TRIGGERS = (
    # --- the mark: of an attempt that is given up, of a post that is answered, of its addresses ---
    Trigger("find_given_up", "INSERT", "attempt", "NEW.stage = 'collect' AND NEW.parked",
            [f"{MARK} AND item = NEW.item"]),
    Trigger("find_given_up_later", "UPDATE OF parked", "attempt",
            "NEW.stage = 'collect' AND NEW.parked AND NOT OLD.parked",
            [f"{MARK} AND item = NEW.item"]),
    Trigger("find_tried_again", "UPDATE OF parked", "attempt",
            "NEW.finding AND NOT NEW.parked",
            ["UPDATE attempt SET finding = FALSE WHERE stage = NEW.stage AND item = NEW.item"]),
    Trigger("find_answered", "INSERT", "post", ANSWERED.format("NEW"),
            [f"{MARK} AND item = NEW.key"]),
    Trigger("find_answered_later", "UPDATE OF status, platform", "post",
            f"{ANSWERED.format('OLD')} <> {ANSWERED.format('NEW')}",
            [f"{MARK} AND item IN {NAMES.format('NEW')}"]),
    Trigger("find_removed", "DELETE", "post", ANSWERED.format("OLD"),
            [f"{MARK} AND item = OLD.key"]),
    Trigger("find_address", "INSERT", "post_spelling", "", [f"{MARK} AND item = NEW.url"]),
    Trigger("find_address_moved", "UPDATE OF post_id", "post_spelling", "",
            [f"{MARK} AND item = NEW.url"]),
    Trigger("find_address_removed", "DELETE", "post_spelling", "",
            [f"{MARK} AND item = OLD.url"]),
    # --- the counts: what is tried again and what is given up, by stage, without findings --------
    Trigger("count_failing", "INSERT", "attempt", "NOT NEW.finding", _counted("NEW", "1")),
    Trigger("count_failing_before", "UPDATE OF parked, finding", "attempt",
            f"{MOVED} AND NOT OLD.finding", _counted("OLD", "-1")),
    Trigger("count_failing_after", "UPDATE OF parked, finding", "attempt",
            f"{MOVED} AND NOT NEW.finding", _counted("NEW", "1")),
    Trigger("count_failing_over", "DELETE", "attempt", "NOT OLD.finding", _counted("OLD", "-1")),
)  # fmt: skip

FORMER, INDEX = "ix_attempt_parked_next_at", "ix_attempt_finding_parked_next_at"
CAPTURE_DUE = "ix_post_media_capture_due"


def upgrade() -> None:
    op.add_column(
        "attempt", sa.Column("finding", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.drop_index(FORMER, table_name="attempt")
    op.create_index(INDEX, "attempt", ["finding", "parked", "next_at", "stage", "item"])
    _index_captures(["video", "id"])
    op.execute(MARK)
    op.execute(
        f"INSERT INTO tally (name, part, n) SELECT {CLASS.format('attempt')}, stage, count(*) "  # noqa: S608
        "FROM attempt WHERE NOT finding GROUP BY parked, stage"
    )
    for trigger in TRIGGERS:
        create(trigger)


def _index_captures(columns: list[str]) -> None:
    due = sa.text("video IS NULL AND NOT given_up")
    op.drop_index(CAPTURE_DUE, table_name="post_media")
    op.create_index(CAPTURE_DUE, "post_media", columns, sqlite_where=due, postgresql_where=due)


def downgrade() -> None:
    for trigger in TRIGGERS:
        drop(trigger)
    op.execute("DELETE FROM tally WHERE name IN ('failing', 'given_up')")
    _index_captures(["id"])
    op.drop_index(INDEX, table_name="attempt")
    op.create_index(FORMER, "attempt", ["parked", "next_at", "stage", "item"])
    op.drop_column("attempt", "finding")
