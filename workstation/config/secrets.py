"""Secrets of a person in the operating system's key store, never in a file of the home. Any thread; may block.

A machine without a key store, such as a server without a session, refuses to keep one, and so does a store that would
write it down in plain text. A variable of the environment can stand for it, for automation; that is warned of.
"""

import os

import keyring
import msgspec
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError

from workstation.domain.errors import UserError
from workstation.kernel.logs import get_logger

SERVICE = "workstation"
VARIABLE_PREFIX = "WORKSTATION_SECRET_"

_NONE = ("keyring.backends.fail", "keyring.backends.null")
_PLAIN = ("Plaintext", "Uncrypted")

_log = get_logger("secrets")


class SecretStore(msgspec.Struct, frozen=True):
    """Where secrets of this machine are kept. refusal: why none is, "" where they are."""

    name: str
    refusal: str


def secret_store() -> SecretStore:
    """Return the key store in use; one that is none, or keeps plain text, refuses."""
    ring = keyring.get_keyring()
    first = next(iter(getattr(ring, "backends", ())), ring)
    refusal = ""
    if not isinstance(first, KeyringBackend) or type(first).__module__ in _NONE:
        refusal = "there is none"
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
    refusal = secret_store().refusal
    if refusal:
        _log.warning("key_store", wanted=name, error=refusal)
        return ""
    try:
        return keyring.get_password(SERVICE, name) or ""
    except KeyringError as error:
        _log.warning("key_store", wanted=name, error=str(error))
        return ""


def keep_secret(name: str, secret: str) -> None:
    """Keep a secret, or forget it where it is empty.

    Raises:
        UserError: this machine has no key store, or it refuses.
    """
    variable, store = VARIABLE_PREFIX + name.upper(), secret_store()
    if store.refusal:
        raise UserError(f"the key store of this machine keeps nothing: {store.refusal}; set {variable} instead")
    try:
        if secret:
            keyring.set_password(SERVICE, name, secret)
        elif keyring.get_password(SERVICE, name) is not None:
            keyring.delete_password(SERVICE, name)
    except KeyringError as error:
        raise UserError(f"the key store of this machine keeps nothing: {error}; set {variable} instead") from error
