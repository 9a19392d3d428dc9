"""A time in force as it is typed into its cell: what it means, and what it cannot mean."""

from __future__ import annotations

import pytest

from tests.helpers.desktop_rig import SECOND, START_NS, limit, order, stock
from workstation.domain.errors import ValidationError
from workstation.domain.orders import OrdType, Side, TimeInForce
from workstation.viewmodels.order_edits import LIFE, Amendment, Terms, amended, edit_text, outlook, stepped

MIDNIGHT = 1_704_153_600 * SECOND
DAY = 86_400 * SECOND


def typed(text: str, **terms: object) -> Terms | None:
    return amended(stock(), order(terms=limit(**terms)), Amendment("OMS-1", 1, LIFE, text), START_NS)


@pytest.mark.parametrize(
    ("text", "life", "expire"),
    [
        ("gtc", TimeInForce.GTC, None),
        (" IOC ", TimeInForce.IOC, None),
        ("GTD 2024-01-02", TimeInForce.GTD, MIDNIGHT + DAY),
        ("gtd 2024-01-03 14:30", TimeInForce.GTD, MIDNIGHT + DAY + 52_200 * SECOND),
    ],
)
def test_a_life_is_a_word_and_for_gtd_its_end(text: str, life: TimeInForce, expire: int | None) -> None:
    assert typed(text) == Terms(time_in_force=life, expire_time=expire)


@pytest.mark.parametrize("text", ["", "soon", "GTD", "GTD tomorrow", "DAY 2024-01-05", "GTD 2024-01-01", "gtd 14:59"])
def test_what_is_no_life_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        typed(text)


def test_the_same_life_changes_nothing_and_an_editor_begins_with_it() -> None:
    assert typed("day") is None
    until = MIDNIGHT + DAY + 52_200 * SECOND
    kept = order(terms=limit(time_in_force=TimeInForce.GTD, expire_time=until))
    shown = edit_text(stock(), kept, LIFE)
    assert shown == "GTD 2024-01-03 14:30:00"
    assert amended(stock(), kept, Amendment("OMS-1", 1, LIFE, shown), START_NS) is None


STOP = limit(Side.SELL, None, ord_type=OrdType.STOP, stop_px=18_600)


@pytest.mark.parametrize(
    ("field", "text", "terms", "said"),
    [
        ("price", "187.20", limit(), "+5t, loses queue place"),
        ("price", "187.10", limit(), "−5t, loses queue place"),
        ("price", "187.15", limit(), "no change"),
        ("price", "x", limit(), "Refused"),
        ("qty", "60", limit(), "−40, keeps its queue place"),
        ("qty", "160", limit(), "+60, loses queue place"),
        ("stop", "185.90", STOP, "−10t"),
        ("tif", "gtc", limit(), "time in force GTC"),
    ],
)
def test_what_enter_would_do_is_said_before_it(field: str, text: str, terms: object, said: str) -> None:
    found = outlook(stock(), order(terms=terms), Amendment("OMS-1", 1, field, text), START_NS)
    assert found.startswith(said) if said == "Refused" else found == said


@pytest.mark.parametrize(
    ("field", "text", "steps", "moved"),
    [
        ("price", "187.15", 1, "187.16"),
        ("price", "187.15", -10, "187.05"),
        ("price", "0.01", -1, "0.01"),
        ("price", "187.", 1, "187."),
        ("qty", "100", 10, "110"),
        ("qty", "1", -1, "1"),
        ("tif", "gtc", 1, "gtc"),
    ],
)
def test_a_step_moves_by_tick_or_lot_and_never_to_what_would_be_refused(
    field: str, text: str, steps: int, moved: str
) -> None:
    assert stepped(stock(), order(terms=limit()), Amendment("OMS-1", 1, field, text), steps) == moved
