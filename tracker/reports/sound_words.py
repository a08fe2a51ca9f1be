"""What is said about sound: in lookups and in reports, in the same words."""

from __future__ import annotations

from tracker.model.match import SoundAgreement

SAME_SOUND_TITLE = "The same sound runs under a different picture in:"

SAME_SOUND_NOTE = (
    "No shared footage was found in these; they belong to no clip of this video and say nothing "
    "about where the picture was first seen."
)

_AGREEMENTS = {
    SoundAgreement.SAME: "The sound is the same, too",
    SoundAgreement.DIFFERENT: "The picture is the same, the sound is not",
    SoundAgreement.NONE: "Neither has any sound there",
}


def agreement_words(agreement: SoundAgreement) -> str:
    """Return how the sounds of two videos with the same footage agree; nothing if unknown."""
    return _AGREEMENTS.get(agreement, "")
