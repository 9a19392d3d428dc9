"""Scenes of what is studied and scripted: backtests and sweeps over stored data, and scripts at the door.

Each runs for real, as a person would have it run. Where nothing is stored of what a study takes, none is begun.
"""

import secrets
from contextlib import suppress

import msgspec

from workstation.app.scene_stage import SceneFailed, Stage
from workstation.client import Address, Client, ClientError, PermissionDenied
from workstation.commands.backtests import StartBacktest
from workstation.commands.records import CreateRecord
from workstation.commands.sweeps import StartSweep
from workstation.ports.market_data import DataBoard
from workstation.ports.scripts import ScriptBoard
from workstation.viewmodels.api_view import KEY_START, KeyInputs, new_record

STUDIED, INTERVAL, STORED_INTERVAL, FEES = "GOOG", "1d", "1_DAY", "per-unit:0.005"
CROSS = "sma_cross:SmaCross"
RUNS = (
    (CROSS, "fast=5", "slow=20"),
    ("breakout:Breakout",),
    (CROSS, "fast=10", "slow=50"),
)
"""What is run one after another: code and its parameters."""

RANGES = ("fast=5:40:5", "slow=50:200:25")
KEY_BYTES = 32
KEYS = (("Signals", "read-only", ""), ("Rebalancer", "trade", "50000"))
"""Keys at the door: name, what it may do, and the cap on one order."""

READS, QUOTED = 4, "AAPL"


def backtests(stage: Stage) -> None:
    """Run each of RUNS over the stored bars and wait for its end."""
    if not _is_stored(stage):
        return
    for entry_point, *parameters in RUNS:
        given = (f"symbol={STUDIED}", f"interval={INTERVAL}", *parameters)
        wish = StartBacktest(
            entry_point=entry_point, symbols=(STUDIED,), parameters=given, interval=INTERVAL, fees=FEES, cash="100000"
        )
        _begun(stage, "backtest.start", wish)
        stage.asked("backtest.board", lambda board: not board.running, entry_point)


def sweeps(stage: Stage) -> None:
    """Sweep over the stored bars to the end."""
    if not _is_stored(stage):
        return
    given = (f"symbol={STUDIED}", f"interval={INTERVAL}", *RANGES)
    wish = StartSweep(entry_point=CROSS, symbols=(STUDIED,), parameters=given, interval=INTERVAL, fees=FEES)
    _begun(stage, "sweep.start", wish)
    stage.asked("sweep.board", lambda board: not board.running, "the sweep's end")


def scripts(stage: Stage) -> None:
    """Make keys and have scripts read with them; one asks for more than it may, and is refused."""
    board: ScriptBoard = stage.asked("script.board", lambda found: found.door.url, "the REST interface open")
    stage.quote(QUOTED)
    for name, preset, cap in KEYS:
        key = KEY_START + secrets.token_hex(KEY_BYTES)
        draft = new_record(key, KeyInputs(name=name, preset=preset, cap=cap, days="90"), board.now_ns)
        _begun(stage, "api_key.create", CreateRecord(record=draft))
        try:
            _read(Address(url=board.door.url, token=key))
        except ClientError as error:
            raise SceneFailed(f"{name}: {error}") from error


def _read(door: Address) -> None:
    """Ask what a script asks, and once for what its key does not open."""
    with Client(address=door) as client, suppress(PermissionDenied):
        for _ in range(READS):
            list(client.orders.list())
            list(client.positions.list())
        list(client.kill_switches.list())


def _is_stored(stage: Stage) -> bool:
    board: DataBoard = stage.asked("data.board", lambda found: found is not None, "the stored data")
    return any((line.holding.symbol, line.holding.interval) == (STUDIED, STORED_INTERVAL) for line in board.lines)


def _begun(stage: Stage, command_id: str, wish: msgspec.Struct) -> None:
    answer = stage.ask(command_id, wish)
    if not answer.ok:
        raise SceneFailed(f"{command_id}: {answer.text}")
