"""Order, parents and conflicts of a chain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from math import log

import pytest

from tests.unit.provenance.test_footage import vid
from tracker.model.chain import Chain, Relation
from tracker.model.clip import Appearance, Clip, PostSummary
from tracker.model.ids import AppearanceId, ClipId, Platform, PostKey, VideoId
from tracker.model.match import Match, Segment
from tracker.model.post import LinkRelation
from tracker.model.time_claim import ClaimKind, Published, TimeInterval
from tracker.model.verdict import Verdict, VerdictKind
from tracker.provenance.chain import ChainInputs, build_chain

DAY = datetime(2022, 9, 9, tzinfo=UTC)
CLIP = Clip(ClipId("clip-0000000000000000"), vid("a"), 0, 10_000)


def dated(hours: float, width_h: float = 0.0) -> Published:
    start = DAY + timedelta(hours=hours)
    return Published(
        TimeInterval(start, start + timedelta(hours=width_h)), ClaimKind.PLATFORM_REPORTED
    )


def seen_by(hours: float) -> Published:
    return Published(TimeInterval(None, DAY + timedelta(hours=hours)), ClaimKind.FIRST_OBSERVED)


def appearance(
    name: str,
    published: Published | None,
    *,
    video: str | None = None,
    cites: bool = False,
    end_ms: int = 10_000,
) -> Appearance:
    key = PostKey(f"https://x.com/i/status/{name}")
    return Appearance(
        id=AppearanceId(f"app-{name}"),
        clip=CLIP.id,
        video=vid(video or name),
        start_ms=0,
        end_ms=end_ms,
        post=PostSummary(key, Platform("x"), name, published),
        published=published,
        cites=cites,
    )


def all_match(
    appearances: Iterable[Appearance], end_ms: int = 10_000
) -> dict[tuple[VideoId, VideoId], Match]:
    """Every two videos share their first seconds."""
    segment = Segment(0, end_ms, 0, end_ms, 1.0, False, 0.9)
    videos = {seen.video for seen in appearances}
    return {pair: Match(*pair, 0.9, (segment,)) for pair in permutations(sorted(videos), 2)}


def chain_of(
    *appearances: Appearance,
    stated: Mapping[tuple[PostKey, PostKey], LinkRelation] | None = None,
    media_ids: Mapping[PostKey, frozenset[str]] | None = None,
) -> Chain:
    inputs = ChainInputs(CLIP, appearances, stated or {}, media_ids or {})
    return build_chain(inputs, all_match(inputs.appearances), history=(), revision=1, as_of=DAY)


def relations(chain: Chain) -> dict[str, tuple[str | None, Relation]]:
    return {link.appearance.id: (link.parent, link.relation) for link in chain.links}


def test_the_earliest_certain_publication_is_the_root_and_certain() -> None:
    chain = chain_of(appearance("late", dated(5)), appearance("early", dated(0)))
    assert chain.root == "app-early"
    assert chain.links[0].confidence == 1.0
    assert chain.conflicts == ()


def test_something_merely_observed_cannot_be_ordered_and_is_named() -> None:
    chain = chain_of(appearance("dated", dated(0)), appearance("undated", seen_by(3)))
    assert chain.root == "app-dated"
    assert chain.links[0].confidence == 0.5
    assert "status/undated" in chain.conflicts[0].text
    assert "Not orderable" in chain.conflicts[0].text


def test_an_observation_before_every_dated_post_becomes_the_root() -> None:
    chain = chain_of(appearance("dated", dated(10)), appearance("seen", seen_by(3)))
    assert chain.root == "app-seen"


def test_the_platforms_word_goes_before_the_picture() -> None:
    root, share = appearance("root", dated(0)), appearance("share", dated(1))
    assert share.post is not None
    assert root.post is not None
    chain = chain_of(root, share, stated={(share.post.key, root.post.key): LinkRelation.SHARES})
    assert relations(chain)["app-share"] == ("app-root", Relation.NATIVE_SHARE)


def test_equal_media_ids_are_the_same_upload() -> None:
    root, again = appearance("root", dated(0)), appearance("again", dated(1))
    assert again.post is not None
    assert root.post is not None
    ids = {root.post.key: frozenset({"717"}), again.post.key: frozenset({"717"})}
    chain = chain_of(root, again, media_ids=ids)
    assert relations(chain)["app-again"] == ("app-root", Relation.SAME_MEDIA)


def test_who_has_an_upload_from_whom_is_as_sure_as_the_times_are() -> None:
    def confidence(first: Published, second: Published) -> float:
        one, again = appearance("one", first), appearance("again", second)
        assert again.post is not None
        assert one.post is not None
        ids = {one.post.key: frozenset({"717"}), again.post.key: frozenset({"717"})}
        return chain_of(one, again, media_ids=ids).links[1].confidence

    assert confidence(dated(0), dated(1)) > 0.9
    assert confidence(seen_by(3), seen_by(3)) < 0.6


def test_equal_bytes_are_the_same_file() -> None:
    chain = chain_of(appearance("a", dated(0), video="v"), appearance("b", dated(1), video="v"))
    assert relations(chain)["app-b"] == ("app-a", Relation.SAME_FILE)


def test_an_article_that_shows_a_post_cites_it_and_is_never_the_root() -> None:
    post, article = (
        appearance("post", dated(5)),
        appearance("page", dated(1), video="post", cites=True),
    )
    assert post.post is not None
    assert article.post is not None
    chain = chain_of(post, article, stated={(article.post.key, post.post.key): LinkRelation.EMBEDS})
    assert chain.root == "app-post"
    assert relations(chain)["app-page"] == ("app-post", Relation.CITES)


def test_a_page_that_shows_two_posts_is_one_appearance_and_cites_the_earlier() -> None:
    early, late = appearance("early", dated(0)), appearance("late", dated(3))
    pages = [appearance("page", dated(5), video=name, cites=True) for name in ("late", "early")]
    assert early.post is not None
    assert late.post is not None
    assert pages[0].post is not None
    stated = {
        (pages[0].post.key, post.key): LinkRelation.EMBEDS for post in (early.post, late.post)
    }
    for order in permutations(
        [early, late, *[replace(p, id=AppearanceId(f"app-{i}")) for i, p in enumerate(pages)]]
    ):
        chain = chain_of(*order, stated=stated)
        assert [link.relation for link in chain.links] == [
            Relation.ROOT,
            Relation.COPY,
            Relation.CITES,
        ]
        assert chain.links[2].parent == "app-early"


def test_a_part_of_the_clip_is_a_partial_copy() -> None:
    chain = chain_of(appearance("a", dated(0)), appearance("b", dated(1), end_ms=4_000))
    assert relations(chain)["app-b"] == ("app-a", Relation.PARTIAL_COPY)


def test_no_parent_is_later_than_its_child() -> None:
    names = [appearance(str(i), dated(i)) for i in range(6)]
    chain = chain_of(*names)
    position = {link.appearance.id: i for i, link in enumerate(chain.links)}
    for link in chain.links[1:]:
        assert link.parent is not None
        assert position[link.parent] < position[link.appearance.id]


def test_nobody_descends_from_what_came_to_be_later_by_way_of_an_undated_one() -> None:
    """The pictures would have: of this year, without a date, of four years ago."""
    late, undated, old = (
        appearance("late", dated(30_000)),
        appearance("undated", seen_by(40_000)),
        appearance("old", dated(0)),
    )
    likely = {(vid("undated"), vid("late")): 5.0, (vid("old"), vid("undated")): 5.0}

    def odds(match: Match) -> float:
        return likely.get((match.query, match.reference), 0.0)

    inputs = ChainInputs(CLIP, (late, undated, old))
    chain = build_chain(
        inputs, all_match(inputs.appearances), history=(), revision=1, as_of=DAY, odds_of=odds
    )
    told = relations(chain)
    assert chain.root in {"app-old", "app-undated"}
    assert told["app-late"][0] is not None
    assert (told["app-old"][0], told["app-undated"][0]) != ("app-undated", "app-late")


def test_all_orders_of_arrival_give_the_same_chain() -> None:
    things = [
        appearance("a", dated(0, 2)),
        appearance("b", dated(1, 2)),
        appearance("c", seen_by(4)),
        appearance("d", dated(9), video="a"),
    ]
    chains = {chain_of(*order) for order in permutations(things)}
    assert len(chains) == 1


def test_without_appearances_there_is_no_chain() -> None:
    with pytest.raises(ValueError, match="no appearance"):
        chain_of()


def test_a_later_video_that_shows_more_is_no_copy_of_its_excerpt() -> None:
    excerpt, longer = appearance("excerpt", dated(0), end_ms=4_000), appearance("longer", dated(5))

    inputs = ChainInputs(CLIP, (excerpt, longer))
    partly = all_match((excerpt, longer), end_ms=4_000)
    chain = build_chain(inputs, partly, history=(), revision=1, as_of=DAY)
    assert chain.root == "app-excerpt"
    assert chain.links[1].parent is None
    assert "common source" in chain.links[1].why


def test_the_pictures_may_say_that_an_undated_one_came_first() -> None:
    dated_one, undated = appearance("dated", dated(5)), appearance("undated", None)

    def odds(match: Match) -> float:
        return -1.0 if match.reference == undated.video else -9.0

    inputs = ChainInputs(CLIP, (dated_one, undated))
    chain = build_chain(
        inputs, all_match(inputs.appearances), history=(), revision=1, as_of=DAY, odds_of=odds
    )
    assert chain.root == "app-undated"
    assert "by the pictures" in chain.links[0].why
    assert chain.links[0].confidence < 1.0
    assert relations(chain)["app-dated"][0] == "app-undated"


@pytest.mark.parametrize("one_upload", [False, True])
def test_an_undated_original_comes_before_a_copy_of_it_that_its_dated_repost_comes_after(
    one_upload: bool,
) -> None:
    original, repost, copy = (
        appearance("original", None, video="v"),
        appearance("repost", dated(9), video="v"),
        appearance("copy", dated(5)),
    )
    assert original.post is not None
    assert repost.post is not None
    upload = frozenset({"717"} if one_upload else ())

    def odds(match: Match) -> float:
        return -1.0 if match.reference == original.video else -9.0

    def precedes(match: Match) -> float:
        return log(0.9) if match.reference == original.video else log(0.1)

    inputs = ChainInputs(
        CLIP, (original, repost, copy), {}, {original.post.key: upload, repost.post.key: upload}
    )
    matches = all_match(inputs.appearances)
    chain = build_chain(
        inputs, matches, history=(), revision=1, as_of=DAY, odds_of=odds, precedes_of=precedes
    )
    told = relations(chain)
    assert chain.root == "app-original"
    assert told["app-copy"][0] == "app-original"
    assert told["app-repost"][0] == "app-original"


def test_the_answer_says_what_it_rests_on_and_what_would_overturn_it() -> None:
    chain = chain_of(appearance("dated", dated(0)), appearance("undated", seen_by(3)))
    first, second = chain.answer.overturned_by
    assert "before 2022-09-09 00:00:00 UTC" in first
    assert "status/undated" in second


def test_what_looks_alike_and_is_not_joined_is_named_until_somebody_judged_it() -> None:
    seen = (appearance("dated", dated(0)),)
    alike = [VideoId(digit * 64) for digit in "123456789"]
    unsure, different = (
        Verdict(CLIP.id, alike[0], kind, by="a", why="b", at=DAY, algorithm="c")
        for kind in (VerdictKind.UNSURE, VerdictKind.DIFFERENT)
    )
    found = []
    for verdicts in ((), (unsure,), (unsure, different)):
        inputs = ChainInputs(CLIP, seen, looking_alike=alike[::-1], verdicts=verdicts)
        chain = build_chain(inputs, {}, history=(), revision=1, as_of=DAY)
        assert len(chain.answer.overturned_by) == 2
        found.append(chain.answer.overturned_by[1])
    assert found[0] == found[1]
    assert found[0].endswith("the file 555555555555… and 4 more")
    assert "111111111111" in found[0]
    assert "111111111111" not in found[2]
    assert found[2].endswith("the file 666666666666… and 3 more")
    assert len(chain_of(*seen).answer.overturned_by) == 1


def test_of_several_posts_of_one_file_the_last_before_the_copy_is_named() -> None:
    posts = [appearance(f"a{day}", dated(24 * day), video="a") for day in (0, 2, 4)]
    copy = appearance("copy", dated(72), video="b")
    named = chain_of(*posts, copy).links[2]
    alone = chain_of(posts[0], copy).links[1]
    assert (named.appearance.id, named.parent) == ("app-copy", "app-a2")
    assert named.confidence == pytest.approx(alone.confidence / 2, abs=0.001)
    assert "that file is in 2 posts" in named.why
    assert "that file" not in alone.why


def test_a_post_that_certainly_came_before_goes_before_one_that_may_have() -> None:
    first, undated = appearance("a0", dated(0), video="a"), appearance("a1", None, video="a")
    chain = chain_of(first, undated, appearance("copy", dated(72), video="b"))
    assert relations(chain)["app-copy"][0] == "app-a0"


def test_who_copies_a_native_share_copies_the_post_that_it_shares() -> None:
    root, share = appearance("a0", dated(0), video="a"), appearance("a1", dated(1), video="a")
    copy = appearance("copy", dated(2), video="b")
    assert root.post is not None
    assert share.post is not None
    stated = {(share.post.key, root.post.key): LinkRelation.SHARES}
    assert relations(chain_of(root, share, copy, stated=stated))["app-copy"][0] == "app-a0"


def test_a_post_that_carries_the_copy_s_own_upload_is_not_what_the_copy_was_made_from() -> None:
    root, copy = appearance("root", dated(0)), appearance("copy", dated(2, 48))
    source, again = appearance("a0", None, video="a"), appearance("a1", dated(3, 48), video="a")
    assert copy.post is not None
    assert again.post is not None
    ids = {copy.post.key: frozenset({"717"}), again.post.key: frozenset({"717"})}
    made_from = {copy.video: source.video, source.video: root.video}

    def odds(match: Match) -> float:
        return -1.0 if match.reference == made_from.get(match.query) else -9.0

    inputs = ChainInputs(CLIP, (root, source, again, copy), {}, ids)
    chain = build_chain(
        inputs, all_match(inputs.appearances), history=(), revision=1, as_of=DAY, odds_of=odds
    )
    told = relations(chain)
    assert told["app-a1"] == ("app-copy", Relation.SAME_MEDIA)
    assert told["app-copy"][0] == "app-a0"


def test_shares_that_point_at_each_other_end_somewhere() -> None:
    one, other = appearance("one", dated(0)), appearance("other", dated(1))
    assert one.post is not None
    assert other.post is not None
    stated = {
        (one.post.key, other.post.key): LinkRelation.SHARES,
        (other.post.key, one.post.key): LinkRelation.SHARES,
    }
    chain = chain_of(one, other, stated=stated)
    assert sorted(link.parent is None for link in chain.links) == [False, True]
