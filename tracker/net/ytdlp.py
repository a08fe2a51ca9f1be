"""yt-dlp as a service: one short-lived, limited, guarded child process for each call.

yt-dlp is not thread-safe, grows, keeps cookies and runs two thousand parsers on strangers'
pages, so it never runs in this process. Only its table of address patterns is used here, to
answer ``supports`` (0.5 s for the first question, some milliseconds for later ones).
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from tracker.clock import Clock
from tracker.errors import (
    NetworkError,
    OutsideError,
    RateLimited,
    ToolError,
    TrackerError,
    UnsupportedSource,
)
from tracker.model.capture import Exchange
from tracker.model.ids import VideoId
from tracker.net.guard import AddressGuard
from tracker.net.javascript import child_path
from tracker.net.politeness import UNNAMED_WAIT, host_of
from tracker.net.url_syntax import parse_web_url, shown
from tracker.net.ytdlp_answers import error_of, info_of, parsed_answer, read_answer
from tracker.net.ytdlp_scratch import hashed, media_file, scratch

_MAX_PATTERN_URL_CHARS = 2048
_MAX_COOKIE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class YtDlpLimits:
    """How far one call may go.

    ``generic_allowed`` lets yt-dlp search pages of unknown sites for videos; its connections
    pass the guard all the same. ``max_entries`` bounds playlists and channels. ``user_agent`` goes
    to the sites that yt-dlp has no reader for, and with ``identifies_everywhere`` to all.
    """

    extract_timeout_s: float = 90.0
    download_timeout_s: float = 900.0
    socket_timeout_s: float = 20.0
    cpu_time_s: int = 600
    memory_bytes: int = 2 * 1024**3
    max_media_bytes: int = 2 * 1024**3
    max_page_bytes: int = 64 * 1024**2
    max_entries: int = 100
    generic_allowed: bool = False
    user_agent: str | None = None
    identifies_everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Extraction:
    """yt-dlp's metadata: ``info`` as read, ``exchange.body`` the same as raw JSON bytes."""

    info: Mapping[str, object]
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as far as it was read: ``info["entries"]`` are the entries that were not known.

    ``read`` counts the entries passed, known ones included; ``ended`` says that nothing new is
    left. ``interrupted`` is what broke the reading off.
    """

    info: Mapping[str, object]
    exchange: Exchange
    read: int
    ended: bool
    interrupted: TrackerError | None


class YtDlp:
    """Asks yt-dlp about posts and fetches their videos. Safe to use from several threads.

    ``cookie_file`` (Netscape format) is read for each call and never written to: neither the file
    nor a cookie in it becomes part of an answer, and no copy of it is made on disk.
    """

    def __init__(
        self,
        limits: YtDlpLimits,
        guard: AddressGuard,
        clock: Clock,
        *,
        cookie_file: Path | None = None,
    ) -> None:
        self._cookie_file = cookie_file
        self._limits = limits
        self._guard = guard
        self._clock = clock
        version = importlib.metadata.version("yt-dlp")
        self._tools = (("yt-dlp", version), *guard.rerouting.tools())
        self._children: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def stop(self) -> None:
        """End running children at once; their calls, and all later ones, fail."""
        self._stopped = True
        for process in tuple(self._children):
            _kill_group(process)

    def supports(self, url: str) -> bool:
        """Tell whether yt-dlp has an extractor made for this address (no network)."""
        try:
            web = parse_web_url(url)
        except UnsupportedSource:
            return False
        return _is_site(web.host) and len(url) <= _MAX_PATTERN_URL_CHARS and _suits(url)

    def extract(self, url: str) -> Extraction:
        """Return what yt-dlp knows about the post at ``url``, nothing downloaded.

        Raises ``PostUnavailable``, ``RateLimited``, ``UnsupportedSource``, ``NetworkError``,
        ``HttpStatusError``, ``ForbiddenAddress``, ``ToolError``.
        """
        self._guard.check(url)
        with scratch(None) as folder:
            return self._call("extract", url, folder, self._limits.extract_timeout_s)

    def listing(
        self,
        url: str,
        *,
        known: Collection[str] = (),
        start: int = 1,
        limit: int = 100,
        newest_first: bool = True,
    ) -> Listing:
        """Return what a channel, playlist or search lists from entry ``start`` on, none opened.

        At most ``limit`` entries whose names (``ytdlp_listing.name_of``) are not ``known``. With
        ``newest_first`` a run of known ones ends the list, and nothing older is asked for. Raises
        as ``extract`` does.
        """
        self._guard.check(url)
        listing = {
            "known": sorted(known),
            "start": start,
            "limit": limit,
            "newest_first": newest_first,
        }
        started_at = self._clock.now()
        with scratch(None) as folder:
            timeout_s = self._limits.extract_timeout_s
            answer = self._answer("list", url, folder, timeout_s, listing)
        info, broken = info_of(answer, url), answer.get("interrupted")
        read = answer.get("read")
        return Listing(
            info,
            self._exchange(url, info, started_at),
            read=read if isinstance(read, int) else 0,
            ended=answer.get("ended") is True,
            interrupted=self._interruption(broken, url),
        )

    def _interruption(self, broken: object, url: str) -> TrackerError | None:
        if not isinstance(broken, dict):
            return None
        return self._heeded(error_of(broken, url, self._clock.now()), url)

    def download(self, url: str, directory: Path) -> tuple[Extraction, Path, VideoId, int]:
        """Write the post's video into ``directory``: one file, as the platform serves it.

        Returns the metadata, the file, its SHA-256 and its size in bytes. Formats that hold
        picture and sound are preferred; nothing is merged or remuxed. Of a post with several
        videos the first is taken. Raises as ``extract`` does, and ``MediaLimitExceeded``.
        """
        self._guard.check(url)
        with scratch(directory) as folder:
            extraction = self._call("download", url, folder, self._limits.download_timeout_s)
            found = media_file(folder, url)
            digest, size = hashed(found)
            target = directory / f"download-{digest[:16]}-{os.urandom(4).hex()}{found.suffix}"
            found.rename(target)
        return extraction, target, digest, size

    def _call(self, action: str, url: str, folder: Path, timeout_s: float) -> Extraction:
        started_at = self._clock.now()
        info = info_of(self._answer(action, url, folder, timeout_s), url)
        return Extraction(info, self._exchange(url, info, started_at))

    def _answer(
        self,
        action: str,
        url: str,
        folder: Path,
        timeout_s: float,
        listing: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        asked = self._request(action, url, folder, timeout_s)
        asked |= {"listing": listing, "cookies": self._cookies()}
        environment = _environment(folder / "home") | self._authorities(folder / "home")
        with self._turn(url):
            answer = parsed_answer(
                self._run_child(json.dumps(asked).encode(), environment, timeout_s, url)
            )
        if answer.get("outcome") != "done":
            raise self._heeded(error_of(answer, url, self._clock.now()), url)
        return answer

    def _turn(self, url: str) -> AbstractContextManager[None]:
        """A turn at the post's host: to it, a child is one connection that keeps its pauses."""
        turns = self._guard.turns
        return nullcontext() if turns is None else turns.turn(url)

    def _heeded(self, error: TrackerError, url: str) -> TrackerError:
        if isinstance(error, RateLimited) and self._guard.turns is not None:
            until = error.retry_at or self._clock.now() + UNNAMED_WAIT
            self._guard.turns.close_host(host_of(url), until, str(error))
        return error

    def _cookies(self) -> str | None:
        """The cookies for one call: handed over in memory, so that no copy can be left behind."""
        if self._cookie_file is None:
            return None
        try:
            with self._cookie_file.open("rb") as file:
                content = file.read(_MAX_COOKIE_BYTES)
        except OSError as exc:
            raise OutsideError(f"cannot read the cookie file of yt-dlp: {exc.strerror}") from exc
        return content.decode("utf-8", errors="replace")

    def _authorities(self, home: Path) -> dict[str, str]:
        """What makes the child trust the authorities of the config, beside the usual ones."""
        bundle = self._guard.rerouting.bundle()
        if bundle is None:
            return {}
        path = home / "authorities.pem"
        try:
            path.write_bytes(bundle)
        except OSError as exc:
            raise OutsideError(f"cannot write {path}: {exc.strerror}") from exc
        return {"SSL_CERT_FILE": str(path), "SSL_CERT_DIR": str(home)}

    def _request(self, action: str, url: str, folder: Path, timeout_s: float) -> dict[str, object]:
        limits = self._limits
        return {
            "action": action,
            "url": url,
            "directory": str(folder / "media"),
            "ffmpeg": imageio_ffmpeg.get_ffmpeg_exe(),
            "generic_allowed": limits.generic_allowed,
            "allow_private": self._guard.allow_private,
            "allowed_networks": list(self._guard.allowed_networks),
            "connect_to": dict(self._guard.rerouting.connect_to),
            "own_authorities": self._guard.rerouting.ca_file is not None,
            "max_media_bytes": limits.max_media_bytes,
            "max_page_bytes": limits.max_page_bytes,
            "max_entries": limits.max_entries,
            "memory_bytes": limits.memory_bytes,
            "cpu_time_s": limits.cpu_time_s,
            "wall_time_s": int(timeout_s) + 1,
            "socket_timeout_s": limits.socket_timeout_s,
            "pause_s": self._pause_s(url),
            "user_agent": self._user_agent(url),
        }

    def _pause_s(self, url: str) -> float:
        return 0.0 if self._guard.turns is None else self._guard.turns.pause_s(host_of(url))

    def _user_agent(self, url: str) -> str | None:
        """Whom the child names itself; ``None``: what yt-dlp's own reader of the site sends."""
        limits = self._limits
        return (
            None if self.supports(url) and not limits.identifies_everywhere else limits.user_agent
        )

    def _exchange(self, url: str, info: Mapping[str, object], started_at: datetime) -> Exchange:
        final_url = info.get("webpage_url")
        return Exchange(
            requested_url=url,
            final_url=final_url if isinstance(final_url, str) and final_url else url,
            status_code=None,
            content_type="application/json",
            started_at=started_at,
            finished_at=self._clock.now(),
            body=json.dumps(info, ensure_ascii=False, sort_keys=True).encode("utf-8"),
            tools=self._tools,
        )

    def _run_child(
        self, request: bytes, environment: dict[str, str], timeout_s: float, url: str
    ) -> bytes:
        """Run one child and return its answer; the whole process group is gone afterwards."""
        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen(
                [sys.executable, "-I", "-m", "tracker.net.ytdlp_child"],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.DEVNULL,
                cwd=environment["HOME"],
                env=environment,
                start_new_session=True,
            )
            self._children.add(process)
            try:
                process.communicate(request, timeout=0 if self._stopped else timeout_s)
            except subprocess.TimeoutExpired as exc:
                raise NetworkError(
                    f"yt-dlp was stopped after {timeout_s:g} s without a result for {shown(url)}"
                ) from exc
            finally:
                _kill_group(process)
                self._children.discard(process)
            _refuse_crash(process.returncode, url)
            return read_answer(out)


def _is_site(host: str) -> bool:
    """Tell whether ``host`` could be a site someone made an extractor for: a name, no number."""
    return "." in host and not host.startswith("[") and not host.replace(".", "").isdigit()


@lru_cache(maxsize=4096)
def _suits(url: str) -> bool:
    # Imported on first use: many runs never meet an address that only yt-dlp knows.
    from yt_dlp.extractor import gen_extractor_classes

    return any(
        extractor.suitable(url)
        for extractor in gen_extractor_classes()
        if extractor.IE_NAME != "generic"
    )


def _environment(home: Path) -> dict[str, str]:
    """Nothing of ours: no secrets, no proxies, no user's yt-dlp settings or plugins."""
    return {
        "PATH": child_path(),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "YTDLP_NO_PLUGINS": "1",
    }


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait()


def _refuse_crash(code: int, url: str) -> None:
    if code < 0:
        name = signal.Signals(-code).name
        raise ToolError(f"yt-dlp overran its limits or crashed ({name}) on {shown(url)}")
    if code > 0:
        raise ToolError(f"yt-dlp's process failed (exit code {code}) on {shown(url)}")
