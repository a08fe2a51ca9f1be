"""Counts that triggers keep, so that nobody has to count the rows."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.tables import TallyRow

VIDEOS = "videos"
WITHOUT_ORIGINAL = "without_original"
FRAMES = "frames"
CLIPS = "clips"
POSTS = "posts"
FAILING = "failing"
GIVEN_UP = "given_up"


def count(s: Session, name: str) -> int:
    """Return how many there are, over all parts."""
    query = select(func.sum(col(TallyRow.n))).where(col(TallyRow.name) == name)
    return int(s.scalar(query) or 0)


def parts(s: Session, name: str) -> dict[str, int]:
    """Return how many there are of each part that has any, by part."""
    query = select(col(TallyRow.part), col(TallyRow.n)).where(
        col(TallyRow.name) == name, col(TallyRow.n) > 0
    )
    return {row[0]: row[1] for row in s.execute(query.order_by(col(TallyRow.part)))}
