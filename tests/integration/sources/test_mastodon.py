"""Mastodon's family by the real Mastodon.py against loopback servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.integration.sources.conftest import LIMITS
from tests.support.footage import make_footage
from tests.support.mastodon_server import MastodonSite, serve_mastodon
from tests.support.pages import video_page
from tracker.app import App
from tracker.clock import SystemClock
from tracker.errors import (
    ForbiddenAddress,
    PostUnavailable,
    RateLimited,
    SourceError,
    TrackerError,
    UnsupportedSource,
)
from tracker.ingest.add import Stated
from tracker.model.post import LinkRelation, PostLink
from tracker.model.status import PostStatus
from tracker.model.watch import Watch
from tracker.net.guard import AddressGuard
from tracker.net.mastodon import MastodonClient
from tracker.net.urls import canonical_url
from tracker.sources.mastodon import Mastodon

ID = "115500000000000000"


@pytest.fixture
def site() -> Iterator[MastodonSite]:
    with serve_mastodon() as running:
        yield running


@pytest.fixture
def other() -> Iterator[MastodonSite]:
    with serve_mastodon() as running:
        yield running


@pytest.fixture
def mastodon(site: MastodonSite) -> Iterator[Mastodon]:
    client = MastodonClient(AddressGuard(allow_private=True), LIMITS, SystemClock())
    yield Mastodon(client, servers=(urlsplit(site.host).netloc,))
    client.close()


def test_a_post_with_all_there_is_to_it(site: MastodonSite, mastodon: Mastodon) -> None:
    quoted = site.publish("115400000000000000", "<p>first</p>", account="ben")
    parent = site.publish("115300000000000000", "<p>asked</p>", account="ben")
    url = site.publish(
        ID,
        '<p>Look<br>here <a href="https://example.org/a">a</a> '
        f'<a class="u-url mention" href="{site.host}/@ben">@ben</a></p><p>More</p>',
        in_reply_to_id="115300000000000000",
        in_reply_to_account_id="12",
        mentions=[{"id": "12", "username": "ben", "acct": "ben", "url": f"{site.host}/@ben"}],
        quote={"state": "accepted", "quoted_status": site.statuses["115400000000000000"]},
        media_attachments=[site.video("a.mp4"), {"type": "image", "url": "x"},
                           {**site.video("b.mp4", "78"), "type": "gifv", "url": None,
                            "remote_url": "https://far.example/b.mp4"}],
        card={"url": "https://example.org/card", "type": "link"},
        spoiler_text="A warning",
    )  # fmt: skip
    fetched = mastodon.fetch(url)
    post = fetched.post
    assert (post.key, post.platform, post.account) == (
        url, "mastodon", f"ann@{urlsplit(site.host).netloc}",
    )  # fmt: skip
    assert post.text == "A warning\n\nLook\nhere a @ben\n\nMore"
    assert post.links == (
        PostLink(parent, LinkRelation.REPLIES),
        PostLink(quoted, LinkRelation.QUOTES),
        PostLink("https://example.org/a", LinkRelation.LINKS),
        PostLink("https://example.org/card", LinkRelation.LINKS),
    )
    assert [ref.url for ref in post.media] == [
        f"{site.host}/media/a.mp4", "https://far.example/b.mp4",
    ]  # fmt: skip
    assert [claim.source for claim in post.claims] == ["mastodon:id", "mastodon:created_at"]
    assert "Mastodon.py" in dict(fetched.exchanges[0].tools)
    assert b"created_at" in fetched.exchanges[0].body
    assert mastodon.fetch(post.key).post == post


def test_a_copy_on_another_server_leads_to_the_original(
    site: MastodonSite, other: MastodonSite, mastodon: Mastodon
) -> None:
    origin = other.publish(ID, "<p>mine</p>", at="2026-01-01T00:00:00.000Z")
    remote = {**site.account("ann"), "acct": f"ann@{urlsplit(other.host).netloc}"}
    site.publish("115600000000000000", "<p>copy</p>", account="ann")
    site.statuses["115600000000000000"] |= {"url": origin, "account": remote}
    seen = f"{site.host}/@ann@{urlsplit(other.host).netloc}/115600000000000000"
    fetched = mastodon.fetch(seen)
    assert (fetched.post.key, fetched.post.text) == (origin, "mine")
    assert canonical_url(seen) in fetched.post.spellings
    assert len(fetched.exchanges) == 2
    other.statuses.clear()
    with pytest.raises(PostUnavailable) as caught:  # gone where it was published
        mastodon.fetch(seen)
    assert caught.value.status is PostStatus.DELETED


def test_what_is_gone_closed_limited_or_no_such_server(
    site: MastodonSite, mastodon: Mastodon
) -> None:
    with pytest.raises(PostUnavailable) as gone:
        mastodon.fetch(f"{site.host}/@ann/{ID}")
    assert gone.value.status is PostStatus.DELETED
    with pytest.raises(SourceError, match="accounts only"):
        mastodon.fetch(f"{site.host}/search?q=bridge")
    site.server.routes["/api/v1/accounts/lookup"] = lambda call: call.reply(b"<p>no", status=404)
    with pytest.raises(UnsupportedSource):
        mastodon.fetch(f"{site.host}/@ann")
    site.limited = True
    with pytest.raises(RateLimited) as limited:
        mastodon.fetch(f"{site.host}/@ann/{ID}")
    assert limited.value.retry_at is not None
    assert limited.value.retry_at <= datetime.now(UTC) + timedelta(days=30)


BODIES = [
    b"",
    b"no json",
    b"[]",
    b"5",
    b"{}",
    b"[" * 100_000,
    b'{"id": 5, "account": [], "url": {}}',
    b'"' + b"x" * 3_000_000 + b'"',
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("status", [200, 404, 500])
def test_hostile_answers_are_errors_in_one_sentence(
    body: bytes, status: int, site: MastodonSite, mastodon: Mastodon
) -> None:
    site.server.routes[f"/api/v1/statuses/{ID}"] = lambda call: call.reply(
        body, "application/json", status=status, headers={"X-RateLimit-Reset": "never"}
    )
    with pytest.raises(TrackerError) as caught:
        mastodon.fetch(f"{site.host}/@ann/{ID}")
    assert "\n" not in str(caught.value)
    assert "<" not in str(caught.value)


def test_wrong_types_in_a_status_are_passed_over(site: MastodonSite, mastodon: Mastodon) -> None:
    url = site.publish(
        ID,
        "<p>fine</p>",
        at="soon",
        media_attachments=[5, {"type": "video", "url": "file:///etc/passwd"}],
        mentions={"a": 1},
        card=[],
        quote=7,
        in_reply_to_id=["x"],
        spoiler_text=9,
        visibility=None,
    )
    post = mastodon.fetch(url).post
    assert (post.text, post.links, post.media) == ("fine", (), ())
    assert [claim.source for claim in post.claims] == ["mastodon:id"]


def test_half_a_character_in_an_account_ends_nothing(
    site: MastodonSite, mastodon: Mastodon
) -> None:
    """Found by fuzzing: JSON can hold lone surrogates, which no address can."""
    quoted = {"id": "109000000000000001", "account": {"acct": "ann\ud800"}}
    post = mastodon.fetch(site.publish(ID, "<p>fine</p>", quote=quoted)).post
    assert post.text == "fine"
    assert all(link.url.isascii() for link in post.links)


def test_markup_built_to_exhaust_a_parser_is_left_out(
    site: MastodonSite, mastodon: Mastodon
) -> None:
    """Found by fuzzing: nested without end it takes seconds for each of forty posts."""
    nested = "<div>" * 20_000 + '<a href="https://a.example/">a</a>'
    url = site.publish(ID, nested, spoiler_text="A warning")
    post = mastodon.fetch(url).post
    assert (post.text, post.links) == ("A warning", ())


def test_the_guard_is_asked(site: MastodonSite) -> None:
    client = MastodonClient(AddressGuard(), LIMITS, SystemClock())
    with pytest.raises(ForbiddenAddress):
        Mastodon(client).fetch(f"{site.host}/@ann/{ID}")
    client.close()
    assert site.server.seen == []


def watch_on(target: str, back_to: datetime | None = None) -> Watch:
    return Watch(canonical_url(target), 60, 1, 200, back_to=back_to)


def test_an_account_is_read_whole_and_then_only_what_is_new(
    site: MastodonSite, mastodon: Mastodon
) -> None:
    for n in range(90):
        site.publish(
            str(int(ID) + n), f"<p>No {n}</p>", at=f"2026-01-01T{n // 60:02}:{n % 60:02}:00Z"
        )
    theirs = {**site.statuses[ID], "id": "9", "url": "https://far.example/@x/115400000000000001"}
    boost = site.boost(str(int(ID) + 95), theirs, "2026-01-02T00:00:00Z")
    order = watch_on(f"{site.host}/@ann", datetime(2026, 1, 1, tzinfo=UTC))
    first = mastodon.recent(order, None)
    assert len(first.read) == 91
    share = first.read[0].post
    assert (share.key, share.media, share.text) == (boost, (), None)
    assert share.links == (
        PostLink("https://far.example/@x/115400000000000001", LinkRelation.SHARES),
    )
    order = replace(order, cursor=first.cursor)
    assert mastodon.recent(order, None).read == ()
    site.publish(str(int(ID) + 99), "<p>new</p>")
    site.server.seen.clear()
    assert len(mastodon.recent(order, None).read) == 1
    assert len([p for _, p, _ in site.server.seen if "/statuses" in p]) == 1


def test_a_hashtag_and_an_open_search(site: MastodonSite, mastodon: Mastodon) -> None:
    url = site.publish(ID, "<p>#bridge fell</p>")
    site.search_open = True
    for target in (f"{site.host}/tags/bridge", f"{site.host}/search?q=fell"):
        assert [f.post.key for f in mastodon.recent(watch_on(target), None).read] == [url]
    assert not Mastodon(MastodonClient(AddressGuard(), LIMITS, SystemClock())).accepts(
        f"{site.host}/tags/bridge"
    )


@pytest.fixture
def app(site: MastodonSite, make_app: Callable[..., AbstractContextManager[App]]) -> Iterator[App]:
    with make_app() as opened:
        yield opened


def test_add_yields_post_author_relations_claims_and_video(
    app: App, site: MastodonSite, tmp_path: Path
) -> None:
    make_footage(tmp_path / "clip.mp4", seed=3, seconds=4)
    site.files["/media/a.mp4"] = (tmp_path / "clip.mp4").read_bytes()
    first = site.publish("115400000000000000", "<p>first</p>", account="ben",
                         media_attachments=[site.video("a.mp4")])  # fmt: skip
    boost = site.boost(ID, site.statuses["115400000000000000"], "2026-02-02T00:00:00Z")
    added = app.add.take_in(boost, Stated())
    assert added.errors == ()
    assert [post.key for post in added.posts] == [boost, first]
    assert len(added.videos) == 1


def test_a_server_that_is_none_is_read_as_the_page_it_serves(
    app: App, site: MastodonSite, tmp_path: Path
) -> None:
    make_footage(tmp_path / "clip.mp4", seed=3, seconds=4)
    site.files["/media/a.mp4"] = (tmp_path / "clip.mp4").read_bytes()
    page = video_page("A page", f"{site.host}/media/a.mp4", "2026-02-01T10:00:00Z").encode()
    site.server.fallback = lambda call: (
        call.reply(site.files["/media/a.mp4"], "video/mp4")
        if call.path == "/media/a.mp4"
        else call.reply(page, status=404 if "/api/" in call.path else 200)
    )
    added = app.add.take_in(f"{site.host}/@ann/{ID}", Stated())
    assert added.errors == ()
    assert len(added.videos) == 1


def test_no_error_escapes_the_tree() -> None:
    from mastodon import errors

    from tracker.net.mastodon import mapped_library_errors

    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    raised = [kind for kind in kinds if issubclass(kind, errors.MastodonError)]
    assert len(raised) > 10
    for kind in raised:
        with pytest.raises(TrackerError), mapped_library_errors("https://x.test", []):
            raise kind("as it says")
