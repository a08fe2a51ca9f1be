from __future__ import annotations

import errno
import hashlib
import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.files import outside_errors
from storage.keyframe_store import KeyframeStore, _packed, _unpacked
from storage.media_store import MediaStore
from tests.support.unprivileged import as_nobody, open_directory
from tests.support.values import KEY, a_video, some_keyframes
from tracker.errors import IntegrityError, OutsideError
from tracker.evidence.digests import keyframes_digest
from tracker.model.keyframe import Keyframe

BODY = b"the bytes of a video" * 1000
SHA = hashlib.sha256(BODY).hexdigest()
ONE = a_video("one")


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media")


@pytest.fixture
def keyframes(tmp_path: Path) -> KeyframeStore:
    return KeyframeStore(tmp_path / "keyframes")


def fetched(tmp_path: Path, body: bytes = BODY) -> Path:
    path = tmp_path / "fetched.mp4"
    path.write_bytes(body)
    return path


def files_below(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def test_a_file_moves_in_under_its_digest(store: MediaStore, tmp_path: Path) -> None:
    source = fetched(tmp_path)
    store.add_file(source, SHA)
    assert not source.exists()
    assert store.contains(SHA)
    path = store.path(SHA)
    assert path.relative_to(tmp_path) == Path("media", "sha256", SHA[:2], SHA[2:4], SHA)
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    store.verify(SHA)
    assert store.read(SHA) == BODY
    assert list(store.digests()) == [SHA]
    assert files_below(tmp_path) == [path]


def test_the_same_bytes_are_kept_once(store: MediaStore, tmp_path: Path) -> None:
    for _ in range(2):
        store.add_file(fetched(tmp_path), SHA)
    assert store.add_bytes(BODY) == SHA
    assert files_below(tmp_path) == [store.path(SHA)]


def test_bytes_of_another_name_are_refused(store: MediaStore, tmp_path: Path) -> None:
    source = fetched(tmp_path, b"something else")
    with pytest.raises(IntegrityError, match="its digest is"):
        store.add_file(source, SHA)
    assert source.exists()
    assert not store.contains(SHA)


def test_a_cut_off_file_is_replaced_by_the_whole_one(store: MediaStore, tmp_path: Path) -> None:
    store.add_bytes(BODY)
    path = store.path(SHA)
    path.chmod(0o644)
    path.write_bytes(BODY[:7])
    store.add_file(fetched(tmp_path), SHA)
    store.verify(SHA)


def test_a_changed_byte_is_named(store: MediaStore) -> None:
    store.add_bytes(BODY)
    path = store.path(SHA)
    path.chmod(0o644)
    path.write_bytes(b"T" + BODY[1:])
    for check in (store.verify, store.read):
        with pytest.raises(IntegrityError) as caught:
            check(SHA)
        assert str(caught.value).startswith(f"{path} was changed")


def test_a_missing_file_is_named(store: MediaStore) -> None:
    with pytest.raises(IntegrityError, match=f"{store.path(SHA)} is missing"):
        store.verify(SHA)
    assert not store.contains(SHA)
    assert not store.remove(SHA)
    assert [*store.digests(), *store.strangers()] == []


@pytest.mark.parametrize("name", ["", "../../etc/passwd", SHA.upper(), SHA + "\n", SHA[:-1]])
def test_no_other_name_becomes_a_path(
    store: MediaStore, keyframes: KeyframeStore, name: str
) -> None:
    with pytest.raises(ValueError, match="not a"):
        store.path(name)
    with pytest.raises(ValueError, match="not a"):
        keyframes.path(name, KEY)  # type: ignore[arg-type]  # the case under test


def test_strangers_are_listed(store: MediaStore) -> None:
    store.add_bytes(BODY)
    stranger = store.path(SHA).with_name("note.txt")
    misplaced = store.path(SHA).parent.parent / ("a" * 64)
    for path in (stranger, misplaced):
        path.touch()
    assert set(store.strangers()) == {stranger, misplaced}
    assert list(store.digests()) == [SHA]


def test_a_removed_file_is_gone(store: MediaStore) -> None:
    store.add_bytes(BODY)
    assert store.remove(SHA)
    assert not store.contains(SHA)


CHILD = """
import os, sys, signal
from pathlib import Path
import storage.files
from storage.media_store import MediaStore
store = MediaStore(Path(sys.argv[1]))
def trace(frame, event, arg):
    if frame.f_code is storage.files.put_in_place.__code__:
        os.kill(os.getpid(), signal.SIGKILL)
sys.settrace(trace)
store.add_bytes(b"never finished")
"""


def test_a_killed_process_leaves_only_what_clean_removes(store: MediaStore, tmp_path: Path) -> None:
    child = subprocess.run([sys.executable, "-c", CHILD, str(tmp_path / "media")], check=False)
    assert child.returncode == -signal.SIGKILL
    assert list(store.digests()) == []
    (leftover,) = files_below(tmp_path)
    mine = leftover.with_name(f"{os.getpid()}-aa.tmp")
    mine.touch()
    assert store.clean() == 1
    assert files_below(tmp_path) == [mine]  # its process is alive: it may be writing
    assert store.clean() == 0


def test_a_full_disk_leaves_nothing_half_written(store: MediaStore, tmp_path: Path) -> None:
    def check() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        with pytest.raises(OutsideError, match="cannot store"):
            store.add_bytes(BODY)

    (tmp_path / "media").mkdir()
    child = os.fork()
    if child == 0:
        try:
            check()
        except BaseException:  # noqa: BLE001 - a child has nobody above it to tell
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert files_below(tmp_path) == []


def test_a_closed_directory_is_named() -> None:
    with open_directory() as directory:

        def check() -> None:
            with pytest.raises(OutsideError, match=r"cannot store .*: permission denied"):
                MediaStore(directory / "media").add_bytes(BODY)

        assert as_nobody(check) == ""


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "read-only"), (errno.EINTR, "nterrupted")],
)
def test_the_disk_speaks_in_sentences(number: int, words: str) -> None:
    sentence = f"cannot store /a: .*{words}"
    with pytest.raises(OutsideError, match=sentence), outside_errors(Path("/a"), "store"):
        raise OSError(number, os.strerror(number))


