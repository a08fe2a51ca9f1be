"""Anchors, and tokens over them from a real authority and a real calendar on loopback."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import anchors as anchor_rows
from storage import ledger
from tests.integration.ingest.conftest import AppMaker, TurnedClock
from tests.support.ots_server import Calendar, serve_calendar
from tests.support.tsa_server import (
    POLICY,
    Answer,
    AuthorityServer,
    TimestampAuthority,
    make_authority,
    serve,
)
from tracker.app import App, open_app
from tracker.config import NetworkSettings, Settings, TimestampSettings
from tracker.errors import HttpStatusError, NetworkError, RateLimited
from tracker.evidence.anchors import anchor_digest, anchor_statement
from tracker.model.anchor import Anchor, Token, TokenKind, TokenState
from tracker.model.ledger import LedgerKind


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> TimestampAuthority:
    return make_authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> TimestampAuthority:
    return make_authority(tmp_path_factory.mktemp("tsa") / "other", "Other CA")


@pytest.fixture
def authority(made: TimestampAuthority) -> Iterator[AuthorityServer]:
    with serve(made) as running:
        yield running


@pytest.fixture
def calendar() -> Iterator[Calendar]:
    with serve_calendar() as running:
        yield running


def terms(*authorities: dict[str, str], calendars: tuple[str, ...] = ()) -> TimestampSettings:
    return TimestampSettings.model_validate({"authorities": authorities, "calendars": calendars})


def work(app: App) -> None:
    """Let something be recorded."""
    with app.archive.database.write() as session:
        ledger.append(session, LedgerKind.WATCH, {"n": 1}, at=app.clock.now())


def tokens(app: App) -> list[Token]:
    with app.archive.database.read() as session:
        return anchor_rows.tokens(session)


def only_token(app: App) -> Token:
    (token,) = tokens(app)
    return token


def test_without_authorities_there_are_anchors_and_nobody_vouches(app: App) -> None:
    assert app.anchoring.run().anchor is None
    work(app)
    done = app.anchoring.run()
    assert done.is_new
    assert done.anchor is not None
    assert app.archive.anchors.statement_path(done.anchor).is_file()
    assert not app.anchoring.run().is_new
    assert app.status().anchors.last == done.anchor
    assert app.status().anchors.authorities == ()


def test_a_token_is_verified_and_everything_about_it_kept(
    make_app: AppMaker, authority: AuthorityServer
) -> None:
    with make_app(timestamps=terms(authority.setting())) as app:
        work(app)
        done = app.anchoring.run()
        assert done.failed == ()
        assert done.anchor is not None
        token = only_token(app)
        assert done.tokens == (token,)
        assert (token.state, token.reason) == (TokenState.VERIFIED, "")
        assert (token.policy, token.authority) == (POLICY, authority.url)
        store = app.archive.anchors
        assert store.read(done.anchor, token.request or "", ".tsq") == authority.requests[0]
        assert store.read(done.anchor, token.ca or "", ".pem") == (
            authority.authority.ca_file.read_bytes()
        )
        assert b"BEGIN CERT" in store.read(done.anchor, token.chain or "", ".pem")
        assert authority.content_types == ["application/timestamp-query"]
        app.anchoring.run()
        assert len(authority.requests) == 1  # it has answered
        (known,) = app.status().anchors.authorities
        assert (known.verified, known.held, known.error) == (1, 0, None)


def test_openssl_verifies_the_kept_files(make_app: AppMaker, authority: AuthorityServer) -> None:
    """The line that docs/evidence.md tells a stranger to run, and the one with the request."""
    with make_app(timestamps=terms(authority.setting())) as app:
        work(app)
        anchor = app.anchoring.run().anchor
        token = only_token(app)
        assert anchor is not None
        folder = app.archive.anchors.folder(anchor)
    for data in (["-data", "anchor.json"], ["-queryfile", f"{token.request}.tsq"]):
        line = ["openssl", "ts", "-verify", *data, "-in", f"{token.response}.tsr"]
        done = subprocess.run(
            [*line, "-CAfile", f"{token.ca}.pem"],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Verification: OK" in done.stdout + done.stderr


def test_several_authorities_vouch_for_one_anchor(
    make_app: AppMaker, authority: AuthorityServer, stranger: TimestampAuthority
) -> None:
    with (
        serve(stranger) as other,
        make_app(timestamps=terms(authority.setting(), other.setting())) as app,
    ):
        work(app)
        app.anchoring.run()
        states = {token.authority: token.state for token in tokens(app)}
    assert states == {authority.url: TokenState.VERIFIED, other.url: TokenState.VERIFIED}


def test_a_token_that_another_ca_would_have_to_sign_is_held_until_the_config_is_mended(
    make_app: AppMaker, authority: AuthorityServer, stranger: TimestampAuthority
) -> None:
    wrong = terms(authority.setting(stranger.ca_file))
    with make_app(timestamps=wrong) as app:
        work(app)
        assert app.anchoring.run().failed == ()
        token = only_token(app)
        assert token.state is TokenState.HELD
        assert "issuer certificate" in token.reason
        app.anchoring.run()
        assert len(authority.requests) == 1  # asking again would bring the same
    with make_app(timestamps=terms(authority.setting())) as app:
        app.anchoring.run()
        first, second = tokens(app)
        assert second.state is TokenState.VERIFIED
        assert (second.response, second.received_at) == (first.response, first.received_at)
        assert len(authority.requests) == 1


@pytest.mark.parametrize("ca_file", ["", "/nowhere/ca.pem"])
def test_without_certificates_a_token_is_held(
    make_app: AppMaker, authority: AuthorityServer, ca_file: str
) -> None:
    with make_app(timestamps=terms({"url": authority.url, "ca_file": ca_file})) as app:
        work(app)
        app.anchoring.run()
        token = only_token(app)
        assert token.state is TokenState.HELD
        assert "ca_file" in token.reason
        assert token.gen_at is not None


def test_a_tampered_answer_is_held(make_app: AppMaker, authority: AuthorityServer) -> None:
    def tamper(request: bytes) -> Answer:
        body = bytearray(authority.authority.reply(request))
        body[-1] ^= 1  # in the signature
        return Answer(bytes(body))

    authority.behaviour = tamper
    with make_app(timestamps=terms(authority.setting())) as app:
        work(app)
        app.anchoring.run()
        token = only_token(app)
        assert token.state is TokenState.HELD
        assert "rfc3161-client does not accept it" in token.reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(b"<html>come back later</html>", content_type="text/html"), "not a timestamp"),
        (Answer(b"\x30\x05\x30\x03\x02\x01\x02"), "refused"),
        (Answer(b"", content_type="text/plain"), "not a timestamp"),
    ],
)
def test_what_is_no_token_is_kept_and_asked_for_again(
    make_app: AppMaker,
    authority: AuthorityServer,
    clock: TurnedClock,
    answer: Answer,
    reason: str,
) -> None:
    authority.behaviour = lambda _request: answer
    with make_app(timestamps=terms(authority.setting())) as app:
        work(app)
        ((name, error),) = app.anchoring.run().failed
        assert name == authority.url
        assert isinstance(error, NetworkError)
        held = only_token(app)
        assert held.state is TokenState.HELD
        assert reason in held.reason
        app.anchoring.run()
        assert len(authority.requests) == 1  # not yet
        authority.behaviour = authority.honest
        clock.turn(minutes=2)
        app.anchoring.run()
        assert [token.state for token in tokens(app)] == [TokenState.HELD, TokenState.VERIFIED]
        assert app.status().failing == ()
        request = app.archive.anchors.read(_anchor(app), held.request or "", ".tsq")
        assert request == authority.requests[0]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(b"oops", status=500, content_type="text/plain"), HttpStatusError),
        (Answer(b"", status=404, content_type="text/plain"), HttpStatusError),
        (Answer(b"", status=429, content_type="text/plain"), RateLimited),
        (Answer(b"x" * 300_000), NetworkError),
    ],
)
def test_an_authority_that_fails_is_asked_again_with_pauses(
    make_app: AppMaker,
    authority: AuthorityServer,
    clock: TurnedClock,
    answer: Answer,
    error: type[Exception],
) -> None:
    authority.behaviour = lambda _request: answer
    with make_app(timestamps=terms(authority.setting())) as app:
        work(app)
        ((_, found),) = app.anchoring.run().failed
        assert isinstance(found, error)
        assert tokens(app) == []
        assert list(app.archive.anchors.files()) == []  # nobody answered that request
        assert app.anchoring.run().failed == ()
        (failing,) = app.status().failing
        assert (failing.stage, failing.subject) == ("timestamp", authority.url)
        assert failing.retry_at is not None
        (known,) = app.status().anchors.authorities
        assert known.error == failing.error
        authority.behaviour = authority.honest
        clock.turn(minutes=2)
        app.anchoring.run()
        assert only_token(app).state is TokenState.VERIFIED


def test_an_authority_that_was_away_is_asked_about_the_newest_anchor(
    make_app: AppMaker, authority: AuthorityServer, clock: TurnedClock
) -> None:
    authority.behaviour = lambda _request: Answer(b"", status=503, content_type="text/plain")
    with make_app(timestamps=terms(authority.setting())) as app:
        for _ in range(3):
            work(app)
            app.anchoring.run()
        authority.behaviour = authority.honest
        clock.turn(days=1)
        app.anchoring.run()
        assert only_token(app).anchor == 3


def test_a_calendars_proof_is_pending_until_a_block_is_known(
    make_app: AppMaker, calendar: Calendar
) -> None:
    with make_app(timestamps=terms(calendars=(calendar.url,))) as app:
        work(app)
        done = app.anchoring.run()
        anchor = _anchor(app)
        assert calendar.submitted == [bytes.fromhex(anchor_digest(anchor))]
        assert done.tokens == (only_token(app),)
        assert done.failed == ()
        assert only_token(app).state is TokenState.PENDING
        app.anchoring.run()
        assert only_token(app).state is TokenState.PENDING
        calendar.confirm(871_234)
        (token,) = app.anchoring.run().tokens
        assert (token.state, token.block_height) == (TokenState.ATTESTED, 871_234)
        assert [t.state for t in tokens(app)] == [TokenState.PENDING, TokenState.ATTESTED]
        asked = len(calendar.asked)
        app.anchoring.run()
        assert len(calendar.asked) == asked
        assert len(calendar.submitted) == 1
        (known,) = app.status().anchors.authorities
        assert (known.kind, known.attested, known.pending) == (TokenKind.OPENTIMESTAMPS, 1, 0)


@pytest.mark.parametrize("broken", [(200, b"<html>"), (500, b""), (200, b"\xff" * 9000)])
def test_a_calendar_that_fails_is_asked_again(
    make_app: AppMaker, calendar: Calendar, clock: TurnedClock, broken: tuple[int, bytes]
) -> None:
    calendar.broken = broken
    with make_app(timestamps=terms(calendars=(calendar.url,))) as app:
        work(app)
        assert [name for name, _ in app.anchoring.run().failed] == [calendar.url]
        assert tokens(app) == []
        calendar.broken = None
        clock.turn(minutes=2)
        app.anchoring.run()
        assert only_token(app).state is TokenState.PENDING
        calendar.broken = broken
        ((name, _),) = app.anchoring.run().failed
        assert name == f"{calendar.url} (upgrade)"
        calendar.broken = None
        calendar.confirm(7)
        clock.turn(minutes=2)
        app.anchoring.run()
        assert tokens(app)[-1].state is TokenState.ATTESTED


def test_an_old_promise_is_no_longer_asked_about(
    make_app: AppMaker, calendar: Calendar, clock: TurnedClock
) -> None:
    with make_app(timestamps=terms(calendars=(calendar.url,))) as app:
        work(app)
        app.anchoring.run()
        clock.turn(days=31)
        asked = len(calendar.asked)
        app.anchoring.run()
        assert len(calendar.asked) == asked
        assert only_token(app).state is TokenState.PENDING


def test_by_hand_nobody_waits(make_app: AppMaker, authority: AuthorityServer) -> None:
    authority.behaviour = lambda _request: Answer(b"", status=500, content_type="text/plain")
    with make_app(timestamps=terms(authority.setting())) as app:
        work(app)
        app.anchoring.run()
        authority.behaviour = authority.honest
        assert app.anchoring.run().tokens == ()
        (token,) = app.anchoring.run(at_once=True).tokens
        assert token.state is TokenState.VERIFIED


def test_a_closed_address_is_not_asked(make_app: AppMaker) -> None:
    with make_app(timestamps=terms({"url": "http://169.254.169.254/tsr"})) as app:
        work(app)
        ((_, error),) = app.anchoring.run().failed
        assert "closed address" in str(error)


def test_a_copy_that_a_kill_prevented_is_written_by_the_next_run(app: App) -> None:
    work(app)
    with app.archive.database.write() as session:  # killed before the file was written
        anchor = anchor_rows.make_anchor(session, app.clock.now())
    assert anchor is not None
    path = app.archive.anchors.statement_path(anchor)
    assert not path.exists()
    work(app)  # so that the next run makes an anchor of its own
    assert app.anchoring.run().is_new
    assert path.read_bytes() == anchor_statement(anchor)
    assert app.verify().broken == ()


def test_an_authority_that_does_not_answer_in_time_is_asked_later(
    tmp_path: Path, authority: AuthorityServer, clock: TurnedClock
) -> None:
    def late(request: bytes) -> Answer:
        return Answer(authority.authority.reply(request), delay_s=1.5)

    authority.behaviour = late
    network = NetworkSettings(allow_private=True, read_timeout_s=0.2)
    settings = Settings(
        data_dir=tmp_path / "data", network=network, timestamps=terms(authority.setting())
    )
    with open_app(settings, clock=clock) as app:
        work(app)
        ((_, error),) = app.anchoring.run().failed
        assert "no answer in time" in str(error)
        assert tokens(app) == []


def _anchor(app: App) -> Anchor:
    with app.archive.database.read() as session:
        found = anchor_rows.last_anchor(session)
    assert found is not None
    return found
