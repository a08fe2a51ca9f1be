"""The provenance report as one self-contained HTML file.

The file asks nobody for anything: style and pictures are inside, there is no script, and its
own Content-Security-Policy forbids all the rest, should hostile text ever get past escaping.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tracker.reports.report_input import ReportInput
from tracker.reports.report_view import report_view
from tracker.reports.sound_words import SAME_SOUND_NOTE, SAME_SOUND_TITLE
from tracker.reports.views import UNFOLDED
from tracker.reports.wording import NOT_SEARCHED

TEMPLATE = "report.html.j2"
STYLE = "report.css"


def render_html(report: ReportInput) -> str:
    """Return the report as HTML (UTF-8 when written); equal input gives equal bytes."""
    environment = _environment()
    style = _style()
    return environment.get_template(TEMPLATE).render(
        report=report_view(report),
        unfolded=UNFOLDED,
        not_searched=NOT_SEARCHED,
        same_sound_title=SAME_SOUND_TITLE,
        same_sound_note=SAME_SOUND_NOTE,
        style=Markup(style),  # noqa: S704 - our own file, read from the package
        policy=_policy(style),
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("tracker.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _style() -> str:
    loader = _environment().loader
    if loader is None:  # pragma: no cover - set above
        raise RuntimeError("no template loader")
    return loader.get_source(_environment(), STYLE)[0]


def _policy(style: str) -> str:
    """Return the page's policy: its one style sheet (by digest) and ``data:`` pictures only."""
    digest = b64encode(sha256(style.encode()).digest()).decode("ascii")
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
