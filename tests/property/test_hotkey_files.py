"""Key files of any bytes: each is a map of typed binds, or one error with its line and column; never a traceback."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.config.resources import resource_text
from workstation.domain.expressions.vocabulary import TRADING
from workstation.viewmodels.hotkey_binds import VERBS
from workstation.viewmodels.hotkey_das import import_das
from workstation.viewmodels.hotkey_file import BINDS_MAX, HotkeyFileError, hotkey_text, read_hotkeys

SHIPPED = resource_text("hotkeys", "default.toml")
COMMON = ("id", "keys", "do", "when", "press", "enabled")
FIELDS = sorted({name for fields in VERBS.values() for name in fields} | {*COMMON})
TEXTS = ("F5", "Ctrl+J B", "once", "hold(9)", "buy_limit", "stage", "run(view.palette)", "ask + 2t", "3t", "50%", "DAY")
ODD_TEXTS = ("buy", "min(", "1e9", "", "not armed", "\\\\")
PLAIN = ("0", "-3", "1.5", "inf", "nan", "true", "[1]", "[]", "{}", "{ do = 1 }", "1979-05-27", "9" * 200)
ATTACHED = ('[{ do = "stop", price = "3t" }]', '[{ do = ["stop"], price = [] }]')
VALUES = st.one_of(
    st.sampled_from([*TEXTS, *ODD_TEXTS]).map(lambda text: f'"{text}"'),
    st.sampled_from(sorted(TRADING)).map(lambda name: f'"{name} / {name}"'),
    st.sampled_from([*PLAIN, *ATTACHED]),
)
HEADS = ("[[bind]]", "[defaults]", "[bind]", "version = 1", 'profile = "fn"', "bind = [1]", "defaults = 3", "#\u2028")
LINES = st.one_of(st.sampled_from(HEADS), st.tuples(st.sampled_from(FIELDS), VALUES).map(" = ".join))


def judged(data: bytes) -> HotkeyFileError | None:
    """Read a file; returns its refusal, whose place lies within it."""
    refusal = refused(data)
    if refusal is None:
        assert len(read_hotkeys(hotkey_text(data)).binds) <= BINDS_MAX
    else:
        assert 1 <= refusal.line <= data.count(b"\n") + 1
        assert refusal.column >= 1
        assert refusal.message
    return refusal


def refused(data: bytes) -> HotkeyFileError | None:
    try:
        read_hotkeys(hotkey_text(data))
    except HotkeyFileError as refusal:
        return refusal
    return None


@given(st.binary(max_size=200))
def test_any_bytes_are_a_map_or_an_error_with_its_place(data: bytes) -> None:
    judged(data)


@given(st.lists(LINES, max_size=12))
def test_any_lines_of_the_language_are_a_map_or_an_error_with_its_place(lines: list[str]) -> None:
    judged("\n".join(["version = 1", *lines]).encode())


@given(st.integers(0, len(SHIPPED) - 1), st.integers(0, 40), st.binary(max_size=6))
def test_a_damaged_file_is_a_map_or_an_error_with_its_place(at: int, lost: int, put: bytes) -> None:
    whole = SHIPPED.encode()
    judged(whole[:at] + put + whole[at + lost :])


BIND = b'version = 1\n[[bind]]\nid = "a"\nkeys = "F5"\n'


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (b"version = 1\nx = " + b"[" * 5_000, 2, 5),
        (b"version = 1\nx = " + b"{ a = " * 5_000, 2, 5),
        (b"version = 1\nx = " + b"[[]," * 5_000, 2, 5),
        (b"version = 1" + b"0" * 5_000, 1, 11),
        (b"version = 1\n# caf\xe9\n", 2, 6),
        (b'version = 1\n[defaults]\ntif = ["DAY"]\n', 3, 7),
        (BIND + b'do = "stage"\nside = {}\n', 6, 8),
        (BIND + b'do = "buy_limit"\nprice = "ask"\nattach = 0\n', 7, 10),
    ],
)
def test_what_would_break_the_reader_is_an_error_at_its_place(text: bytes, line: int, column: int) -> None:
    refusal = judged(text)
    assert refusal is not None
    assert (refusal.line, refusal.column) == (line, column)


KEYS = st.sampled_from(["F1", "\\", "Ctrl+F2", "Alt+B", '"', "é", ""])
ENTRY, EXIT = "Price=Ask+0.05;Share=100;BUY=Send", "Share=Pos*0.5;Price=Bid;SELL=Send"
SCRIPTS = st.sampled_from([ENTRY, EXIT, "CXL ALLSYMB", "Share=٣;Price=Ask;BUY=Send", "=;;", "BUY=Send"])
DAS_LINES = st.builds('{}:na"me\t{}:{}'.format, KEYS, st.text(max_size=4), SCRIPTS)


@given(st.lists(st.one_of(st.text(max_size=30), DAS_LINES)))
def test_any_import_is_a_key_file_of_disabled_binds(lines: list[str]) -> None:
    found = import_das("\n".join(lines))
    binds = read_hotkeys(found.text).binds
    assert len(binds) == found.binds
    assert not any(bind.enabled for bind in binds)
