"""RFC 3161: what is asked of a timestamp authority, and how far its answer can be believed.

Everything here works offline on bytes. The one place where exceptions of rfc3161-client and of
cryptography are caught: nothing an authority sends, and nothing a file holds, raises.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from tracker.errors import ConfigError
from tracker.model.anchor import TokenState

MAX_REASON = 200
_UNREADABLE = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.UnsupportedGeneralNameType,
)
_DER_SEQUENCE = b"\x30"


@dataclass(frozen=True, slots=True)
class TimestampRequest:
    """A request in DER, and the nonce the answer must repeat."""

    body: bytes
    nonce: int


@dataclass(frozen=True, slots=True)
class TokenVerdict:
    """What a response proves: ``VERIFIED`` or ``HELD``, and why not more.

    ``granted`` is False for a refusal and for what is no timestamp response at all: asking again
    may help. ``chain_pem`` are the certificates the answer brought, in no particular order. The
    facts are as the answer states them.
    """

    state: TokenState
    reason: str
    granted: bool
    gen_at: datetime | None = None
    policy: str | None = None
    nonce: str | None = None
    serial: str | None = None
    chain_pem: bytes = b""

    @property
    def verified(self) -> bool:
        """Whether the authority's word was checked and holds."""
        return self.state is TokenState.VERIFIED


def timestamp_request(statement: bytes) -> TimestampRequest:
    """Return a new request for a timestamp of ``statement``: SHA-256, certificates, a nonce."""
    request = TimestampRequestBuilder(data=statement, hash_algorithm=HashAlgorithm.SHA256).build()
    return TimestampRequest(request.as_bytes(), request.nonce or 0)


def authority_certificates(pem: bytes) -> list[x509.Certificate]:
    """Return the certificates of a CA file; raises ``ConfigError`` when it holds none."""
    try:
        found = x509.load_pem_x509_certificates(pem)
    except _UNREADABLE as exc:
        raise ConfigError("it holds no certificates in PEM form") from exc
    return found


def judge_response(
    response: bytes, statement: bytes, *, ca_pem: bytes | None, nonce: int | None
) -> TokenVerdict:
    """Return what ``response`` proves of ``statement``; never raises for what they hold.

    ``ca_pem`` holds the certificates to believe (``None``: nothing can be verified), ``nonce`` is
    the request's (``None``: not compared). Certificates are judged as of the token's own time.
    """
    try:
        answer = decode_timestamp_response(response)
    except _UNREADABLE as exc:
        return _held(f"not a timestamp response that can be read: {exc}", _may_be_token(response))
    if answer.status not in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS):
        return _held(f"the authority refused: {_refusal(answer)}", granted=False)
    try:
        facts = _facts(answer)
    except _UNREADABLE as exc:
        return _held(f"its token cannot be read: {exc}", granted=True)
    reason = _doubt(answer, statement, ca_pem, nonce)
    state = TokenState.HELD if reason else TokenState.VERIFIED
    return TokenVerdict(
        state,
        _short(reason or ""),
        granted=True,
        gen_at=facts.gen_at,
        policy=facts.policy,
        nonce=facts.nonce,
        serial=facts.serial,
        chain_pem=facts.chain_pem,
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    gen_at: datetime
    policy: str
    nonce: str | None
    serial: str
    chain_pem: bytes


def _facts(answer: TimeStampResponse) -> _Facts:
    info = answer.tst_info
    at = info.gen_time
    return _Facts(
        gen_at=at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC),
        policy=info.policy.dotted_string,
        nonce=None if info.nonce is None else str(info.nonce),
        serial=str(info.serial_number),
        chain_pem=_pem(answer.signed_data.certificates),
    )


def _pem(certificates: Iterable[bytes]) -> bytes:
    return "".join(ssl.DER_cert_to_PEM_cert(der) for der in sorted(certificates)).encode()


def _doubt(
    answer: TimeStampResponse, statement: bytes, ca_pem: bytes | None, nonce: int | None
) -> str | None:
    """Return why the answer proves nothing; ``None`` when it does."""
    if answer.tst_info.message_imprint.message != hashlib.sha256(statement).digest():
        return "it is over another digest"
    if ca_pem is None:
        return "no certificates to check it against"
    try:
        roots = authority_certificates(ca_pem)
        builder = VerifierBuilder(roots=roots, nonce=nonce)
        builder.build().verify_message(answer, statement)
    except ConfigError as exc:
        return f"the file of certificates is of no use: {exc}"
    except (VerificationError, *_UNREADABLE) as exc:
        return f"rfc3161-client does not accept it: {_plain(exc)}"
    return None


def _refusal(answer: TimeStampResponse) -> str:
    try:
        said = "; ".join(answer.status_string)
        status = PKIStatus(answer.status).name.lower()
    except _UNREADABLE:
        return f"status {answer.status}"
    return f"{status}: {said}" if said else status


def _plain(exc: Exception) -> str:
    """Return OpenSSL's own words out of its stack of errors, where it has any."""
    text = str(exc)
    _, found, rest = text.partition('data: "')
    return rest.partition('"')[0] if found else text


def _held(reason: str, granted: bool) -> TokenVerdict:
    return TokenVerdict(TokenState.HELD, _short(reason), granted)


def _short(reason: str) -> str:
    printable = "".join(c if c.isprintable() else " " for c in reason)
    return " ".join(printable.split())[:MAX_REASON]


def _may_be_token(response: bytes) -> bool:
    # Some authorities' answers are no strict DER; openssl may well accept them.
    return len(response) > MAX_REASON and response.startswith(_DER_SEQUENCE)
