"""Listings read page by page: nothing lost, nothing twice, no budget passed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.clock import SystemClock
from tracker.errors import RateLimited
from tracker.model.capture import Exchange
from tracker.model.ids import Platform, PostKey
from tracker.model.post import Post, PostKind
from tracker.model.watch import Watch
from tracker.sources import ytdlp_listing
from tracker.sources.paging import MAX_PAGES, Item, Page, poll_pages, position_from

START = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = 5


@dataclass
class Listing:
    """Posts by number, newest first, in pages; the page token is the number to go on below."""

    count: int = 0
    asked: list[str | None] = field(default_factory=list)
    limit_after: int | None = None

    def page(self, token: str | None) -> Page:
        if self.limit_after is not None and len(self.asked) >= self.limit_after:
            raise RateLimited("wait", retry_at=START)
        self.asked.append(token)
        top = int(token) if token else self.count
        numbers = range(top, max(0, top - PAGE), -1)
        rest = top - PAGE
        now = SystemClock().now()
        exchange = Exchange(f"https://list.example/{top}", "", 200, None, now, now, b"{}")
        return Page(tuple(map(item, numbers)), str(rest) if rest > 0 else None, (exchange,))


def item(number: int) -> Item:
    post = Post(PostKey(f"https://list.example/{number}"), Platform("web"), PostKind.POST)
    return Item(number, post, START + timedelta(hours=number))


def watch(budget: int = 100, back_to: datetime | None = None) -> Watch:
    return Watch("https://list.example/", 60, 0, budget, back_to=back_to)


def poll(listing: Listing, order: Watch) -> tuple[Watch, list[int]]:
    listing.asked.clear()
    polled = poll_pages(order, listing.page)
    numbers = [int(fetched.post.key.rpartition("/")[2]) for fetched in polled.read]
    return replace(order, cursor=polled.cursor), numbers


def test_the_first_poll_takes_one_page_and_later_ones_what_is_new() -> None:
    listing = Listing(20)
    order, first = poll(listing, watch())
    assert (first, listing.asked) == ([20, 19, 18, 17, 16], [None])
    listing.count = 22
    order, second = poll(listing, order)
    assert (second, listing.asked) == ([22, 21], [None])
    _, third = poll(listing, order)
    assert (third, listing.asked) == ([], [None])


def test_a_first_page_over_the_budget_is_finished_later_and_goes_no_deeper() -> None:
    order, first = poll(Listing(20), watch(budget=3))
    order, second = poll(Listing(20), order)
    order, third = poll(Listing(20), order)
    assert [first, second, third] == [[20, 19, 18], [17, 16], []]


def test_a_back_fill_goes_back_to_its_date_and_stops_there() -> None:
    order, taken = poll(Listing(40), watch(back_to=START + timedelta(hours=23)))
    assert taken == list(range(40, 22, -1))
    assert poll(Listing(40), order)[1] == []


def test_a_back_fill_asked_for_later_is_done_then() -> None:
    order, _ = poll(Listing(40), watch())
    order, taken = poll(Listing(40), replace(order, back_to=START + timedelta(hours=31)))
    assert taken == list(range(40, 30, -1))
    assert poll(Listing(40), order)[1] == []


def test_a_rate_limit_keeps_what_was_read_and_goes_on_from_there() -> None:
    listing = Listing(20, limit_after=2)
    polled = poll_pages(watch(back_to=START), listing.page)
    assert isinstance(polled.interrupted, RateLimited)
    assert [int(f.post.key.rpartition("/")[2]) for f in polled.read] == list(range(20, 10, -1))
    listing.limit_after = None
    _, rest = poll(listing, replace(watch(back_to=START), cursor=polled.cursor))
    assert rest == list(range(10, 0, -1))


def test_a_rate_limit_before_anything_was_read_is_raised() -> None:
    with pytest.raises(RateLimited):
        poll_pages(watch(), Listing(20, limit_after=0).page)


def test_one_poll_asks_for_so_many_pages_at_most() -> None:
    listing = Listing(10_000)
    order, taken = poll(listing, watch(budget=9_999, back_to=START))
    assert (len(taken), len(listing.asked)) == (MAX_PAGES * PAGE, MAX_PAGES)
    _, more = poll(listing, order)
    assert more[0] == taken[-1] - 1


@given(
    bursts=st.lists(st.integers(0, 23), max_size=18),
    budget=st.integers(1, 12),
    first=st.integers(0, 30),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_bursts_everything_is_taken_once(
    bursts: list[int], budget: int, first: int
) -> None:
    listing, order, taken = Listing(first), watch(budget=budget, back_to=START), []
    for burst in bursts:
        listing.count += burst
        order, new = poll(listing, order)
        assert len(new) <= budget
        taken += new
    for _ in range(listing.count + 1):
        order, new = poll(listing, order)
        assert len(new) <= budget
        taken += new
    assert sorted(taken) == list(range(1, listing.count + 1))


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", '{"rest": 5}', '{"rest": [[1,2,3,4]]}', "[" * 100_000]
)
def test_a_position_that_cannot_be_read_is_the_beginning(text: str | None) -> None:
    assert position_from(text).newest is None
    assert ytdlp_listing.position_from(text) == ytdlp_listing.Position()
