"""`workstation mail`: keep the password of the mail server in the key store, and send a mail to see that it works."""

import argparse
import getpass
import sys

from workstation.app.mail import SECRET, Mail, Mailer, mail_secret
from workstation.app.vault_commands import open_vault
from workstation.config.paths import find_home
from workstation.config.secrets import from_environment, keep_secret, secret_store
from workstation.config.settings import load_settings

FAILED, UNUSABLE = 1, 2


def command(arguments: argparse.Namespace) -> int:
    """Run one action; returns the exit code."""
    home = find_home(arguments.home)
    if not from_environment(SECRET):
        open_vault(home)
    if arguments.action == "password":
        typed = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        keep_secret(SECRET, typed)
        store = secret_store().name
        print(f"The password is kept in {store}." if typed else f"The password is forgotten by {store}.")
        return 0
    settings = load_settings(home.config_file).mail
    mailer = Mailer(settings, mail_secret)
    if not mailer.is_set:
        print("workstation: set mail.host, mail.sender and mail.to first", file=sys.stderr)
        return UNUSABLE
    variable = from_environment(SECRET)
    if variable:
        print(f"workstation: warning: the password comes from {variable}, not from a key store", file=sys.stderr)
    try:
        mailer.send(Mail("test", "Workstation: test", "Mail of alerts reaches you.\n"))
    except (OSError, ValueError) as error:
        print(f"workstation: not sent through {settings.host}:{settings.port}: {error}", file=sys.stderr)
        return FAILED
    print(f"Sent to {', '.join(settings.to)} through {settings.host}:{settings.port}.")
    return 0
