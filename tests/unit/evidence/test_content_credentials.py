"""Content Credentials of real files, signed here by made-up keys, and of hostile ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import tsa_server
from tests.support.footage import make_footage
from tests.support.signed_video import (
    CREATED_AT,
    ISSUER,
    SigningKeys,
    remux,
    sign_video,
    signing_keys,
)
from tests.support.webserver import WebServer, serve
from tracker.errors import SourceError
from tracker.evidence.content_credentials import (
    MAX_ACTIONS,
    MAX_KEPT_BYTES,
    MAX_TEXT,
    credentials_claims,
    credentials_digest,
    parsed_store,
    read_credentials,
    unreadable,
)
from tracker.model.credentials import (
    ContentCredentials,
    CredentialAction,
    CredentialState,
    SignerTrust,
)
from tracker.model.time_claim import ClaimKind, ForgeableBy
from tracker.reports.credential_words import ABSENT_WORDS, credential_words
from tracker.timestamps.combine import combine


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("credentials")


@pytest.fixture(scope="module")
def plain(folder: Path) -> Path:
    return make_footage(folder / "plain.mp4", seed=3, seconds=2).path


@pytest.fixture(scope="module")
def keys() -> SigningKeys:
    return signing_keys()


@pytest.fixture(scope="module")
def signed(folder: Path, plain: Path, keys: SigningKeys) -> Path:
    return sign_video(plain, folder / "signed.mp4", keys)


@pytest.fixture
def site() -> Iterator[WebServer]:
    with serve() as running:
        yield running


def state_of(path: Path) -> CredentialState:
    return read_credentials(path).credentials.state


def test_a_signed_file_says_who_when_and_how(signed: Path) -> None:
    read = read_credentials(signed)
    found = read.credentials
    assert found.state is CredentialState.VALID
    assert (found.issuer, found.signer, found.title) == (ISSUER, "Signer", "bridge")
    assert found.claim_generator == "made-up camera 1.2"
    assert found.active_manifest is not None
    created, trimmed = found.actions
    assert created == CredentialAction(
        "c2pa.created", found.active_manifest, CREATED_AT, "Camera 9", "digitalCapture"
    )
    assert (trimmed.action, trimmed.at, trimmed.software_agent) == ("c2pa.trimmed", None, "Cutter")
    assert found.problems == ()
    assert json.loads(read.manifest_store)["active_manifest"] == found.active_manifest
    assert found.signer_trust is SignerTrust.UNKNOWN
    assert "its name is unchecked" in credential_words(found)
    (claim,) = credentials_claims(found)
    assert (claim.kind, claim.forgeable_by) == (ClaimKind.C2PA_SIGNED, ForgeableBy.SIGNER)
    assert claim.interval.earliest_at == CREATED_AT


def test_a_signer_is_held_against_the_list_that_is_given(signed: Path, keys: SigningKeys) -> None:
    others = signing_keys("Another House").authority
    trusted = read_credentials(signed, others + keys.authority).credentials
    untrusted = read_credentials(signed, others).credentials
    assert (trusted.state, trusted.signer_trust) == (CredentialState.TRUSTED, SignerTrust.TRUSTED)
    assert (untrusted.state, untrusted.signer_trust) == (
        CredentialState.VALID,
        SignerTrust.UNTRUSTED,
    )
    assert "does not vouch for" in credential_words(untrusted)
    lists = {dict(found.tools)["c2pa trust anchors (SHA-256)"] for found in (trusted, untrusted)}
    assert len(lists) == 2


def test_nobody_signed_a_file_that_was_changed_or_has_no_manifest(
    plain: Path, signed: Path, keys: SigningKeys, tmp_path: Path
) -> None:
    changed = tmp_path / "changed.mp4"
    data = bytearray(signed.read_bytes())
    data[-200] ^= 1
    changed.write_bytes(data)
    for path in (plain, changed):
        assert read_credentials(path, keys.authority).credentials.signer_trust is None


def test_a_signed_time_is_about_the_making_never_about_publication(signed: Path) -> None:
    assert combine(credentials_claims(read_credentials(signed).credentials)) is None


def test_a_file_changed_after_signing_is_invalid_and_claims_no_time(
    signed: Path, tmp_path: Path
) -> None:
    content = bytearray(signed.read_bytes())
    content[content.index(b"mdat") + 400] ^= 1
    changed = tmp_path / "changed.mp4"
    changed.write_bytes(content)
    found = read_credentials(changed).credentials
    assert found.state is CredentialState.INVALID
    assert "assertion.bmffHash.mismatch" in found.problems
    assert credentials_claims(found) == ()
    assert "does not fit this file" in credential_words(found)


def test_copying_the_streams_takes_the_credentials_away(signed: Path, tmp_path: Path) -> None:
    found = read_credentials(remux(signed, tmp_path / "remuxed.mp4")).credentials
    assert found.state is CredentialState.ABSENT
    assert ABSENT_WORDS in credential_words(found)


def test_an_unsigned_file_has_none(plain: Path) -> None:
    read = read_credentials(plain)
    assert read.credentials.state is CredentialState.ABSENT
    assert read.manifest_store == b""


def test_a_container_without_a_place_for_them_is_not_called_absent(
    plain: Path, tmp_path: Path
) -> None:
    assert state_of(remux(plain, tmp_path / "film.mkv")) is CredentialState.UNSUPPORTED


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 64, b"\xff" * 5000, b"PK\x03\x04" * 900],
)
def test_garbage_is_a_finding(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "garbage"
    path.write_bytes(content)
    assert state_of(path) in {
        CredentialState.UNREADABLE,
        CredentialState.UNSUPPORTED,
        CredentialState.ABSENT,
    }


def test_a_cut_off_signed_file_is_a_finding(signed: Path, tmp_path: Path) -> None:
    content = signed.read_bytes()
    for share in (0.05, 0.3, 0.9):
        path = tmp_path / f"cut-{share}"
        path.write_bytes(content[: int(len(content) * share)])
        assert state_of(path) in {CredentialState.UNREADABLE, CredentialState.INVALID}


def test_a_manifest_elsewhere_is_never_fetched(
    plain: Path, tmp_path: Path, site: WebServer
) -> None:
    url = site.add("/manifest.c2pa", b"nothing", content_type="application/c2pa")
    remote = sign_video(plain, tmp_path / "remote.mp4", signing_keys(), remote_url=url)
    found = read_credentials(remote).credentials
    assert found.state is CredentialState.REMOTE
    assert url in found.reason
    assert site.requests == []
    assert "which was not asked" in credential_words(found)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot read"):
        read_credentials(tmp_path / "nowhere.mp4")


def test_a_hostile_manifest_is_cleaned_and_cut(plain: Path, tmp_path: Path) -> None:
    kind = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
    agent = {"name": "A\x1b[31m\n" * 500}
    steps: list[dict[str, Any]] = [
        {"action": "c2pa.created", "softwareAgent": agent, "digitalSourceType": kind}
    ]
    steps += [{"action": "c2pa.edited"} for _ in range(300)]
    manifest: dict[str, Any] = {
        "claim_generator_info": [{"name": "x" * 9000}],
        "title": "\u202e<script>alert(1)</script>",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": steps}}],
    }
    path = sign_video(plain, tmp_path / "hostile.mp4", signing_keys("O" * 60), manifest=manifest)
    found = read_credentials(path).credentials
    assert len(found.actions) == MAX_ACTIONS
    texts = [found.title, found.claim_generator, found.issuer, found.actions[0].software_agent]
    assert all(text and text.isprintable() and len(text) <= MAX_TEXT for text in texts)
    words = credential_words(found)
    assert len(words) < 2_000
    assert words.isprintable()


def a_store(**changes: object) -> str:
    manifest: dict[str, object] = {
        "signature_info": {"issuer": "X", "time": "2026-05-01T10:00:00+02:00"},
        "assertions": [],
    }
    store = {"active_manifest": "m", "manifests": {"m": manifest}, "validation_state": "Trusted"}
    return json.dumps({**store, **changes})


def test_the_time_of_the_signature_is_a_claim() -> None:
    found = parsed_store(a_store()).credentials
    assert found.state is CredentialState.TRUSTED
    assert found.signed_at == datetime(2026, 5, 1, 8, tzinfo=UTC)
    (claim,) = credentials_claims(found)
    assert claim.source == "c2pa:signature"
    assert claim.interval.latest_at == found.signed_at + timedelta(seconds=1)
    assert "1 May 2026, 08:00 UTC" in credential_words(found)


def test_a_time_stamp_in_the_signature_is_the_time_of_signing(plain: Path, tmp_path: Path) -> None:
    authority = tsa_server.make_authority(tmp_path / "authority")
    before = datetime.now(UTC).replace(microsecond=0)
    with tsa_server.serve(authority) as running:
        path = sign_video(
            plain, tmp_path / "stamped.mp4", signing_keys(), time_stamp_url=running.url
        )
    found = read_credentials(path).credentials
    assert found.state is CredentialState.VALID
    assert found.signed_at is not None
    assert before <= found.signed_at <= datetime.now(UTC)
    sources = [claim.source for claim in credentials_claims(found)]
    assert sources == ["c2pa:signature", "c2pa:created"]


def test_a_store_too_large_is_described_and_not_kept() -> None:
    read = parsed_store(a_store(padding="x" * MAX_KEPT_BYTES))
    assert read.manifest_store == b""
    assert read.credentials.state is CredentialState.TRUSTED
    assert "too large" in read.credentials.reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"validation_state": 7}',
        '{"validation_state": "Great"}',
        "[" * 9000,
    ],
)
def test_an_answer_that_is_no_store_is_unreadable(text: str) -> None:
    assert parsed_store(text).credentials.state is CredentialState.UNREADABLE


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["manifests", "m", "assertions", "label", "data", "actions", "action", "when",
                 "signature_info", "issuer", "time", "validation_results", "activeManifest",
                 "failure", "code", "ingredientDeltas", "claim_generator_info", "name"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)  # fmt: skip


@given(_json, _json, _json)
def test_no_shape_of_a_store_breaks_the_reader(manifests: object, one: object, two: object) -> None:
    text = a_store(manifests={"m": manifests, "n": one}, validation_results=two)
    found = parsed_store(text).credentials
    assert found.state is CredentialState.TRUSTED
    assert credential_words(found)
    assert len(credentials_digest(found)) == 64


def test_the_digest_knows_every_field() -> None:
    found = ContentCredentials(CredentialState.VALID, tools=(("c2pa-python", "1"),))
    others: dict[str, Any] = {
        "state": CredentialState.TRUSTED,
        "signed_at": CREATED_AT,
        "actions": (CredentialAction("c2pa.created", "m"),),
        "problems": ("x",),
        "tools": (),
    }
    digests = {
        credentials_digest(replace(found, **{f.name: others.get(f.name, "other")}))
        for f in fields(found)
    }
    assert len(digests | {credentials_digest(found)}) == len(fields(found)) + 1


def test_why_the_reader_gave_up_is_said() -> None:
    assert "it took too long" in credential_words(unreadable("it took too long"))


def test_a_manifest_that_was_rewritten_is_invalid(signed: Path, tmp_path: Path) -> None:
    path = tmp_path / "rewritten.mp4"
    path.write_bytes(signed.read_bytes().replace(b"made-up camera", b"honest camera!"))
    found = read_credentials(path).credentials
    assert found.state is CredentialState.INVALID
    assert found.problems
    assert credentials_claims(found) == ()
