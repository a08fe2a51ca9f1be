"""What fails is counted and told from findings by triggers, as reading all rows would tell it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from alembic import command
from sqlalchemy import create_engine, text
from sqlmodel import Session

from storage import attempts, posts
from storage.database import Database
from storage.migrations.runner import migration_config
from storage.pending import CAPTURE, COLLECT
from tests.support.values import NOW, a_post
from tracker.model.ids import Platform, PostKey
from tracker.model.status import PostStatus

ANSWERED = (
    "SELECT 1 FROM post AS p WHERE p.platform <> 'web' AND p.status NOT IN ('live', 'unknown') "
    "AND (p.key = a.item OR p.id IN (SELECT post_id FROM post_spelling WHERE url = a.item))"
)
ALL_THAT_FAILS = (
    "SELECT stage, item, parked FROM attempt AS a WHERE NOT (stage = 'collect' AND parked "  # noqa: S608
    f"AND EXISTS ({ANSWERED}))"
)
URLS = [f"https://x.test/a/status/{number}" for number in range(5)]


def _fails(s: Session, stage: str, item: str, *, for_good: bool = True) -> None:
    attempts.record_failure(
        s, stage, item, error="no", retryable=not for_good, retry_at=None, now=NOW
    )


def _expect_what_the_rows_say(s: Session) -> None:
    rows = [(stage, item, bool(parked)) for stage, item, parked in s.execute(text(ALL_THAT_FAILS))]
    assert sorted((f.stage, f.item, f.parked) for f in attempts.failing(s)) == sorted(rows)
    counted = Counter((stage, parked) for stage, _, parked in rows)
    assert attempts.count_failing(s) == counted


def _saved(s: Session, url: str, status: PostStatus, *others: str, platform: str = "x") -> None:
    post = a_post(url, status=status, platform=Platform(platform), spellings=others)
    posts.save_post(s, post, now=NOW, depth=0, origin=None, published=None)


def test_a_post_given_up_because_its_platform_answered_is_no_failure(database: Database) -> None:
    with database.write() as s:
        for url in URLS[:3]:
            _fails(s, COLLECT, url)
        _fails(s, CAPTURE, "1")
        _fails(s, COLLECT, URLS[3], for_good=False)
        assert attempts.count_failing(s) == {
            (COLLECT, True): 3, (COLLECT, False): 1, (CAPTURE, True): 1,
        }  # fmt: skip
        _saved(s, URLS[0], PostStatus.DELETED)
        _saved(s, URLS[1], PostStatus.DELETED, platform="web")
        _saved(s, URLS[3], PostStatus.PRIVATE, URLS[2])
        assert [f.item for f in attempts.failing(s)] == ["1", URLS[1], URLS[3]]
        _expect_what_the_rows_say(s)
        posts.set_status(s, PostKey(URLS[0]), PostStatus.LIVE, NOW)
        assert attempts.count_failing(s)[COLLECT, True] == 2
        _expect_what_the_rows_say(s)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_to_posts_and_attempts_the_counts_are_those_of_the_rows(
    database: Database, seed: int
) -> None:
    chance = Random(seed)  # noqa: S311 - the same each time
    with database.write() as s:
        for _ in range(60):
            url, other = chance.sample(URLS, 2)
            match chance.randrange(6):
                case 0 | 1:
                    stage = chance.choice([COLLECT, COLLECT, CAPTURE])
                    _fails(s, stage, url, for_good=chance.random() < 0.7)
                case 2:
                    attempts.clear(s, COLLECT, url)
                case 3:
                    attempts.release_waiting(s, NOW + timedelta(minutes=1))
                case 4:
                    platform = chance.choice(["x", "web"])
                    _saved(s, url, chance.choice(list(PostStatus)), platform=platform)
                case _:
                    _saved(s, url, chance.choice(list(PostStatus)), other)
            _expect_what_the_rows_say(s)


def test_an_archive_of_an_older_release_is_counted_when_it_is_taken_up(
    database: Database,
) -> None:
    with database.write() as s:
        for url in URLS[:4]:
            _fails(s, COLLECT, url)
        _fails(s, CAPTURE, "7", for_good=False)
        _saved(s, URLS[0], PostStatus.DELETED)
        _saved(s, URLS[4], PostStatus.PRIVATE, URLS[1])
        before = attempts.count_failing(s)
    database.close()
    engine, config = create_engine(f"sqlite:///{database.path}"), migration_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0017")
        assert connection.scalar(text("SELECT count(*) FROM tally WHERE name = 'given_up'")) == 0
    engine.dispose()
    database.migrate()
    with database.write() as s:
        assert before == attempts.count_failing(s) == {(COLLECT, True): 2, (CAPTURE, False): 1}
        _expect_what_the_rows_say(s)
        attempts.clear(s, COLLECT, URLS[0])
        attempts.clear(s, COLLECT, URLS[2])
        _expect_what_the_rows_say(s)
