"""No form of forbidden address gets through by any way of fetching.

The whole table by yt-dlp's paths takes a minute: `make guard`. Here each of them gets a part.
"""

from __future__ import annotations

from tests.support.forbidden_addresses import FORMS
from tests.support.forbidden_sweep import sweep_in_process, sweep_ytdlp


def test_every_form_by_every_path_of_this_process() -> None:
    outcome = sweep_in_process()
    assert outcome.holes == []
    assert outcome.forms >= 60
    assert len(outcome.paths) >= 30
    assert outcome.tried > 60 * 30


def test_ytdlps_child_refuses_them_too() -> None:
    outcome = sweep_ytdlp(every=len(FORMS) // 5)
    assert outcome.holes == []
    assert len(outcome.paths) >= 10
    assert outcome.tried > 50


def test_the_sweep_notices_what_gets_through() -> None:
    """With one more address open, the forms that mean it are named."""
    outcome = sweep_in_process(also_open=("127.0.0.2/32",), only=("page", "file", "httpx"))
    named = {hole.partition(": ")[2].partition(": ")[0] for hole in outcome.holes}
    assert {"loopback", "v6 mapped", "localhost"} <= named
    assert "private 10" not in named
