"""The desktop of a home with a vault asks for its passphrase, and what is kept there is at hand once it is open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring
from PySide6.QtCore import Qt, QThreadPool
from PySide6.QtWidgets import QLabel

from tests.helpers.product_rig import running
from workstation.config.paths import Home
from workstation.config.secrets import secret_of, use_vault
from workstation.config.vault import Cost, Vault
from workstation.desktop.shell.vault_dialog import VaultDialog

PASSPHRASE = "correct horse"


@pytest.fixture(autouse=True)
def no_key_store() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    QThreadPool.globalInstance().waitForDone()
    keyring.set_keyring(before)
    use_vault(None)


def test_the_desktop_asks_for_the_passphrase_at_its_start_and_goes_on_meanwhile(qtbot, tmp_path: Path) -> None:
    home = Home(tmp_path)
    Vault.create(home.vault, PASSPHRASE, Cost(32, 1, 1)).keep("mail", "opensesame")
    with running(qtbot, tmp_path) as product:
        dialog = product.wait(lambda: product.window.findChild(VaultDialog), "the question")
        product.quoting("AAPL")
        assert dialog.isVisible()
        dialog.line.setText("battery staple")
        qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
        product.wait(lambda: "The passphrase is wrong" in dialog.note.text(), "the refusal")
        secrets = product.context.secrets
        assert secrets is not None
        product.wait(lambda: secrets.is_locked, "the key store to be known")
        product.let_pass(1_100_000_000)
        dialog.line.setText(PASSPHRASE)
        qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
        product.wait(lambda: not secrets.is_locked, "the vault to open")
        assert secret_of("mail") == "opensesame"
        assert secrets.words == "Secrets are kept in the encrypted vault."
        product.window.add_panel("connections")
        shown = product.wait(
            lambda: next((w for w in product.window.findChildren(QLabel) if w.objectName().endswith("_secrets")), None),
            "the panel",
        )
        product.wait(lambda: shown.text() == secrets.words, "the key store in the panel")
    logs = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert PASSPHRASE.encode() not in logs
    assert b"opensesame" not in logs


def test_a_home_without_a_vault_is_asked_nothing(qtbot, tmp_path: Path) -> None:
    with running(qtbot, tmp_path) as product:
        product.quoting("AAPL")
        product.let_pass(500_000_000)
        assert product.window.findChild(VaultDialog) is None
