"""The question for a vault's passphrase, and the key store in use as the connections panel says it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, QThreadPool
from PySide6.QtWidgets import QLineEdit, QWidget

from tests.helpers.desktop_rig import DesktopRig
from workstation.desktop.panels.connections_panel import ConnectionsPanel
from workstation.desktop.secrets_watch import SecretsWatch
from workstation.desktop.shell.vault_dialog import VaultDialog, ask_for_passphrase

PASSPHRASE = "correct horse"


class Kept:
    """A vault in memory. tried: what was handed on."""

    has_vault = True

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.is_open = False

    def standing(self) -> tuple[str, bool]:
        return f"Secrets are kept in the vault, {'open' if self.is_open else 'locked'}.", not self.is_open

    def unlock(self, passphrase: str) -> str:
        self.tried.append(passphrase)
        self.is_open = passphrase == PASSPHRASE
        return "" if self.is_open else "the passphrase is wrong; the next is tried in 1 s"


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def watch(kept: Kept, qtbot) -> Iterator[SecretsWatch]:
    del qtbot
    yield SecretsWatch(kept)
    QThreadPool.globalInstance().waitForDone()


@pytest.fixture
def window(qtbot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


def answered(dialog: VaultDialog, watch: SecretsWatch, qtbot, typed: str) -> None:
    dialog.line.setText(typed)
    with qtbot.waitSignal(watch.answered):
        qtbot.keyClick(dialog.line, Qt.Key.Key_Return)


def test_a_wrong_passphrase_is_told_under_the_line_and_the_right_one_closes_the_question(
    window: QWidget, watch: SecretsWatch, kept: Kept, qtbot
) -> None:
    dialog = ask_for_passphrase(watch, window)
    assert dialog.line.echoMode() is QLineEdit.EchoMode.Password
    assert not dialog.isModal(), "the desktop goes on"
    answered(dialog, watch, qtbot, "battery staple")
    assert dialog.note.text() == "The passphrase is wrong; the next is tried in 1 s."
    assert dialog.note.property("role") == "danger"
    assert (dialog.line.text(), dialog.go.isEnabled(), dialog.isVisible()) == ("", True, True)
    with qtbot.waitSignal(watch.changed), qtbot.waitSignal(dialog.accepted):
        answered(dialog, watch, qtbot, PASSPHRASE)
    assert kept.tried == ["battery staple", PASSPHRASE]
    assert not watch.is_locked


def test_while_one_is_tried_no_other_is_and_nothing_typed_is_none(
    window: QWidget, watch: SecretsWatch, kept: Kept, qtbot
) -> None:
    dialog = ask_for_passphrase(watch, window)
    qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
    assert kept.tried == []
    dialog.line.setText("battery staple")
    with qtbot.waitSignal(watch.answered):
        qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
        assert (dialog.note.text(), dialog.line.text(), dialog.go.isEnabled()) == ("Opening…", "", False)
        dialog.line.setText(PASSPHRASE)
        qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
    assert kept.tried == ["battery staple"]
    dialog.reject()


def test_not_now_leaves_it_locked_and_a_second_question_is_the_first(
    window: QWidget, watch: SecretsWatch, kept: Kept
) -> None:
    dialog = ask_for_passphrase(watch, window)
    assert ask_for_passphrase(watch, window) is dialog
    dialog.later.click()
    assert not dialog.isVisible()
    assert kept.tried == []


def test_connections_names_the_key_store_and_opens_a_vault_that_is_locked(
    rig: DesktopRig, watch: SecretsWatch, kept: Kept, qtbot
) -> None:
    panel = ConnectionsPanel(dataclasses.replace(rig.context, secrets=watch), "connections-1")
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitUntil(lambda: bool(panel.secrets.text()))
    assert panel.secrets.text() == "Secrets are kept in the vault, locked."
    assert (panel.secrets.isVisible(), panel.unlock.isVisible()) == (True, True)
    panel.unlock.click()
    dialog = panel.window().findChild(VaultDialog)
    assert isinstance(dialog, VaultDialog)
    with qtbot.waitSignal(watch.changed):
        answered(dialog, watch, qtbot, PASSPHRASE)
    assert panel.secrets.text() == "Secrets are kept in the vault, open."
    assert not panel.unlock.isVisible()
    assert kept.is_open
    panel.release()


def test_without_a_key_store_to_tell_of_connections_says_nothing(rig: DesktopRig, qtbot) -> None:
    panel = ConnectionsPanel(rig.context, "connections-1")
    qtbot.addWidget(panel)
    panel.show()
    assert (panel.secrets.isVisible(), panel.unlock.isVisible()) == (False, False)
    panel.release()
