"""Content Credentials in words: who signed what when, and what that does not say."""

from __future__ import annotations

from tracker.model.credentials import (
    SIGNED,
    ContentCredentials,
    CredentialAction,
    CredentialState,
    SignerTrust,
)
from tracker.reports.plain_text import clean_line
from tracker.reports.wording import moment_words

MAX_STEPS = 6
MAX_CODES = 4

ABSENT_WORDS = "none found: they were stripped or never present, which says nothing about the video"

_STATES = {
    CredentialState.ABSENT: ABSENT_WORDS,
    CredentialState.UNSUPPORTED: "not looked for: this kind of file is not read for them",
    CredentialState.REMOTE: "not in the file: it only names an address, which was not asked",
}

_TRUST = {
    SignerTrust.TRUSTED: "a signer that the operator's list of certificates vouches for",
    SignerTrust.UNTRUSTED: "a signer that the operator's list of certificates does not vouch for",
    SignerTrust.UNKNOWN: "its name is unchecked",
}


def credential_words(found: ContentCredentials) -> str:
    """Return what the file's Content Credentials say, as sentences that claim no more than it."""
    if found.state in _STATES:
        return f"Content Credentials: {_STATES[found.state]}."
    if found.state is CredentialState.UNREADABLE:
        return f"Content Credentials: unreadable ({clean_line(found.reason, 200)})."
    parts = [f"Content Credentials: {_signed(found)}."]
    if found.claim_generator:
        parts.append(f"Written by {clean_line(found.claim_generator, 120)}.")
    if found.actions:
        parts.append(_steps(found))
    return " ".join(parts)


def tells_something(found: ContentCredentials | None) -> bool:
    """Tell whether there is a manifest, or a trace of one, worth a line of its own."""
    silent = (CredentialState.ABSENT, CredentialState.UNSUPPORTED)
    return found is not None and found.state not in silent


def _signed(found: ContentCredentials) -> str:
    who = clean_line(found.issuer or found.signer or "", 120)
    by = f" by “{who}”" if who else ""
    if found.state not in SIGNED:
        codes = ", ".join(clean_line(code, 60) for code in found.problems[:MAX_CODES])
        why = f" ({codes})" if codes else ""
        return f"a manifest signed{by} that does not fit this file{why}"
    at = f", {moment_words(found.signed_at)}" if found.signed_at else ", at a time not stamped"
    name = _TRUST[found.signer_trust or SignerTrust.UNKNOWN]
    return f"signed{by} ({name}){at}; the file is what was signed"


def _steps(found: ContentCredentials) -> str:
    shown = [_step(action) for action in found.actions[:MAX_STEPS]]
    more = len(found.actions) - len(shown)
    rest = f" and {more} more" if more > 0 else ""
    return f"Steps by its own account: {'; '.join(shown)}{rest}."


def _step(action: CredentialAction) -> str:
    name = clean_line(action.action, 60).removeprefix("c2pa.").replace("_", " ")
    facts = [
        clean_line(action.source_type or "", 60),
        clean_line(action.software_agent or "", 80),
        moment_words(action.at) if action.at else "",
    ]
    told = ", ".join(fact for fact in facts if fact)
    return f"{name} ({told})" if told else name
