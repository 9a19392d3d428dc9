"""Which colour stands for an account, always beside its name. Qt-free."""

from collections.abc import Iterable

from workstation.domain.accounts import Account

MARKS = 6
"""Colours of accounts in a theme; a seventh account has the first one's."""


def mark_of(accounts: Iterable[Account], account: str) -> str:
    """Return the colour role of an account by its place among those on offer, "" for one that is not."""
    place = next((place for place, offered in enumerate(accounts) if offered.account == account), None)
    return "" if place is None else f"account_{place % MARKS + 1}"
