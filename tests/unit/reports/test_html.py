"""The HTML report: harmless whatever the posts say, self-contained, and carefully worded."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from tests.support.sample_chain import (
    HOSTILE_URL,
    ROOT,
    appearance_id,
    bare_report,
    picture,
    sample_chain,
    sample_report,
    video,
)
from tracker.model.chain import Answer, Chain, Relation
from tracker.model.post import Post, PostKind
from tracker.model.verdict import Verdict, VerdictKind
from tracker.model.video import Damage
from tracker.reports.html import render_html
from tracker.reports.report_input import ReportInput, SideBySide

VOID = {"meta", "br", "img", "link", "input", "hr"}
SHAPES = {"rect", "line", "path", "circle", "stop"}  # written self-closing, inside svg
BANNED = re.compile(
    r"\b(original(ly|s)?|authentic(ity)?|fake[ds]?|genuine|hoax|true source|first ever|proves?)\b",
    re.IGNORECASE,
)


class Page(HTMLParser):
    """Tags, attributes and text as a browser would take them; fails on broken nesting."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.style = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SHAPES
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["style"]:
            self.style += data
        else:
            self.words.append(data)

    def attributes(self, name: str) -> Iterator[tuple[str, str]]:
        for tag, found in self.tags:
            if name in found:
                yield tag, found[name]

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


@pytest.fixture(scope="module")
def html() -> str:
    return render_html(sample_report())


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def only(chain: Chain) -> ReportInput:
    return replace(bare_report(), chain=chain)


def test_it_parses_and_closes_every_tag(page: Page) -> None:
    assert page.open == []
    assert page.text.startswith("Provenance report: clip-5b1f0c9a7e3d2248")


def test_hostile_text_is_shown_as_text_only(html: str, page: Page) -> None:
    assert "<script>alert('x')</script>" in page.text
    assert "{{ 7*7 }}" in page.text
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "iframe", "object", "embed", "form", "base", "link"}
    assert not [name for _, found in page.tags for name in found if name.startswith("on")]
    assert not list(page.attributes("style"))
    assert "<script" not in html.lower()


def test_direction_and_control_characters_are_gone(html: str) -> None:
    assert not re.search("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f]", html)
    assert "Z" + "\u0300" * 40 not in html


def test_names_are_isolated_and_quotes_choose_their_direction(page: Page) -> None:
    tags = [tag for tag, _ in page.tags]
    assert tags.count("bdi") > 20
    assert ("p", "auto") in list(page.attributes("dir"))


def test_long_texts_are_shortened(page: Page) -> None:
    assert page.text.count("<script>alert('x')</script>") < 20
    assert max(map(len, page.words)) <= 1200


def test_nothing_outside_is_referred_to_but_links_a_reader_may_follow(page: Page) -> None:
    assert {tag for tag, _ in page.attributes("src")} == {"img"}
    assert all(url.startswith("data:image/jpeg;base64,") for _, url in page.attributes("src"))
    for name in ("srcset", "poster", "background", "action", "data", "xlink:href", "formaction"):
        assert not list(page.attributes(name))
    assert {tag for tag, _ in page.attributes("href")} == {"a"}
    assert all(url.startswith(("#", "https://", "http://")) for _, url in page.attributes("href"))
    assert not re.search(r"url\((?!#)|@import|expression", page.style)
    assert all(value.startswith("url(#fade") for _, value in page.attributes("fill"))


def test_outside_links_tell_no_referrer_and_stand_as_text(page: Page) -> None:
    outside = [found for tag, found in page.tags if tag == "a" and found["href"][0] != "#"]
    assert outside
    for found in outside:
        assert "noreferrer" in found["rel"].split()
        assert found["href"][:150] in page.text


def test_a_script_address_is_text_and_no_link(page: Page) -> None:
    assert HOSTILE_URL in page.text
    assert not [url for _, url in page.attributes("href") if "javascript" in url]


