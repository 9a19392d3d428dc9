"""Where the running program listens and how to enter: the token file of its home folder."""

import os
import sys
from pathlib import Path

import msgspec

from workstation.client.errors import NotRunning

HOME_VARIABLE = "WORKSTATION_HOME"
TOKEN_FILE = "api-token.json"  # noqa: S105 -- a file's name, not what it holds


class KnownAccount(msgspec.Struct, frozen=True):
    """An account: `id` is what calls take as `broker_account_id`."""

    account: str
    id: str
    environment: str


class Address(msgspec.Struct, frozen=True):
    """An entry to one running program. url: without path; token: kept out of `repr`."""

    url: str
    token: str
    accounts: tuple[KnownAccount, ...] = ()

    def __repr__(self) -> str:
        return f"Address({self.url!r})"


def default_home() -> Path:
    """Return the home that the environment names, else the platform's own."""
    named = os.environ.get(HOME_VARIABLE)
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "workstation"


def find(home: Path | None = None) -> Address:
    """Return the entry published in a home folder.

    Raises:
        NotRunning: there is none, or it cannot be read.
    """
    folder = default_home() if home is None else home
    try:
        return msgspec.json.decode((folder / TOKEN_FILE).read_bytes(), type=Address)
    except FileNotFoundError:
        raise NotRunning(f"no program runs with the home {folder}") from None
    except (OSError, msgspec.MsgspecError) as error:
        raise NotRunning(f"the token file in {folder} cannot be read: {error}") from error
