from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.evidence.canonical import canonical_digest, canonical_json

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=4), inner, max_size=3
        )
    ),
    max_leaves=12,
)


def test_the_published_order_of_keys() -> None:
    # Source of the vector: RFC 8785, section 3.2.3.
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    text = canonical_json(dict.fromkeys(keys, 0)).decode()
    sorted_keys = ["\\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert text == "{" + ",".join(f'"{key}":0' for key in sorted_keys) + "}"


@given(PLAIN)
def test_a_value_read_back_is_spelled_the_same(value: object) -> None:
    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text


@given(st.dictionaries(st.text("abc", max_size=3), st.integers(0, 9), max_size=4))
def test_the_order_of_insertion_says_nothing(value: dict[str, int]) -> None:
    turned = dict(reversed(value.items()))
    assert canonical_digest(value) == canonical_digest(turned)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (1.5, "1.5"),
        ({"a": [1, float("nan")]}, r"value\.a\[1\]"),
        ({"a": {"b": 1.0}}, r"value\.a\.b"),
        ({1: 2}, "1"),
        (2**53, "9007199254740992"),
        ("\ud800", "UTF-8"),
        (object(), "object"),
        (b"bytes", "bytes"),
    ],
)
def test_what_has_no_single_spelling_is_refused(value: object, names: str) -> None:
    with pytest.raises(ValueError, match=names):
        canonical_json(value)
