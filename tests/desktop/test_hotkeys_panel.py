"""The hotkeys panel: edits in place keep the file's comments, errors stay in place, tests of keys send nothing."""

import pytest
from PySide6.QtCore import Qt

from tests.helpers.desktop_rig import DesktopRig, position, quote
from workstation.desktop.panels.hotkeys_panel import HotkeysPanel
from workstation.desktop.shell.hotkeys import HotkeyFilter
from workstation.viewmodels.hotkey_file import read_hotkeys

Key = Qt.Key
TEXT = """# mine
version = 1

[[bind]]
id = "in"
keys = "F2"        # the one I use
do = "buy_limit"
price = "ask + 2t"
collar = "9t"

[[bind]]
id = "out"
keys = "F9"
do = "flatten"
"""


@pytest.fixture
def rig(qapp):
    rig = DesktopRig()
    rig.feed(quotes=[quote(bid=18_719, ask=18_721)])
    rig.arm()
    yield rig
    rig.stop()


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "hotkeys.toml"
    file.write_text(TEXT)
    return file


@pytest.fixture
def panel(qtbot, rig, qapp, file):
    keys = HotkeyFilter(rig.context, file)
    keys.store.load()
    panel = HotkeysPanel(rig.context, "hotkeys")
    panel.keys = keys
    qtbot.addWidget(panel)
    panel.resize(1_200, 500)
    panel.show()
    panel.activateWindow()
    qapp.installEventFilter(keys)
    yield panel
    qapp.removeEventFilter(keys)
    panel.release()


def cell(panel, row, column):
    return panel.table.item(row, column).text()


def test_it_lists_every_bind_with_its_class_and_what_it_would_do_now(rig, panel):
    assert [cell(panel, 0, column) for column in range(1, 9)] == [
        "in",
        "F2",
        "once",
        "",
        "buy_limit",
        'price = "ask + 2t", collar = "9t"',
        "INCREASE",
        "BUY 1 AAPL LIMIT 187.23 DAY · SIM-1",
    ]
    rig.clock.advance(1_000_000_000)
    rig.feed(quotes=[quote(bid=18_800, ask=18_810)], positions=[position(5)])
    assert cell(panel, 0, 8) == "BUY 1 AAPL LIMIT 188.12 DAY · SIM-1"
    assert cell(panel, 1, 8) == "Flattening long 5 AAPL"


def test_an_edit_in_place_is_written_with_comments_kept_and_in_force_at_once(panel, file):
    panel.table.item(0, 6).setText('price = "ask + 3t", collar = "9t"')
    assert file.read_text() == TEXT.replace("ask + 2t", "ask + 3t")
    assert cell(panel, 0, 8).startswith("BUY 1 AAPL LIMIT 187.24")
    panel.table.item(0, 2).setText("F3")
    assert 'keys = "F3"        # the one I use' in file.read_text()


def test_a_field_left_out_of_the_line_leaves_the_file(panel, file):
    panel.table.item(0, 6).setText('price = "ask + 2t"')
    assert "collar" not in file.read_text()


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        (6, 'price = "asks"', "line 8, column 10: 'asks' is not known here"),
        (6, "price =", "name = value"),
        (2, "Alt+F2", "uses Alt"),
        (4, "bid", "expected a condition"),
    ],
)
def test_a_faulty_edit_keeps_the_typed_text_with_its_error_and_the_file(*, panel, file, column, text, words):
    panel.table.item(0, column).setText(text)
    assert words in panel.message.text()
    assert cell(panel, 0, column) == text
    assert file.read_text() == TEXT
    assert panel.keys.store.file.binds[0].keys == ("F2",)


def test_a_bind_is_disabled_and_enabled_by_its_box(panel, file):
    panel.table.item(1, 0).setCheckState(Qt.CheckState.Unchecked)
    assert not read_hotkeys(file.read_text()).binds[1].enabled
    panel.table.item(1, 0).setCheckState(Qt.CheckState.Checked)
    assert file.read_text() == TEXT


def test_binds_are_added_disabled_and_removed(panel, file):
    panel.add()
    added = read_hotkeys(file.read_text()).binds[-1]
    assert (added.id, added.enabled) == ("new_1", False)
    panel.table.setCurrentCell(2, 1)
    panel.remove()
    assert [bind.id for bind in read_hotkeys(file.read_text()).binds] == ["in", "out"]
    assert file.read_text().startswith("# mine")


def test_a_file_changed_outside_is_not_overwritten(panel, file):
    file.write_text(TEXT + "# theirs\n")
    panel.table.item(0, 2).setText("F3")
    assert file.read_text() == TEXT + "# theirs\n"
    assert "changed outside" in panel.message.text()


def test_a_key_pressed_in_the_test_field_is_told_and_not_sent(qtbot, rig, panel):
    panel.test.setFocus()
    qtbot.keyClick(panel.test, Key.Key_F9)
    assert rig.gateway.sent() == []
    assert "Flattening AAPL" in panel.told.text()
    assert "nothing sent" in panel.told.text()
    qtbot.keyClick(panel.test, Key.Key_F5)
    assert panel.told.text() == "F5: no bind"


def test_a_sequence_is_tried_key_by_key(qtbot, rig, panel, file):
    file.write_text(TEXT + '[[bind]]\nid = "join"\nkeys = "Ctrl+J B"\ndo = "buy_limit"\nprice = "bid"\n')
    panel.keys.store.load()
    panel.test.setFocus()
    qtbot.keyClick(panel.test, Key.Key_B)
    assert panel.told.text() == "B: no bind"
    qtbot.keyClick(panel.test, Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert panel.told.text() == "Ctrl+J leads to B"
    qtbot.keyClick(panel.test, Key.Key_B)
    assert panel.test.text() == "Ctrl+J B"
    assert "BUY 1 AAPL LIMIT 187.19" in panel.told.text()
    assert rig.gateway.sent() == []
    qtbot.keyClick(panel.test, Key.Key_B)
    assert panel.told.text() == "B: no bind"


def test_a_file_that_fails_to_load_is_named_with_line_and_column(panel, file):
    file.write_text(TEXT.replace("ask + 2t", "asks"))
    panel.keys.store.load()
    assert "line 8, column 10" in panel.message.text()
    assert panel.table.rowCount() == 2


def test_uses_and_refusals_are_listed_newest_first(qtbot, rig, panel):
    panel.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    panel.setFocus()
    qtbot.keyClick(panel, Key.Key_F9)
    rig.feed(quotes=[quote(freshness="ABSENT", bid=None, ask=None)])
    qtbot.keyClick(panel, Key.Key_F2)
    assert "Refused: ask is absent" in panel.uses.item(0).text()
    assert "Flattening AAPL" in panel.uses.item(1).text()


def test_a_conflict_stands_in_the_row_that_is_never_reached(panel, file):
    file.write_text(TEXT + '[[bind]]\nid = "late"\nkeys = "F9"\nwhen = "long"\ndo = "disarm"\n')
    panel.keys.store.load()
    assert "never reached" in cell(panel, 2, 9)
