"""The file of keys: the shipped one reads, and each fault of a file is named by line and column."""

import random
from pathlib import Path

import pytest

from workstation.viewmodels.hotkey_binds import Press, parse_keys
from workstation.viewmodels.hotkey_file import BINDS_MAX, FILE_BYTES_MAX, HotkeyFileError, read_hotkeys

SHIPPED = (Path(__file__).parents[3] / "resources" / "hotkeys" / "default.toml").read_text()
HEAD = 'version = 1\n[[bind]]\nid = "a"\nkeys = "F5"\n'


def test_the_shipped_file_binds_every_default_key():
    found = read_hotkeys(SHIPPED)
    keys = {" ".join(bind.keys): bind for bind in found.binds}
    assert {
        "F1",
        "Shift+F1",
        "F2",
        "F3",
        "F4",
        "F5",
        "F6",
        "F7",
        "F8",
        "F9",
        "Ctrl+F9",
        "Ctrl+Z",
        "Ctrl+K",
        "Ctrl+I",
    } <= keys.keys()
    assert keys["Ctrl+Shift+F12"].press is Press.DOUBLE
    assert [item.do for item in keys["F5"].attach] == ["stop", "target"]
    assert str(keys["F5"].when) == "cursor < ask"
    assert str(found.expressions["collar"]) == "25t"
    assert found.plain == {"tif": "DAY", "max_age_ms": 5000}


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("version = 2\n", 1, 11, "this program reads version 1"),
        ("version = 1\ncolour = 3\n", 2, 10, "'colour' is not known here"),
        ("version = 1\nx = = 3\n", 2, 5, "Invalid value"),
        (HEAD, 2, 1, "a bind needs 'do'"),
        (HEAD + 'do = "by_limit"\n', 5, 6, "'by_limit' is no verb"),
        (HEAD + 'do = "buy_limit"\n', 5, 6, "buy_limit needs 'price'"),
        (HEAD + 'do = "buy_limit"\nprice = "ask + 2"\n', 6, 14, "a distance needs its unit"),
        (HEAD + 'do = "buy_limit"\nprice = "asks"\n', 6, 10, "'asks' is not known here"),
        (HEAD + 'do = "buy_limit"\nprice = "preset"\n', 6, 10, "expected a price, this is a qty"),
        (HEAD + 'do = "flatten"\nqty = 3\n', 6, 7, "flatten takes no 'qty'; it takes through"),
        (HEAD + 'do = "arm"\npress = "twice"\n', 6, 9, "'twice' is no way to press"),
        (HEAD + 'do = "arm"\nwhen = "bid"\n', 6, 9, "expected a condition, this is a price"),
        (HEAD + 'do = "cancel_last"\ninclude_protective = 1\n', 6, 22, "expected true or false, found 1"),
        (HEAD + 'do = "buy_limit"\nprice = 5\ntif = "GTD"\n', 7, 7, "expected one of DAY"),
        (HEAD + 'do = "buy_limit"\nprice = 5\nattach = [{ do = "hedge", price = 1 }]\n', 7, 10, "an attached order is"),
        (HEAD + 'do = "buy_limit"\nprice = 5\nattach = [{ do = "stop", price = "ask +" }]\n', 7, 10,
         "in 'ask +', column 6"),
        (HEAD + 'do = "size"\n', 5, 6, "size needs either 'to' or 'step'"),
        (HEAD + 'do = "size"\nstep = 0\n', 6, 8, "a whole number of presets"),
        (HEAD + 'do = "run(no.such)"\n', 5, 6, "there is no command 'no.such'"),
        (HEAD + 'do = "arm"\n[[bind]]\nid = "a"\nkeys = "F6"\ndo = "arm"\n', 7, 6, "'a' is the id of another bind"),
        (HEAD + 'do = "arm"\n[[bind]]\nid = "b"\nkeys = "F5"\ndo = "arm"\n', 8, 8, "F5 is bound to 'a' already"),
        (HEAD.replace("F5", "Alt+F5") + 'do = "arm"\n', 4, 8, "uses Alt"),
        (HEAD.replace("F5", "Ctrl+Foo") + 'do = "arm"\n', 4, 8, "'Ctrl+Foo' is no chord"),
        (HEAD.replace("F5", "A B C") + 'do = "arm"\n', 4, 8, "'A B C' is no chord"),
        ("version = 1\n" + "#" * FILE_BYTES_MAX, 1, 1, "larger than 256 KiB"),
        ("version = 1\n" + '[[bind]]\nid = "a"\n' * (BINDS_MAX + 1), 1_002, 1, "more than 500 binds"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_line_and_column(text, line, column, words):
    with pytest.raises(HotkeyFileError) as refused:
        read_hotkeys(text, commands=("view.palette",))
    assert words in refused.value.message
    assert (refused.value.line, refused.value.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("F5", ("F5",)),
        ("shift+ctrl+f12", ("Ctrl+Shift+F12",)),
        ("Ctrl+J B", ("Ctrl+J", "B")),
        ("[", ("[",)),
        ("Ctrl+-", ("Ctrl+-",)),
    ],
)
def test_chords_have_one_spelling(text, keys):
    assert parse_keys(text) == keys


def test_a_damaged_file_is_refused_and_never_breaks_the_reader():
    rng = random.Random(3)
    for _ in range(300):
        at = rng.randrange(len(SHIPPED))
        damaged = SHIPPED[:at] + rng.choice('"[=\n0}xé ') + SHIPPED[at + rng.randrange(3) :]
        refusal = _refusal(damaged)
        if refusal is not None:
            assert 1 <= refusal.line <= damaged.count("\n") + 1
            assert refusal.message


def _refusal(text):
    try:
        read_hotkeys(text)
    except HotkeyFileError as refused:
        return refused
    return None
