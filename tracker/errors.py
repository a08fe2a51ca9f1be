"""Every error the product raises on purpose, as one tree.

::

    TrackerError                    exit code 1   something this command was asked for failed
    ├── UsageError                  exit code 2   the command line asks for something impossible
    │   ├── ConfigError                           a config file or variable is wrong
    │   └── UnknownSubject                        no clip, post, video or file of that name is held
    ├── MediaError                                the bytes are no video we can fingerprint
    │   ├── NotAVideo                             not media at all, or audio only, or a still image
    │   ├── DamagedVideo                          media that breaks off or does not decode
    │   └── MediaLimitExceeded                    larger, longer or slower than the config allows
    ├── SourceError                               a page or a post could not be read
    │   ├── UnsupportedSource                     nothing here knows how to read this address
    │   ├── RobotsRefusal                         the site's robots.txt asks programs not to read it
    │   └── PostUnavailable                       deleted, private, login, geo … (see ``status``)
    ├── OutsideError                exit code 3   network, platform or database failed
    │   ├── NetworkError                          no answer, a time-out, a broken answer
    │   │   └── HttpStatusError                   an answer that says no (404, 500 …)
    │   ├── RateLimited                           the platform asks us to wait
    │   │   └── BotCheck                          it wants proof that a person is asking
    │   │   └── QuotaSpent                        what a month allows has been read
    │   ├── ForbiddenAddress                      the guard refused to connect (never retried)
    │   ├── ToolError                             a child process (yt-dlp, a decoder) broke down
    │   ├── DatabaseError                         the database is locked, full or damaged
    │   └── LeaseLost                             another daemon works on this database now
    ├── OnHold                                    a legal hold forbids what was asked for
    └── IntegrityError                            stored bytes or the ledger were altered

``retryable`` says whether the same call may succeed later; ``retry_at`` when the other side named
a time. No caller needs an ``isinstance`` ladder: the exit code and both facts are on the error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import ClassVar

from tracker.model.capture import Exchange
from tracker.model.status import PostStatus


class TrackerError(Exception):
    """The root of the tree; ``str(error)`` is one line fit for the user.

    The library's own exception, where there is one, stays in ``__cause__`` for the log.
    """

    exit_code: ClassVar[int] = 1
    retryable: bool = False

    def __init__(self, message: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(" ".join(message.split()))
        self.retry_at = retry_at

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by state: errors cross from child processes, and some need keyword arguments."""
        return _restore, (type(self), self.args, self.__dict__)


@contextmanager
def speaking_of(name: str, file_name: str) -> Iterator[None]:
    """Let errors raised within name ``name``, which the user knows, instead of a file of ours."""
    try:
        yield
    except TrackerError as exc:
        exc.args = (str(exc).replace(file_name, name),)
        raise


def _restore(
    kind: type[TrackerError], args: tuple[str, ...], state: dict[str, object]
) -> TrackerError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class UsageError(TrackerError):
    """The command line asks for something impossible."""

    exit_code = 2


class ConfigError(UsageError):
    """A config file or environment variable is wrong; the message names the key."""


class UnknownSubject(UsageError):
    """No clip, post, video or file of that name is held."""

    exit_code = 1


class MediaError(TrackerError):
    """The bytes are no video we can fingerprint."""


class NotAVideo(MediaError):
    """Not media at all, audio only, or a single still image."""


class DamagedVideo(MediaError):
    """Media that breaks off or does not decode."""


class MediaLimitExceeded(MediaError):
    """Larger, longer or slower than the config allows."""


class SourceError(TrackerError):
    """A page or a post could not be read."""


class UnsupportedSource(SourceError):
    """Nothing here knows how to read this address."""


class RobotsRefusal(SourceError):
    """The site's robots.txt asks programs not to read this page, and the config obeys it."""


class PostUnavailable(SourceError):
    """The platform says the post cannot be seen; ``status`` says why (that is a finding).

    ``exchanges`` are the answers that said so, where the source keeps them.
    """

    def __init__(
        self, message: str, *, status: PostStatus, exchanges: tuple[Exchange, ...] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.exchanges = exchanges


class OutsideError(TrackerError):
    """Something outside this machine's program failed: network, platform or database."""

    exit_code = 3
    retryable = True


class NetworkError(OutsideError):
    """No answer, a time-out, or an answer that breaks off."""


HTTP_SERVER_ERROR = 500
RETRYABLE_HTTP = frozenset({408, 425, 429})
"""Client errors that a later try may not meet again. Source: RFC 9110 §15.5, RFC 8470, RFC 6585."""


class HttpStatusError(NetworkError):
    """The server answered, and the answer is no."""

    def __init__(self, message: str, *, status_code: int, retry_at: datetime | None = None) -> None:
        super().__init__(message, retry_at=retry_at)
        self.status_code = status_code
        self.retryable = status_code >= HTTP_SERVER_ERROR or status_code in RETRYABLE_HTTP


class RateLimited(OutsideError):
    """The platform asks us to wait; ``retry_at`` is its own word where it gave one."""


class BotCheck(RateLimited):
    """The platform wants proof that a person is asking: cookies of a session may be one."""


class QuotaSpent(RateLimited):
    """What may be read in a month is read, by the config or by the platform's own word."""


class ForbiddenAddress(OutsideError):
    """The guard refused to connect: a private, loopback or otherwise closed address."""

    retryable = False


class ToolError(OutsideError):
    """A child process (yt-dlp, a decoder) broke down or overran its limits."""


class DatabaseError(OutsideError):
    """The database is locked, read-only, full or damaged."""


class LeaseLost(OutsideError):
    """Another daemon works on this database now: what this one was at is left to that one."""


class OnHold(TrackerError):
    """A legal hold forbids what was asked for."""


class IntegrityError(TrackerError):
    """Stored bytes or the ledger are not what was written."""
