"""Ids that begin with the time they were given, read and written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_BASE32_SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"
_WEIBO_BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the time sits in a 64-bit id: above ``shift`` bits, in ``unit_us`` after an epoch.

    ``epoch_us`` is in microseconds after 1970-01-01 UTC.
    """

    shift: int
    epoch_us: int = 0
    unit_us: int = 1000

    def at(self, number: int) -> datetime:
        """Return the instant the id ``number`` was given; ``OverflowError`` beyond year 9999."""
        return EPOCH + timedelta(microseconds=(number >> self.shift) * self.unit_us + self.epoch_us)

    def first_id(self, at: datetime) -> int:
        """Return the smallest id given at ``at`` (cut off to the layout's unit)."""
        elapsed_us = (at - EPOCH) // timedelta(microseconds=1) - self.epoch_us
        return (elapsed_us // self.unit_us) << self.shift


# Source of epochs and shifts: Twitter's snowflake; Instagram Engineering, "Sharding & IDs";
# lib/mastodon/snowflake.rb; discord.com/developers/docs/reference; atproto.com/specs/tid.
X = Layout(22, epoch_us=1_288_834_974_657_000)
INSTAGRAM = Layout(23, epoch_us=1_314_220_021_721_000)
MASTODON = Layout(16)
DISCORD = Layout(22, epoch_us=1_420_070_400_000_000)
LINKEDIN = Layout(22)
BLUESKY = Layout(10, unit_us=1)
BYTEDANCE_SECONDS = Layout(32, unit_us=1_000_000)
WEIBO = Layout(22, epoch_us=515_483_463_000_000, unit_us=1_000_000)
OBJECT_ID = Layout(64, unit_us=1_000_000)


def tiktok_at(number: int) -> datetime:
    """Return the instant of a TikTok or Douyin id: 32 bits of seconds, then 10 of milliseconds.

    Source: arXiv 2504.13279. Ids whose ten bits exceed 999 are read to the second.
    """
    milliseconds = (number >> 22) & 0x3FF
    at = BYTEDANCE_SECONDS.at(number)
    return at + timedelta(milliseconds=milliseconds) if milliseconds < 1000 else at


def tiktok_first_id(at: datetime) -> int:
    """Return the smallest TikTok id given in the millisecond of ``at``."""
    second = at.replace(microsecond=0)
    return BYTEDANCE_SECONDS.first_id(second) | (at.microsecond // 1000) << 22


def instagram_id(shortcode: str) -> int:
    """Return the number behind an Instagram shortcode; ``ValueError`` if it is none.

    Base64url of the id; codes of private posts are longer, their first 11 characters count.
    """
    return _number(shortcode[:11], _BASE64URL)


def instagram_shortcode(number: int) -> str:
    """Return the shortcode of an Instagram id."""
    return _digits(number, _BASE64URL)


def tid_number(tid: str) -> int:
    """Return the 64-bit number behind an AT Protocol TID; ``ValueError`` if it is none.

    Source: atproto.com/specs/tid: 13 characters of sortable base32, top bit 0.
    """
    if len(tid) != 13 or tid[0] not in _BASE32_SORTABLE[:16]:
        raise ValueError(f"not a TID: {tid!r}")
    return _number(tid, _BASE32_SORTABLE)


def tid(number: int) -> str:
    """Return the TID of a 63-bit number."""
    return _digits(number, _BASE32_SORTABLE).rjust(13, _BASE32_SORTABLE[0])


def weibo_mid(code: str) -> int:
    """Return the number behind a Weibo short code: four base62 characters hold seven digits."""
    groups = [code[max(0, end - 4) : end] for end in range(len(code), 0, -4)][::-1]
    numbers = [_number(group, _WEIBO_BASE62) for group in groups]
    if any(number >= 10**7 for number in numbers):
        raise ValueError(f"not a Weibo code: {code!r}")
    return int("".join(f"{number:07d}" for number in numbers))


def weibo_code(mid: int) -> str:
    """Return the short code of a Weibo id."""
    text = str(mid)
    groups = [text[max(0, end - 7) : end] for end in range(len(text), 0, -7)][::-1]
    codes = [_digits(int(group), _WEIBO_BASE62) for group in groups]
    return codes[0] + "".join(code.rjust(4, "0") for code in codes[1:])


def _number(text: str, alphabet: str) -> int:
    value = 0
    for char in text:
        value = value * len(alphabet) + alphabet.index(char)
    return value


def _digits(number: int, alphabet: str) -> str:
    base = len(alphabet)
    text = ""
    while number:
        number, digit = divmod(number, base)
        text = alphabet[digit] + text
    return text or alphabet[0]
