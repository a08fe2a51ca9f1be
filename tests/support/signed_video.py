"""Signs a video with Content Credentials, as a camera or an editor would, with made-up keys.

The chain is what c2pa-python asks of a signer: an ES256 end-entity certificate for e-mail
protection under a CA; nothing trusts it by itself, so a whole file is ``valid``, and ``trusted``
where its CA is named.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import imageio_ffmpeg
from c2pa import Builder, C2paSignerInfo, Signer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ISSUER = "Loopback News"
CREATED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MANIFEST: dict[str, Any] = {
    "claim_generator_info": [{"name": "made-up camera", "version": "1.2"}],
    "format": "video/mp4",
    "title": "bridge",
    "assertions": [
        {
            "label": "c2pa.actions.v2",
            "data": {
                "actions": [
                    {
                        "action": "c2pa.created",
                        "when": "2026-01-02T03:04:05Z",
                        "softwareAgent": {"name": "Camera", "version": "9"},
                        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/"
                        "digitalCapture",
                    },
                    {"action": "c2pa.trimmed", "softwareAgent": {"name": "Cutter"}},
                ]
            },
        }
    ],
}


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """A signer's certificate chain and private key, as PEM."""

    chain: bytes
    key: bytes

    @property
    def authority(self) -> str:
        """The CA at the end of the chain, as PEM."""
        return "-----BEGIN" + self.chain.decode().rpartition("-----BEGIN")[2]


def signing_keys(organisation: str = ISSUER) -> SigningKeys:
    """Return a new signer under a new CA."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = _certificate(organisation, "CA", ca_key, organisation, ca_key, is_ca=True)
    leaf = _certificate(organisation, "Signer", key, organisation, ca_key, is_ca=False)
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return SigningKeys(leaf.public_bytes(pem) + ca.public_bytes(pem), secret)


def sign_video(
    source: Path,
    target: Path,
    keys: SigningKeys,
    *,
    manifest: dict[str, Any] | None = None,
    time_stamp_url: str | None = None,
    remote_url: str | None = None,
) -> Path:
    """Write ``source`` with Content Credentials to ``target`` and return it.

    With ``remote_url`` the manifest is left out of the file, which only names that address.
    """
    info = C2paSignerInfo(
        alg=b"es256",
        sign_cert=keys.chain,
        private_key=keys.key,
        ta_url=time_stamp_url.encode() if time_stamp_url else None,
    )
    with Builder(manifest or MANIFEST) as builder, Signer.from_info(info) as signer:
        if remote_url is not None:
            builder.set_no_embed()
            builder.set_remote_url(remote_url)
        with source.open("rb") as read, target.open("w+b") as written:
            builder.sign(signer, "video/mp4", read, written)
    return target


def remux(source: Path, target: Path) -> Path:
    """Copy the streams into a new container, as ``ffmpeg -c copy`` does."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", "-i", str(source)]
    subprocess.run([*command, "-c", "copy", str(target)], check=True)
    return target


def _certificate(
    organisation: str,
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    is_ca: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(organisation, name))
        .issuer_name(_name(issuer, "CA"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=300))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(_usage(is_ca=is_ca), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    if not is_ca:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(usage, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(organisation: str, name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        encipher_only=False,
        decipher_only=False,
    )
