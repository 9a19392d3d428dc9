"""The command line: every option and sub-command, declared once. Values only; `__main__` runs what was asked for."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from workstation import __version__
from workstation.app.command_line_backtest import add_backtest_command, add_report_command
from workstation.app.command_line_client import add_client_commands
from workstation.app.command_line_data import add_data_commands
from workstation.app.command_line_hotkeys import add_hotkeys_commands
from workstation.app.command_line_mail import add_mail_command
from workstation.app.command_line_strategies import add_strategies_command
from workstation.app.command_line_sweep import add_sweep_command
from workstation.app.command_line_vault import add_vault_command
from workstation.domain.errors import UserError

USAGE_CODE = 2


if TYPE_CHECKING:
    _SubCommands = argparse._SubParsersAction["_Parser"]  # noqa: SLF001  what add_subparsers returns
else:
    _SubCommands = argparse._SubParsersAction  # noqa: SLF001  generic for the type checker alone


class _Commands(_SubCommands):
    """Keeps the settings that stand before a command in front of those behind it; argparse would forget them."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Take a command with its own options."""
        before: list[str] = getattr(namespace, "settings", [])
        super().__call__(parser, namespace, values, option_string)
        behind: list[str] = getattr(namespace, "settings", [])
        if behind is not before:
            namespace.settings = [*before, *behind]


class _Parser(argparse.ArgumentParser):
    """Reports a wrong call as one readable line and exit code 2."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.register("action", "parsers", _Commands)

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing a page of usage."""
        raise UserError(f"{message} (see {self.prog} --help)")


def read_call(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what was asked for; what nobody understands is named with the page of its own command.

    Raises:
        UserError: the call is wrong.
    """
    parser = build_parser()
    found, left = parser.parse_known_args(arguments)
    if left:
        command = f" {found.command}" if found.command else ""
        raise UserError(f"unrecognized arguments: {' '.join(left)} (see {parser.prog}{command} --help)")
    return found


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole program."""
    parser = _Parser(prog="workstation", description="The desktop on which a person trades.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"workstation {__version__}")
    _add_run_options(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    _add_kill(commands)
    _add_journal(commands)
    _add_restore(commands)
    _add_config(commands)
    _add_bench(commands)
    add_hotkeys_commands(commands, _Parser, _add_home)
    add_mail_command(commands, _Parser, _add_home)
    add_vault_command(commands, _Parser, _add_home)
    add_data_commands(commands, _Parser, _add_home)
    add_backtest_command(commands, _add_home)
    add_sweep_command(commands, _add_home)
    add_report_command(commands)
    add_client_commands(commands, _add_home)
    add_strategies_command(commands, _add_home)
    return parser


def _add_home(parser: argparse.ArgumentParser) -> None:
    """Let a command name the home too; what stands before the command holds where the command says nothing."""
    left = argparse.SUPPRESS
    parser.add_argument("--home", metavar="DIR", default=left, help="where settings, database, layouts and logs live")
    parser.add_argument("--database", metavar="URL", default=left, help="SQLAlchemy URL; default is SQLite inside home")
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=left,
        dest="settings",
        help="set a setting; repeatable, the last one holds",
    )


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    _add_home(parser)
    parser.set_defaults(home=None, database="", settings=[])
    parser.add_argument("--headless", action="store_true", help="engine and REST without a window")
    parser.add_argument("--api-port", type=int, metavar="N", default=None, help="port of the REST interface; 0 is any")
    parser.add_argument("--no-api", action="store_true", help="start without the REST interface")
    parser.add_argument(
        "--feed", metavar="SOURCE", default="sim", help="sim (simulated exchange) or replay:FILE (recorded data)"
    )
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="replay speed; 0 is as fast as possible")
    parser.add_argument("--sim-plan", metavar="FILE", default=None, help="script of the simulated exchange (TOML)")
    parser.add_argument(
        "--offscreen-shot", metavar="FILE", default=None, help="save a picture of the desktop with live data, and exit"
    )
    parser.add_argument("--shot-size", metavar="WxH", default="1600x950", help="size of that picture's window")
    parser.add_argument(
        "--shot-scene", metavar="NAME", default="live", help="what that picture shows, such as trading, armed or stale"
    )
    parser.add_argument("--theme", default=None, metavar="NAME", help="look: dark, light, high_contrast or an own one")


def _add_kill(commands: "argparse._SubParsersAction[_Parser]") -> None:
    kill = commands.add_parser("kill", help="kill switch, through the running program or for its next start")
    _add_home(kill)
    scope = kill.add_mutually_exclusive_group()
    scope.add_argument("--account", metavar="A", help="this account only")
    scope.add_argument("--strategy", metavar="S", help="this strategy only")
    scope.add_argument("--symbol", metavar="X", help="this instrument only")
    kill.add_argument("--reason", default="command line", help="kept in the journal")


def _add_journal(commands: "argparse._SubParsersAction[_Parser]") -> None:
    journal = commands.add_parser("journal", help="look after the journal")
    actions = journal.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=_Parser)
    verify = actions.add_parser("verify", help="check every link of the hash chain; names the first broken row")
    _add_home(verify)


def _add_restore(commands: "argparse._SubParsersAction[_Parser]") -> None:
    restore = commands.add_parser("restore", help="list verified backups, or put one in the place of the database")
    _add_home(restore)
    restore.add_argument("backup", nargs="?", metavar="NAME", default=None, help="name of a backup, or newest")


def _add_config(commands: "argparse._SubParsersAction[_Parser]") -> None:
    config = commands.add_parser("config", help="show the settings, what a file would change, or put it in their place")
    _add_home(config)
    actions = config.add_subparsers(dest="action", metavar="ACTION", parser_class=_Parser)
    actions.add_parser("show", help="every setting in force; what differs from its default is marked")
    diff = actions.add_parser("diff", help="what a file would change; else what differs from the defaults")
    diff.add_argument("file", nargs="?", metavar="FILE", default=None, help="a settings file")
    apply = actions.add_parser("apply", help="put a file in the place of the settings file, whole or not at all")
    apply.add_argument("file", metavar="FILE", help="a settings file")
    apply.add_argument("--dry-run", action="store_true", help="say what would change and write nothing")
    for parser in (diff, apply):
        parser.add_argument("--home", metavar="DIR", default=argparse.SUPPRESS, help="whose settings")


def _add_bench(commands: "argparse._SubParsersAction[_Parser]") -> None:
    bench = commands.add_parser("bench", help="measure the budgets on this machine")
    bench.add_argument("names", nargs="*", metavar="NAME", help="which benchmarks; all but soak when none is named")
    bench.add_argument("--json", action="store_true", help="print JSON")
    bench.add_argument("--list", action="store_true", help="list the benchmarks")