def test_the_policy_allows_this_style_and_data_pictures_only(page: Page) -> None:
    policy = next(
        found["content"]
        for _, found in page.tags
        if found.get("http-equiv") == "Content-Security-Policy"
    )
    digest = b64encode(sha256(page.style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def test_inner_links_lead_somewhere_and_ids_are_unique(page: Page) -> None:
    ids = [value for _, value in page.attributes("id")]
    assert len(ids) == len(set(ids))
    inner = {url[1:] for _, url in page.attributes("href") if url.startswith("#")}
    assert inner <= set(ids)
    labels = {value for _, value in page.attributes("aria-labelledby")}
    assert labels <= set(ids)


def test_pictures_have_words_for_those_who_cannot_see_them(page: Page) -> None:
    pictures = [found for tag, found in page.tags if tag == "img"]
    assert len(pictures) == 16
    assert all(found["alt"] for found in pictures)
    assert pictures[0]["alt"] == "Frame: Appearance 1 at 0:01.0"


def test_headings_descend_one_by_one(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_answer_is_an_interval_with_its_basis_and_date(page: Page) -> None:
    assert (
        "Earliest appearance known to this archive as of 22 November 2026, 10:00 UTC: "
        "@kharkiv_today on Telegram, published between 06:12:00 and 06:13:00 UTC on "
        "4 September 2023 (as the platform reports it). https://t.me/kharkiv_today/48213 "
    ) in page.text


def test_findings_name_posts_by_their_number_and_files_by_their_name(page: Page) -> None:
    assert "these may have been published before appearance 1: video_2023-09-05_<b>.mp4." in (
        page.text
    )


def test_an_address_that_only_begins_like_a_posts_is_left_as_it_is() -> None:
    told = Answer((), (), (f"proof that {ROOT.key}9 or {ROOT.key}, if any, came first",))
    text = Page(render_html(only(replace(sample_chain(), answer=told)))).text
    assert f"Proof that {ROOT.key}9 or appearance 1, if any, came first." in text


def test_a_text_that_begins_with_its_title_is_quoted_without_it() -> None:
    post = Post(
        ROOT.key, ROOT.platform, PostKind.POST, title="In the port", text="In the port\n\nI"
    )
    text = Page(render_html(replace(sample_report(), posts=(post,)))).text
    assert "quoted as found: In the port I " in text


def test_doubt_about_the_order_is_said_beside_the_answer(page: Page) -> None:
    assert "This order is not certain." in page.text
    assert "Новини Харкова on Facebook: published no later than 11 February 2024" in page.text


def test_no_word_claims_more_than_the_archive_knows() -> None:
    quiet = sample_chain()
    quiet = replace(quiet, links=tuple(replace(link, why="") for link in quiet.links))
    report = replace(sample_report(), chain=quiet, posts=())
    for made in (render_html(report), render_html(bare_report())):
        words, _, kept = Page(made).text.partition("is kept Authenticity")  # the criterion
        assert kept
        assert not BANNED.search(words)
        assert not BANNED.search(kept.replace("original files", "files"))


def test_no_enum_name_is_left_for_the_reader(page: Page) -> None:
    for name in ("native_share", "partial_copy", "id_derived", "first_observed", "login_required"):
        assert name not in page.text
    assert "Shared natively from appearance 2; no new upload" in page.text
    assert "Cropped to 80 % × 80 % of the picture; compressed again" in page.text
    assert "changed otherwise: zz new kind<b>" in page.text


def test_two_renderings_are_equal_byte_for_byte(html: str) -> None:
    assert render_html(sample_report()).encode("utf-8") == html.encode("utf-8")


def test_the_least_report_renders_and_an_empty_chain_too() -> None:
    bare = Page(render_html(bare_report()))
    assert "a local file (a.mp4)" in bare.text
    empty = Page(render_html(only(replace(sample_chain(), links=(), conflicts=(), leads=()))))
    assert "No appearance of this footage is known to this archive" in empty.text


def test_a_disk_layout_is_not_given_away(html: str) -> None:
    assert "/home/somebody" not in html
    assert "video_2023-09-05_&lt;b&gt;.mp4" in html


def test_bytes_that_are_no_jpeg_are_not_shown() -> None:
    pair = SideBySide(appearance_id(2), 0, 0, picture(1), b"<svg onload=alert(1)>", mirrored=False)
    made = render_html(replace(sample_report(), pictures=(pair,)))
    assert not [tag for tag, _ in Page(made).tags if tag == "img"]


def test_pictures_from_a_video_outside_the_chain_are_called_the_reference() -> None:
    pair = SideBySide(
        appearance_id(2), 0, 500, picture(1), picture(2), mirrored=True, reference=video(200)
    )
    made = Page(render_html(replace(sample_report(), pictures=(pair,))))
    assert "The reference video at 0:00.0" in made.text
    assert "Appearance 2 at 0:00.5 (mirrored)" in made.text


def test_the_colours_of_text_are_readable() -> None:
    style = Page(render_html(bare_report())).style
    for theme in re.findall(r"--page:.*?\}", style, re.DOTALL):
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", theme))
        for ground in ("page", "card", "code", "caution"):
            for ink in ("ink", "soft", "accent", "root"):
                assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground, theme)


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2, success criterion 1.4.3."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_searches_for_earlier_uploads_are_listed_found_empty_or_unanswered(html: str) -> None:
    assert "Searched for earlier uploads:" in html
    assert "Searched on Bluesky for “Kharkiv” up to" in html
    assert "12 posts, 3 compared, 1 without a picture, none alike." in html
    assert "no answer (" in html
    assert "Searched for earlier uploads:" not in render_html(bare_report())


def test_what_persons_decided_is_told_and_their_words_are_only_text() -> None:
    chain = sample_chain()
    at = chain.as_of
    told = (
        Verdict(chain.clip, video(2), VerdictKind.SAME, "N. Name", "<b>same car</b>", at, "a"),
        Verdict(chain.clip, video(77), VerdictKind.DIFFERENT, "N. Name", "other street", at, "a"),
    )
    made = render_html(replace(sample_report(), chain=replace(chain, verdicts=told)))
    text = Page(made).text
    assert "Appearance 2 shows this footage, says N. Name," in text
    assert f"the file {video(77)} does not show this footage, says N. Name," in text
    assert "<b>same car" not in made
    assert 'href="#verdicts"' in made
    assert 'href="#verdicts"' not in render_html(sample_report())
    assert "What persons decided" not in render_html(sample_report())


def test_the_tree_names_parent_relation_and_confidence(page: Page) -> None:
    assert "2 @eyewitness_ua on X copy of 1; confidence high (0.93 of 1)" in page.text
    assert page.text.index("Who took it from whom") < page.text.index("Appearances, in order")


def test_long_chains_are_folded_and_every_appearance_is_there() -> None:
    report = sample_report()
    first = report.chain.links[0]
    more = tuple(
        replace(
            first,
            appearance=replace(first.appearance, id=appearance_id(1000 + n)),
            parent=appearance_id(1000 + n - 1) if n else first.appearance.id,
            relation=Relation.COPY,
        )
        for n in range(60)
    )
    chain = replace(report.chain, links=(*report.chain.links, *more))
    page = Page(render_html(replace(report, chain=chain)))
    assert page.open == []
    assert sum(tag == "article" for tag, _ in page.tags) == len(chain.links)
    opened = [found for tag, found in page.tags if tag == "details" and "open" in found]
    assert len(opened) == 1  # the root's
    assert "The tree of all 69 appearances" in page.text


def test_the_answer_says_what_it_rests_on_and_what_would_overturn_it() -> None:
    chain = sample_chain()
    claims = chain.links[0].appearance.claims[:1]
    answer = Answer(claims, ("Two <i>times</i>",), ("a copy from before that day",))
    text = Page(render_html(replace(sample_report(), chain=replace(chain, answer=answer)))).text
    assert "What says so: Between 06:12:00 and 06:13:00 UTC on 4 September 2023, as the" in text
    assert "What contradicts it: Two <i>times</i>." in text
    assert "What would overturn it, once known: A copy from before that day." in text
    assert "What contradicts it" not in Page(render_html(sample_report())).text


def test_a_file_that_is_not_whole_is_said_to_be_so() -> None:
    report = sample_report()
    damaged = tuple(
        replace(one, info=one.info and replace(one.info, damage=Damage(3, 20_000)))
        for one in report.videos
    )
    words = "Not whole: its header states 20.0 s, which its pictures do not reach; 3 packets or"
    assert words in render_html(replace(report, videos=damaged))
    assert "Not whole" not in render_html(report)
