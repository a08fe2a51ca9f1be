"""Content Credentials: what a file's own signed manifest says of who made it, when and how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.model.ids import VideoId


class CredentialState(StrEnum):
    """What was found in the file.

    ``TRUSTED`` and ``VALID`` both mean that the signature holds and the file is what was signed;
    only for ``TRUSTED`` does the signer's certificate lead to a list of trusted ones. ``ABSENT``
    says nothing about the file: most platforms strip manifests.
    """

    TRUSTED = "trusted"
    VALID = "valid"
    INVALID = "invalid"  # there is a manifest, and the file or the signature does not fit it
    REMOTE = "remote"  # the file only names an address; nothing is fetched from there
    UNREADABLE = "unreadable"  # the reader gave up, see ``reason``
    UNSUPPORTED = "unsupported"  # a container in which no credentials can be looked for
    ABSENT = "absent"


SIGNED = frozenset({CredentialState.TRUSTED, CredentialState.VALID})
"""States in which the manifest speaks about these very bytes."""


UNTRUSTED_SIGNER = "signingCredential.untrusted"
"""The C2PA status code of a signer whose certificate leads to none of the trusted ones."""


class SignerTrust(StrEnum):
    """Whether the signer's certificate leads to one that the operator trusts."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"
    UNKNOWN = "unknown"  # it was held against no list


@dataclass(frozen=True, slots=True)
class CredentialAction:
    """One step in the making of the file, as its signer states it.

    ``action`` is a C2PA label (``c2pa.created``); ``manifest`` labels the manifest that says so:
    another than the active one speaks of an ingredient. ``source_type`` is the last part of the
    IPTC address (``digitalCapture``, ``trainedAlgorithmicMedia``).
    """

    action: str
    manifest: str
    at: datetime | None = None
    software_agent: str | None = None
    source_type: str | None = None


@dataclass(frozen=True, slots=True)
class ContentCredentials:
    """What the reader found in one file; every text is from outside, cleaned and cut.

    ``issuer`` and ``signer`` are the organisation and common name of the signing certificate,
    ``signed_at`` the time of the signature's own time stamp. ``problems`` are C2PA status codes
    of what does not hold; that of an untrusted signer is among them only where a list of trusted
    ones was given, which ``tools`` names by its digest. ``reason`` says why nothing could be read,
    where that is so. ``manifest_sha256`` names the kept manifest store (JSON as the reader gave
    it).
    """

    state: CredentialState
    active_manifest: str | None = None
    title: str | None = None
    issuer: str | None = None
    signer: str | None = None
    signed_at: datetime | None = None
    claim_generator: str | None = None
    actions: tuple[CredentialAction, ...] = ()
    problems: tuple[str, ...] = ()
    reason: str = ""
    tools: tuple[tuple[str, str], ...] = ()
    manifest_sha256: str | None = None

    @property
    def signer_trust(self) -> SignerTrust | None:
        """Whether the signer is a trusted one; ``None`` where nobody signed these bytes."""
        if self.state not in SIGNED:
            return None
        if self.state is CredentialState.TRUSTED:
            return SignerTrust.TRUSTED
        return SignerTrust.UNTRUSTED if UNTRUSTED_SIGNER in self.problems else SignerTrust.UNKNOWN


@dataclass(frozen=True, slots=True)
class VideoCredentials:
    """The credentials of one stored video."""

    video: VideoId
    credentials: ContentCredentials
    read_at: datetime
