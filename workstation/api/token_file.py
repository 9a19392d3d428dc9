"""Secrets on disk: the token file that tells scripts where the service is and how to enter, and the signing secret.

Written under a temporary name with O_EXCL and mode 0600, flushed, then renamed: nobody ever reads half a file or a
file that others may read. Removed at stop, if it is still ours.
"""

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

import msgspec

from workstation.domain.accounts import Account
from workstation.kernel.ids import stable_uid

SCHEMA = 1
_TOKEN = re.compile(r"[0-9a-f]{64}")


class KnownAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account as a script must name it: `id` is what bodies and filters take as `broker_account_id`."""

    account: str
    id: str
    environment: str


class TokenFile(msgspec.Struct, frozen=True, kw_only=True):
    """Content of the token file: how to enter, and for whom to trade. started_at: RFC 3339, UTC."""

    schema: int
    url: str
    port: int
    token: str
    pid: int
    started_at: str
    accounts: tuple[KnownAccount, ...] = ()


def known_accounts(accounts: Iterable[Account]) -> tuple[KnownAccount, ...]:
    """Return accounts as scripts name them."""
    return tuple(KnownAccount(account=row.account, id=row.uid, environment=row.environment.value) for row in accounts)


def write_token_file(path: Path, content: TokenFile) -> None:
    """Put the token file in place, replacing an older one.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write_private(path, msgspec.json.encode(content))


def remove_token_file(path: Path, token: str) -> None:
    """Remove the token file if it still holds our token; another instance's stays."""
    try:
        content = msgspec.json.decode(path.read_bytes(), type=TokenFile)
    except (OSError, msgspec.DecodeError):
        return
    if secrets.compare_digest(content.token, token):
        path.unlink(missing_ok=True)


def secret_file(token_file: Path) -> Path:
    """Return where an installation's own secret is kept, beside its token file."""
    return token_file.with_name("api-secret")


def lasting_secret(path: Path) -> str:
    """Return the secret kept in `path` (64 hexadecimal digits), made at the first call; it outlives restarts.

    Raises:
        OSError: it can be neither read nor written.
    """
    with contextlib.suppress(FileNotFoundError):
        kept = path.read_text(encoding="ascii").strip()
        if _TOKEN.fullmatch(kept):
            return kept
    made = secrets.token_hex(32)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write_private(path, made.encode())
    return made


def _write_private(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def local_credential(token: str) -> str:
    """Return the id of the credential that the local token is; orders that came by it are kept under it."""
    return stable_uid("credential", hashlib.sha256(token.encode()).hexdigest())
