from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tsa_server import POLICY, TimestampAuthority, make_authority
from tracker.errors import ConfigError
from tracker.evidence.timestamp_tokens import (
    TimestampRequest,
    TokenVerdict,
    authority_certificates,
    judge_response,
    timestamp_request,
)
from tracker.model.anchor import TokenState

STATEMENT = b'{"format":"tracker/anchor/1"}'


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TimestampAuthority:
    return make_authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture(scope="module")
def asked() -> TimestampRequest:
    return timestamp_request(STATEMENT)


@pytest.fixture(scope="module")
def answer(authority: TimestampAuthority, asked: TimestampRequest) -> bytes:
    return authority.reply(asked.body)


def judged(
    response: bytes,
    ca_file: Path | None,
    asked: TimestampRequest,
    statement: bytes = STATEMENT,
) -> TokenVerdict:
    ca = None if ca_file is None else ca_file.read_bytes()
    return judge_response(response, statement, ca_pem=ca, nonce=asked.nonce)


def test_a_right_token_is_verified(
    authority: TimestampAuthority, asked: TimestampRequest, answer: bytes
) -> None:
    verdict = judged(answer, authority.ca_file, asked)
    assert verdict.verified
    assert verdict.reason == ""
    assert verdict.policy == POLICY
    assert verdict.nonce == str(asked.nonce)
    assert verdict.serial == "2"
    assert verdict.gen_at is not None
    assert abs((datetime.now(UTC) - verdict.gen_at).total_seconds()) < 60
    assert verdict.chain_pem.count(b"BEGIN CERTIFICATE") == 1


def test_openssl_agrees(
    authority: TimestampAuthority, asked: TimestampRequest, answer: bytes, tmp_path: Path
) -> None:
    (tmp_path / "anchor.json").write_bytes(STATEMENT)
    (tmp_path / "answer.tsr").write_bytes(answer)
    line = ["openssl", "ts", "-verify", "-data", "anchor.json", "-in", "answer.tsr", "-CAfile"]
    done = subprocess.run(
        [*line, str(authority.ca_file)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Verification: OK" in done.stdout + done.stderr


def test_another_authoritys_certificate_verifies_nothing(
    asked: TimestampRequest, answer: bytes, tmp_path: Path
) -> None:
    other = make_authority(tmp_path / "other", "Other CA")
    verdict = judged(answer, other.ca_file, asked)
    assert (verdict.state, verdict.granted) == (TokenState.HELD, True)
    assert "issuer certificate" in verdict.reason


def test_a_token_over_another_statement_is_not_ours(
    authority: TimestampAuthority, asked: TimestampRequest, answer: bytes
) -> None:
    verdict = judged(answer, authority.ca_file, asked, b"something else")
    assert verdict.state is TokenState.HELD
    assert verdict.reason == "it is over another digest"


def test_an_answer_to_another_request_is_not_ours(
    authority: TimestampAuthority, answer: bytes
) -> None:
    verdict = judged(answer, authority.ca_file, timestamp_request(STATEMENT))
    assert "Nonce mismatch" in verdict.reason


def test_without_certificates_nothing_is_verified(
    asked: TimestampRequest, answer: bytes, tmp_path: Path
) -> None:
    assert "no certificates" in judged(answer, None, asked).reason
    (tmp_path / "ca.pem").write_text("hello")
    assert "no certificates" in judged(answer, tmp_path / "ca.pem", asked).reason
    with pytest.raises(ConfigError):
        authority_certificates(b"")


def test_a_refusal_says_why(
    authority: TimestampAuthority, asked: TimestampRequest, tmp_path: Path
) -> None:
    (tmp_path / "data").write_bytes(b"x")
    subprocess.run(
        ["openssl", "ts", "-query", "-data", "data", "-sha1", "-out", "weak.tsq"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    refusal = authority.reply((tmp_path / "weak.tsq").read_bytes())
    verdict = judged(refusal, authority.ca_file, asked)
    assert (verdict.state, verdict.granted) == (TokenState.HELD, False)
    assert "not supported" in verdict.reason


@pytest.mark.parametrize("garbage", [b"", b"<html>busy</html>", b"\x30\x03\x02\x01\x00", b"\x30"])
def test_garbage_is_held_and_asked_for_again(
    authority: TimestampAuthority, asked: TimestampRequest, garbage: bytes
) -> None:
    verdict = judged(garbage, authority.ca_file, asked)
    assert (verdict.state, verdict.granted) == (TokenState.HELD, False)
    assert verdict.reason


def test_der_that_only_the_library_refuses_is_not_asked_for_again(
    authority: TimestampAuthority, asked: TimestampRequest, answer: bytes
) -> None:
    verdict = judged(answer + b"\x00", authority.ca_file, asked)
    assert (verdict.state, verdict.granted) == (TokenState.HELD, True)
    assert "not a timestamp response that can be read" in verdict.reason


def test_no_changed_answer_stops_the_judge(
    authority: TimestampAuthority, asked: TimestampRequest, answer: bytes
) -> None:
    ca = authority.ca_file.read_bytes()
    taken = []
    for place in range(len(answer)):
        changed = bytearray(answer)
        changed[place] ^= 1
        verdict = judge_response(bytes(changed), STATEMENT, ca_pem=ca, nonce=asked.nonce)
        assert len(verdict.reason) <= 200
        if verdict.verified:
            taken.append(place)
    # A few bytes (a version, who signed) are under no signature; the file's digest covers them.
    assert len(taken) < 20


@given(st.binary(max_size=400))
def test_no_bytes_stop_the_judge(body: bytes) -> None:
    verdict = judge_response(body, STATEMENT, ca_pem=b"", nonce=1)
    assert verdict.state is TokenState.HELD
