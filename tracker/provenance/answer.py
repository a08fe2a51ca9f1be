"""What says that an appearance is the earliest known, what contradicts and would overturn it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tracker.model.chain import Answer, Conflict
from tracker.model.clip import Appearance
from tracker.model.time_claim import ForgeableBy, TimeClaim
from tracker.provenance.order import interval_of

MAX_NAMED = 5
"""How many appearances that may be older are named."""


def answer(
    root: Appearance,
    rivals: Sequence[Appearance],
    claim_conflicts: Iterable[Conflict],
    described: Sequence[str],
    looking_alike: Sequence[str],
) -> Answer:
    """Return what the answer rests on; ``described`` names the rivals in their order.

    ``looking_alike`` names videos that may show another moment before the same camera.
    """
    return Answer(
        supported_by=_supporting(root),
        contradicted_by=tuple(
            conflict.text for conflict in claim_conflicts if conflict.appearance == root.id
        ),
        overturned_by=(*_overturning(root, rivals, described), *_if_the_same(looking_alike)),
    )


def _supporting(root: Appearance) -> tuple[TimeClaim, ...]:
    """Return the claims of the kind that is gone by and that agree with the interval."""
    if root.published is None:
        return ()
    interval = root.published.interval
    return tuple(
        claim
        for claim in root.claims
        if claim.kind is root.published.basis and claim.interval.overlaps(interval)
    )


def _overturning(
    root: Appearance, rivals: Sequence[Appearance], described: Sequence[str]
) -> Iterable[str]:
    latest = interval_of(root).latest_at
    when = "before this one was published"
    if latest is not None:
        when = f"before {latest.strftime('%Y-%m-%d %H:%M:%S')} UTC"
    yield f"a showing of this footage, not held here, that was public {when}"
    for name in described[:MAX_NAMED]:
        yield f"proof that {name} was public {when}"
    if len(rivals) > MAX_NAMED:
        yield f"the same of any of {len(rivals) - MAX_NAMED} more"
    supporting = _supporting(root)
    if supporting and all(claim.forgeable_by is ForgeableBy.UPLOADER for claim in supporting):
        yield "proof that its uploader stated a false time: nobody else vouches for it"


def _if_the_same(looking_alike: Sequence[str]) -> Iterable[str]:
    if not looking_alike:
        return
    named = ", ".join(looking_alike[:MAX_NAMED])
    more = len(looking_alike) - MAX_NAMED
    named += f" and {more} more" if more > 0 else ""
    yield (
        "a look at videos that are alike but may show another moment before the same camera, "
        f"for which reason they are not in this chain (`tracker lookup` says where they were "
        f"seen): {named}"
    )
