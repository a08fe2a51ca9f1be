"""What of the machine and the accounts is missing, each with what to do about it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import av
import imageio_ffmpeg
from rich.console import Console
from rich.text import Text

from storage.database import Database
from tracker.composition.terms import credential_anchors
from tracker.config import AuthoritySettings, Settings
from tracker.errors import ConfigError, TrackerError
from tracker.media.child_process import ChildLimits, ChildProcessExecutor
from tracker.media.confinement import bars_in_force
from tracker.net.javascript import OLDEST_DENO, deno_version
from tracker.net.rerouting import Rerouting
from tracker.reports.anchor_words import NOBODY_VOUCHES

LOW_DISK_BYTES = 2 * 1024**3
"""Less free space than this is reported: a few videos would fill it."""

CHILD_ANSWERS_S = 60.0
"""How long the machine may take to start one child process."""

CODECS = ("h264", "hevc", "vp9", "av1")
"""What social platforms serve today."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``needed`` is False for what only some sources want."""

    name: str
    ok: bool
    detail: str
    needed: bool = True

    def document(self) -> dict[str, object]:
        """Return the finding as JSON."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail, "needed": self.needed}


def examine_machine(settings: Settings) -> list[Finding]:
    """Return every finding; nothing is created or changed."""
    checks: Iterable[Callable[[Settings], Iterator[Finding]]] = (
        _python,
        _decoders,
        _confinement,
        _ytdlp,
        _rerouting,
        _x_token,
        _timestamps,
        _trusted_signers,
        _data_directory,
        _database,
    )
    return [finding for check in checks for finding in check(settings)]


def _python(_settings: Settings) -> Iterator[Finding]:
    running = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", sys.version_info >= (3, 11), f"{running} (3.11 or newer is needed)")


def _decoders(_settings: Settings) -> Iterator[Finding]:
    missing = [name for name in CODECS if not _decodes(name)]
    yield Finding(
        "decoders",
        not missing,
        f"PyAV {version('av')}: " + (f"missing {', '.join(missing)}" if missing else "complete"),
    )
    try:
        detail, ok = imageio_ffmpeg.get_ffmpeg_version(), True
    except (OSError, RuntimeError) as exc:
        detail, ok = str(exc), False
    yield Finding("ffmpeg for yt-dlp", ok, detail, needed=False)


def _confinement(_settings: Settings) -> Iterator[Finding]:
    """Told by a child that was confined as decoders are: kernels and containers differ."""
    name = "decoders are confined"
    try:
        with ChildProcessExecutor(1, ChildLimits(CHILD_ANSWERS_S)) as executor:
            bars = executor.submit(bars_in_force).result()
    except TrackerError as exc:
        yield Finding(name, False, str(exc))
        return
    detail = (
        f"from the network: {bars.network.value}; from changing files: {bars.files.value}; "
        f"from other processes: {bars.processes.value}"
    )
    yield Finding(name, bars.complete, detail, needed=False)


def _decodes(codec: str) -> bool:
    try:
        av.CodecContext.create(codec, "r")
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def _ytdlp(settings: Settings) -> Iterator[Finding]:
    yield Finding("yt-dlp", True, version("yt-dlp"))
    yield from _javascript()
    there = importlib.util.find_spec("curl_cffi") is not None
    yield Finding(
        "browser impersonation",
        False,
        (f"curl_cffi {_installed('curl_cffi')} is there but not used" if there else "not used")
        + ": it connects outside the address guard, so sites that demand it refuse us",
        needed=False,
    )
    yield from _cookies(settings)


def _javascript() -> Iterator[Finding]:
    found = deno_version()
    good = found is not None and found >= OLDEST_DENO
    named = f"deno {'.'.join(map(str, found))}" if found else "no deno"
    wanted = f"YouTube needs deno {'.'.join(map(str, OLDEST_DENO))} or newer (`pip install deno`)"
    why = "other runtimes are not used: their scripts could connect past the address guard"
    detail = named if good else f"{named}; {wanted}; {why}"
    yield Finding("JavaScript runtime", good, detail, needed=False)
    solver = importlib.util.find_spec("yt_dlp_ejs") is not None
    yield Finding(
        "YouTube's challenges",
        good and solver,
        f"yt-dlp-ejs {_installed('yt-dlp-ejs')} for the JavaScript runtime"
        if solver
        else "yt-dlp-ejs is missing: `pip install 'yt-dlp[default]'`",
        needed=False,
    )


def _cookies(settings: Settings) -> Iterator[Finding]:
    if not settings.ytdlp.cookie_file:
        yield Finding(
            "yt-dlp's cookies",
            False,
            "none; Instagram and some videos of YouTube need a session: ytdlp.cookie_file",
            needed=False,
        )
        return
    path = Path(settings.ytdlp.cookie_file).expanduser()
    readable = path.is_file() and os.access(path, os.R_OK)
    detail = f"{path}" if readable else f"cannot read {path}"
    yield Finding("yt-dlp's cookies", readable, f"{detail} (copied for each call)")


def _rerouting(settings: Settings) -> Iterator[Finding]:
    """Said wherever it is set: what comes by another way must surprise nobody."""
    network = settings.network
    if not (network.connect_to or network.ca_file):
        return
    try:
        tools = Rerouting(network.connect_to, _path(network.ca_file)).tools()
    except ConfigError as exc:
        yield Finding("hosts reached elsewhere", False, str(exc))
        return
    detail = "; ".join(f"{name}: {value}" for name, value in tools)
    yield Finding("hosts reached elsewhere", True, detail, needed=False)


def _path(text: str) -> Path | None:
    return Path(text).expanduser() if text else None


def _x_token(settings: Settings) -> Iterator[Finding]:
    """Only whether there is one: asking X would be billed."""
    try:
        token = settings.x.token()
    except ConfigError as exc:
        yield Finding("X bearer token", False, str(exc))
        return
    detail = f"there; at most {settings.x.monthly_reads} reads a month from {settings.x.api_url}"
    yield Finding(
        "X bearer token",
        bool(token),
        detail if token else "none; X is read by yt-dlp: no searches, no account timelines",
        needed=False,
    )


def _timestamps(settings: Settings) -> Iterator[Finding]:
    """Only whether they can be asked and believed: nothing is sent."""
    wanted = settings.timestamps
    if not wanted.authorities and not wanted.calendars:
        detail = f"no timestamp authority is configured: {NOBODY_VOUCHES}"
        yield Finding("timestamps", False, detail, needed=False)
    for authority in wanted.authorities:
        yield _authority(authority)
    for calendar in wanted.calendars:
        yield Finding("calendar", True, f"{calendar} (its proofs are pending for some hours)")


def _trusted_signers(settings: Settings) -> Iterator[Finding]:
    name = "trusted signers"
    try:
        anchors = credential_anchors(settings)
    except ConfigError as exc:
        yield Finding(name, False, str(exc))
        return
    if anchors:
        count = anchors.count("-----BEGIN CERTIFICATE-----")
        path = settings.c2pa.trust_anchors_file
        yield Finding(name, True, f"Content Credentials are held against {count} of {path}")
    else:
        detail = (
            "no c2pa.trust_anchors_file: who signed Content Credentials is told by the name in "
            "their certificate, which anyone can make"
        )
        yield Finding(name, False, detail, needed=False)


def _authority(authority: AuthoritySettings) -> Finding:
    from tracker.evidence.timestamp_tokens import authority_certificates  # loaded late: 60 ms

    name = "timestamp authority"
    if not authority.ca_file:
        detail = f"{authority.url}: no ca_file, so its answers are kept but not verified"
        return Finding(name, False, detail, needed=False)
    path = Path(authority.ca_file).expanduser()
    try:
        count = len(authority_certificates(path.read_bytes()))
    except OSError as exc:
        return Finding(name, False, f"{authority.url}: cannot read {path}: {exc.strerror}")
    except ConfigError as exc:
        return Finding(name, False, f"{authority.url}: {path}: {exc}")
    return Finding(name, True, f"{authority.url}, checked against {count} certificates of {path}")


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "of unknown version"


def _data_directory(settings: Settings) -> Iterator[Finding]:
    existing = _nearest_existing(settings.data_dir)
    writable = os.access(existing, os.W_OK)
    where = str(settings.data_dir) + ("" if existing == settings.data_dir else " (not made yet)")
    yield Finding("data directory", writable, where if writable else f"{where}: not writable")
    free = shutil.disk_usage(existing).free
    yield Finding("free space", free >= LOW_DISK_BYTES, f"{free / 1024**3:.1f} GB", needed=False)


def _nearest_existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if os.access(parent, os.F_OK))


def _database(settings: Settings) -> Iterator[Finding]:
    database = Database(settings.database_url)
    try:
        if not database.exists():
            yield Finding("database", True, f"{database.name} (not made yet)")
            return
        with database.read():
            yield Finding("database", True, database.name)
    except TrackerError as exc:
        yield Finding("database", False, str(exc))
    finally:
        database.close()


def print_findings(console: Console, findings: Iterable[Finding]) -> None:
    """Print one line a finding: what is in order, what is missing, what only some need."""
    for finding in findings:
        mark = "ok     " if finding.ok else ("MISSING" if finding.needed else "absent ")
        style = "green" if finding.ok else ("red" if finding.needed else "yellow")
        console.print(Text.assemble((mark, style), f"  {finding.name}: {finding.detail}"))
