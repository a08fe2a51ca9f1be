"""The tables. They never leave ``storage``: rows do not validate, values do (see ``rows``).

Every change here needs a migration; a test compares the two.
"""

from __future__ import annotations

from storage.tables.base import Row
from storage.tables.clips import ClipMemberRow, ClipRow, DiscoveryRow, RevisionRow, VerdictRow
from storage.tables.custody import AnchorRow, LedgerRow, TokenRow
from storage.tables.fingerprints import (
    AlgorithmRow,
    DetectionRow,
    FingerprintRow,
    LeaningRow,
    LikenessRow,
    MatchRow,
    SoundMatchRow,
)
from storage.tables.operation import DaemonRow, JobRow, TallyRow
from storage.tables.posts import (
    CaptureRow,
    EditRow,
    LeadRow,
    LinkRow,
    MediaRow,
    PostClaimRow,
    PostRow,
    SpellingRow,
    StatusRow,
)
from storage.tables.videos import (
    CredentialsRow,
    DeletionRow,
    FixityRow,
    HoldRow,
    VideoClaimRow,
    VideoFileRow,
    VideoRow,
)
from storage.tables.work import ApiAccountRow, ApiReadsRow, AttemptRow, WatchRow

__all__ = [
    "AlgorithmRow",
    "AnchorRow",
    "ApiAccountRow",
    "ApiReadsRow",
    "AttemptRow",
    "CaptureRow",
    "ClipMemberRow",
    "ClipRow",
    "CredentialsRow",
    "DaemonRow",
    "DeletionRow",
    "DetectionRow",
    "DiscoveryRow",
    "EditRow",
    "FingerprintRow",
    "FixityRow",
    "HoldRow",
    "JobRow",
    "LeadRow",
    "LeaningRow",
    "LedgerRow",
    "LikenessRow",
    "LinkRow",
    "MatchRow",
    "MediaRow",
    "PostClaimRow",
    "PostRow",
    "RevisionRow",
    "Row",
    "SoundMatchRow",
    "SpellingRow",
    "StatusRow",
    "TallyRow",
    "TokenRow",
    "VerdictRow",
    "VideoClaimRow",
    "VideoFileRow",
    "VideoRow",
    "WatchRow",
]
