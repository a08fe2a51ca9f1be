"""Reads the Content Credentials (C2PA) inside a file, and nothing outside it.

The file is hostile: call ``read_credentials`` in a child process with limits. The library reads
manifests of up to ``MAX_MANIFEST_MB``, and its settings close every way to the network: remote
manifests, revocation servers and identity documents are not fetched.
Source: C2PA Technical Specification 2.4; settings of c2pa-rs ``core`` and ``verify``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.errors import SourceError
from tracker.evidence.canonical import canonical_digest
from tracker.model.credentials import (
    SIGNED,
    UNTRUSTED_SIGNER,
    ContentCredentials,
    CredentialAction,
    CredentialState,
)
from tracker.model.time_claim import ClaimKind, ForgeableBy, TimeClaim, TimeInterval

if TYPE_CHECKING:
    from c2pa import C2paError

MAX_MANIFEST_MB = 16
MAX_KEPT_BYTES = 4 * 1024**2
"""A manifest store larger than this is described but not kept."""

MAX_ACTIONS = 100
MAX_PROBLEMS = 50
MAX_TEXT = 200
TIME_PRECISION = timedelta(seconds=1)
"""Time stamps and manifests state whole seconds. Source: RFC 3161 §2.4.2, ISO 8601."""

_TRUST_LIST = "c2pa trust anchors (SHA-256)"
"""Among the tools: which list of trusted certificates the signer was held against."""

_SETTINGS: Mapping[str, object] = {
    "version": 1,
    "core": {
        "allowed_network_hosts": [],
        "allow_redirects": False,
        "decode_identity_assertions": False,
        "max_decompressed_manifest_size_in_mb": MAX_MANIFEST_MB,
    },
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}
_ABSENT = "no JUMBF data found"
_REMOTE = "Remote"
_Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ReadCredentials:
    """What was found, and the manifest store as JSON (empty where there is none to keep)."""

    credentials: ContentCredentials
    manifest_store: bytes = b""


def read_credentials(path: Path, anchors: str = "") -> ReadCredentials:
    """Return the Content Credentials of the file at ``path``, whatever it may hold.

    ``anchors`` are the certificates (PEM) that a trusted signer's must lead to; without any,
    nothing is said of whether the signer is who it says. Never fails on the file's content: what
    cannot be read is a finding with its reason. Raises ``SourceError`` when the file itself cannot
    be opened.
    """
    from c2pa import C2paError, Context, Reader  # loaded late: 16 MB that most commands never use

    try:
        with (
            path.open("rb") as file,
            Context.from_dict(_settings(anchors)) as context,
            Reader(None, file, context=context) as reader,
        ):
            text = reader.json()
    except OSError as exc:
        raise SourceError(f"cannot read {path}: {exc.strerror}") from exc
    except C2paError as exc:
        return ReadCredentials(_refused(exc))
    return parsed_store(text, anchors)


def _settings(anchors: str) -> dict[str, object]:
    return {**_SETTINGS, "trust": {"trust_anchors": anchors}} if anchors else dict(_SETTINGS)


def parsed_store(text: str, anchors: str = "") -> ReadCredentials:
    """Return what a manifest store (the reader's JSON) says, every text cleaned and cut.

    ``anchors`` are those it was read with.
    """
    body = text.encode("utf-8", "replace")
    try:
        store = json.loads(text)
        state = CredentialState(_mapping(store)["validation_state"].lower())  # type: ignore[attr-defined]  # no text: AttributeError
    except (ValueError, KeyError, AttributeError, RecursionError):
        return ReadCredentials(unreadable("the reader's answer has no validation state"))
    kept = body if len(body) <= MAX_KEPT_BYTES else b""
    reason = "" if kept else f"the manifest store ({len(body)} bytes) is too large to be kept"
    found = _described(_mapping(store), state, reason)
    return ReadCredentials(_held_against(found, anchors), kept)


def _held_against(found: ContentCredentials, anchors: str) -> ContentCredentials:
    """Return ``found`` with the list its signer was held against; without one, as nobody's."""
    if not anchors:
        # Says only that no list was given: that is told by the tools, it is no problem.
        return replace(found, problems=tuple(p for p in found.problems if p != UNTRUSTED_SIGNER))
    named = (_TRUST_LIST, hashlib.sha256(anchors.encode()).hexdigest())
    return replace(found, tools=(*found.tools, named))


def unreadable(reason: str) -> ContentCredentials:
    """Return the finding that the file could not be read, and why."""
    return ContentCredentials(
        CredentialState.UNREADABLE, reason=_text(reason) or "", tools=_tools()
    )


def _refused(error: C2paError) -> ContentCredentials:
    """Return what the library's refusal means; its classes are not all public, its words are."""
    kind, _, detail = str(error).partition(":")
    detail = detail.strip()
    if kind == "ManifestNotFound":
        return ContentCredentials(CredentialState.ABSENT, tools=_tools())
    if kind == "NotSupported":
        return ContentCredentials(CredentialState.UNSUPPORTED, tools=_tools())
    if kind == _REMOTE:
        reason = _text(detail) or ""
        return ContentCredentials(CredentialState.REMOTE, reason=reason, tools=_tools())
    return unreadable(detail or kind)


def _described(store: _Json, state: CredentialState, reason: str) -> ContentCredentials:
    active = _text(store.get("active_manifest"))
    manifests = _mapping(store.get("manifests"))
    manifest = _mapping(manifests.get(str(store.get("active_manifest"))))
    signature = _mapping(manifest.get("signature_info"))
    return ContentCredentials(
        state=state,
        active_manifest=active,
        title=_text(manifest.get("title")),
        issuer=_text(signature.get("issuer")),
        signer=_text(signature.get("common_name")),
        signed_at=_instant(signature.get("time")),
        claim_generator=_generator(manifest),
        actions=tuple(_actions(manifests, active)),
        problems=tuple(_problems(store)),
        reason=reason,
        tools=_tools(),
    )


def _generator(manifest: _Json) -> str | None:
    infos = manifest.get("claim_generator_info")
    named = [_agent(info) for info in infos] if isinstance(infos, list) else []
    return ", ".join(name for name in named[:5] if name) or _text(manifest.get("claim_generator"))


def _agent(value: object) -> str | None:
    """Return "name version" of a piece of software, in either form manifests state it."""
    if isinstance(value, str):
        return _text(value)
    info = _mapping(value)
    parts = (_text(info.get("name")), _text(info.get("version")))
    return " ".join(part for part in parts if part) or None


def _actions(manifests: _Json, active: str | None) -> list[CredentialAction]:
    """Return the steps of the active manifest, then those of its ingredients' manifests."""
    labels = sorted((str(label) for label in manifests), key=lambda label: label != active)
    found = [
        action
        for label in labels[:MAX_ACTIONS]
        for action in _actions_of(_mapping(manifests.get(label)), _text(label) or "")
    ]
    return found[:MAX_ACTIONS]


def _actions_of(manifest: _Json, label: str) -> Iterator[CredentialAction]:
    for assertion in _list(manifest.get("assertions")):
        if not str(_mapping(assertion).get("label")).startswith("c2pa.actions"):
            continue
        data = _mapping(_mapping(assertion).get("data"))
        for item in _list(data.get("actions"))[:MAX_ACTIONS]:
            step = _mapping(item)
            name = _text(step.get("action"))
            if name:
                yield CredentialAction(
                    action=name,
                    manifest=label,
                    at=_instant(step.get("when")),
                    software_agent=_agent(step.get("softwareAgent")),
                    source_type=_last_part(step.get("digitalSourceType")),
                )


def _problems(store: _Json) -> list[str]:
    """Return the codes of what does not hold, of the active manifest and of its ingredients."""
    results = _mapping(store.get("validation_results"))
    parts = [_mapping(results.get("activeManifest"))]
    deltas = _list(results.get("ingredientDeltas"))[:MAX_ACTIONS]
    parts += [_mapping(_mapping(delta).get("validationDeltas")) for delta in deltas]
    codes = [
        _text(_mapping(item).get("code")) or ""
        for part in parts
        for item in _list(part.get("failure"))[:MAX_PROBLEMS]
    ]
    return [code for code in dict.fromkeys(codes) if code][:MAX_PROBLEMS]


def _last_part(value: object) -> str | None:
    text = _text(value)
    return text.rstrip("/").rpartition("/")[2] or None if text else None


def _instant(value: object) -> datetime | None:
    """Return an ISO 8601 instant in UTC; ``None`` for anything else, and for one without zone."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value.strip()[:40])
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _text(value: object) -> str | None:
    """Return ``value`` as one printable line of at most ``MAX_TEXT`` characters."""
    if not isinstance(value, str):
        return None
    line = "".join(c if c.isprintable() else " " for c in value[: 4 * MAX_TEXT])
    return " ".join(line.split())[:MAX_TEXT] or None


def _mapping(value: object) -> _Json:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def credentials_digest(found: ContentCredentials) -> str:
    """Return the digest of what was found, the same when recorded and when checked."""
    return canonical_digest(
        {
            "state": found.state.value,
            "active_manifest": found.active_manifest,
            "title": found.title,
            "issuer": found.issuer,
            "signer": found.signer,
            "signed_at": _stamp(found.signed_at),
            "claim_generator": found.claim_generator,
            "actions": [
                [a.action, a.manifest, _stamp(a.at), a.software_agent, a.source_type]
                for a in found.actions
            ],
            "problems": list(found.problems),
            "reason": found.reason,
            "tools": [list(tool) for tool in found.tools],
            "manifest_sha256": found.manifest_sha256,
        }
    )


def credentials_claims(found: ContentCredentials) -> tuple[TimeClaim, ...]:
    """Return what a manifest that fits the file says about when the file was made or signed.

    A time stamp in the signature bounds it from above: the file was there when it was signed.
    Whoever signs chooses the rest, so these are claims about making, never about publication.
    """
    if found.state not in SIGNED:
        return ()
    signed = [_claim(found.signed_at, "c2pa:signature")] if found.signed_at else []
    created = [
        _claim(step.at, "c2pa:created")
        for step in found.actions
        if step.action == "c2pa.created" and step.at and step.manifest == found.active_manifest
    ]
    return tuple(dict.fromkeys(signed + created))


def _claim(at: datetime, source: str) -> TimeClaim:
    interval = TimeInterval.instant(at, precision=TIME_PRECISION)
    return TimeClaim(ClaimKind.C2PA_SIGNED, interval, ForgeableBy.SIGNER, source)


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


@cache
def _tools() -> tuple[tuple[str, str], ...]:
    return (("c2pa-python", version("c2pa-python")),)
