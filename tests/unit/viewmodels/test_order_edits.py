"""A time in force as it is typed into its cell: what it means, and what it cannot mean."""

from __future__ import annotations

import pytest

from tests.helpers.desktop_rig import SECOND, START_NS, limit, order, stock
from workstation.domain.errors import ValidationError
from workstation.domain.orders import TimeInForce
from workstation.viewmodels.order_edits import LIFE, Amendment, Terms, amended, edit_text

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
