"""The child process that runs yt-dlp once: ``python -I -m tracker.net.ytdlp_child``.

Reads one JSON request from standard input and writes one JSON answer to what was standard
output; everything yt-dlp or an extractor prints goes to standard error instead. Before yt-dlp
is imported the process limits itself (memory, CPU time, file size) and installs an audit hook
that asks the guard about every connection, so that no extractor, redirect or playlist can reach
an address that the parent would refuse. What would connect outside Python is refused or left
out: libcurl (``curl_cffi``, and with it browser impersonation) and ffmpeg as a downloader.
Hosts that the config reaches elsewhere are looked up by its word; the hook sees the result.
"""

from __future__ import annotations

import io
import json
import os
import re
import resource
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

from tracker.errors import ForbiddenAddress
from tracker.net.guard import AddressGuard, refuse_odd_number
from tracker.net.javascript import RUNTIMES
from tracker.net.rerouting import Rerouting

MEDIA_NAME = "media"
_PIECE_BYTES = 256 * 1024
_MAX_ANSWER_BYTES = 32 * 1024 * 1024
_NETWORK_ARGUMENT = re.compile(r"(?!file:)[a-z][a-z0-9+.-]{1,20}:(?!\\)", re.IGNORECASE)
# Kept out of the answer: places on this machine, and anything that could hold a cookie.
_DROPPED_KEYS = frozenset(
    {
        "requested_downloads",
        "requested_entries",
        "filepath",
        "filename",
        "_filename",
        "infojson_filename",
        "cookies",
        "http_headers",
    }
)


class Request(TypedDict):
    """What the parent asks for."""

    action: str  # extract | download | list
    url: str
    directory: str
    ffmpeg: str
    generic_allowed: bool
    allow_private: bool
    allowed_networks: list[str]
    connect_to: dict[str, str]
    own_authorities: bool  # SSL_CERT_FILE names those to trust
    max_media_bytes: int
    max_page_bytes: int
    max_entries: int
    memory_bytes: int
    cpu_time_s: int
    wall_time_s: int
    socket_timeout_s: float
    cookies: str | None  # Netscape format
    pause_s: float  # between two requests
    user_agent: str | None
    listing: dict[str, Any] | None


def main() -> int:
    """Answer the one request on standard input."""
    answer_fd = os.dup(1)
    os.dup2(2, 1)
    request: Request = json.load(sys.stdin)
    limit_process(request)
    look_up_by(Rerouting(request["connect_to"]))
    refused = guard_connections(
        AddressGuard(
            allow_private=request["allow_private"],
            allowed_networks=tuple(request["allowed_networks"]),
            rerouting=Rerouting(request["connect_to"]),
        )
    )
    sys.modules["curl_cffi"] = None  # type: ignore[assignment]  # import fails: see module text
    answer = _answer(request, refused)
    with os.fdopen(answer_fd, "wb") as out:
        out.write(_encoded(answer))
    return 0


def limit_process(request: Request) -> None:
    """Bound this process and its children, and let it die some time after its parent gave up.

    ``RLIMIT_DATA`` bounds what is really written to; JavaScript runtimes reserve address space
    by the gigabyte, so ``RLIMIT_AS`` would stop them at once.
    """
    signal.alarm(request["wall_time_s"] + 10)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write over the limit fails instead
    margin = _MAX_ANSWER_BYTES + 1024 * 1024
    for kind, value in (
        (resource.RLIMIT_DATA, request["memory_bytes"]),
        (resource.RLIMIT_CPU, request["cpu_time_s"]),
        (resource.RLIMIT_FSIZE, request["max_media_bytes"] + margin),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        bounded = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (bounded, bounded))


