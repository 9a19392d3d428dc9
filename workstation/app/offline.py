"""Sub-commands that need no engine of their own: kill from outside, verify the journal, show settings, measure.

Each prints its result on standard output, its errors in one readable line on standard error, and returns 0, 1 or 2.
"""

import argparse
import sys
from collections.abc import Callable

import httpx
import msgspec

from workstation.api.names import instrument_id
from workstation.app import (
    bench,
    config_commands,
    data_catalogue,
    data_export,
    hotkey_files,
    import_files,
    mail_commands,
    remote,
    remote_strategies,
    restore,
    vault_commands,
)
from workstation.app.kill_mark import leave_mark
from workstation.config.paths import Home, find_home
from workstation.domain.accounts import KillScope
from workstation.domain.errors import StorageError, UserError
from workstation.storage import open_view
from workstation.storage.verify import verify

KILL_TIMEOUT_S = 5.0
BROKEN, UNUSABLE = 1, 2

_API_SCOPES = {
    KillScope.ALL: "GLOBAL",
    KillScope.ACCOUNT: "ACCOUNT",
    KillScope.STRATEGY: "STRATEGY",
    KillScope.SYMBOL: "INSTRUMENT",
}
"""Names of the scopes over REST."""


class TokenFile(msgspec.Struct):
    """What a running program publishes for scripts of the same user."""

    url: str
    token: str


def kill(arguments: argparse.Namespace) -> int:
    """Switch trading off through the running program, or leave a mark that the next start obeys."""
    home = find_home(arguments.home)
    scope, key = _kill_scope(arguments)
    running = _running(home)
    if running is not None:
        scope_id = _scope_id(arguments.database, home, scope, key)
        if _kill_running(running, scope, scope_id, arguments.reason):
            return 0
    leave_mark(home, scope, key, arguments.reason)
    print(f"Nothing answers in {home.root}; the next start will switch {scope} {key} off.".replace("  ", " "))
    return 0


def _kill_scope(arguments: argparse.Namespace) -> tuple[KillScope, str]:
    for scope, key in (
        (KillScope.ACCOUNT, arguments.account),
        (KillScope.STRATEGY, arguments.strategy),
        (KillScope.SYMBOL, arguments.symbol),
    ):
        if key is not None:
            return scope, str(key)
    return KillScope.ALL, ""


def _running(home: Home) -> TokenFile | None:
    try:
        return msgspec.json.decode(home.token_file.read_bytes(), type=TokenFile)
    except (OSError, msgspec.DecodeError):
        return None


def _scope_id(database: str, home: Home, scope: KillScope, key: str) -> str:
    """Return the id by which REST knows an account, instrument or strategy; "" for everything.

    Raises:
        UserError: no account of that name.
    """
    if scope is KillScope.SYMBOL:
        return instrument_id(key)
    if scope is not KillScope.ACCOUNT:
        return key
    view = open_view(database, home.root)
    try:
        found = {row.account: row.uid for row in view.reader.accounts()}
    finally:
        view.close()
    if key not in found:
        raise UserError(f"no account {key!r}; known: {', '.join(sorted(found))}")
    return found[key]


def _kill_running(running: TokenFile, scope: KillScope, scope_id: str, reason: str) -> bool:
    body = {"scope": _API_SCOPES[scope], "reason": reason} | ({"scope_id": scope_id} if scope_id else {})
    try:
        answer = httpx.post(
            f"{running.url}/api/v1/risk/kill-switch",
            json=body,
            headers={"Authorization": f"Bearer {running.token}"},
            timeout=KILL_TIMEOUT_S,
        )
    except httpx.HTTPError:
        return False
    if answer.status_code >= 400:
        raise UserError(f"kill refused: {answer.json().get('detail', answer.status_code)}")
    print(answer.json()["message"])
    return True


def journal(arguments: argparse.Namespace) -> int:
    """Verify the journal: exit 0 sound, 1 broken (names the first broken row), 2 unusable."""
    home = find_home(arguments.home)

    def show(done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done:,} of {total:,} lines", end="", file=sys.stderr, flush=True)

    try:
        report = verify(arguments.database, home.root, show)
    except StorageError as error:
        print(f"workstation: {error}", file=sys.stderr)
        return UNUSABLE
    if not report.intact:
        print(f"workstation: {report.damage}", file=sys.stderr)
        return BROKEN
    print(f"{report.lines:,} lines verified up to {report.newest_seq:,}; head {report.head or 'none'}")
    return 0


def _backtest(arguments: argparse.Namespace) -> int:
    from workstation.app import backtest  # noqa: PLC0415  no other command needs the engine of backtests

    return backtest.command(arguments)


def _sweep(arguments: argparse.Namespace) -> int:
    from workstation.app import sweep  # noqa: PLC0415  as above

    return sweep.command(arguments)


def _report(arguments: argparse.Namespace) -> int:
    from workstation.app import backtest_report  # noqa: PLC0415  as above

    return backtest_report.command(arguments)


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "kill": kill,
    "journal": journal,
    "config": config_commands.command,
    "bench": bench.command,
    "restore": restore.command,
    "hotkeys": hotkey_files.command,
    "mail": mail_commands.command,
    "vault": vault_commands.command,
    "import": import_files.command,
    "export": data_export.command,
    "data": data_catalogue.command,
    "backtest": _backtest,
    "sweep": _sweep,
    "report": _report,
    **remote.COMMANDS,
    **remote_strategies.COMMANDS,
}
