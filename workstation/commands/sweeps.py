"""What a screen may ask of sweeps: begin one, stop it, go on with it, forget it, and read its trials. Values alone."""

import msgspec


class StartSweep(msgspec.Struct, frozen=True, kw_only=True):
    """Begin a sweep; each text as on the command line. parameters: NAME=VALUES each; cluster: "" for this machine.

    options: all other options of a backtest, NAME=VALUE each, or NAME for what is on or off.
    """

    entry_point: str
    symbols: tuple[str, ...]
    parameters: tuple[str, ...]
    interval: str = "1d"
    fees: str = ""
    cash: str = "1000000"
    search: str = "grid"
    trials: int = 100
    metric: str = "sharpe"
    out_of_sample: float = 0.3
    folds: int = 1
    seed: int = 1
    any_size: bool = False
    cluster: str = ""
    options: tuple[str, ...] = ()


class ResumeSweep(msgspec.Struct, frozen=True, kw_only=True):
    """Go on with a sweep where it stopped. cluster: where, "" for this machine, wherever it was begun."""

    sweep_id: int
    cluster: str = ""


class SweepName(msgspec.Struct, frozen=True, kw_only=True):
    """One sweep by its number."""

    sweep_id: int
