"""What a screen may ask of backtests: run one, stop it, read what came, make its report, forget it. Values alone."""

import msgspec


class StartBacktest(msgspec.Struct, frozen=True, kw_only=True):
    """Run a backtest; each text as on the command line. parameters: NAME=VALUE each; start, end: "" for all."""

    entry_point: str
    symbols: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    interval: str = "1d"
    start: str = ""
    end: str = ""
    fees: str = ""
    fill: str = "next_open"
    slippage: str = "half-tick"
    cash: str = "1000000"
    seed: int = 1
    any_size: bool = False


class BacktestName(msgspec.Struct, frozen=True, kw_only=True):
    """One backtest by its number."""

    backtest_id: int
