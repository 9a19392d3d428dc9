"""What a backtest tells whoever started it in another process: how far it is, what came of it, or why nothing did.

Between `backtest_worker` and the desk. Bytes in, bytes out; decoded, never run.
"""

import zlib

import msgspec

from workstation.backtest.report_page import Report
from workstation.backtest.report_svg import thinned
from workstation.backtest.result import BacktestResult
from workstation.backtest.saved_run import decoded, encoded
from workstation.backtest.sweep_trial import figures_of
from workstation.domain.errors import UserError
from workstation.domain.numbers import MONEY_ONE
from workstation.ports.backtests import CURVE_POINTS_MAX, Backtest, BacktestStatus, Trip, Worth

ROWS_BYTES_MAX = 8 * 1_024 * 1_024
"""A run's rows beyond this are not kept: they would hold the journal up that they pass through."""

UNPACKED_BYTES_MAX = 256 * 1_024 * 1_024
TOO_MANY = "The run has too many rows to be kept, so that no report can be made of it; the command line makes one."


class Played(msgspec.Struct, frozen=True, tag="played"):
    """How far a run is. at: time of its market, UTC ns."""

    bars: int
    at: int


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """What came of it: the backtest with its figures, and its rows, packed."""

    backtest: Backtest
    rows: bytes


class Broke(msgspec.Struct, frozen=True, tag="broke"):
    """Why nothing came of it, in lines."""

    words: str


Said = Played | Ended | Broke
_encode = msgspec.json.Encoder().encode
_said: msgspec.json.Decoder[Said] = msgspec.json.Decoder(Said)


def said(message: Said) -> bytes:
    """Return a message as bytes."""
    return _encode(message)


def heard(body: bytes) -> Said:
    """Return the message of its bytes."""
    return _said.decode(body)


def finished(backtest: Backtest, report: Report) -> Ended:
    """Return a backtest that is done, with what came of it."""
    result, rows = report.result, packed(report)
    kept = len(rows) <= ROWS_BYTES_MAX
    done = msgspec.structs.replace(
        backtest,
        status=BacktestStatus.DONE,
        currency=result.currency,
        first_ts=result.first_ts,
        last_ts=result.last_ts,
        bars=result.bars,
        initial=result.initial_cash / MONEY_ONE,
        figures=figures_of(result),
        curve=_curve(result),
        warnings=result.warnings if kept else (*result.warnings, TOO_MANY),
        reported=kept,
    )
    return Ended(done, rows if kept else b"")


def packed(report: Report) -> bytes:
    """Return a run as it is kept."""
    return zlib.compress(encoded(report))


def unpacked(rows: bytes) -> Report:
    """Return the run that `packed` made.

    Raises:
        UserError: the bytes are none.
    """
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(rows, UNPACKED_BYTES_MAX)
    except zlib.error as error:
        raise UserError(f"the run that is kept cannot be read: {error}") from error
    return decoded(raw)


def trips_of(report: Report) -> tuple[Trip, ...]:
    """Return the round trips of a run as a screen shows them."""
    instruments = {instrument.symbol: instrument for instrument in report.result.instruments}
    return tuple(
        Trip(
            number=number,
            symbol=trade.symbol,
            side=trade.side,
            qty=instruments[trade.symbol].qty_text(trade.qty),
            entry_ts=trade.entry_ts,
            entry_px=trade.entry_px,
            exit_ts=trade.exit_ts,
            exit_px=trade.exit_px,
            pnl=trade.pnl,
            fees=trade.fees,
            mae=trade.mae,
            mfe=trade.mfe,
            bars=trade.bars,
        )
        for number, trade in enumerate(report.result.trades, 1)
    )


def _curve(result: BacktestResult) -> tuple[Worth, ...]:
    ts, equity = thinned(result.curve.ts, result.curve.equity, CURVE_POINTS_MAX // 4)
    return tuple(map(Worth, ts.tolist(), equity.tolist()))
