"""The vault by the command line and at a start: asked for, opened, used in the place of a key store, never shown."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends.fail import Keyring

from tests.helpers.mail_server import MailServer
from workstation.__main__ import main
from workstation.app.vault_commands import place_vault, status_words, unlock_on_terminal
from workstation.config.paths import Home
from workstation.config.secrets import VAULT_NAME, keep_secret, secret_of, secret_store, use_vault
from workstation.config.vault import Cost, Vault, VaultDoor
from workstation.domain.errors import UserError

CHEAP = Cost(memory_kib=32, iterations=1, lanes=1)
PASSPHRASE = "correct horse"
WAIT_S = 60


@pytest.fixture(autouse=True)
def no_key_store() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)
    use_vault(None)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


def run(monkeypatch: pytest.MonkeyPatch, *words: str, typed: str = "") -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    return main(list(words))


@pytest.mark.usefixtures("logged")
def test_a_vault_is_made_and_keeps_the_password_of_the_mail_server(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ("--home", str(home.root))
    assert run(monkeypatch, "vault", "status", *at) == 0
    assert "Secrets are kept nowhere: this system has no key store; make a vault" in capsys.readouterr().out
    assert run(monkeypatch, "vault", "create", *at, typed=f"{PASSPHRASE}\n") == 0
    assert "no way around" in capsys.readouterr().out
    assert run(monkeypatch, "vault", "status", *at) == 0
    assert capsys.readouterr().out == "Secrets are kept in the encrypted vault, which is locked.\n"
    assert run(monkeypatch, "mail", "password", *at, typed=f"{PASSPHRASE}\nopensesame\n") == 0
    assert capsys.readouterr().out == f"The password is kept in {VAULT_NAME}.\n"
    with MailServer() as server:
        home.config_file.write_text(
            f'[mail]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\nuser = "desk"\n'
            'sender = "a@b.test"\nto = ["c@d.test"]\n'
        )
        assert run(monkeypatch, "mail", "test", *at, typed=f"{PASSPHRASE}\n") == 0
        assert len(server.mails) == 1
    assert run(monkeypatch, "vault", "passphrase", *at, typed=f"{PASSPHRASE}\nanother one\n") == 0
    use_vault(None)
    assert run(monkeypatch, "mail", "test", *at, typed=f"{PASSPHRASE}\n") == 2
    assert "the passphrase is wrong; the next is tried in 1 s" in capsys.readouterr().err
    assert Vault.unlock(home.vault, "another one").secret("mail") == "opensesame"
    written = b"".join(file.read_bytes() for file in home.root.rglob("*") if file.is_file())
    assert b"opensesame" not in written
    assert PASSPHRASE.encode() not in written


def test_without_a_vault_the_commands_say_how_to_make_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("old\n"))
    with pytest.raises(UserError, match="make a vault by `workstation vault create`"):
        keep_secret("mail", "opensesame")
    assert main(["vault", "passphrase", "--home", str(home.root)]) == 2


def test_a_locked_vault_gives_no_secret_and_takes_none_and_an_open_one_does(
    home: Home, logged: list[dict[str, Any]]
) -> None:
    assert place_vault(home) is None, "there is none"
    Vault.create(home.vault, PASSPHRASE, CHEAP).keep("mail", "opensesame")
    door = place_vault(home)
    assert door is not None
    assert (secret_store().is_locked, secret_of("mail")) == (True, "")
    assert logged[-1]["error"] == "there is none, and the vault is locked"
    with pytest.raises(UserError, match="the vault is locked; unlock it"):
        keep_secret("mail", "other")
    door.unlock(PASSPHRASE)
    assert (secret_store().name, secret_store().refusal, secret_of("mail")) == (VAULT_NAME, "", "opensesame")
    keep_secret("mail", "new")
    assert Vault.unlock(home.vault, PASSPHRASE).secret("mail") == "new"
    assert status_words() == f"Secrets are kept in {VAULT_NAME}."
    assert not any("opensesame" in str(line) or PASSPHRASE in str(line) for line in logged)


class Store(Keyring):
    """A key store of a system that works."""

    priority = 1
    name = "Test store"

    def get_password(self, service: str, username: str) -> str | None:
        return "of the system"


Store.__module__ = "system"


def test_a_key_store_of_the_system_goes_before_the_vault(home: Home) -> None:
    Vault.create(home.vault, PASSPHRASE, CHEAP).keep("mail", "opensesame")
    keyring.set_keyring(Store())
    assert place_vault(home) is None
    assert (secret_store().name, secret_of("mail")) == ("Test store", "of the system")


def test_a_start_without_a_terminal_goes_on_with_the_vault_locked_and_says_so(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Vault.create(home.vault, PASSPHRASE, CHEAP)
    door = VaultDoor(home.vault, lambda: 0.0)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSPHRASE}\n"))
    assert not unlock_on_terminal(door)
    assert door.vault is None
    assert "the vault stays locked: there is no terminal" in capsys.readouterr().err


def test_the_terminal_of_a_headless_start_is_asked_and_again_after_a_wrong_answer(home: Home) -> None:
    Vault.create(home.vault, PASSPHRASE, CHEAP).keep("mail", "opensesame")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "workstation", "--headless", "--home", str(home.root), "--api-port", "0"]
    environment = os.environ | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    with subprocess.Popen(
        command,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  the child owns the terminal
    ) as program:
        os.close(theirs)
        told = answered(ours, "battery staple")
        told += answered(ours, PASSPHRASE)
        assert program.stdout is not None
        ready = json.loads(program.stdout.readline())
        program.terminate()
        program.wait(WAIT_S)
    os.close(ours)
    assert ready["event"] == "ready"
    assert "the passphrase is wrong; the next is tried in 1 s" in told
    assert PASSPHRASE not in told, "it is not shown"
    assert "battery" not in told
    logs = b"".join(file.read_bytes() for file in home.root.rglob("*") if file.is_file())
    assert PASSPHRASE.encode() not in logs
    assert b"opensesame" not in logs


def answered(terminal: int, answer: str) -> str:
    """Read the terminal up to the question, answer it, and return what was read."""
    told = ""
    while not told.endswith("goes on without): "):
        assert select.select([terminal], [], [], WAIT_S)[0], f"no question; so far: {told}"
        told += os.read(terminal, 1_024).decode()
    os.write(terminal, f"{answer}\n".encode())
    return told
