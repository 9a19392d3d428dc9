"""What leaving means is said in full: what only this program watches, what stays at the venue, what is unprotected."""

from __future__ import annotations

from typing import Any

from tests.helpers.desktop_rig import limit, order, position, stock
from workstation.domain.orders import Contingency, GroupLink, LegRole, OrderState, OrdStatus, OrdType, Residence, Side
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.leaving import LINES_MAX, Leaving, leaving
from workstation.viewmodels.screen_state import ScreenState

KNOWN = {"AAPL": stock()}


def state_of(*orders: OrderState, positions: Any = ()) -> ScreenState:
    state = ScreenState()
    held = {(snap.position.account, snap.position.symbol, snap.position.strategy_id): snap for snap in positions}
    state.apply(
        Frame(
            rows=list(orders), quotes={}, depths={}, bars=[], positions=held, accounts={}, status=None, overflowed=False
        )
    )
    return state


def of(state: ScreenState, *names: str, runs: int = 0, staged: bool = False) -> Leaving:
    return leaving(state, KNOWN, runs=runs or len(names), names=names, staged=staged)


def stop(cl_ord_id: str = "S-1", **changes: Any) -> OrderState:
    terms = limit(Side.SELL, None, 100, ord_type=OrdType.STOP, stop_px=18_650)
    return order(cl_ord_id, terms, OrdStatus.NEW, residence=Residence.PROGRAM, **changes)


def test_a_flat_desk_without_orders_has_nothing_to_ask() -> None:
    assert not of(state_of(order(state=OrdStatus.FILLED), positions=[position(0)])).matters


def test_a_stop_that_only_this_program_watches_ends_and_leaves_its_position_bare() -> None:
    meaning = of(state_of(stop(), positions=[position(100, protection="program")]))
    (line,) = meaning.ends
    assert line.startswith("SELL 100 AAPL STOP 186.50")
    assert line.endswith("watched by this program, not by the venue.")
    assert meaning.watched == ("S-1",)
    assert meaning.stays == ("Open: 1 position; without a stop at the venue: AAPL.",)


def test_a_long_list_of_watched_orders_ends_in_a_count() -> None:
    ends = of(state_of(*(stop(f"S-{n}") for n in range(LINES_MAX + 3)))).ends
    assert len(ends) == LINES_MAX + 1
    assert ends[-1] == "3 more orders that only this program watches."


def test_an_order_held_for_a_person_is_named_as_held() -> None:
    meaning = of(state_of(order(state=OrdStatus.NEW, held_for="SIZE")))
    (line,) = meaning.ends
    assert meaning.watched == ()
    assert line.endswith("held here for release, never sent while closed.")


def test_links_are_this_programs_and_their_orders_stay_at_the_venue() -> None:
    link = GroupLink("G1", Contingency.OCO, LegRole.OCO)
    meaning = of(state_of(order("A", link=link), order("B", link=link), order("C", unknown=None)))
    assert meaning.ends == ("1 OCO group linked by this program: a fill of one no longer cancels the other.",)
    assert meaning.stays == ("At the venue, and may fill: 3 orders of SIM-1.",)


def test_runs_are_counted_until_they_are_named_and_a_staged_order_ends_too() -> None:
    assert of(state_of(), runs=2).ends == ("2 strategy runs: nothing is sent or exited while closed.",)
    assert of(state_of(), "Cross 7", staged=True).ends == (
        "1 strategy run (Cross 7): nothing is sent or exited while closed.",
        "The staged order is not sent and is not kept.",
    )
