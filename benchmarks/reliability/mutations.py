"""Hypothesis strategies: inputs like those that are really sent, and what becomes of them.

A fuzzer that only makes noise never gets past the first check of a parser. Every strategy here
starts from seeds that the parser reads well, and edits them: bytes and texts are flipped, cut,
repeated, spliced and sprinkled with pieces that parsers stumble over; JSON documents have values
replaced by others of another type, dropped, nested and repeated.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

Json = object
_FULL = 2**32 - 1
_MAX_EDITS = 6
_MAX_REPEATED_CHARS = 200_000

MAX_DOCUMENT_WEIGHT = 200_000
"""Values and characters of a document: repeating what was repeated would grow it by powers."""

PIECES: tuple[str, ...] = (
    *("", "\x00", "\ufeff", "\ufffd", "\ud800", "\udfff\ud800", "\U0010ffff", "\u202e", "\u2066"),
    *(
        "\u200b",
        "\u0301" * 50,
        "\r\n",
        "\n\n",
        "\t",
        "\x0b",
        "\x1c",
        "\x85",
        "\u2028",
        " ",
        "٣",
        "²",
    ),
    *("-1", "0", "1e999", "NaN", "Infinity", "9" * 19, "9" * 400, "0x7f", "1_0", "99999-99-99"),
    *("<", ">", "</", "<!--", "-->", "<![CDATA[", "]]>", "<svg>", "<table>", "<template>"),
    *(
        "<script>",
        "</script>",
        "<a href=",
        '"',
        "'",
        "&",
        "&#x110000;",
        "&#0;",
        "&lt;",
        "&amp;amp;",
    ),
    *("%", "%00", "%2f", "%ff", "%25" * 20, "//", "://", "@", "#", "?", "[", "]", ":", ":99999"),
    *(
        "{",
        "}",
        "(",
        ")",
        "[" * 300,
        "{" * 300,
        "((" * 100,
        '{"a":' * 200,
        "=",
        ";",
        ",",
        "\\",
        "|",
    ),
    *("http://", "https://", "javascript:", "data:text/html,", "file:///etc/passwd", "at://did:"),
    *("..", "../../", "/etc/passwd", "${jndi:ldap://x}", "{{7*7}}", "%s%n", "' OR 1=1 --"),
    *("xn--", "ß", "İ", "ﬀ", "K", "①", "👩‍👩‍👧", "a" * 300, "ab " * 200),
)
"""What parsers stumble over."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a sequence: what is done, where, to how much, and with what."""

    kind: str
    place: int
    length: int
    piece: int


_KINDS = ("insert", "insert", "delete", "repeat", "replace", "cut", "splice", "flip", "move")
_EDITS = st.lists(
    st.builds(
        Edit,
        st.sampled_from(_KINDS),
        st.integers(0, _FULL),
        st.sampled_from((1, 2, 3, 7, 20, 90, 400)),
        st.integers(0, _FULL),
    ),
    min_size=1,
    max_size=_MAX_EDITS,
)


def texts(seeds: Sequence[str], pieces: Sequence[str] = PIECES) -> st.SearchStrategy[str]:
    """Return edited copies of ``seeds``, now and then a seed as it is or any text at all."""
    edited = st.builds(
        lambda seed, edits: _edited_text(seed, edits, seeds, pieces), st.sampled_from(seeds), _EDITS
    )
    return st.one_of(edited, edited, edited, st.text(max_size=60), st.sampled_from(seeds))


def bodies(seeds: Sequence[bytes], pieces: Sequence[str] = PIECES) -> st.SearchStrategy[bytes]:
    """Return edited copies of ``seeds``, now and then a seed as it is or any bytes at all."""
    known = tuple(piece.encode("utf-8", "surrogatepass") for piece in pieces)
    edited = st.builds(
        lambda seed, edits: _edited_bytes(seed, edits, seeds, known), st.sampled_from(seeds), _EDITS
    )
    return st.one_of(edited, edited, edited, st.binary(max_size=60), st.sampled_from(seeds))


