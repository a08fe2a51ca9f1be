"""Many calls of yt-dlp's child in one process: to start it costs more than most of its work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from tests.support.platform_sites import PlatformSites
from tracker.net.rerouting import Rerouting

_CALLS = """
import json, sys
from tracker.net import ytdlp_child
from tracker.net.rerouting import Rerouting
sys.modules["curl_cffi"] = None
answers = []
for request in json.load(sys.stdin):
    ytdlp_child.look_up_by(Rerouting(request["connect_to"]))  # the last one counts
    answers.append(ytdlp_child._answer(request, []))
json.dump(answers, sys.stdout)
"""


def answers_of(
    asked: Sequence[tuple[str, PlatformSites]], folder: Path, *, listing: object = None
) -> list[Mapping[str, Any]]:
    """Return the child's answers about the addresses, each asked at its sites.

    With ``listing`` the addresses are listed on these terms, without it they are extracted.
    """
    bundle = folder / "bundle.pem"
    bundle.write_bytes(Rerouting(ca_file=asked[0][1].ca_file).bundle() or b"")
    common = {
        "action": "extract" if listing is None else "list", "listing": listing,
        "directory": str(folder), "ffmpeg": imageio_ffmpeg.get_ffmpeg_exe(),
        "generic_allowed": True, "own_authorities": True, "max_media_bytes": 10**8,
        "max_entries": 50, "max_page_bytes": 10**7, "socket_timeout_s": 5, "cookies": None,
        "pause_s": 0, "user_agent": None,
    }  # fmt: skip
    requests = [{**common, "url": url, "connect_to": sites.connect_to} for url, sites in asked]
    done = subprocess.run(
        [sys.executable, "-c", _CALLS],
        input=json.dumps(requests).encode(),
        env={**os.environ, "SSL_CERT_FILE": str(bundle), "YTDLP_NO_PLUGINS": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=120,
    )  # fmt: skip
    answers: list[Mapping[str, Any]] = json.loads(done.stdout)
    return answers
