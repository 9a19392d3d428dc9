"""Keys, pulls, tickets, fills, late answers, frozen streams in any order: no exit twice, none beyond the position."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.helpers.core_rig import SYMBOL
from tests.helpers.race_rig import RaceRig, play
from workstation.domain.orders import Side
from workstation.viewmodels.preview import PREVIEW_KEY

SEEDS, STEPS = 14, 40
NIGHTLY_SEEDS, NIGHTLY_STEPS = 1_000, 80


@pytest.mark.parametrize("armed", [False, True])
def test_no_interleaving_breaks_a_rule(qapp, armed):
    for seed in range(SEEDS):
        play(qapp, seed, STEPS, armed=armed)


@pytest.mark.parametrize(
    ("orders", "words"),
    [
        ([{"qty": 10, "reduce_only": True}] * 2, "two exits at the venue"),
        ([{"qty": 151}], "301 on the way out of 300"),
    ],
)
def test_the_rules_catch_what_they_are_about(qapp, orders, words):
    rig = RaceRig(qapp, 0, armed=False)
    try:
        for number, fields in enumerate(orders):
            rig.core.broker.submit(
                f"PLANTED-{number}", rig.core.terms(Side.SELL, price=10_010, symbol=SYMBOL, **fields)
            )
        with pytest.raises(AssertionError, match=words):
            rig.check()
    finally:
        rig.close()


def test_a_ticket_that_forgot_what_is_in_the_air_is_caught(qapp):
    rig = RaceRig(qapp, 0, armed=True)
    try:
        for qty in (50, 100):
            rig.type_order(Side.BUY, qty, -2)
            rig.ticket.sending._in_air = ""
            rig.ticket.sending.changed.emit()
            QTest.mouseClick(rig.ticket.send, Qt.MouseButton.LeftButton)
            rig._shown.append(rig.gateway.orders[-1][0].metadata[PREVIEW_KEY])
            rig.presses["ticket"] += 1
        with pytest.raises(AssertionError, match="before it knew of the one before"):
            rig.check()
    finally:
        rig.close()


@pytest.mark.nightly
@pytest.mark.parametrize("armed", [False, True])
def test_no_interleaving_of_thousands_breaks_a_rule(qapp, armed):
    for seed in range(SEEDS, SEEDS + NIGHTLY_SEEDS):
        play(qapp, seed, NIGHTLY_STEPS, armed=armed)
