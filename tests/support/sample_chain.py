"""A rich provenance chain, and pictures for it: every kind of thing a report has to show."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from PIL import Image

from tracker.model.chain import Chain, ChainLink, Conflict, Coverage, Relation, Revision
from tracker.model.clip import Appearance, PostSummary
from tracker.model.discovery import Discovery
from tracker.model.ids import AppearanceId, ClipId, Platform, PostKey, VideoId
from tracker.model.match import Transformation
from tracker.model.post import Lead, Post, PostKind
from tracker.model.status import PostStatus
from tracker.model.time_claim import (
    ClaimKind,
    ForgeableBy,
    Published,
    TimeClaim,
    TimeInterval,
)
from tracker.model.video import MediaInfo, Video
from tracker.reports.report_input import ArchiveFacts, ReportInput, SideBySide

CLIP = ClipId("clip-5b1f0c9a7e3d2248")
AS_OF = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)

HOSTILE = (
    "<script>alert('x')</script><img src=x onerror=alert(1)>\u202eoediv eht\u202c "
    "[bold red]markup[/] \x1b[31mred\x1b[0m \x07 {{ 7*7 }} ]]> &amp; '\"--> " + "Z\u0300" * 40
)
LOCAL_FILE = "/home/somebody/Downloads/video_2023-09-05_<b>.mp4"
HOSTILE_ACCOUNT = '"><svg onload=alert(2)>[/bold]\u2066'
HOSTILE_URL = "javascript:alert(document.domain)//https://example.org/"


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def appearance_id(number: int) -> AppearanceId:
    return AppearanceId(f"app-{number:016x}")


def video(number: int) -> VideoId:
    return VideoId(f"{number:02x}" * 32)


def published(start: datetime | None, end: datetime | None, basis: ClaimKind) -> Published:
    return Published(TimeInterval(start, end), basis)


def _claims(when: Published | None) -> tuple[TimeClaim, ...]:
    if when is None:
        return ()
    seen = TimeInterval(None, AS_OF - DAY)
    return (
        TimeClaim(when.basis, when.interval, ForgeableBy.PLATFORM, "x:id"),
        TimeClaim(ClaimKind.FIRST_OBSERVED, seen, ForgeableBy.US, "capture:finished_at"),
    )


def _link(
    number: int,
    post: PostSummary | None,
    relation: Relation,
    *,
    parent: int | None = 1,
    changes: tuple[Transformation, ...] = (),
    media: int | None = None,
    why: str = "The pictures agree over the whole stretch.",
    confidence: float = 0.93,
    files: tuple[str, ...] = (),
) -> ChainLink:
    when = None if post is None else post.published
    seen = Appearance(
        id=appearance_id(number),
        clip=CLIP,
        video=video(media or number),
        start_ms=500 * number,
        end_ms=500 * number + 9000,
        post=post,
        files=files,
        claims=_claims(when),
        published=when,
        transformations=changes,
        cites=relation is Relation.CITES,
    )
    up = None if parent is None else appearance_id(parent)
    return ChainLink(seen, up, relation, confidence, why)


def _post(
    url: str,
    platform: str,
    account: str | None,
    when: Published | None,
    status: PostStatus = PostStatus.LIVE,
) -> PostSummary:
    return PostSummary(PostKey(url), Platform(platform), account, when, status)


def _instant(moment: datetime, basis: ClaimKind) -> Published:
    return published(moment, moment + SECOND, basis)


ROOT = _post(
    "https://t.me/kharkiv_today/48213",
    "telegram",
    "kharkiv_today",
    published(at(2023, 9, 4, 6, 12), at(2023, 9, 4, 6, 13), ClaimKind.PLATFORM_REPORTED),
    PostStatus.DELETED,
)
TWEET = _post(
    "https://x.com/eyewitness_ua/status/1698600000000000000",
    "x",
    "eyewitness_ua",
    _instant(at(2023, 9, 4, 7, 2), ClaimKind.ID_DERIVED),
)
SHARE = _post(
    "https://x.com/world_watch/status/1698700000000000000",
    "x",
    "world_watch",
    _instant(at(2023, 9, 4, 13, 40), ClaimKind.ID_DERIVED),
)
ARABIC = _post(
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "youtube",
    "قناة الأخبار العاجلة",
    published(at(2023, 9, 6), at(2023, 9, 7) - SECOND / 1_000_000, ClaimKind.PLATFORM_REPORTED),
)
CYRILLIC = _post(
    "https://www.facebook.com/watch/?v=1002003004005",
    "facebook",
    "Новини Харкова",
    published(None, at(2024, 2, 11, 8, 30), ClaimKind.FIRST_OBSERVED),
    PostStatus.LOGIN_REQUIRED,
)
TIKTOK = _post(
    "https://www.tiktok.com/@viral.clips/video/7321004441122334455",
    "tiktok",
    "viral.clips",
    _instant(at(2025, 6, 14, 22, 5), ClaimKind.ID_DERIVED),
    PostStatus.PRIVATE,
)
ARTICLE = _post(
    "https://news.example.org/2026/11/claims-about-port-explosion-checked-"
    + "very-long-slug-" * 12
    + "end.html",
    "web",
    None,
    published(at(2026, 11, 20, 9, 0), at(2026, 11, 20, 18, 30), ClaimKind.PAGE_METADATA),
)
HOSTILE_POST = _post(
    HOSTILE_URL, "rumble", HOSTILE_ACCOUNT, published(at(2026, 11, 21), None, ClaimKind.FEED)
)


def _early_links() -> tuple[ChainLink, ...]:
    return (
        _link(1, ROOT, Relation.ROOT, parent=None, confidence=0.96, why="Its time precedes every "
              "other appearance whose time is known on both sides."),
        _link(2, TWEET, Relation.COPY, changes=(
            Transformation("crop", {"box": [0.1, 0.1, 0.8, 0.8]}), Transformation("recompression"),
        )),
        _link(3, SHARE, Relation.NATIVE_SHARE, parent=2, media=2, confidence=1.0,
              why="The platform's media ids are equal."),
        _link(4, ARABIC, Relation.PARTIAL_COPY, parent=2, confidence=0.71, changes=(
            Transformation("mirror"), Transformation("caption_bar"),
            Transformation("speed", {"factor": 1.25}),
        )),
    )  # fmt: skip


def _late_links() -> tuple[ChainLink, ...]:
    return (
        _link(5, CYRILLIC, Relation.SAME_FILE, media=1, confidence=0.99,
              why="The files are equal byte for byte."),
        _link(6, TIKTOK, Relation.COPY, parent=4, confidence=0.55, changes=(
            Transformation("mirror"), Transformation("blur_reframe"), Transformation("logo"),
            Transformation("zz_new_kind<b>", {"x": 1}),
        )),
        _link(7, ARTICLE, Relation.CITES, parent=6, media=6, confidence=1.0,
              why="The page embeds the post."),
        _link(8, HOSTILE_POST, Relation.COPY, parent=1, confidence=0.42, why=HOSTILE),
        _link(9, None, Relation.COPY, parent=2, confidence=0.8, files=(LOCAL_FILE,)),
    )  # fmt: skip


def sample_chain() -> Chain:
    lead = "На відео, яке першим опублікував канал «Харків сьогодні» у Telegram, видно вибух."
    return Chain(
        clip=CLIP,
        revision=3,
        as_of=AS_OF,
        duration_ms=9000,
        root=appearance_id(1),
        links=_early_links() + _late_links(),
        conflicts=(
            Conflict((0, 1), "The post's number says 14 June 2025, but the file's own date says "
                     "3 May 2025.", appearance_id(6)),
            Conflict((0,), HOSTILE, appearance_id(8)),
            Conflict((), "Not orderable: these may have been published before " + ROOT.key
                     + ": " + LOCAL_FILE + ".", appearance_id(1)),
        ),
        leads=(
            Lead(lead, Platform("telegram"), "Харків сьогодні", ARTICLE.key, "2023-09-04"),
            Lead(HOSTILE, Platform("x"), HOSTILE_ACCOUNT, HOSTILE_URL),
        ),
        history=(
            Revision(1, at(2026, 11, 20, 19), appearance_id(4), "the first upload found"),
            Revision(2, at(2026, 11, 21, 8), appearance_id(2), "an earlier upload was found"),
            Revision(3, at(2026, 11, 22, 9), appearance_id(1), "an earlier upload was found"),
        ),
        searched=Coverage(1840, 2210, 913_000, tuple(map(Platform, ("x", "telegram", "youtube",
            "tiktok", "facebook", "web"))), at(2019, 1, 3), at(2026, 11, 22, 9)),
        discovery=(
            Discovery(CLIP, Platform("bluesky"), "Kharkiv", "https://bsky.app/search?q=Kharkiv",
                      at(2023, 9, 4), AS_OF, 12, 4, 1, 3),
            Discovery(CLIP, Platform("x"), HOSTILE, HOSTILE_URL, at(2023, 9, 4), AS_OF,
                      error=HOSTILE),
        ),
    )  # fmt: skip


def picture(seed: int, *, mirrored: bool = False, cropped: bool = False) -> bytes:
    """A JPEG of a made-up scene, the same for the same arguments."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:180, 0:320]
    hill = 110 + 25 * np.sin(x / 40 + seed) + 10 * np.sin(x / 13)
    sky = np.stack([150 + y // 4, np.full_like(y, 170), np.full_like(y, 200)], axis=-1)
    scene = np.where((y > hill)[..., None], (70, 88, 60), sky)
    sun = (x - 60 - 30 * seed % 200) ** 2 + (y - 45) ** 2 < 22**2
    scene[sun] = (250, 225, 150)
    pixels = np.clip(scene + rng.normal(0, 6, scene.shape), 0, 255).astype(np.uint8)
    if cropped:
        pixels = pixels[18:162, 32:288]
    if mirrored:
        pixels = pixels[:, ::-1]
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "JPEG", quality=80)
    return out.getvalue()


def sample_pictures() -> tuple[SideBySide, ...]:
    return tuple(
        SideBySide(
            appearance=appearance_id(number),
            reference_pts_ms=1000 * step,
            appearance_pts_ms=1000 * step + 500 * number,
            reference_jpeg=picture(step),
            appearance_jpeg=picture(step, mirrored=number in {4, 6}, cropped=number == 2),
            mirrored=number in {4, 6},
            reference=video(1),
        )
        for number in (2, 4, 6, 8)
        for step in (1, 4)
    )


def sample_report() -> ReportInput:
    info = MediaInfo("mp4", "h264", 1280, 720, 12_480, has_audio=True)
    return ReportInput(
        chain=sample_chain(),
        pictures=sample_pictures(),
        generated_at=AS_OF,
        subject="https://x.com/eyewitness_ua/status/1698600000000000000",
        tool_version="0.1.0",
        archive=ArchiveFacts(
            ledger_entries=12_043,
            ledger_head="ab" * 32,
            anchors=1,
            watched=("https://news.example.org/feed.xml", "https://t.me/s/kharkiv_today"),
            algorithms=("phash|bits=256|sampling_fps=2|av=18.1.0|imagehash=4.3.2",),
        ),
        posts=(
            Post(ROOT.key, ROOT.platform, PostKind.POST, title="Вибух у порту",
                 text="Вибух у порту сьогодні вранці.\nДим видно з центру міста."),
            Post(ARABIC.key, ARABIC.platform, PostKind.POST, title="انفجار في الميناء",
                 text="شاهد: لحظة الانفجار في الميناء صباح اليوم (video 1080p)"),
            Post(HOSTILE_POST.key, HOSTILE_POST.platform, PostKind.POST, title=HOSTILE,
                 text=HOSTILE * 60),
        ),
        videos=tuple(Video(video(number), 1_234_567 * number, info) for number in (1, 2, 4)),
        versions=(("av", "18.1.0"), ("yt-dlp", "2026.08.19")),
    )  # fmt: skip


def bare_report() -> ReportInput:
    """The least a report can be made of: one local file of unknown age."""
    root = _link(1, None, Relation.ROOT, parent=None, files=("a.mp4",))
    bare = replace(sample_chain(), conflicts=(), leads=(), history=(), discovery=())
    chain = replace(bare, links=(root,), revision=1)
    return ReportInput(chain, (), AS_OF, "a.mp4", "0.1.0")
