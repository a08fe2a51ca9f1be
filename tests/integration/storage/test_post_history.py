"""What became of a post: when it was last seen, first seen gone, back again, or changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from storage import post_edits, posts
from storage.database import Database
from tests.support.values import NOW, a_post
from tracker.model.ids import PostKey
from tracker.model.post import Post
from tracker.model.status import PostStatus

ONE = PostKey("https://x.test/one")
HOUR = timedelta(hours=1)


def read(database: Database, post: Post, at: datetime) -> None:
    with database.write() as s:
        posts.save_post(s, post, now=at, depth=0, origin=None, published=None)


def found(database: Database, status: PostStatus, at: datetime) -> None:
    with database.write() as s:
        posts.set_status(s, ONE, status, at)


def test_each_step_has_its_first_and_its_last_look(database: Database) -> None:
    live = replace(a_post(ONE), status=PostStatus.LIVE)
    for hours in (0, 1, 2):
        read(database, live, NOW + hours * HOUR)
    found(database, PostStatus.UNKNOWN, NOW + 3 * HOUR)  # an outage says nothing
    found(database, PostStatus.PRIVATE, NOW + 4 * HOUR)
    found(database, PostStatus.DELETED, NOW + 5 * HOUR)
    found(database, PostStatus.DELETED, NOW + 9 * HOUR)
    read(database, live, NOW + 10 * HOUR)
    with database.read() as s:
        history = posts.status_history(s, ONE)
    assert [(step.status.value, step.at - NOW, step.last_at - NOW) for step in history] == [
        ("live", 0 * HOUR, 2 * HOUR),
        ("private", 4 * HOUR, 4 * HOUR),
        ("deleted", 5 * HOUR, 9 * HOUR),
        ("live", 10 * HOUR, 10 * HOUR),
    ]


def test_a_changed_text_is_kept_with_both_looks_and_the_platforms_word(
    database: Database,
) -> None:
    first = replace(a_post(ONE), status=PostStatus.LIVE, title=None, text="They came  at night")
    read(database, first, NOW)
    read(database, replace(first, text="They came at\nnight"), NOW + HOUR)  # spacing only
    read(database, replace(first, text=None), NOW + 2 * HOUR)  # a reading without it
    changed = replace(first, text="Nobody came", edited_at=NOW + 150 * HOUR / 60)
    read(database, changed, NOW + 3 * HOUR)
    read(database, changed, NOW + 4 * HOUR)
    with database.read() as s:
        (edit,) = post_edits.edits(s, ONE)
        stored = posts.get_post(s, ONE)
        assert post_edits.edits(s, "https://x.test/unknown") == []
    assert (edit.field, edit.before.split(), edit.after) == (
        "text", ["They", "came", "at", "night"], "Nobody came",
    )  # fmt: skip
    assert (edit.last_seen_at, edit.first_seen_at) == (NOW + 2 * HOUR, NOW + 3 * HOUR)
    assert edit.edited_at == changed.edited_at
    assert stored is not None
    assert (stored.post.text, stored.post.edited_at) == ("Nobody came", changed.edited_at)


def test_what_is_found_to_be_one_post_keeps_the_history_of_both(database: Database) -> None:
    other = PostKey("https://x.test/short")
    for text, at in (("a", NOW), ("b", NOW + HOUR)):
        read(database, replace(a_post(other), text=text), at)
    read(database, a_post(ONE, spellings=(other,)), NOW + 2 * HOUR)
    with database.read() as s:
        assert [edit.after for edit in post_edits.edits(s, ONE)] == ["b"]
