"""A stored print by its name, on every store: the one that a bust names, with the prints that stand beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.contract.test_store_market import NOON, Kept, trade
from tests.helpers.stores import migrated_postgres_database
from workstation.domain.market import Trade, TradeBust
from workstation.ports.market_data import Scales, TakenBack
from workstation.storage import market_history, print_search
from workstation.storage.market_history import SqlMarketHistory

SCALES = Scales(2, 0)
LATER = NOON + 10**9


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path, "" if request.param == "sqlite" else migrated_postgres_database())
    yield kept
    kept.opened.close()


def bust(number: int, at: int = LATER) -> TradeBust:
    return TradeBust("ACME", str(number), at, at)


def stored(kept: Kept, *runs: list[Trade | TradeBust]) -> SqlMarketHistory:
    """Record each list as a run of its own, so that it becomes chunks of its own; return what reads them."""
    for rows in runs:
        kept.recorder.put_ticks(rows, "SIM")
        kept.settled()
    return kept.opened.store.history


def test_a_print_of_an_earlier_run_is_found_with_those_that_stand(kept: Kept) -> None:
    rows = [trade(number) for number in range(8)]
    history = stored(kept, [*rows[:4], bust(1, NOON + 4)], [*rows[4:]])
    assert history.taken_back(bust(2), SCALES) == TakenBack(rows[2], (rows[0], rows[3], *rows[4:]))
    assert history.taken_back(bust(1), SCALES) is None, "it was taken back before"
    assert history.taken_back(bust(99), SCALES) is None
    assert history.taken_back(TradeBust("ACME", "", LATER, LATER), SCALES) is None, "no name names none"


def test_what_came_with_the_bust_or_after_it_is_left_out(kept: Kept) -> None:
    rows = [trade(number) for number in range(4)]
    asked = bust(1, NOON + 3)
    history = stored(kept, [*rows[:3], asked, rows[3]])
    assert history.taken_back(asked, SCALES) == TakenBack(rows[1], (rows[0], rows[2]))


def test_of_one_name_the_newest_print_is_meant(kept: Kept) -> None:
    first, second = trade(1), msgspec.structs.replace(trade(5), trade_id="1")
    history = stored(kept, [first], [second])
    assert history.taken_back(bust(1), SCALES) == TakenBack(second, (first,))
    assert stored(kept, [bust(1, NOON + 9)]).taken_back(bust(1), SCALES) is None, "as among columns of prints"


def test_prints_beyond_the_reach_of_a_bust_or_on_other_scales_are_not_looked_at(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (print_search, market_history):
        monkeypatch.setattr(module, "BUST_REACH", 3)
    rows = [trade(number) for number in range(5)]
    history = stored(kept, [*rows[:2]], [*rows[2:]])
    assert history.taken_back(bust(1), SCALES) is None
    assert history.taken_back(bust(2), SCALES) == TakenBack(rows[2], (rows[3], rows[4]))
    assert history.taken_back(bust(3), Scales(4, 0)) is None
    history = stored(kept, [bust(1), bust(2, LATER + 1)])
    [chunk] = [chunk for chunk in history.open_trades("ACME", None, None) if chunk.busts is not None]
    assert chunk.busts.tolist() == [3], "columns of prints take back what is found by name, and no other"
