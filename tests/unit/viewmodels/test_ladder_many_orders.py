"""A ladder with a thousand own orders shows what one made anew would, and works out none of them for each frame."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.desktop_rig import ACCOUNT, depth, limit, order, position, status, stock
from tests.helpers.effort import calls_of
from workstation.domain.orders import OrderState, OrdStatus, Side
from workstation.viewmodels.frames import Frame
from workstation.viewmodels.ladder import Ladder
from workstation.viewmodels.screen_state import ScreenState

STATES = (OrdStatus.SUBMITTED, OrdStatus.PARTIALLY_FILLED, OrdStatus.PENDING_CANCEL, OrdStatus.CANCELLED)


def frame(rows: list[OrderState], **told: object) -> Frame:
    empty: dict[str, object] = {
        "quotes": {}, "depths": {}, "bars": [], "positions": {}, "accounts": {}, "status": None, "overflowed": False,
    }  # fmt: skip
    return Frame(rows=rows, **{**empty, **told})


def placed(instrument: str = "AAPL") -> Ladder:
    made = Ladder(stock(instrument), ACCOUNT, 21)
    made.map.centre(18_720)
    return made


@dataclass
class Step:
    """What happens between two looks: an order is told of, the rows move, or the position or link changes."""

    kind: str
    number: int
    price: int
    state: OrdStatus


STEPS = st.lists(
    st.builds(
        Step,
        kind=st.sampled_from(["order", "order", "order", "scroll", "group", "position", "link", "queue"]),
        number=st.integers(1, 12),
        price=st.integers(18_690, 18_750),
        state=st.sampled_from(STATES),
    ),
    min_size=1,
    max_size=25,
)


def taken(made: Ladder, state: ScreenState, step: Step, version: int) -> None:
    if step.kind == "order":
        side = Side.BUY if step.number % 2 else Side.SELL
        terms = limit(side, step.price, step.number)
        told = order(f"O{step.number}", terms, step.state, version=version, created_at=step.number)
        state.apply(frame([told]))
    elif step.kind == "scroll":
        made.map.scroll(step.number - 6)
    elif step.kind == "group":
        made.map.regroup(1 if step.number % 2 else -1)
    elif step.kind == "position":
        snap = position(step.number - 6)
        state.apply(frame([], positions={(ACCOUNT, "AAPL", "*"): snap}))
    elif step.kind == "link":
        state.apply(frame([], status=status(venue_state="UP" if step.number % 2 else "DOWN")))
    else:
        book = depth(queue_ahead=((f"O{step.number}", step.price, bool(step.number % 2)),))
        state.apply(frame([], depths={"AAPL": book}))


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_what_is_kept_between_frames_is_what_would_be_worked_out_anew(steps):
    made, state = placed(), ScreenState()
    state.apply(frame([], depths={"AAPL": depth()}))
    for version, step in enumerate(steps, 1):
        taken(made, state, step, version)
        fresh = Ladder(stock(), ACCOUNT, 21)
        fresh.map, fresh._rows._map = made.map, made.map
        assert made.view(state, 0) == fresh.view(state, 0)
        known = [one for one in state.open_orders.values() if one.terms.symbol == "AAPL"]
        assert list(state.working(ACCOUNT, "AAPL")) == known


def with_orders(count: int) -> tuple[Ladder, ScreenState]:
    made, state = placed(), ScreenState()
    rows = [
        order(f"O{number}", limit(Side.BUY if number % 2 else Side.SELL, 18_000 + number % 1_400))
        for number in range(count)
    ]
    state.apply(frame(rows, depths={"AAPL": depth()}))
    made.view(state, 0)
    return made, state


def test_a_frame_without_news_of_orders_costs_as_much_with_a_thousand_of_them():
    few, many = with_orders(10), with_orders(1_000)
    assert calls_of(lambda: many[0].view(many[1], 0)) < 1.5 * calls_of(lambda: few[0].view(few[1], 0))


def test_orders_of_another_instrument_are_no_news():
    made, state = with_orders(100)
    own = made._own
    state.apply(frame([order("OTHER", limit(symbol="MSFT"))]))
    made.view(state, 0)
    assert made._own is own
    state.apply(frame([order("NEW", limit())]))
    made.view(state, 0)
    assert made._own is not own
