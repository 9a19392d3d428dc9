"""Options of `workstation hotkeys`: lint, dry-run, import. Values only."""

import argparse
from typing import Any

from workstation.app.command_line_client import AddHome


def add_hotkeys_commands(commands: Any, parser_class: type[argparse.ArgumentParser], add_home: AddHome) -> None:
    """Declare `hotkeys` with its actions."""
    hotkeys = commands.add_parser("hotkeys", help="check the key file, try a key, import keys")
    actions = hotkeys.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=parser_class)
    judged = actions.add_parser("lint", help="conflicts, shadowed and unreachable keys, risky sizes")
    judged.add_argument("file", nargs="?", metavar="FILE", default=None, help="a key file; else that of home")
    judged.add_argument("--layout", metavar="LL", default=None, help="keyboard, such as us or de; else the locale's")
    tried = actions.add_parser("dry-run", help="what a key would do on a snapshot; sends nothing")
    tried.add_argument("key", metavar="KEY", help='such as F5 or "Ctrl+J B"')
    tried.add_argument("--at", metavar="FILE", required=True, help="the snapshot, as JSON")
    tried.add_argument("--file", metavar="FILE", default=None, help="a key file; else that of home")
    brought = actions.add_parser("import", help="bring keys over; every bind is disabled")
    brought.add_argument("source", choices=("das",), help="the program that wrote the file")
    brought.add_argument("file", metavar="FILE", help="its key file")
    brought.add_argument("--out", metavar="FILE", default=None, help="where the key file goes; else standard output")
    for parser in (judged, tried, brought):
        add_home(parser)
