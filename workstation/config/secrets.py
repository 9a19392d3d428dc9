"""Secrets of a person in the operating system's key store, never in a file of the home. Any thread; may block.

A machine without a key store, such as a server without a session, refuses to keep one; a variable of the environment
can stand for it.
"""

import os

import keyring
from keyring.errors import KeyringError

from workstation.domain.errors import UserError
from workstation.kernel.logs import get_logger

SERVICE = "workstation"
VARIABLE_PREFIX = "WORKSTATION_SECRET_"

_log = get_logger("secrets")


def secret_of(name: str) -> str:
    """Return a kept secret, "" where there is none. name: a word, such as mail; the environment goes first.

    A key store that cannot be read counts as empty, and is logged.
    """
    given = os.environ.get(VARIABLE_PREFIX + name.upper())
    if given is not None:
        return given
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
    try:
        if secret:
            keyring.set_password(SERVICE, name, secret)
        elif keyring.get_password(SERVICE, name) is not None:
            keyring.delete_password(SERVICE, name)
    except KeyringError as error:
        variable = VARIABLE_PREFIX + name.upper()
        raise UserError(f"the key store of this machine keeps nothing: {error}; set {variable} instead") from error
