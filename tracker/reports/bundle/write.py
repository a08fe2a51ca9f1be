"""Writing a bundle: as a directory, or as a zip file that is the same byte for byte each time."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from tracker.errors import IntegrityError, OutsideError, UsageError
from tracker.model.ledger import LedgerEntry
from tracker.reports.bundle import bag
from tracker.reports.bundle.bag import BagFacts, Written
from tracker.reports.bundle.contents import BundleFile
from tracker.reports.bundle.ledger_form import Link, entry_line, link_line

SEALED, CHAIN, SEAL = "data/sealed.txt", "data/ledger/chain.txt", "data/ledger/seal.txt"
UNSEALED = frozenset({SEALED, CHAIN, SEAL})
"""Payload files that the seal does not cover: they are it, or lead up to it."""

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The one time that every file in a zip bears: the earliest the format knows."""

_CHUNK = 1 << 20

Seal = Callable[[str], tuple[LedgerEntry, Iterable[Link]]]
"""Given the digest of ``sealed.txt``: the entry that seals it, and the whole chain up to it."""


class Sink(Protocol):
    """Where files of a bundle are put, one after the other."""

    def add(self, path: str, source: bytes | Path) -> Written:
        """Write one file and return its digest and size."""
        ...


def write_bundle(output: Path, facts: BagFacts, files: Iterable[BundleFile], seal: Seal) -> str:
    """Write the bag to ``output`` and return the digest that its seal holds.

    A name that ends in ``.zip`` becomes an uncompressed zip file with one directory, named after
    the clip; any other a directory. Either appears whole or not at all. Raises ``UsageError`` for
    a directory that holds something already, ``IntegrityError`` when a stored file is not what its
    name says, ``OutsideError`` when the disk refuses.
    """
    opened = _zip_sink(output, facts.clip) if is_zip(output) else _directory_sink(output)
    with opened as sink:
        written: dict[str, Written] = {}
        for file in files:
            written[file.path] = sink.add(file.path, file.source)
            _check_name(file, written[file.path])
        sealed = bag.digest_lines({path: file.sha256 for path, file in written.items()})
        written[SEALED] = sink.add(SEALED, sealed.encode())
        entry, links = seal(written[SEALED].sha256)
        written[CHAIN] = sink.add(CHAIN, "".join(map(link_line, links)).encode())
        written[SEAL] = sink.add(SEAL, entry_line(entry).encode())
        _add_tags(sink, facts, written)
    return written[SEALED].sha256


def is_zip(output: Path) -> bool:
    """Tell whether a bundle of that name is a zip file."""
    return output.suffix.lower() == ".zip"


def _add_tags(sink: Sink, facts: BagFacts, written: dict[str, Written]) -> None:
    written["bagit.txt"] = sink.add("bagit.txt", bag.DECLARATION.encode())
    written["bag-info.txt"] = sink.add("bag-info.txt", bag.bag_info(facts, written).encode())
    payload = bag.manifest(written, payload=True)
    written[bag.MANIFEST] = sink.add(bag.MANIFEST, payload.encode())
    sink.add(bag.TAG_MANIFEST, bag.manifest(written, payload=False).encode())


def _check_name(file: BundleFile, written: Written) -> None:
    """A file of the archive is named by its digest: a damaged one must not pass for it."""
    if isinstance(file.source, Path) and file.source.name != written.sha256:
        raise IntegrityError(f"{file.source} was changed: its SHA-256 is {written.sha256}")


# --- sinks --------------------------------------------------------------------------------


class _Directory:
    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, path: str, source: bytes | Path) -> Written:
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as stream:
            written = _copy(source, stream)
            stream.flush()
            os.fsync(stream.fileno())
        return written


class _Zip:
    def __init__(self, archive: zipfile.ZipFile, top: str) -> None:
        self._archive = archive
        self._top = top

    def add(self, path: str, source: bytes | Path) -> Written:
        info = zipfile.ZipInfo(f"{self._top}/{path}", ZIP_EPOCH)
        info.create_system = 3  # so that the same bytes come out on every system
        info.external_attr = 0o100644 << 16
        with self._archive.open(info, "w", force_zip64=True) as stream:
            return _copy(source, stream)


def _copy(source: bytes | Path, target: object) -> Written:
    digest, size_bytes = hashlib.sha256(), 0
    for chunk in _chunks(source):
        target.write(chunk)  # type: ignore[attr-defined]  # a file or a member of a zip
        digest.update(chunk)
        size_bytes += len(chunk)
    return Written(digest.hexdigest(), size_bytes)


def _chunks(source: bytes | Path) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


@contextmanager
def _directory_sink(output: Path) -> Iterator[Sink]:
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError(f"{output} exists already; name a new directory or a .zip file")
    temporary = _beside(output)
    with _disk(output):
        try:
            temporary.mkdir(parents=True)
            yield _Directory(temporary)
            for folder, _, _ in os.walk(temporary, topdown=False):
                _sync_names(Path(folder))
            temporary.replace(output)
            _sync_names(output.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _zip_sink(output: Path, top: str) -> Iterator[Sink]:
    temporary = _beside(output)
    with _disk(output):
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("xb") as stream:
                with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
                    yield _Zip(archive, top)
                _to_disk(stream)
            temporary.replace(output)
            _sync_names(output.parent)
        finally:
            temporary.unlink(missing_ok=True)


def _to_disk(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _sync_names(directory: Path) -> None:
    """Have the names in a directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beside(output: Path) -> Path:
    return output.parent / f".{output.name[:200]}.{secrets.token_hex(4)}"


@contextmanager
def _disk(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise OutsideError(f"cannot write {output}: {exc.strerror or exc}") from exc
