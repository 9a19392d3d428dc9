"""Options of `workstation mail`: password, test. Values only."""

import argparse
from typing import Any

from workstation.app.command_line_client import AddHome


def add_mail_command(commands: Any, parser_class: type[argparse.ArgumentParser], add_home: AddHome) -> None:
    """Declare `mail` with its actions."""
    mail = commands.add_parser("mail", help="password of the mail server for alerts, and a mail to try it")
    actions = mail.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=parser_class)
    password = actions.add_parser("password", help="keep the password in this machine's key store; empty forgets it")
    tried = actions.add_parser("test", help="send a mail with the settings in force")
    for parser in (password, tried):
        add_home(parser)
