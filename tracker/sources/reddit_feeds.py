"""Reddit's lists of posts by the feeds it offers of them: its pages show them to scripts only."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from tracker.sources.clean import address_of

_SORTED = r"/(?:new|hot|top|rising|controversial)"
_SUBREDDIT = re.compile(rf"/r/[A-Za-z0-9_+]{{2,200}}(?P<sorted>{_SORTED})?\Z")
_USER = re.compile(r"/u(?:ser)?/[A-Za-z0-9_-]{2,40}(?P<sorted>/(?:submitted|overview))?\Z")
_SEARCH = re.compile(r"/(?:r/[A-Za-z0-9_+]{2,200}/)?search\Z")


def feed_of_list(url: str) -> str | None:
    """Return the feed of the subreddit, account or search at ``url``; ``None`` for anything else.

    A subreddit without an order is read newest first, an account by its submissions.
    """
    address = address_of(url)
    if address is None or address.platform != "reddit" or address.is_post:
        return None
    split = urlsplit(url)
    path = split.path.rstrip("/")
    query = f"?{split.query}" if split.query else ""
    for pattern, order in ((_SUBREDDIT, "/new"), (_USER, "/submitted")):
        found = pattern.match(path)
        if found is not None:
            return f"https://www.reddit.com{path}{'' if found['sorted'] else order}/.rss{query}"
    return f"https://www.reddit.com{path}.rss{query}" if _SEARCH.match(path) else None
