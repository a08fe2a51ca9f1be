"""What a write transaction has read already: it alone writes, so only itself can change that."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlmodel import Session

from storage.tables import PostRow
from tracker.model.ledger import LedgerEntry

_KEY = "read in this transaction"


@dataclass(slots=True)
class WriteMemory:
    """``posts`` by every address they were asked for; ``head`` is the ledger's last entry."""

    posts: dict[str, PostRow] = field(default_factory=dict)
    head: LedgerEntry | None = None

    def forget(self, post: PostRow) -> None:
        """Drop a post whose row goes, under all its addresses."""
        self.posts = {url: row for url, row in self.posts.items() if row is not post}


def begin(s: Session) -> None:
    """Remember from now on; the session must end with its present transaction."""
    s.info[_KEY] = WriteMemory()


def memory(s: Session) -> WriteMemory:
    """Return what the transaction remembers; one that only reads remembers nothing."""
    found = s.info.get(_KEY)
    return found if isinstance(found, WriteMemory) else WriteMemory()
