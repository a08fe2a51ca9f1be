"""A folder of videos with yt-dlp's ``.info.json`` beside them: what most archives already are."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tracker.errors import SourceError
from tracker.model.post import MediaRef, Post
from tracker.sources.clean import words
from tracker.sources.local_file import file_uri, local_post
from tracker.sources.ytdlp_page import sidecar_post

VIDEO_SUFFIXES = frozenset(
    f".{name}" for name in words("mp4 m4v mov webm mkv avi wmv flv ogv mpg mpeg ts m2ts mts 3gp")
)
MAX_SIDECAR_BYTES = 64 * 1024 * 1024
_SUFFIX = ".info.json"


def read_sidecars(
    directory: Path, report: Callable[[Path, SourceError], None] | None = None
) -> Iterator[tuple[Path, Post]]:
    """Yield every video below ``directory`` with its post, in the order of their paths.

    The post comes from ``NAME.info.json`` or ``NAME.EXT.info.json``. A video without a sidecar,
    or with one that cannot be read, comes as a local file; ``report`` is told why. Symlinks
    are followed only where they stay inside ``directory``. Raises ``SourceError`` if
    ``directory`` is no folder that can be listed.
    """
    root = _folder(directory)
    for path in _videos(root):
        try:
            yield path, _post(path, root)
        except SourceError as exc:
            if report is not None:
                report(path, exc)
            if _is_inside(path, root):
                yield path, local_post(path)


def _folder(directory: Path) -> Path:
    try:
        root = directory.resolve(strict=True)
        next(root.iterdir(), None)
    except (OSError, RuntimeError) as exc:
        raise SourceError(f"not a folder that can be read: {directory}") from exc
    return root


def _videos(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):  # does not enter symlinked folders
        folders.sort()
        for name in sorted(files):
            path = Path(folder, name)
            if path.suffix.lower() in VIDEO_SUFFIXES and not name.startswith("."):
                yield path


def _is_inside(path: Path, root: Path) -> bool:
    try:
        resolved = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return False
    return resolved.is_file() and resolved.is_relative_to(root)


def _post(path: Path, root: Path) -> Post:
    if not _is_inside(path, root):
        raise SourceError(f"{path} is no regular file inside the folder: left out")
    sidecar = _sidecar(path)
    if sidecar is None:
        return local_post(path)
    if not _is_inside(sidecar, root):
        raise SourceError(f"{sidecar} is a link out of the folder: not read")
    try:
        return sidecar_post(_info(sidecar), MediaRef(file_uri(path), "file"))
    except SourceError as exc:
        raise SourceError(f"{sidecar}: {exc}") from exc


def _sidecar(path: Path) -> Path | None:
    candidates = (path.with_name(path.name + _SUFFIX), path.with_name(path.stem + _SUFFIX))
    return next((candidate for candidate in candidates if candidate.exists()), None)


def _info(sidecar: Path) -> Mapping[str, object]:
    try:
        with sidecar.open("rb") as file:
            body = file.read(MAX_SIDECAR_BYTES + 1)
    except OSError as exc:
        raise SourceError(f"cannot be read: {exc.strerror}") from exc
    if len(body) > MAX_SIDECAR_BYTES:
        raise SourceError(f"larger than {MAX_SIDECAR_BYTES // 2**20} MiB")
    try:
        info = json.loads(body.decode("utf-8-sig"), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as exc:
        raise SourceError("not JSON") from exc
    if not isinstance(info, dict):
        raise SourceError("not a JSON object")
    return info
