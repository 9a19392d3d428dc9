"""A chart after a split in the running program: bars of before are adjusted, of open series and new ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.helpers.product_rig import ask, running_headless
from tests.helpers.storage_flow import ACCOUNT, QUIET, on_engine, order, place, unlocked, wait_for
from workstation.commands.params import BarsRequest, SwitchFault
from workstation.domain.orders import OrdStatus
from workstation.marketdata.calendar import Calendars
from workstation.marketdata.intervals import bar_type_of
from workstation.viewmodels.chart_adjustment import AdjustedSeries, PriceKind


def chart(program: Any, interval: str) -> tuple[AdjustedSeries, int]:
    """Return what a chart shows that is opened now, once a bar forms that the split is in or behind, and its first."""
    request = BarsRequest(symbol=QUIET, bar_type=bar_type_of(interval), count=50)
    core = program.engine.core
    series, since = AdjustedSeries(), [1 << 62]

    def forms() -> bool:
        bars = ask(program, "market.bars", request).data
        actions = ask(program, "market.actions", request).data
        forming = on_engine(program, lambda: core.market.current_bar(QUIET, request.bar_type))
        if forming is None or any(forming.ts_open < action.at for action in actions):
            return False
        scale = 10.0 ** core.instruments[QUIET].price_decimals
        row = forming.open / scale, forming.high / scale, forming.low / scale, forming.close / scale, 1.0
        since[0] = min([since[0], *(action.at for action in actions)])
        series.begin(bars.ts_open, bars.ohlcv)
        series.put(forming.ts_open, row)
        series.know(actions, Calendars()[core.instruments[QUIET].calendar])
        return True

    wait_for(forms)
    return series, since[0]


def closes(series: AdjustedSeries, until: int, kind: PriceKind) -> list[float]:
    """Return the closes of the bars before a moment."""
    series.choose(kind)
    times, columns = series.shown()
    return [float(close) for close in columns[3][times < until]]


def test_bars_from_before_a_split_are_adjusted_in_a_series_that_was_open_and_in_one_opened_now(tmp_path: Path) -> None:
    with running_headless(tmp_path) as program:
        unlocked(program)
        bought = place(program, order(QUIET, 10, price=None))
        core = program.engine.core
        wait_for(lambda: on_engine(program, lambda: core.state.book.get(bought.cl_ord_id).status is OrdStatus.FILLED))
        before, never = chart(program, "1m")
        assert closes(before, never, PriceKind.SPLITS) == closes(before, never, PriceKind.RAW)
        split = SwitchFault(kind="split", arguments={"symbol": QUIET, "qty": "4"})
        assert ask(program, "venue.fault", split).ok
        wait_for(lambda: on_engine(program, lambda: core.state.ledger.qty(ACCOUNT, QUIET)) == 40)
        for interval in ("1m", "5m", "1h", "1d"):
            after, since = chart(program, interval)
            raw, shown = closes(after, since, PriceKind.RAW), closes(after, since, PriceKind.SPLITS)
            assert len(raw) > 40
            assert shown == pytest.approx([close / 4 for close in raw]), interval
        assert after.shown()[1][0][-1] < raw[-1] / 3, "the day that forms began at the new price"
