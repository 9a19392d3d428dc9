"""A vault: secrets of a person in one encrypted file of the home, for a machine whose system has no key store.

Argon2id (RFC 9106) makes a key of the passphrase, ChaCha20-Poly1305 (RFC 8439) seals the secrets with it, and how the
key is made is sealed along. The file is private to its user and takes its place whole; one that is damaged is refused
and left as it is. Any thread; making a key takes about half a second and 64 MB. Neither passphrase nor key is logged.
"""

import os
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from workstation.config.whole_files import NEW, write_whole
from workstation.domain.errors import UserError

FILE_MAX_BYTES = 1 << 20
PASSPHRASE_LEAST = 8
"""Characters that a new passphrase has at least."""

WAIT_MAX_S = 60.0
"""Longest pause that a wrong passphrase leads to; the first leads to one of a second, each next to twice that."""

_KEY_BYTES, _SALT_BYTES, _NONCE_BYTES, _TAG_BYTES = 32, 16, 12, 16
_PRIVATE = 0o600


class WrongPassphrase(UserError):
    """The passphrase opens nothing here."""


class VaultDamaged(UserError):
    """The file is no vault any more; it is left as it is."""


class Cost(msgspec.Struct, frozen=True):
    """What a guess costs: memory, passes over it and lanes, as RFC 9106 recommends second (section 4)."""

    memory_kib: int = 65_536
    iterations: int = 3
    lanes: int = 4

    @property
    def is_sane(self) -> bool:
        """Tell whether a key may be made so: what a damaged file asks for must not take the machine down."""
        return 8 * self.lanes <= self.memory_kib <= 1 << 20 and 1 <= self.iterations <= 16 and 1 <= self.lanes <= 16


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: all in base64. check: proves the key, so that a wrong passphrase is not taken for damage."""

    format: int
    cost: Cost
    salt: str
    check: str
    nonce: str
    data: str


_decode, _decode_secrets = msgspec.json.Decoder(_Sealed).decode, msgspec.json.Decoder(dict[str, str]).decode


class Vault:
    """A vault that is open. Made by `create` or `unlock`."""

    def __init__(self, path: Path, key: bytes, cost: Cost, salt: bytes, secrets: dict[str, str]) -> None:
        self._path, self._key, self._cost, self._salt, self._secrets = path, key, cost, salt, secrets
        self._lock = threading.Lock()

    @classmethod
    def create(cls, path: Path, passphrase: str, cost: Cost | None = None) -> "Vault":
        """Make an empty vault.

        Raises:
            UserError: there is one already, the passphrase is too short, or the file cannot be written.
        """
        if path.exists():
            raise UserError(f"there is a vault already: {path.name}")
        _check_new(passphrase)
        cost, salt = cost or Cost(), os.urandom(_SALT_BYTES)
        made = cls(path, _key_of(passphrase, cost, salt), cost, salt, {})
        made._write()
        return made

    @classmethod
    def unlock(cls, path: Path, passphrase: str) -> "Vault":
        """Open the vault of a file.

        Raises:
            WrongPassphrase: it is another one's.
            VaultDamaged: the file cannot be read or is no vault.
        """
        sealed = _read(path)
        salt = _bytes(path, sealed.salt)
        key = _key_of(passphrase, sealed.cost, salt)
        return cls(path, key, sealed.cost, salt, _opened(path, sealed, key))

    def secret(self, name: str) -> str:
        """Return a secret, "" where there is none."""
        with self._lock:
            return self._secrets.get(name, "")

    def keep(self, name: str, secret: str) -> None:
        """Keep a secret, or forget it where it is empty.

        Raises:
            UserError: the file was changed beside this, is damaged, or cannot be written; what was kept stays.
        """
        with self._lock:
            kept = self._of_file()
            fresh = kept | {name: secret} if secret else {key: value for key, value in kept.items() if key != name}
            self._secrets, before = fresh, self._secrets
            self._write_or(before)

    def change_passphrase(self, old: str, new: str) -> None:
        """Seal everything with another passphrase and a new salt.

        Raises:
            WrongPassphrase: the old one is another.
            UserError: the new one is too short, or the file cannot be written; the old one holds on.
        """
        _check_new(new)
        with self._lock:
            sealed, salt = _read(self._path), os.urandom(_SALT_BYTES)
            old_key = _key_of(old, sealed.cost, _bytes(self._path, sealed.salt))
            secrets = _opened(self._path, sealed, old_key)
            fresh = Vault(self._path, _key_of(new, sealed.cost, salt), sealed.cost, salt, secrets)
            fresh._write()
            self._key, self._cost, self._salt, self._secrets = fresh._key, fresh._cost, salt, secrets

    def _of_file(self) -> dict[str, str]:
        """Return what the file holds now: another program may have kept something since."""
        sealed = _read(self._path)
        if _bytes(self._path, sealed.salt) != self._salt:
            raise UserError("the vault has another passphrase by now; unlock it again")
        return _opened(self._path, sealed, self._key)

    def _write_or(self, before: dict[str, str]) -> None:
        try:
            self._write()
        except UserError:
            self._secrets = before
            raise

    def _write(self) -> None:
        cipher, nonce = ChaCha20Poly1305(self._key), os.urandom(_NONCE_BYTES)
        bound = _bound(self._cost, _text(self._salt))
        check_nonce = os.urandom(_NONCE_BYTES)
        sealed = _Sealed(
            format=1,
            cost=self._cost,
            salt=_text(self._salt),
            check=_text(check_nonce + cipher.encrypt(check_nonce, b"", b"check" + bound)),
            nonce=_text(nonce),
            data=_text(cipher.encrypt(nonce, msgspec.json.encode(self._secrets), b"data" + bound)),
        )
        try:
            fresh = self._path.with_name(self._path.name + NEW)
            os.close(os.open(fresh, os.O_CREAT | os.O_WRONLY, _PRIVATE))
            fresh.chmod(_PRIVATE)  # one that was left behind may be open to others
            write_whole(self._path, msgspec.json.encode(sealed) + b"\n", durable=True)
        except OSError as error:
            raise UserError(f"the vault cannot be written: {error.strerror}") from error


class VaultDoor:
    """The vault of a home, open or not. mono_s: monotonic seconds, for the pause after a wrong passphrase."""

    def __init__(self, path: Path, mono_s: Callable[[], float], cost: Cost | None = None) -> None:
        self.path, self._mono_s, self._cost = path, mono_s, cost
        self.vault: Vault | None = None
        self._wrong, self._closed_until = 0, 0.0
        self._lock = threading.Lock()

    @property
    def exists(self) -> bool:
        """Tell whether there is a vault, open or not."""
        return self.path.exists()

    @property
    def wait_s(self) -> float:
        """Seconds until the next passphrase is tried, 0 for at once."""
        return max(self._closed_until - self._mono_s(), 0.0)

    def create(self, passphrase: str) -> None:
        """Make the vault, and open it; as `Vault.create`."""
        self.vault = Vault.create(self.path, passphrase, self._cost)

    def unlock(self, passphrase: str) -> None:
        """Open the vault; each wrong passphrase closes it to the next one for longer.

        Raises:
            WrongPassphrase: it is another one's, or comes before the pause is over; the text says how long that is.
            VaultDamaged: the file cannot be read or is no vault.
        """

        def unlock() -> None:
            self.vault = Vault.unlock(self.path, passphrase)

        self._try(unlock)

    def change_passphrase(self, old: str, new: str) -> None:
        """Seal it anew, as `Vault.change_passphrase`, with the pauses of `unlock`."""

        def change() -> None:
            vault = self.vault or Vault.unlock(self.path, old)
            vault.change_passphrase(old, new)
            self.vault = vault

        self._try(change)

    def _try(self, judge: Callable[[], None]) -> None:
        with self._lock:
            if self.wait_s > 0:
                raise WrongPassphrase(f"not tried: {_seconds(self.wait_s)} are to pass after a wrong passphrase")
            try:
                judge()
            except WrongPassphrase as error:
                pause = min(2.0**self._wrong, WAIT_MAX_S)
                self._wrong += 1
                self._closed_until = self._mono_s() + pause
                raise WrongPassphrase(f"{error}; the next is tried in {_seconds(pause)}") from error
            self._wrong = 0


def _check_new(passphrase: str) -> None:
    if len(passphrase) < PASSPHRASE_LEAST:
        raise UserError(f"the passphrase is too short: at least {PASSPHRASE_LEAST} characters")


def _key_of(passphrase: str, cost: Cost, salt: bytes) -> bytes:
    kdf = Argon2id(
        salt=salt, length=_KEY_BYTES, iterations=cost.iterations, lanes=cost.lanes, memory_cost=cost.memory_kib
    )
    return kdf.derive(passphrase.encode("utf-8", "surrogateescape"))


def _read(path: Path) -> _Sealed:
    try:
        with path.open("rb") as file:
            found = file.read(FILE_MAX_BYTES + 1)
        sealed = _decode(found)
    except OSError as error:
        raise VaultDamaged(f"the vault cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise VaultDamaged(_damaged(path)) from error
    if sealed.format != 1 or not sealed.cost.is_sane or len(_bytes(path, sealed.salt)) != _SALT_BYTES:
        raise VaultDamaged(_damaged(path))
    return sealed


def _opened(path: Path, sealed: _Sealed, key: bytes) -> dict[str, str]:
    """Return the secrets of a file that was read."""
    cipher, bound = ChaCha20Poly1305(key), _bound(sealed.cost, sealed.salt)
    check, nonce, data = (_bytes(path, text) for text in (sealed.check, sealed.nonce, sealed.data))
    if len(check) != _NONCE_BYTES + _TAG_BYTES or len(nonce) != _NONCE_BYTES or len(data) < _TAG_BYTES:
        raise VaultDamaged(_damaged(path))
    try:
        cipher.decrypt(check[:_NONCE_BYTES], check[_NONCE_BYTES:], b"check" + bound)
    except InvalidTag as error:
        raise WrongPassphrase("the passphrase is wrong") from error
    try:
        return _decode_secrets(cipher.decrypt(nonce, data, b"data" + bound))
    except (InvalidTag, msgspec.DecodeError) as error:
        raise VaultDamaged(_damaged(path)) from error


def _bound(cost: Cost, salt: str) -> bytes:
    return msgspec.json.encode([1, cost.memory_kib, cost.iterations, cost.lanes, salt])


def _damaged(path: Path) -> str:
    return (
        f"the vault is damaged and is left as it is: put a copy of {path.name} back, or move it away and make another"
    )


def _bytes(path: Path, text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise VaultDamaged(_damaged(path)) from error


def _text(value: bytes) -> str:
    return b64encode(value).decode()


def _seconds(value: float) -> str:
    return f"{max(round(value), 1)} s"