def look_up_by(rerouting: Rerouting) -> None:
    """Let every later look-up of this process find rerouted hosts where the config says.

    All clients of yt-dlp connect to what ``socket.getaddrinfo`` gives, port included. Without a
    setting nothing is touched.
    """
    if not rerouting.connect_to:
        return
    genuine = socket.getaddrinfo

    def rerouted(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if isinstance(host, str) and isinstance(port, int):
            host, port = rerouting.place(host, port)
        return genuine(host, port, *args, **options)

    socket.getaddrinfo = rerouted


def guard_connections(guard: AddressGuard) -> list[str]:
    """Refuse every connection the guard does not allow, for the rest of this process.

    Returns the list to which a sentence is added for each refusal. An audit hook cannot be
    removed, and it sees the address that is connected to, not a name that might resolve
    differently later.
    """
    refused: list[str] = []
    _check_lookups(guard, refused)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            _check_socket(guard, args[1], refused)
        elif event == "subprocess.Popen":
            _check_command(args[1], refused)
        elif event in {"os.system", "os.exec", "os.posix_spawn"}:
            raise PermissionError(f"not allowed here: {event}")

    sys.addaudithook(hook)
    return refused


def _check_socket(guard: AddressGuard, address: object, refused: list[str]) -> None:
    if address is None:  # sendmsg on a connected socket
        return
    host = address[0] if isinstance(address, tuple) and address else None
    if not isinstance(host, str) or not guard.allows_ip(host):
        refused.append(f"the page leads to the closed address {host}")
        raise PermissionError(f"the closed address {host} may not be connected to")
    port = address[1] if isinstance(address, tuple) and len(address) > 1 else 0
    if port not in guard.rerouting.ports():
        try:
            guard.check_port(port)
        except ForbiddenAddress as exc:
            refused.append(f"the page leads to a closed port: {exc}")
            raise PermissionError(str(exc)) from exc


def _check_lookups(guard: AddressGuard, refused: list[str]) -> None:
    """Refuse names that are a number in disguise, or point inside and outside at once."""
    looked_up = socket.getaddrinfo

    def checked(host: Any, *args: Any, **options: Any) -> Any:
        text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
        found = looked_up(host, *args, **options)
        try:
            refuse_odd_number(text)
            guard.check_all(text, [str(entry[4][0]) for entry in found])
        except ForbiddenAddress as exc:
            refused.append(f"the page leads to a closed address: {exc}")
            raise PermissionError(str(exc)) from exc
        return found

    socket.getaddrinfo = checked


def _check_command(command: object, refused: list[str]) -> None:
    """Refuse programs that are handed an address: they would connect past the hook."""
    words = command if isinstance(command, list | tuple) else [command]
    for word in words:
        text = os.fsdecode(word) if isinstance(word, bytes | str | os.PathLike) else ""
        if _NETWORK_ARGUMENT.match(text) and not Path(text).is_absolute():
            refused.append("only ffmpeg could fetch this, and the guard cannot watch ffmpeg")
            raise PermissionError("no other program may connect to the network here")


def _answer(request: Request, refused: list[str]) -> dict[str, object]:
    from yt_dlp.utils import YoutubeDLError

    from tracker.net.ytdlp_errors import failure

    try:
        if request["action"] == "list":
            return _listing(request, refused)
        info = _run(request)
    except (YoutubeDLError, OSError, MemoryError, RecursionError, ValueError) as exc:
        return failure(exc, refused)
    except Exception as exc:  # noqa: BLE001 - extractors raise whatever they like; one boundary
        return failure(exc, refused)
    return {"outcome": "done", "info": info}


def _run(request: Request) -> object:
    import yt_dlp

    download = request["action"] == "download"
    with yt_dlp.YoutubeDL(_options(request, download=download)) as ydl:
        bound_pages(ydl, request["max_page_bytes"])
        info = ydl.extract_info(request["url"], download=download)
        return _without_dropped(ydl.sanitize_info(info))


def bound_pages(ydl: Any, max_bytes: int) -> None:
    """Let no page that ``ydl`` reads whole be larger than ``max_bytes``, unpacked.

    Media are read in pieces and have a limit of their own.
    """
    from yt_dlp.networking.exceptions import TransportError

    genuine = ydl.urlopen

    def urlopen(request: object) -> object:
        response = genuine(request)
        read = response.read

        def bounded(amount: int | None = None) -> bytes:
            if amount is not None:
                return bytes(read(amount))
            body = bytearray()
            while piece := read(_PIECE_BYTES):
                body += piece
                if len(body) > max_bytes:
                    raise TransportError(f"the page is larger than the {max_bytes} bytes allowed")
            return bytes(body)

        response.read = bounded
        return response

    ydl.urlopen = urlopen


def _listing(request: Request, refused: list[str]) -> dict[str, object]:
    import yt_dlp

    from tracker.net.ytdlp_errors import EXTRACTOR_ERRORS, failure
    from tracker.net.ytdlp_listing import ListingRequest, list_entries

    asked = request["listing"] or {}
    wanted = ListingRequest(
        request["url"],
        start=int(asked["start"]),
        limit=int(asked["limit"]),
        known=frozenset(asked["known"]),
        newest_first=bool(asked["newest_first"]),
    )
    options = {
        **_options(request, download=False),
        "noplaylist": False,
        "playlist_items": None,
        "extractor_args": {"youtubetab": {"approximate_date": ["yes"]}},
    }
    with yt_dlp.YoutubeDL(options) as ydl:
        bound_pages(ydl, request["max_page_bytes"])
        listed = list_entries(ydl, wanted, EXTRACTOR_ERRORS)
        info = {**listed.head, "entries": listed.entries}
        return {
            "outcome": "done",
            "info": _without_dropped(ydl.sanitize_info(info)),
            "read": listed.read,
            "ended": listed.ended,
            "interrupted": failure(listed.error, refused) if listed.error else None,
        }


def _options(request: Request, *, download: bool) -> dict[str, object]:
    allowed = ["default"] if request["generic_allowed"] else ["default", "-generic"]
    return {
        **_SILENT,
        **_AS_SERVED,
        "noplaylist": True,
        "playlist_items": "1" if download else f"1:{request['max_entries']}",
        "extract_flat": False if download else "in_playlist",
        "allowed_extractors": allowed,
        "enable_file_urls": False,
        "proxy": "",
        "cookiefile": io.StringIO(request["cookies"]) if request["cookies"] else None,
        "sleep_interval_requests": request["pause_s"],
        "http_headers": {"User-Agent": request["user_agent"]} if request["user_agent"] else {},
        "compat_opts": {"no-certifi"} if request["own_authorities"] else set(),
        "js_runtimes": RUNTIMES,
        "cachedir": False,
        "geo_bypass": False,
        "socket_timeout": request["socket_timeout_s"],
        "retries": 2,
        "extractor_retries": 1,
        "fragment_retries": 2,
        "skip_unavailable_fragments": False,
        "ffmpeg_location": request["ffmpeg"],
        "paths": {"home": request["directory"]},
        "outtmpl": {"default": f"{MEDIA_NAME}.%(ext)s"},
        "progress_hooks": [_size_limit(request["max_media_bytes"])],
        "match_filter": _refuse_live if download else None,
    }


class _Silent:
    """yt-dlp's logger: the answer says what matters."""

    def debug(self, message: str) -> None:
        pass

    def warning(self, message: str) -> None:
        pass

    def error(self, message: str) -> None:
        pass


_SILENT: dict[str, object] = {
    "quiet": True,
    "no_warnings": True,
    "noprogress": True,
    "logger": _Silent(),
    "color": "no_color",
}
# One file as the platform serves it: nothing merged, remuxed or mended, or its bytes (and any
# C2PA manifest in them) would no longer be what was published.
_AS_SERVED: dict[str, object] = {
    "format": "b/bv*",
    "fixup": "never",
    "postprocessors": [],
    "external_downloader": {"default": "native"},
    "hls_prefer_native": True,
    "overwrites": True,
    "continuedl": False,
    "updatetime": False,
}


def _refuse_live(info: Mapping[str, object], *, incomplete: bool = False) -> str | None:
    from tracker.net.ytdlp_errors import LiveStream

    if info.get("is_live") and not incomplete:
        raise LiveStream
    return None


def _size_limit(max_bytes: int) -> object:
    from tracker.net.ytdlp_errors import TooLarge

    def hook(progress: Mapping[str, object]) -> None:
        for name in ("downloaded_bytes", "total_bytes"):
            size = progress.get(name)
            if isinstance(size, int | float) and size > max_bytes:
                raise TooLarge(f"the video is larger than the {max_bytes} bytes allowed")

    return hook


def _without_dropped(value: object) -> object:
    if isinstance(value, dict):
        return {
            str(key): _without_dropped(item)
            for key, item in value.items()
            if key not in _DROPPED_KEYS and not str(key).startswith("__")
        }
    return [_without_dropped(item) for item in value] if isinstance(value, list) else value


def _encoded(answer: Mapping[str, object]) -> bytes:
    """The answer as UTF-8 JSON; lone surrogates and NaN, which JSON has not, become ? and null."""
    text = json.dumps(answer, ensure_ascii=False)
    body = text.encode("utf-8", errors="replace")
    if len(body) <= _MAX_ANSWER_BYTES:
        return body
    return json.dumps(
        {"outcome": "failed", "kind": "tool", "message": "too much metadata"}
    ).encode()


if __name__ == "__main__":
    sys.exit(main())
