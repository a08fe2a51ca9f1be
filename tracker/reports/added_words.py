"""What an addition left, in words for people."""

from __future__ import annotations

from tracker.model.added import AddedResult
from tracker.reports.wording import count_words


def left_words(result: AddedResult) -> list[str]:
    """Return in sentences which links were not followed, and why; none where all were."""
    left = result.left
    told = (
        (left.over_budget, f"left: the budget of {left.budget} posts is spent."),
        (left.beyond_depth, f"not followed, beyond the depth of {left.depth}."),
    )
    return [f"{count_words(count, 'link')} {why}" for count, why in told if count]
