"""What a trader is told as the desktop comes back to orders or positions: what is there, and whether the venue agrees.

Read walk, last stage before the top bar. Nothing is said where nothing was left behind. While an account is still being
compared with its venue the sentence says so; the last one is said when none is.
"""

from collections.abc import Iterable

from workstation.domain.accounts import LockState
from workstation.viewmodels.frames import AccountSnap, StatusSnap
from workstation.viewmodels.screen_state import ScreenState


def back_words(state: ScreenState) -> tuple[str, str]:
    """Return level and sentence of what was found at the start, the sentence "" where there is nothing to say."""
    status = state.status
    held = sum(1 for (_, _, run), snap in state.positions.items() if run == "*" and snap.position.qty)
    if status is None or not (status.open_orders or held):
        return "info", ""
    accounts = _concerned(state)
    parts = [f"Back with {_count(status.open_orders, 'open order')} and {_count(held, 'position')}"]
    if status.unknown_orders:
        parts.append(f"{_count(status.unknown_orders, 'order')} UNKNOWN, asked about at the venue")
    parts += [_standing(account) for account in accounts]
    return _level(status, accounts), "; ".join(parts) + "."


def is_settled(state: ScreenState) -> bool:
    """Tell whether no account that matters is still being compared with its venue."""
    return state.status is not None and all(a.lock is not LockState.RECONCILING for a in _concerned(state))


def agreement_mark(account: AccountSnap) -> str:
    """Return what marks the figures of an account that its venue has not agreed to, "" where it has."""
    match account.lock:
        case LockState.UNLOCKED:
            return ""
        case LockState.RECONCILING:
            return "not yet reconciled"
        case LockState.LOCKED:
            return f"not reconciled: {account.lock_reason}"


def _concerned(state: ScreenState) -> list[AccountSnap]:
    names = {account for (account, _, _), snap in state.positions.items() if snap.position.qty}
    names |= {order.terms.account for order in state.open_orders.values()}
    return [state.accounts[name] for name in sorted(names) if name in state.accounts]


def _standing(account: AccountSnap) -> str:
    match account.lock:
        case LockState.UNLOCKED:
            return f"{account.account} agrees with {account.venue}"
        case LockState.RECONCILING:
            return f"{account.account} is being compared with {account.venue}, new risk waits"
        case LockState.LOCKED:
            return f"{account.account} is LOCKED: {account.lock_reason}"


def _level(status: StatusSnap, accounts: Iterable[AccountSnap]) -> str:
    if status.unknown_orders or any(account.lock is LockState.LOCKED for account in accounts):
        return "warning"
    return "info"


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
