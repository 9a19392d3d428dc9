"""Options of `workstation vault`: create, passphrase, status. Values only."""

import argparse
from typing import Any

from workstation.app.command_line_client import AddHome


def add_vault_command(commands: Any, parser_class: type[argparse.ArgumentParser], add_home: AddHome) -> None:
    """Declare `vault` with its actions."""
    vault = commands.add_parser("vault", help="encrypted file for secrets, where the system has no key store")
    actions = vault.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=parser_class)
    create = actions.add_parser("create", help="make the vault of this home; asks for a passphrase")
    passphrase = actions.add_parser("passphrase", help="change the passphrase; asks for the old and the new one")
    status = actions.add_parser("status", help="say which key store is in use")
    for parser in (create, passphrase, status):
        add_home(parser)