def _edited_text(seed: str, edits: list[Edit], seeds: Sequence[str], pieces: Sequence[str]) -> str:
    text = seed
    for edit in edits:
        start = edit.place % (len(text) + 1)
        end = min(len(text), start + edit.length)
        before, middle, after = text[:start], text[start:end], text[end:]
        other = seeds[edit.piece % len(seeds)]
        piece = pieces[edit.piece % len(pieces)]
        match edit.kind:
            case "insert":
                text = before + piece + middle + after
            case "delete":
                text = before + after
            case "repeat":
                times = min(edit.piece % 3000, _MAX_REPEATED_CHARS // max(len(middle), 1))
                text = before + middle * times + after
            case "replace":
                text = before + piece + after
            case "cut":
                text = before
            case "splice":
                text = before + other[edit.place % (len(other) + 1) :]
            case "flip":
                text = before + "".join(chr(ord(c) ^ 1 << edit.piece % 7) for c in middle) + after
            case _:
                text = after + middle + before
        text = text[:_MAX_REPEATED_CHARS]
    return text


def _edited_bytes(
    seed: bytes, edits: list[Edit], seeds: Sequence[bytes], pieces: Sequence[bytes]
) -> bytes:
    # Bytes and Latin-1 texts are the same thing to an editor.
    text = _edited_text(
        seed.decode("latin-1"),
        edits,
        [other.decode("latin-1") for other in seeds],
        [piece.decode("latin-1") for piece in pieces],
    )
    return text.encode("latin-1", "replace")


LEAVES: tuple[Json, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**400, -(10**30), 0.5, 1e308, float("nan")),
    *(float("inf"), "", " ", "0", "-1", "a", "\x00", "\ud800", "\u202e", "9" * 30, "2024-02-30"),
    *("2024-05-01T10:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "٣"),
    *(
        "https://x.com/a/status/1098230906194546688",
        "https://[::1",
        "http://a b/",
        "//",
        "x" * 5000,
    ),
    *([], {}, [[]], [{}], [None], {"": None}, ["a"] * 50, [[[[[[[[[[]]]]]]]]]], {"a": {"a": {}}}),
)
"""Values that somebody's JSON holds where nobody expects them."""

_JSON_EDITS = st.lists(
    st.tuples(
        st.sampled_from(("leaf", "leaf", "copy", "drop", "wrap", "many", "rename", "text")),
        st.integers(0, _FULL),
        st.integers(0, _FULL),
    ),
    min_size=1,
    max_size=_MAX_EDITS,
)


def documents(seeds: Sequence[Json]) -> st.SearchStrategy[Json]:
    """Return edited copies of JSON documents, each about ``MAX_DOCUMENT_WEIGHT`` at most."""
    return st.builds(edited_document, st.sampled_from(seeds), _JSON_EDITS)


def json_bodies(seeds: Sequence[Json]) -> st.SearchStrategy[bytes]:
    """Return JSON documents, edited as values and as text."""
    whole = documents(seeds).map(lambda value: json.dumps(value, default=str).encode())
    dumped = tuple(json.dumps(seed, default=str).encode() for seed in seeds)
    return st.one_of(whole, whole, bodies(dumped))


_Slot = tuple[dict[str, Json] | list[Json], str | int]


def weight(value: Json) -> int:
    """Return how many values and characters ``value`` holds, counted no further than needed.

    What stands in two places counts twice, as it does when it is written out.
    """
    found, waiting = 0, [value]
    while waiting and found <= MAX_DOCUMENT_WEIGHT:
        item = waiting.pop()
        found += 1
        if isinstance(item, str):
            found += len(item)
        elif isinstance(item, dict):
            found += sum(map(len, item))
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return found


def _times(wanted: int, value: Json, slots: list[_Slot]) -> int:
    """Return how often ``value`` may be repeated: as wanted, or as there is room for."""
    room = MAX_DOCUMENT_WEIGHT - weight(slots[0][0])
    return max(0, min(wanted, room // weight(value)))


def edited_document(seed: Json, edits: Sequence[tuple[str, int, int]]) -> Json:
    """Return a copy of ``seed`` changed by ``edits``: the kind of each, where, and with what."""
    root: list[Json] = [copy.deepcopy(seed)]
    for kind, where, what in edits:
        slots = _slots(root)
        holder, key = slots[where % len(slots)]
        _CHANGES[kind](holder, key, what, slots)
        if not root:
            root.append(None)
    return root[0]


def _slots(root: list[Json]) -> list[_Slot]:
    """Return every place a value stands at, at most two thousand."""
    found: list[_Slot] = [(root, 0)]
    for holder, key in found:
        value = holder[key]  # type: ignore[index]  # the key is of the holder's kind
        if isinstance(value, dict):
            found.extend((value, name) for name in value)
        elif isinstance(value, list):
            found.extend((value, index) for index in range(len(value)))
        if len(found) > 2000:
            break
    return found


Change = Callable[[dict[str, Json] | list[Json], str | int, int, list[_Slot]], None]


def _put(holder: dict[str, Json] | list[Json], key: str | int, value: Json) -> None:
    holder[key] = value  # type: ignore[index]  # the key is of the holder's kind


def _value(slot: _Slot) -> Json:
    holder, key = slot
    return holder[key]  # type: ignore[index]  # the key is of the holder's kind


def _leaf(holder: dict[str, Json] | list[Json], key: str | int, what: int, _: list[_Slot]) -> None:
    _put(holder, key, copy.deepcopy(LEAVES[what % len(LEAVES)]))


def _copy(
    holder: dict[str, Json] | list[Json], key: str | int, what: int, slots: list[_Slot]
) -> None:
    value = _value(slots[what % len(slots)])
    if _times(1, value, slots):
        _put(holder, key, copy.deepcopy(value))


def _drop(holder: dict[str, Json] | list[Json], key: str | int, what: int, _: list[_Slot]) -> None:
    del what
    del holder[key]  # type: ignore[arg-type]  # the key is of the holder's kind


def _wrap(holder: dict[str, Json] | list[Json], key: str | int, what: int, _: list[_Slot]) -> None:
    value = _value((holder, key))
    for _level in range(1 + what % 40):
        value = [value] if what % 2 else {"a": value}
    _put(holder, key, value)


def _many(
    holder: dict[str, Json] | list[Json], key: str | int, what: int, slots: list[_Slot]
) -> None:
    value = _value((holder, key))
    if isinstance(value, str):
        _put(holder, key, value * (1 + _times(what % 2000, value, slots)))
    else:
        _put(holder, key, [copy.deepcopy(value) for _ in range(_times(what % 60, value, slots))])


def _rename(
    holder: dict[str, Json] | list[Json], key: str | int, what: int, slots: list[_Slot]
) -> None:
    names = [name for _, name in slots if isinstance(name, str)]
    if isinstance(holder, dict) and names:
        holder[names[what % len(names)]] = holder.pop(str(key))


def _text(holder: dict[str, Json] | list[Json], key: str | int, what: int, _: list[_Slot]) -> None:
    value = _value((holder, key))
    piece = PIECES[what % len(PIECES)]
    text = str(value)[:MAX_DOCUMENT_WEIGHT]
    _put(holder, key, f"{text}{piece}" if what % 2 else f"{piece}{text}")


_CHANGES: dict[str, Change] = {
    "leaf": _leaf,
    "copy": _copy,
    "drop": _drop,
    "wrap": _wrap,
    "many": _many,
    "rename": _rename,
    "text": _text,
}
