"""The age of a stream is that of what somebody watches: moving on to another instrument raises no alarm."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from tests.helpers.product_rig import Product, running
from workstation.domain.market import StreamKind
from workstation.viewmodels.frames import StreamSnap


def depth_of(product: Product) -> StreamSnap | None:
    status = product.state.status
    found = () if status is None else status.streams
    return next((stream for stream in found if stream.stream is StreamKind.DEPTH and stream.state), None)


def age_of_days(product: Product, symbol: str) -> bool:
    """Let the last word of an instrument's book be as old as the clock; on the engine's thread."""
    product.program.engine.core.market.cache._lines[symbol].health[StreamKind.DEPTH].at = 0
    return True


def test_a_book_that_no_ladder_shows_any_more_is_never_called_stale(qtbot: QtBot, tmp_path: Path) -> None:
    with running(qtbot, tmp_path) as product:
        ladder = product.window.panels["ladder-1"]
        ladder.choose_symbol("AAPL")
        product.wait(lambda: "AAPL" in product.state.depths, "the book of AAPL")
        ladder.choose_symbol("MSFT")
        product.wait(lambda: "MSFT" in product.state.depths, "the book of MSFT")
        product.wait(lambda: depth_of(product), "the stream of books")
        product.on_engine(lambda: age_of_days(product, "AAPL"))
        since = product.state.status.now_ns
        product.wait(lambda: product.state.status.now_ns > since, "the next status")
        assert (depth_of(product).worst_symbol, depth_of(product).worst_age_ms < 5_000) == ("", True)
