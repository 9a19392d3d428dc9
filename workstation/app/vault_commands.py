"""`workstation vault`, and the question for its passphrase on the terminal: never in arguments, never in a log.

Beside both walks. A terminal is asked without echo, and again after a wrong answer; where there is none, each line of
standard input is an answer of a command, and a headless start goes on with the vault locked.
"""

import argparse
import getpass
import sys
import time
from collections.abc import Callable

from workstation.config.paths import Home, find_home
from workstation.config.vault import VaultDoor, WrongPassphrase
from workstation.domain.errors import UserError

TRIES = 3
"""Passphrases that a terminal is asked for before the start goes on without."""

Pause = Callable[[float], None]


def command(arguments: argparse.Namespace) -> int:
    """Run one action; returns the exit code."""
    from workstation.config.secrets import secret_store, use_vault  # noqa: PLC0415  the key store's library is slow to load

    home = find_home(arguments.home)
    door = VaultDoor(home.vault, time.monotonic)
    use_vault(door)
    if arguments.action == "status":
        print(status_words())
        return 0
    if arguments.action == "create":
        home.create()
        door.create(_new_passphrase())
        print(f"The vault is made: {home.vault.name}. Nothing opens it without the passphrase; there is no way around.")
        if not secret_store().name.startswith("the encrypted"):
            print(f"This machine has a key store, {secret_store().name}, which goes first.")
        return 0
    if not door.exists:
        raise UserError("there is no vault; make one by `workstation vault create`")
    old = ask("Old passphrase: ")
    door.change_passphrase(old, _new_passphrase())
    print("The vault has its new passphrase.")
    return 0


def status_words() -> str:
    """Return in a sentence which key store is in use."""
    from workstation.config.secrets import MAKE_ONE, NO_STORE, secret_store  # noqa: PLC0415  as above

    store = secret_store()
    if not store.refusal:
        return f"Secrets are kept in {store.name}."
    if store.is_locked:
        return "Secrets are kept in the encrypted vault, which is locked."
    why = "this system has no key store" if store.refusal == NO_STORE else store.refusal
    return f"Secrets are kept nowhere: {why}; {MAKE_ONE}, or set a variable for each."


def open_vault(home: Home) -> None:
    """Ask for the passphrase of a vault that a command needs, where the system has no key store.

    Raises:
        WrongPassphrase: it is another one's.
        VaultDamaged: the file is no vault any more.
    """
    from workstation.config.secrets import secret_store, use_vault  # noqa: PLC0415  as above

    door = VaultDoor(home.vault, time.monotonic)
    if not door.exists:
        return
    use_vault(door)
    if secret_store().is_locked:
        door.unlock(ask("Passphrase of the vault: "))


def place_vault(home: Home) -> VaultDoor | None:
    """Let a home's vault stand in for a key store that the system lacks; returns one that is to be unlocked.

    Where there is no vault, the key store's library is not even loaded.
    """
    door = VaultDoor(home.vault, time.monotonic)
    if not door.exists:
        return None
    from workstation.config.secrets import secret_store, use_vault  # noqa: PLC0415  as above

    use_vault(door)
    return door if secret_store().is_locked else None


def unlock_on_terminal(door: VaultDoor, pause: Pause = time.sleep) -> bool:
    """Ask the terminal for the passphrase of a start without a window; returns whether the vault is open.

    An empty answer, and the last wrong one, go on with it locked.
    """
    if not sys.stdin.isatty():
        _say("the vault stays locked: there is no terminal to ask for its passphrase; its secrets are missing")
        return False
    for _ in range(TRIES):
        pause(door.wait_s)
        typed = getpass.getpass("Passphrase of the vault (empty goes on without): ")
        if not typed:
            break
        try:
            door.unlock(typed)
        except WrongPassphrase as error:
            _say(str(error))
        except UserError as error:
            _say(str(error))
            break
        else:
            return True
    _say("the vault stays locked: its secrets are missing until the next start")
    return False


def ask(question: str) -> str:
    """Return what a person types without echo, or the next line of standard input."""
    return getpass.getpass(question) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def _new_passphrase() -> str:
    typed = ask("New passphrase: ")
    if sys.stdin.isatty() and ask("Again: ") != typed:
        raise UserError("the two passphrases differ; nothing was changed")
    return typed


def _say(text: str) -> None:
    print(f"workstation: {text}", file=sys.stderr)
