"""Budgets of the blotter and the watchlist, measured as processor time on this machine.

A million orders open, filter and sort; ten thousand updates a second on top of them; a full repaint of a watchlist.
Runs without a display. The rows come as columns, as a database hands them over, and are made when somebody looks.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QApplication

from workstation.desktop.table_view import ColumnView
from workstation.desktop.tables import ColumnModel
from workstation.desktop.theme import apply_theme, load_theme
from workstation.domain.instruments import AssetClass, Instrument, TickBand
from workstation.domain.market import SessionPhase
from workstation.domain.orders import OrderState, OrderTerms, OrdStatus, OrdType, Origin, OriginKind, Residence, Side
from workstation.viewmodels.column_arrays import Coded, packed_tails
from workstation.viewmodels.columns import Bulk
from workstation.viewmodels.formats import Formats
from workstation.viewmodels.frames import QuoteSnap
from workstation.viewmodels.orders_table import OrderBlotter, OrderFilter
from workstation.viewmodels.rejects import RejectWatch
from workstation.viewmodels.watchlist import Watchlist

ORDERS = 1_000_000
UPDATES_A_SECOND = 10_000
FRAMES_A_SECOND = 30
SPARE = 65_536
NEW_EVERY = 3
"""Frames between two orders that are new: ten of them a second."""
LIVELY_ORDERS = 5_000
SYMBOLS = 60
WINDOW_PX = (1_280, 720)
REPAINTS = 50
QUOTED_EVERY = 3
"""Of so many instruments one has a new quote in each frame."""
DAY_NS = 1_704_207_600_000_000_000
BUDGETS_S = {
    "open_1m_orders": 1.0,
    "filter_words": 0.05,
    "filter_query": 0.05,
    "filter_working": 0.05,
    "filter_id": 0.05,
    "sort_price": 0.15,
    "sort_symbol": 0.15,
    "sort_two_keys": 0.3,
    "updates_10k_per_s": 0.1,
    "watchlist_repaint": 0.002,
    "watchlist_60_at_30hz": 0.2,
}

_STATES = ("FILLED", "CANCELLED", "WORKING", "REJECTED", "EXPIRED")


def run(orders: int = ORDERS) -> dict[str, float]:
    """Return seconds of processor time for each budget of BUDGETS_S; for the two rates, per second of running."""
    app = QApplication.instance() or QApplication([])
    if isinstance(app, QApplication):
        apply_theme(app, load_theme("dark"))
    instruments = {f"SYM{n:02d}": _instrument(f"SYM{n:02d}") for n in range(SYMBOLS)}
    figures = _blotter_figures(instruments, orders)
    figures.update(_watchlist_figures(instruments))
    return figures


def _blotter_figures(instruments: dict[str, Instrument], orders: int) -> dict[str, float]:
    blotter = OrderBlotter(Formats(instruments), RejectWatch())
    blotter.now_ns = DAY_NS + orders * 1_000_000
    ids = [f"OMS-{n * 2_654_435_761 % 2**128:032x}" for n in range(orders)]
    columns = _columns(instruments, orders + SPARE)
    figures: dict[str, float] = {}
    model: ColumnModel[OrderState] = ColumnModel(blotter.table)
    view = ColumnView(model, blotter.style, name="orders_table", meaning="Orders")
    view.resize(*WINDOW_PX)
    view.show()
    QApplication.processEvents()

    def open_all() -> None:
        columns["id"] = np.concatenate([packed_tails(ids), np.zeros(SPARE, np.uint64)])
        model.load(Bulk(keys=ids, columns=columns, row_of=lambda n: _order(ids[n], n, OrdStatus.FILLED, 1)))
        _paint(view)

    figures["open_1m_orders"] = _timed(open_all)
    for name, wish in (
        ("filter_words", OrderFilter(line="sym07 sell")),
        ("filter_query", OrderFilter(line="side:sell (qty>=500 or price<200) -state:filled")),
        ("filter_working", OrderFilter(working=True, today=True)),
        ("filter_id", OrderFilter(line=ids[-1][-5:])),
    ):
        figures[name] = _timed(partial(_filter, view, blotter, wish))
    view.filter_by(None)
    for name, keys in (
        ("sort_price", [("price", True)]),
        ("sort_symbol", [("symbol", False)]),
        ("sort_two_keys", [("state", False), ("price", True)]),
    ):
        figures[name] = _timed(partial(_sort, view, keys))
    view.sort_by([])
    figures["updates_10k_per_s"] = _updates(blotter, view, ids)
    view.close()
    view.deleteLater()
    return figures


def _updates(blotter: OrderBlotter, view: ColumnView, ids: list[str]) -> float:
    """Return processor seconds for one second of updates, ten of them new rows, painted at the frame rate."""
    batch = UPDATES_A_SECOND // FRAMES_A_SECOND
    frames = []
    newest = [_order(ids[-1 - n], n, OrdStatus.ROUTED, 1) for n in range(LIVELY_ORDERS)]
    blotter.take(newest)
    for frame in range(FRAMES_A_SECOND):
        lively = [newest[(n * 7 + frame) % LIVELY_ORDERS] for n in range(batch)]
        known = [
            msgspec.structs.replace(o, status=OrdStatus.PARTIALLY_FILLED, cum_qty=frame + 1, version=frame + 2)
            for o in lively
        ]
        new = [_order(f"OMS-{frame:032x}", frame, OrdStatus.ROUTED, 1)] if frame % NEW_EVERY == 0 else []
        frames.append(known[len(new) :] + new)

    def play() -> None:
        for rows in frames:
            view.apply(partial(blotter.take, rows))
            _paint(view)

    return _timed(play)


def _watchlist_figures(instruments: dict[str, Instrument]) -> dict[str, float]:
    watchlist = Watchlist(instruments, Formats(instruments))
    view = ColumnView(ColumnModel(watchlist.table), watchlist.style, name="watchlist_table", meaning="Watchlist")
    view.resize(900, (SYMBOLS + 3) * 20)
    view.show()
    quotes = [{s: _quote(s, n) for n, s in enumerate(instruments)}]
    for step in range(1, FRAMES_A_SECOND):
        news = {s: _quote(s, step + n) for n, s in enumerate(instruments) if n % QUOTED_EVERY == step % QUOTED_EVERY}
        quotes.append(quotes[-1] | news)
    view.apply(lambda: watchlist.take(quotes[0], {}, "", 0))
    _paint(view)

    def repaint() -> None:
        for _ in range(REPAINTS):
            view.viewport().repaint()

    def play() -> None:
        for frame, step in enumerate(quotes):
            view.apply(partial(watchlist.take, step, {}, "", frame * 33_000_000))
            _paint(view)

    figures = {"watchlist_repaint": _timed(repaint) / REPAINTS, "watchlist_60_at_30hz": _timed(play)}
    view.close()
    view.deleteLater()
    return figures


def _filter(view: ColumnView, blotter: OrderBlotter, wish: OrderFilter) -> None:
    view.filter_by(blotter.accepts(wish))
    _paint(view)


def _sort(view: ColumnView, keys: Sequence[tuple[str, bool]]) -> None:
    view.sort_by(keys)
    _paint(view)


def _timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _paint(_view: ColumnView) -> None:
    QApplication.processEvents()


def _instrument(symbol: str) -> Instrument:
    return Instrument(
        symbol=symbol,
        asset_class=AssetClass.STOCK,
        currency="USD",
        price_decimals=2,
        qty_decimals=0,
        ticks=(TickBand(0, 1),),
        name=f"Sample {symbol}",
    )


def _columns(instruments: dict[str, Instrument], room: int) -> dict[str, NDArray[Any] | Coded]:
    """Return what a bulk reader hands over: one array a column, repeated texts as codes, with room for rows to come."""
    draw = np.random.default_rng(11)

    def coded(*texts: str) -> Coded:
        return Coded(texts, draw.integers(0, len(texts), room).astype(np.int32))

    def number(low: int, high: int, scale: float = 1.0) -> NDArray[Any]:
        return draw.integers(low, high, room) * scale

    return {
        "state": coded(*_STATES),
        "time": DAY_NS + np.arange(room) * 1e6,
        "symbol": coded(*instruments),
        "side": coded("BUY", "SELL", "SHORT"),
        "qty": number(1, 1_000),
        "filled": number(1, 1_000),
        "left": np.zeros(room),
        "price": number(10_000, 40_000, 0.01),
        "stop": np.full(room, np.nan),
        "trail": np.full(room, np.nan),
        "activation": np.full(room, np.nan),
        "average": number(10_000, 40_000, 0.01),
        "type": coded("LMT", "MKT", "STP"),
        "tif": coded("DAY", "GTC", "IOC"),
        "residence": coded("EX", "BR", "PC"),
        "origin": coded("ticket", "hotkey B", "rest token", "strategy sma_cross"),
        "account": coded("SIM-1", "SIM-2"),
        "age": np.full(room, np.nan),
        "ack": number(1, 90, 0.1),
        "journal": number(1, 90, 0.1),
        "sent": number(1, 90, 0.1),
        "fill": number(1, 90, 0.1),
        "strategy": coded("", "sma_cross"),
        "reason": coded("", "[PRICE_COLLAR] 187.95 is 31t through ask 187.64; limit 25t."),
        "group": np.arange(room, dtype=np.float64),
        "leg": np.zeros(room),
    }


def _order(cl_ord_id: str, number: int, status: OrdStatus, version: int) -> OrderState:
    terms = OrderTerms(
        symbol=f"SYM{number % SYMBOLS:02d}",
        account="SIM-1",
        side=Side.BUY if number % 2 else Side.SELL,
        ord_type=OrdType.LIMIT,
        order_qty=100,
        price=10_000 + number % 1_000,
    )
    return OrderState(
        cl_ord_id=cl_ord_id,
        uid=cl_ord_id,
        order_id=cl_ord_id,
        terms=terms,
        status=status,
        origin=Origin(kind=OriginKind.TICKET),
        link=None,
        strategy_id="",
        cum_qty=version,
        leaves_qty=100 - version,
        cost=version * 10_000,
        fees={},
        residence=Residence.EXCHANGE,
        created_at=DAY_NS + number * 1_000_000,
        updated_at=DAY_NS,
        version=version,
        ts_acked=DAY_NS,
    )


def _quote(symbol: str, step: int) -> QuoteSnap:
    price = 20_000 + step % 37
    return QuoteSnap(
        symbol=symbol,
        bid=price - 1,
        bid_size=100 + step,
        ask=price + 1,
        ask_size=200 + step,
        last=price,
        last_size=10,
        open=20_000,
        high=20_100,
        low=19_900,
        prev_close=19_990,
        volume=1_000_000 + step,
        vwap=20_000,
        freshness="FRESH",
        age_ms=20,
        phase=SessionPhase.OPEN,
    )
