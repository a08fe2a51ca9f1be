"""The pages for people: the list of clips, the search box, look-ups and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tracker.errors import TrackerError, UnknownSubject, UsageError
from tracker.model.lookup import LookupMatch, LookupResult
from tracker.model.summary import ClipSummary
from tracker.reports import wording
from tracker.reports.credential_words import credential_words, tells_something
from tracker.reports.lookup_words import change_words, lookup_answer, moment_words, segment_words
from tracker.reports.media_words import damage_words, length_words
from tracker.reports.plain_text import clean_line, web_link
from tracker.reports.verdict_words import verdict_words
from tracker.web.answers import failed
from tracker.web.guard import REPORT_POLICY, asked_by_another_site
from tracker.web.questions import Questions
from tracker.web.upload import Upload

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class ClipView:
    """One clip in the list."""

    id: str
    facts: str
    first: str
    link: str | None


@dataclass(frozen=True, slots=True)
class PostView:
    """One post that showed a match."""

    who: str
    link: str | None
    address: str


@dataclass(frozen=True, slots=True)
class MatchView:
    """One match of a look-up."""

    score: str
    clip: str | None
    lines: tuple[str, ...]
    posts: tuple[PostView, ...]


@dataclass(frozen=True, slots=True)
class ResultView:
    """One video that was asked about."""

    answer: str
    notes: tuple[str, ...]
    matches: tuple[MatchView, ...]
    searched: str


class Pages:
    """One method an address; each is run in a thread of its own."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions

    def index(self, request: Request) -> Response:
        """Show the search box and the clips, a hundred at a time."""
        clips = self._questions.clips()
        page = _page_number(request.query_params.get("page", "1"))
        start = (page - 1) * PAGE_SIZE
        shown = clips[start : start + PAGE_SIZE]
        return _page(
            "index.html.j2",
            total=wording.count_words(len(clips), "clip"),
            clips=[_clip(summary) for summary in shown],
            earlier=page - 1 if page > 1 else None,
            later=page + 1 if start + PAGE_SIZE < len(clips) else None,
        )

    def search(self, request: Request) -> Response:
        """Lead to the clip that is meant, or offer to look an unknown address up."""
        subject = request.query_params.get("q", "").strip()
        try:
            clip = self._questions.chains(subject)[0].clip
        except UnknownSubject as exc:
            offer = subject if web_link(subject) else None
            return _page("unknown.html.j2", 404, message=str(exc), offer=offer)
        except UsageError as exc:
            return _page("unknown.html.j2", 400, message=str(exc), offer=None)
        return RedirectResponse(f"/clips/{quote(clip, safe='')}", 303)

    def clip(self, request: Request) -> Response:
        """Show the report of a clip."""
        body = self._questions.report(request.path_params["clip"])
        return HTMLResponse(body, headers={"Content-Security-Policy": REPORT_POLICY})

    def lookup(self, request: Request) -> Response:
        """Look a web address up and show what is known of its footage."""
        if asked_by_another_site(request.headers):
            return error_page(403, "look-ups are not made for pages of other sites")
        target = request.query_params.get("target", "")
        return _results(target, self._questions.lookup(target))

    def lookup_file(self, request: Request, upload: Upload) -> Response:
        """Look up the file that was sent and show what is known of its footage."""
        del request
        return _results(upload.name, self._questions.lookup_file(upload.path, upload.name))


def _results(target: str, found: Sequence[LookupResult]) -> Response:
    return _page(
        "lookup.html.j2",
        target=clean_line(target, 300),
        results=[_result(result) for result in found],
        not_searched=wording.NOT_SEARCHED,
    )


def error_page(status: int, message: str) -> Response:
    """Return an error as a page."""
    return _page("unknown.html.j2", status, message=clean_line(message, 600), offer=None)


def page_of(error: TrackerError) -> Response:
    """Return the page for an error."""
    return error_page(*failed(error))


def _page_number(text: str) -> int:
    return min(max(int(text[:9]), 1), 10**6) if text.isascii() and text.isdigit() else 1


def _clip(summary: ClipSummary) -> ClipView:
    root = summary.root
    seen = wording.count_words(summary.appearances, "appearance")
    told = f", {wording.known_words(root.published)}" if root else ""
    return ClipView(
        id=summary.clip,
        facts=f"{length_words(summary.duration_ms)}, {seen}",
        first=f"{wording.who(root, summary.files)}{told}",
        link=web_link(root.key) if root else None,
    )


def _result(result: LookupResult) -> ResultView:
    notes = list(_reasons(result))
    if result.subject.damage is not None:
        notes.append(damage_words(result.subject.damage))
    if result.credentials is not None and tells_something(result.credentials):
        notes.append(credential_words(result.credentials))
    return ResultView(
        answer=lookup_answer(result),
        notes=tuple(notes),
        matches=tuple(_match(match) for match in result.matches[:PAGE_SIZE]),
        searched=wording.searched_words(result.searched),
    )


def _reasons(result: LookupResult) -> Sequence[str]:
    earliest = result.earliest
    if earliest is None:
        return ()
    doubts = (f"Contradicted: {clean_line(text, 600)}" for text in earliest.contradicted_by)
    return tuple(filter(None, (clean_line(earliest.why, 600), *doubts)))


def _match(item: LookupMatch) -> MatchView:
    lines = [segment_words(segment) for segment in item.match.segments[:10]]
    if moment := moment_words(item.match):
        lines.append(moment)
    if changes := change_words(item.match):
        lines.append(changes)
    lines += [verdict_words(verdict, item.clip) for verdict in item.verdicts]
    return MatchView(
        score=f"{item.match.score:.2f}",
        clip=item.clip,
        lines=tuple(lines),
        posts=tuple(
            PostView(
                f"{wording.who(post)}, {wording.known_words(post.published)}",
                web_link(post.key),
                clean_line(post.key, 300),
            )
            for post in item.posts[:20]
        ),
    )


def _page(template: str, status: int = 200, **values: object) -> Response:
    body = _environment().get_template(template).render(**_checked(values))
    return HTMLResponse(body, status)


def _checked(values: Mapping[str, object]) -> Mapping[str, object]:
    return {"query": "", **values}


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("tracker.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
