"""The strategies panel without a screen: definitions, runs with their live profit, and its words.

Beside both walks. Reads what `strategy.board` answered; starts and ends nothing.
"""

from collections.abc import Mapping, Sequence

import msgspec

from workstation.domain.numbers import MONEY_DECIMALS, format_scaled, parse_scaled, rescale
from workstation.domain.orders import OrderState, Residence
from workstation.domain.records import StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import StrategyRunStatus, StrategyStatus
from workstation.strategies.describing import CodeShape
from workstation.strategies.run_pace import Decision, RunPace
from workstation.strategies.runs import RunLine, RunPosition
from workstation.strategies.views import Policy
from workstation.viewmodels.columns import CellStyle, Column, ColumnKind, ColumnTable, RowStyle
from workstation.viewmodels.formats import MISSING, Formats, age, exact_time, gain_ink, grouped
from workstation.viewmodels.permits import is_in_force
from workstation.viewmodels.preview import order_words

ORDER_LINES = 4
ROOM_SCARCE = 0.25
"""Share of a bound on loss that is left, below which it stands out."""

USED_MUCH = 0.5
"""Share of the time, or of the messages that it may send, from which a run stands out."""

NO_PACES: Mapping[str, RunPace] = {}
LIVE = "LIVE"
MIB = 1024 * 1024
HELD_HERE = "held by this program"

_RUN_INKS = {
    StrategyRunStatus.RUNNING: "buy",
    StrategyRunStatus.PAUSED: "warning",
    StrategyRunStatus.ERROR: "danger",
}


class DefinitionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy and how many of its runs are under way. permit: its standing with live accounts, in a word or two."""

    strategy: StrategyDefinition
    active: int
    permit: str


class RunShown(msgspec.Struct, frozen=True, kw_only=True):
    """A run and how it goes; pace: None for one that is not under way."""

    run: StrategyRun
    pace: RunPace | None = None


class StrategiesView:
    """Strategies and runs of one screen. formats: how instruments write quantities and prices."""

    def __init__(self, formats: Formats) -> None:
        self.definitions: ColumnTable[DefinitionRow] = ColumnTable(_definition_columns(), lambda row: row.strategy.id)
        self.runs: ColumnTable[RunShown] = ColumnTable(_run_columns(formats), lambda row: row.run.id)
        self.runs.sort_by([("started", True)])
        self.has_board, self.paper_only = False, True

    def take(
        self,
        strategies: tuple[StrategyDefinition, ...],
        runs: tuple[StrategyRun, ...],
        paces: Mapping[str, RunPace] = NO_PACES,
        now_ns: int = 0,
    ) -> None:
        """Show another board; what is gone leaves. paces: of runs under way, by id; now_ns: UTC ns."""
        self.has_board = True
        kept = {strategy.id for strategy in strategies}
        gone = [row.strategy.id for row in _rows(self.definitions) if row.strategy.id not in kept]
        self.definitions.remove(gone)
        active = [run.strategy_id for run in runs if run.status.is_active]
        rows = [
            DefinitionRow(strategy=row, active=active.count(row.id), permit=permit_text(row, now_ns))
            for row in strategies
        ]
        self.definitions.upsert(rows)
        self.runs.upsert([RunShown(run=run, pace=paces.get(run.id)) for run in runs])

    def failed(self) -> list[str]:
        """Return the names of the runs that have failed and have not been started again since."""
        runs = [self.runs.row(number).run for number in range(self.runs.total)]
        newest: dict[tuple[str, str], StrategyRun] = {}
        for run in sorted(runs, key=lambda run: run.run_number):
            newest[run.strategy_id, run.account] = run
        return sorted(run.run_name for run in newest.values() if run.status is StrategyRunStatus.ERROR)

    def free_name(self, wanted: str) -> str:
        """Return a name that no strategy has yet: the wanted one, or one with a number behind it."""
        taken = {row.strategy.name.casefold() for row in _rows(self.definitions)}
        name, number = wanted, 2
        while name.casefold() in taken:
            name, number = f"{wanted} {number}", number + 1
        return name


def run_style(row: RunShown) -> RowStyle:
    """Return how a run looks: its standing in colour, what it lost in red, and what is near its bound."""
    run, pace = row.run, row.pace
    cells = {"pnl": CellStyle(gain_ink(run.figures.pnl))}
    if pace is not None:
        if pace.room is not None and pace.room < ROOM_SCARCE:
            cells["room"] = CellStyle("warning", bold=True)
        if pace.capital is not None and pace.capital.headroom == 0:
            cells["capital"] = CellStyle("warning")
        if pace.used >= USED_MUCH:
            cells["used"] = CellStyle("warning")
        if pace.per_s_max and pace.per_s >= USED_MUCH * pace.per_s_max:
            cells["rate"] = CellStyle("warning")
    if run.status in _RUN_INKS:
        cells["state"] = CellStyle(_RUN_INKS[run.status], bold=run.status is StrategyRunStatus.ERROR)
    return RowStyle(ink="text" if run.status.is_active else "text_muted", cells=cells)


def definition_style(row: DefinitionRow) -> RowStyle:
    """Return how a strategy looks: one that was stopped stands out, since only a person lets it run again.

    One that may add risk on live accounts is said as loudly.
    """
    loud = {"state": row.strategy.status is StrategyStatus.STOPPED, "permit": row.permit.startswith(LIVE)}
    return RowStyle(cells={name: CellStyle("danger", bold=True) for name, is_so in loud.items() if is_so})


def line_text(line: RunLine) -> str:
    """Return a line of a log: time of day in UTC, level, text."""
    return f"{exact_time(line.ts)[11:19]} {line.level:<8} {line.text}"


def values_text(values: dict[str, str]) -> str:
    """Return the values that a run shows of its own, in the order in which it named them."""
    return "   ".join(f"{name} {value}" for name, value in values.items())


def shape_text(shape: CodeShape, strategy: StrategyDefinition) -> str:
    """Return what a strategy says of itself, its version and where it may run, and that it has no parameters."""
    where = "paper accounts only" if strategy.paper_trading_only else "paper and live accounts"
    approved = "approved" if strategy.is_approved else "not approved for live"
    lines = [shape.says, f"Version {strategy.version}, {where}, {approved}."]
    if not shape.parameters:
        lines.append("It has no parameters.")
    return "\n".join(line for line in lines if line)


def code_text(run: StrategyRun) -> str:
    """Return which edition of its code a run has."""
    return f"Version {run.version}, code {run.code_hash[:12]}" if run.code_hash else ""


def position_text(formats: Formats, row: RunPosition) -> str:
    """Return a position of a run: instrument, signed quantity, open profit."""
    profit = "no price" if row.profit is None else f"{money_text(row.profit)} {row.currency}"
    return f"{row.symbol} {'+' if row.qty > 0 else ''}{formats.quantity(row.symbol, row.qty)} ({profit})"


def capital_text(pace: RunPace | None) -> str:
    """Return what a run under way holds of its capital and what is left, "" for one that is not under way."""
    if pace is None or pace.capital is None:
        return ""
    held = pace.capital
    used, capital, left = (MISSING if of is None else money_text(of) for of in (*held, held.headroom))
    return f"Capital: {used} of {capital} {pace.currency} in positions and working orders, {left} left"


def memory_text(pace: RunPace | None) -> str:
    """Return what a run under way takes of the memory, where that can be told; "" for one that is not under way."""
    if pace is None:
        return ""
    if pace.memory is None:
        return "Memory: shared with the program; only a run in a process of its own has its memory told apart"
    used, mapped, most = (value / MIB for value in (pace.memory.used, pace.memory.mapped, pace.memory.most))
    return f"Memory: {used:,.0f} MiB in use by its own process, {mapped:,.0f} of at most {most:,.0f} MiB mapped"


def open_text(formats: Formats, positions: Sequence[RunPosition], orders: Sequence[OrderState]) -> str:
    """Return what a run has open: its positions in one line, each of its orders in one, the first ORDER_LINES.

    Orders that this program holds come first: they are nowhere else.
    """
    lines = ["Open: " + ", ".join(position_text(formats, row) for row in positions)] if positions else []
    for order in sorted(orders, key=lambda order: order.residence is not Residence.PROGRAM)[:ORDER_LINES]:
        instrument = formats.instrument(order.terms.symbol)
        if instrument is not None:
            held = f" · {HELD_HERE}" if order.residence is Residence.PROGRAM else ""
            lines.append(f"Order: {order_words(order.terms, instrument)} · {order.status}{held}")
    if len(orders) > ORDER_LINES:
        lines.append(f"and {len(orders) - ORDER_LINES} more orders; the panel Orders lists them by strategy")
    return "\n".join(lines)


def decision_text(formats: Formats, decision: Decision) -> str:
    """Return what a run decided last: time of day in UTC, then the order or the verb."""
    instrument = formats.instrument(decision.symbol) if decision.symbol else None
    if decision.terms is not None:
        instrument = formats.instrument(decision.terms.symbol)
        what = decision.what if instrument is None else order_words(decision.terms, instrument)
    else:
        what = f"{decision.what} {decision.symbol}".rstrip()
    return f"{exact_time(decision.ts)[11:19]} {what}"


def permit_text(strategy: StrategyDefinition, now_ns: int) -> str:
    """Return what a strategy may do on live accounts: nothing (SIM), run (none), or add risk for a time (LIVE)."""
    if not strategy.is_approved or strategy.paper_trading_only:
        return "SIM"
    permit = strategy.live_permit
    return f"{LIVE} {age(permit.expires_at - now_ns)}" if permit and is_in_force(permit, now_ns) else "none"


def day_text(ts: int) -> str:
    """Return the UTC day of an instant, YYYY-MM-DD."""
    return exact_time(ts)[:10]


def stop_words(policy: Policy) -> str:
    """Return what the end of a run does, in words."""
    return {Policy.KEEP: "Keep orders", Policy.CANCEL: "Cancel orders", Policy.FLATTEN: "Cancel and flatten"}[policy]


def declared_words(run: StrategyRun | None) -> str:
    """Return what the end of a run does where nobody says otherwise, in words."""
    return f"As declared: {stop_words(Policy(run.policy)).lower()}" if run is not None and run.policy else "As declared"


def money_text(amount: int) -> str:
    """Return integer money with cents and its sign, thousands grouped."""
    return grouped(format_scaled(rescale(amount, MONEY_DECIMALS, 2), 2, keep=2))


def _rows(table: ColumnTable[DefinitionRow]) -> list[DefinitionRow]:
    return [table.row(number) for number in range(table.total)]


def _percent(share: float | None) -> str:
    return MISSING if share is None else f"{share:.0%}".replace("%", " %")


def _rate(row: RunShown) -> float | None:
    return None if row.pace is None else row.pace.per_s


def _used(row: RunShown) -> float | None:
    return None if row.pace is None else row.pace.used


def _room(row: RunShown) -> float | None:
    return None if row.pace is None else row.pace.room


def _room_hover(row: RunShown) -> str:
    if row.pace is None or row.pace.room is None:
        return "No bound on loss is set for this run or its strategy."
    return f"{_percent(row.pace.room)} is left to the {row.pace.room_to}."


def _capital(row: RunShown) -> float | None:
    """Return the share of its capital that a run holds; all of it where nothing of it is left."""
    found = None if row.pace is None else row.pace.capital
    if found is None or found.used is None or found.capital is None:
        return None
    return found.used / found.capital if found.capital > 0 else float(found.used > 0)


def _capital_hover(row: RunShown) -> str:
    given = parse_scaled(row.run.initial_capital, MONEY_DECIMALS)
    shown, currency = capital_text(row.pace), "" if row.pace is None else row.pace.currency
    return f"{shown}\nIt was given {money_text(given)} {currency}; what it has made or lost counts." if shown else ""


def _rate_hover(row: RunShown) -> str:
    return "" if row.pace is None else f"At most {row.pace.per_s_max} orders a second; more than that ends the run."


def _entry(row: DefinitionRow) -> str:
    return str(row.strategy.config.get("entry_point", ""))


def _definition_columns() -> tuple[Column[DefinitionRow], ...]:
    code, number = ColumnKind.CODE, ColumnKind.NUMBER
    return (
        Column("name", "Strategy", code, lambda r: r.strategy.name, lambda r: r.strategy.name, width=14),
        Column("state", "State", code, lambda r: r.strategy.status, lambda r: r.strategy.status, width=8),
        Column("permit", "Permit", code, lambda r: r.permit, lambda r: r.permit, width=6,
               hint="On live accounts: SIM runs on none, none adds no risk there, LIVE adds risk for so long"),
        Column("active", "Runs", number, lambda r: r.active, lambda r: str(r.active), right=True, width=5),
        Column("pnl", "P&L", number, lambda r: r.strategy.pnl_order, lambda r: money_text(r.strategy.total_pnl),
               right=True, width=9),
        Column("code", "Code", code, _entry, _entry, width=10),
        Column("version", "Version", code, lambda r: r.strategy.version, lambda r: r.strategy.version, width=8,
               hidden=True),
    )  # fmt: skip


def _run_columns(formats: Formats) -> tuple[Column[RunShown], ...]:
    code, number, text = ColumnKind.CODE, ColumnKind.NUMBER, ColumnKind.TEXT

    def last(row: RunShown) -> str:
        """Return why a run is held or over, else what it decided last."""
        if row.run.error_message or row.pace is None or row.pace.decision is None:
            return row.run.error_message
        return decision_text(formats, row.pace.decision)

    def held(row: RunShown) -> str:
        open_ = str(row.run.figures.positions)
        return open_ if row.pace is None else f"{open_}·{row.pace.orders}"

    return (
        Column("name", "Run", code, lambda r: r.run.run_name, lambda r: r.run.run_name, width=16),
        Column("state", "State", code, lambda r: r.run.status, lambda r: r.run.status, width=11),
        Column("pnl", "P&L", number, lambda r: r.run.pnl_order, lambda r: money_text(r.run.figures.pnl), right=True,
               width=8),
        Column("positions", "Open", number, lambda r: r.run.figures.positions, held, right=True, width=5,
               hint="Positions that are open, and orders that are working"),
        Column("rate", "Msg/s", number, _rate, lambda r: MISSING if r.pace is None else f"{r.pace.per_s:.1f}",
               right=True, width=5, hover=_rate_hover, hint="Orders, changes and cancels a second, over ten seconds"),
        Column("used", "Time", number, _used, lambda r: _percent(_used(r)), right=True, width=5,
               hint="Share of the time that its callbacks take, over ten seconds"),
        Column("capital", "Cap.", number, _capital, lambda r: _percent(_capital(r)), right=True, width=5,
               hover=_capital_hover, hint="Share of its capital that the run holds in positions and working orders"),
        Column("room", "Left", number, _room, lambda r: _percent(_room(r)), right=True, width=5, hover=_room_hover,
               hint="Share that is left of its tightest bound on loss"),
        Column("account", "Account", code, lambda r: r.run.account, lambda r: r.run.account, width=11),
        Column("reason", "Decision", text, last, last, width=9, hover=last,
               hint="What it decided last, or why it is held or over"),
        Column("trades", "Trades", number, lambda r: r.run.figures.trades, lambda r: str(r.run.figures.trades),
               right=True, width=6, hidden=True),
        Column("started", "Started, UTC", number, lambda r: float(r.run.started_at or 0),
               lambda r: exact_time(r.run.started_at)[5:19].replace("T", " "), width=13, hidden=True),
    )  # fmt: skip