@given(st.lists(st.tuples(st.integers(0, 2**40), st.binary(max_size=50)), max_size=8))
def test_keyframes_come_back_as_they_went_in(frames: list[tuple[int, bytes]]) -> None:
    made = tuple(Keyframe(pts_ms, jpeg) for pts_ms, jpeg in frames)
    assert _unpacked(Path("x"), _packed(made)) == made


def test_keyframes_are_kept_by_video_and_algorithm(
    keyframes: KeyframeStore, tmp_path: Path
) -> None:
    digest = keyframes.put(ONE, KEY, some_keyframes())
    keyframes.put(ONE, "other", some_keyframes(1))
    assert digest == keyframes_digest(some_keyframes())
    assert keyframes.get(ONE, KEY) == some_keyframes()
    assert keyframes.get(ONE, "other") == some_keyframes(1)
    keyframes.verify(ONE, KEY, digest)
    assert list(keyframes.paths()) == sorted(files_below(tmp_path))
    keyframes.put(ONE, KEY, some_keyframes(2))
    with pytest.raises(IntegrityError, match="replaced: it is not what the ledger recorded"):
        keyframes.verify(ONE, KEY, digest)
    assert keyframes.remove(ONE, KEY)
    assert not keyframes.remove(ONE, KEY)
    assert not keyframes.contains(ONE, KEY)
    assert keyframes.contains(ONE, "other")


def test_damaged_keyframes_are_named(keyframes: KeyframeStore) -> None:
    keyframes.put(ONE, KEY, some_keyframes())
    path = keyframes.path(ONE, KEY)
    path.chmod(0o644)
    whole = path.read_bytes()
    for position in range(0, len(whole), 29):
        damaged = bytearray(whole)
        damaged[position] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(IntegrityError, match=str(path)):
            keyframes.get(ONE, KEY)
    for length in (0, 5, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(IntegrityError, match=str(path)):
            keyframes.get(ONE, KEY)
    path.unlink()
    with pytest.raises(IntegrityError, match="is missing"):
        keyframes.get(ONE, KEY)


@given(st.binary(max_size=60))
def test_a_sealed_file_of_other_bytes_is_named(body: bytes) -> None:
    sealed = body + hashlib.sha256(body).digest()
    if body[:8] != b"TKEYFRM1":
        with pytest.raises(IntegrityError, match="no keyframe file"):
            _unpacked(Path("x"), sealed)


def test_a_table_longer_than_the_file_is_named() -> None:
    body = b"TKEYFRM1" + b"\xff\xff\xff\x7f"
    with pytest.raises(IntegrityError, match="no keyframe file"):
        _unpacked(Path("x"), body + hashlib.sha256(body).digest())


def test_leftovers_of_keyframes_are_cleaned(keyframes: KeyframeStore, tmp_path: Path) -> None:
    keyframes.put(ONE, KEY, some_keyframes())
    (tmp_path / "keyframes" / "tmp" / "x.tmp").touch()
    assert keyframes.clean() == 1
    assert keyframes.get(ONE, KEY) == some_keyframes()
