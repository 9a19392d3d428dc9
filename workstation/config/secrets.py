"""Secrets of a person in the operating system's key store, never in plain text in a file. Any thread; may block.

On a machine without a key store, such as a server without a session, the encrypted vault of the home stands in, once it
is open (`vault.py`); a store that would write plain text is refused. A variable of the environment can stand for a
secret, for automation; that is warned of.
"""

import os

import keyring
import msgspec
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError

from workstation.config.vault import VaultDoor
from workstation.domain.errors import UserError
from workstation.kernel.logs import get_logger

SERVICE = "workstation"
VARIABLE_PREFIX = "WORKSTATION_SECRET_"
VAULT_NAME = "the encrypted vault"
NO_STORE = "there is none"
MAKE_ONE = "make a vault by `workstation vault create`"

_NONE = ("keyring.backends.fail", "keyring.backends.null")
_PLAIN = ("Plaintext", "Uncrypted")

_log = get_logger("secrets")


class SecretStore(msgspec.Struct, frozen=True):
    """Where secrets of this machine are kept. refusal: why none is, "" where they are. is_locked: a vault waits."""

    name: str
    refusal: str
    is_locked: bool = False


class _Place:
    """The vault of the home that this process runs in."""

    door: VaultDoor | None = None


_place = _Place()


def use_vault(door: VaultDoor | None) -> None:
    """Let a home's vault stand in for a key store that the system lacks; None for none."""
    _place.door = door


def secret_store() -> SecretStore:
    """Return the key store in use; one that is none, or keeps plain text, refuses, and a vault stands in for it."""
    ring, door = _ring(), _place.door
    if not ring.refusal or door is None or not door.exists:
        return ring
    if door.vault is not None:
        return SecretStore(VAULT_NAME, "")
    return SecretStore(VAULT_NAME, f"{ring.refusal}, and the vault is locked", is_locked=True)


def _ring() -> SecretStore:
    ring = keyring.get_keyring()
    first = next(iter(getattr(ring, "backends", ())), ring)
    refusal = ""
    if not isinstance(first, KeyringBackend) or type(first).__module__ in _NONE:
        refusal = NO_STORE
    elif any(word in type(first).__name__ for word in _PLAIN):
        refusal = f"{first.name} would keep them in plain text"
    return SecretStore(str(first.name), refusal)


def from_environment(name: str) -> str:
    """Return the variable of the environment that stands for a secret now, "" where it is asked of the key store."""
    variable = VARIABLE_PREFIX + name.upper()
    return variable if variable in os.environ else ""


def secret_of(name: str) -> str:
    """Return a kept secret, "" where there is none. name: a word, such as mail; the environment goes first.

    A key store that cannot be read counts as empty, and is logged.
    """
    variable = from_environment(name)
    if variable:
        _log.warning("secret_from_environment", wanted=name, variable=variable)
        return os.environ[variable]
    store, door = secret_store(), _place.door
    if store.refusal:
        _log.warning("key_store", wanted=name, error=store.refusal)
        return ""
    if store.name == VAULT_NAME and door is not None and door.vault is not None:
        return door.vault.secret(name)
    try:
        return keyring.get_password(SERVICE, name) or ""
    except KeyringError as error:
        _log.warning("key_store", wanted=name, error=str(error))
        return ""


def keep_secret(name: str, secret: str) -> None:
    """Keep a secret, or forget it where it is empty.

    Raises:
        UserError: this machine has no key store and no open vault, or it refuses.
    """
    variable, store, door = VARIABLE_PREFIX + name.upper(), secret_store(), _place.door
    if store.refusal:
        instead = "unlock it" if store.is_locked else f"set {variable} instead, or {MAKE_ONE}"
        raise UserError(f"the key store of this machine keeps nothing: {store.refusal}; {instead}")
    if store.name == VAULT_NAME and door is not None and door.vault is not None:
        door.vault.keep(name, secret)
        return
    try:
        if secret:
            keyring.set_password(SERVICE, name, secret)
        elif keyring.get_password(SERVICE, name) is not None:
            keyring.delete_password(SERVICE, name)
    except KeyringError as error:
        raise UserError(f"the key store of this machine keeps nothing: {error}; set {variable} instead") from error
