"""The venue no longer knows who we are: the session is down by that name, and agreement comes before new orders."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.product_rig import ACCOUNT, ask, running_headless
from tests.helpers.storage_flow import limit_order, on_engine, place, resting_bid, unlocked, wait_for
from workstation.commands.params import SwitchFault
from workstation.domain.accounts import LockState
from workstation.domain.events import LockChanged, SessionChanged
from workstation.ports.broker import SessionState

AWAY_S = 2


def test_an_expired_authentication_stops_trading_by_name_until_book_and_venue_agree(tmp_path: Path) -> None:
    with running_headless(tmp_path) as program:
        resting = limit_order(program)
        wish = resting_bid(program, 2)
        core = program.engine.core
        sessions, locks = list[SessionChanged](), list[LockChanged]()
        on_engine(program, lambda: core.bus.subscribe(SessionChanged, sessions.append))
        on_engine(program, lambda: core.bus.subscribe(LockChanged, locks.append))
        assert ask(program, "venue.fault", SwitchFault(kind="auth_expired", arguments={"for_s": str(AWAY_S)})).ok
        wait_for(lambda: sessions)
        refused = ask(program, "order.submit", wish)
        assert not refused.ok
        assert (sessions[0].state, sessions[0].reason) == (SessionState.DOWN, "authentication expired")
        wait_for(lambda: len(sessions) > 1)
        unlocked(program)
        assert len(sessions) == 2, "down once, up once"
        mine = [change.state for change in locks if change.account == ACCOUNT]
        assert mine == [LockState.LOCKED, LockState.RECONCILING, LockState.UNLOCKED]
        assert on_engine(program, lambda: core.state.book.get(resting.cl_ord_id).unknown) is None
        assert place(program, resting_bid(program, 3)).terms.order_qty == 3
