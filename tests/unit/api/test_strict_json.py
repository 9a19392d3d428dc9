"""JSON at the door: exact values pass, everything ambiguous or unbounded is refused by name."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.api.errors import ApiError
from workstation.api.strict_json import DEPTH_MAX, KEYS_MAX, canonical, load

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=12,
)


def normal(value: object) -> object:
    """Return a value with its texts and keys in normal form C."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [normal(item) for item in value]
    return {normal(key): normal(item) for key, item in value.items()} if isinstance(value, dict) else value


@given(VALUES)
def test_what_is_exact_comes_back_as_it_was_its_texts_in_normal_form(value: object) -> None:
    assert load(json.dumps(value).encode()) == normal(value)
    assert load(canonical(value)) == normal(value)


@pytest.mark.parametrize("raw", ['{"notes":"e\u0301"}', '{"notes":"e\\u0301"}'])
def test_a_letter_and_its_accent_become_one_however_they_are_written(raw: str) -> None:
    assert load(raw.encode()) == {"notes": "\u00e9"}


def test_keys_that_look_the_same_are_one_key_twice() -> None:
    with pytest.raises(ApiError) as refused:
        load('{"\u00e9":1,"e\u0301":2}'.encode())
    assert "duplicate_key" in str(refused.value.details)


@pytest.mark.parametrize("name", ["password", "new_password", "client_secret", "access_token"])
def test_a_secret_stays_as_it_was_given(name: str) -> None:
    assert load(json.dumps({name: "e\u0301"}).encode()) == {name: "e\u0301"}


@pytest.mark.parametrize(
    ("text", "issue"),
    [
        ('{"a":1,"a":1}', "duplicate_key"),
        ("[NaN]", "not_finite"),
        ("[1e400]", "overflow"),
        (f"[{'1' * 41}]", "overflow"),
        ('["\\u0000"]', "nul"),
        ('{"\\u0000":1}', "nul"),
        ('["\\udfff"]', "surrogate"),
        ('["\\ud83d\\u0061"]', "surrogate"),
        ("[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1), "depth"),
        ("[" * 100_000, "depth"),
        ("{" + ",".join(f'"{number}":1' for number in range(KEYS_MAX + 1)) + "}", "keys"),
    ],
)
def test_what_is_ambiguous_or_unbounded_is_refused_by_name(text: str, issue: str) -> None:
    with pytest.raises(ApiError) as refused:
        load(text.encode())
    assert refused.value.code == "VALIDATION_ERROR"
    assert refused.value.details["fields"][0]["issue"] == issue


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"{'a':1}", b"\xef\xbb\xbf{}", b"[1,]", b"01", b'"\x01"'])
def test_what_is_no_json_is_a_bad_request(raw: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        load(raw)
    assert refused.value.code == "BAD_REQUEST"


def test_the_deepest_and_widest_that_is_allowed_passes() -> None:
    assert load(b"[" * DEPTH_MAX + b"]" * DEPTH_MAX)
    assert len(load(("{" + ",".join(f'"{number}":1' for number in range(KEYS_MAX)) + "}").encode())) == KEYS_MAX
    assert load(b'"\\ud83d\\ude00"') == "\U0001f600"


def test_equal_values_have_one_canonical_text() -> None:
    assert canonical({"b": [1, "ä"], "a": None}) == '{"a":null,"b":[1,"ä"]}'.encode()
