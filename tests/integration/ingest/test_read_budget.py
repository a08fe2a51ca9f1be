"""Counted reads: never more than the month allows, whoever asks at the same time."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import api_reads, attempts
from storage.database import Database
from tests.integration.ingest.conftest import TurnedClock
from tracker.errors import QuotaSpent
from tracker.ingest.read_budget import MonthlyReads, lift, month_name, next_month, stopped

X = "x"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(f"sqlite:///{tmp_path / 'tracker.db'}")
    made.migrate()
    return made


def reads_of(database: Database, month: str) -> int:
    with database.read() as session:
        found = api_reads.month_of_reads(session, X, month)
    return found.reads if found else 0


def test_what_is_set_aside_is_settled_with_what_was_used(
    database: Database, clock: TurnedClock
) -> None:
    budget = MonthlyReads(database, X, 100, clock)
    reservation = budget.reserve(at_least=10, at_most=60)
    assert (reservation.reads, reads_of(database, "2026-03")) == (60, 60)
    assert budget.reserve(at_least=10, at_most=60).reads == 40
    budget.settle(reservation, 7)
    assert reads_of(database, "2026-03") == 47


def test_a_spent_month_says_so_and_the_next_begins_anew(
    database: Database, clock: TurnedClock
) -> None:
    budget = MonthlyReads(database, X, 10, clock)
    reservation = budget.reserve(at_least=1, at_most=8)
    with pytest.raises(QuotaSpent, match="10 reads of x that the config allows in 2026-03") as no:
        budget.reserve(at_least=3, at_most=8)
    assert no.value.retry_at == datetime(2026, 4, 1, tzinfo=UTC)
    assert no.value.retryable
    clock.turn(days=31)
    assert budget.reserve(at_least=10, at_most=10).month == "2026-04"
    budget.settle(reservation, 1)  # an answer that came after midnight counts where it was asked
    assert (reads_of(database, "2026-03"), reads_of(database, "2026-04")) == (1, 10)


def test_a_stop_by_the_platform_holds_until_the_operator_or_the_month_ends_it(
    database: Database, clock: TurnedClock
) -> None:
    budget = MonthlyReads(database, X, 100, clock)
    error = budget.stop("X says: usage cap exceeded")
    with database.write() as session:
        attempts.record_failure(
            session, "watch", "https://x.com/a", error=str(error), retryable=True,
            retry_at=error.retry_at, now=clock.now(), gives_up=False,
        )  # fmt: skip
        assert [month.platform for month in stopped(session, clock.now())] == [X]
    with pytest.raises(QuotaSpent, match="usage cap exceeded"):
        MonthlyReads(database, X, 100, clock).reserve(at_least=1, at_most=1)
    assert lift(database, X, clock)
    assert not lift(database, X, clock)
    with database.read() as session:
        assert attempts.failing(session) == []
    assert budget.reserve(at_least=1, at_most=1).reads == 1
    budget.stop("again")
    clock.turn(days=31)
    assert budget.reserve(at_least=1, at_most=1).reads == 1


def test_a_raised_limit_lets_what_waited_go_on(database: Database, clock: TurnedClock) -> None:
    budget = MonthlyReads(database, X, 1, clock)
    budget.reserve(at_least=1, at_most=1)
    with database.write() as session:
        for item, at in (("a", next_month(clock.now())), ("b", clock.now() + timedelta(days=9))):
            attempts.record_failure(
                session, "collect", item, error="e", retryable=True, retry_at=at, now=clock.now()
            )
    for limit, waiting in ((1, ["b", "a"]), (5, ["b"])):
        MonthlyReads(database, X, limit, clock).adopt_limit()
        with database.read() as session:
            assert [failure.item for failure in attempts.failing(session)] == waiting


def test_accounts_are_remembered_for_a_while(database: Database, clock: TurnedClock) -> None:
    budget = MonthlyReads(database, X, 1, clock)
    assert budget.account_id("NASA") is None
    budget.remember_account("NASA", "11348282")
    assert budget.account_id("nasa") == "11348282"
    clock.turn(days=31)
    assert budget.account_id("nasa") is None


def _spend(url: str, limit: int, counted: multiprocessing.Queue[int]) -> None:
    budget = MonthlyReads(Database(url), X, limit, TurnedClock())
    total = 0
    try:
        while True:
            reservation = budget.reserve(at_least=1, at_most=7)
            budget.settle(reservation, max(1, reservation.reads - 2))
            total += max(1, reservation.reads - 2)
    except QuotaSpent:
        counted.put(total)


def test_several_workers_together_read_exactly_what_is_allowed(database: Database) -> None:
    counted: multiprocessing.Queue[int] = multiprocessing.get_context("fork").Queue()
    workers = [
        multiprocessing.get_context("fork").Process(
            target=_spend, args=(database._url.render_as_string(), 150, counted)
        )
        for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    total = sum(counted.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join()
    assert total == 150 == reads_of(database, "2026-03")


@pytest.mark.parametrize(
    ("at", "name", "after"),
    [
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), "2026-12", datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2026, 2, 1, tzinfo=UTC), "2026-02", datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)
def test_months(at: datetime, name: str, after: datetime) -> None:
    assert (month_name(at), next_month(at)) == (name, after)
