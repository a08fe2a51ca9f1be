"""Works off what is pending at one stage."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from jobs.monitor import Activity
from tracker import metrics
from tracker.clock import Clock
from tracker.errors import ToolError, TrackerError
from tracker.ingest.stage import Archive, Stage, attempt, remember_failure

T = TypeVar("T")

BATCH = 64
"""Items asked for at once: enough to keep workers busy, few enough to notice a stop."""

log = structlog.get_logger()


def drain(
    stage: Stage[T],
    archive: Archive,
    clock: Clock,
    stop: threading.Event,
    *,
    workers: int = 1,
    on_item: Callable[[str], None] = lambda _name: None,
    activity: Activity | None = None,
) -> int:
    """Do everything that is due at ``stage`` and return how many items were tried.

    ``activity`` is told what is in work. Ends early when ``stop`` is set. An item that fails is
    held back by the attempt ledger, so every item is tried at most once here.
    """
    done = 0
    tried: set[str] = set()
    told = activity or Activity(stage.name)

    def one(item: T) -> None:
        with told.item(stage.name, stage.key(item)):
            _one(stage, item, archive, clock, stop)

    with ThreadPoolExecutor(workers, thread_name_prefix=stage.name) as pool:
        while not stop.is_set():
            items = [item for item in stage.pending(BATCH) if stage.key(item) not in tried]
            if not items:
                break
            tried.update(stage.key(item) for item in items)
            for _ in pool.map(one, items):
                done += 1
                on_item(stage.name)
    return done


def _one(stage: Stage[T], item: T, archive: Archive, clock: Clock, stop: threading.Event) -> None:
    """Do one item; whatever goes wrong with it is logged, remembered, and ends here."""
    if stop.is_set():
        return
    try:
        error = attempt(stage, item, archive, clock, stop.is_set)
    except Exception as exc:
        if stop.is_set():  # work that was cancelled under its feet: released, not counted
            return
        log.exception("item_crashed", stage=stage.name, item=stage.key(item))
        metrics.count_item(stage.name, "crashed")
        error = ToolError(f"internal error: {type(exc).__name__}")
        _remember_quietly(stage.name, stage.key(item), error, archive, clock)
        return
    if error is None:
        metrics.count_item(stage.name, "done")
        log.info("item_done", stage=stage.name, item=stage.key(item))
    elif not stop.is_set():
        metrics.count_item(stage.name, "failed")
        log.warning("item_failed", stage=stage.name, item=stage.key(item), error=str(error))


def _remember_quietly(
    stage: str, key: str, error: TrackerError, archive: Archive, clock: Clock
) -> None:
    try:
        remember_failure(stage, key, error, archive, clock)
    except TrackerError as exc:  # the database itself is down: the next round tries again
        log.error("failure_not_recorded", stage=stage, item=key, error=str(exc))  # noqa: TRY400
