"""A timestamp authority on loopback: openssl signs, http.server listens.

``TimestampAuthority`` alone answers requests without any network; ``serve`` puts it on a port.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

POLICY = "1.3.6.1.4.1.99999.1"
REPLY_TYPE = "application/timestamp-reply"
_CONFIG = """\
[tsa]
default_tsa = authority
[authority]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
signer_digest = sha256
default_policy = {policy}
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True, slots=True)
class TimestampAuthority:
    """Keys and certificates in ``folder``; ``ca_file`` is what a client checks against."""

    folder: Path
    ca_file: Path

    def reply(self, request: bytes) -> bytes:
        """Return the response to a request, both in DER."""
        query, answer = self.folder / "query.tsq", self.folder / "answer.tsr"
        query.write_bytes(request)
        answer.unlink(missing_ok=True)
        subprocess.run(
            ["openssl", "ts", "-reply", "-config", str(self.folder / "tsa.cnf"),
             "-queryfile", str(query), "-out", str(answer)],
            check=True, capture_output=True, timeout=30,
        )  # fmt: skip
        return answer.read_bytes()


def make_authority(
    folder: Path, name: str = "Test CA", *, policy: str = POLICY
) -> TimestampAuthority:
    """Make a certificate authority and a signer with the critical use ``timeStamping``."""
    folder.mkdir(parents=True)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _certificate(name, ca_key, name, ca_key, ca=True)
    signer = _certificate(f"{name} signer", key, name, ca_key, ca=False)
    (folder / "ca.pem").write_bytes(ca.public_bytes(Encoding.PEM))
    (folder / "signer.pem").write_bytes(signer.public_bytes(Encoding.PEM))
    (folder / "signer.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder, policy=policy))
    return TimestampAuthority(folder, folder / "ca.pem")


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    ca: bool,
) -> x509.Certificate:
    public = issuer_key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2049, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
    )
    if not ca:
        use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(use, critical=True)
        builder = builder.add_extension(_SIGNS_ONLY, critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


_SIGNS_ONLY = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
"""What C2PA asks of an authority's certificate as well."""


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sends; ``delay_s`` comes before it."""

    body: bytes
    status: int = 200
    content_type: str = REPLY_TYPE
    delay_s: float = 0.0


Behaviour = Callable[[bytes], Answer]
"""From the request's body to the answer."""


@dataclass(slots=True)
class AuthorityServer:
    """The running authority; set ``behaviour`` to make it misbehave, read ``requests``."""

    authority: TimestampAuthority
    url: str
    behaviour: Behaviour
    requests: list[bytes] = field(default_factory=list)
    content_types: list[str] = field(default_factory=list)

    def honest(self, request: bytes) -> Answer:
        """Answer as an authority should."""
        return Answer(self.authority.reply(request))

    def setting(self, ca_file: Path | None = None) -> dict[str, str]:
        """Return this authority as the config names it."""
        return {"url": self.url, "ca_file": str(ca_file or self.authority.ca_file)}


@contextmanager
def serve(authority: TimestampAuthority) -> Iterator[AuthorityServer]:
    """Run the authority on a free loopback port until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    url = f"http://127.0.0.1:{server.server_port}/tsr"
    running = AuthorityServer(authority, url, lambda request: Answer(authority.reply(request)))
    server.running = running  # type: ignore[attr-defined]  # the handler finds it there
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        running: AuthorityServer = self.server.running  # type: ignore[attr-defined]  # by serve()
        request = self.rfile.read(int(self.headers.get("content-length", 0)))
        running.requests.append(request)
        running.content_types.append(self.headers.get("content-type", ""))
        answer = running.behaviour(request)
        time.sleep(answer.delay_s)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        try:
            self.wfile.write(answer.body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""
