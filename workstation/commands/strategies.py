"""Commands about strategies: approve, start, pause, resume, stop, and how runs stand.

Definitions are made and changed by the record commands. Starting answers once the run is durable; pausing and stopping
answer with the run as it is recorded by then, its end comes as news.
"""

from collections.abc import Callable
from itertools import islice

import msgspec

from workstation.commands.context import EngineContext
from workstation.commands.outcomes import Refusal, failed, storage_code
from workstation.commands.permits import permit_uses
from workstation.commands.registry import CommandRegistry, CommandResult, Invocation, NoParams
from workstation.domain.errors import UserError, ValidationError
from workstation.domain.events import RecordSaved
from workstation.domain.orders import ADOPTED_BY, OrderState
from workstation.domain.records import LOCAL_TENANT, StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import StrategyStatus
from workstation.domain.strategy_rows import StrategyChange
from workstation.risk.permits import PermitUse
from workstation.strategies.describing import CodeShape
from workstation.strategies.loading import Code, RunRefused, config_of
from workstation.strategies.run_pace import RunPace
from workstation.strategies.run_signals import NamedSignal
from workstation.strategies.run_terms import StartRun
from workstation.strategies.runs import RunLine, RunPosition
from workstation.strategies.views import Policy

STRATEGIES = "Strategies"

ROWS_SHOWN = 100


class Approve(msgspec.Struct, frozen=True, kw_only=True):
    """Approve a strategy for live accounts, as it stands now."""

    strategy_id: str
    reason: str = ""
    tenant: str = LOCAL_TENANT
    expected_version: int | None = None


class RunName(msgspec.Struct, frozen=True, kw_only=True):
    """A run."""

    run_id: str
    tenant: str = LOCAL_TENANT


class StrategyName(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy."""

    strategy_id: str
    tenant: str = LOCAL_TENANT


class CodeName(msgspec.Struct, frozen=True, kw_only=True):
    """Code of a strategy: `module:Class`."""

    entry_point: str


class RunTail(msgspec.Struct, frozen=True, kw_only=True):
    """The newest lines of a run, oldest first, the values of its own that it shows now, and what it has open."""

    run_id: str
    lines: tuple[RunLine, ...]
    values: dict[str, str] = {}
    positions: tuple[RunPosition, ...] = ()
    orders: tuple[OrderState, ...] = ()
    pace: RunPace | None = None


class SignalsOf(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument whose newest signals are wanted."""

    symbol: str
    tenant: str = LOCAL_TENANT


class StopRun(msgspec.Struct, frozen=True, kw_only=True):
    """End a run; policy: what becomes of orders and position, None for what the strategy declares."""

    run_id: str
    tenant: str = LOCAL_TENANT
    reason: str = "stopped by hand"
    policy: Policy | None = None


class StrategyBoard(msgspec.Struct, frozen=True, kw_only=True):
    """Every strategy and run as they stand, figures as of now.

    paper_only: whether a new strategy is for paper accounts alone, as it is set. orphans: open orders of runs that have
    ended, which no person has adopted. paces: of the runs under way, by id. permits: what is used of those in force.
    """

    strategies: tuple[StrategyDefinition, ...]
    runs: tuple[StrategyRun, ...]
    paper_only: bool = True
    orphans: tuple[OrderState, ...] = ()
    paces: dict[str, RunPace] = {}
    permits: tuple[PermitUse, ...] = ()


def show(context: EngineContext, _params: NoParams, call: Invocation) -> None:
    """Answer how strategies and runs stand."""
    records = context.state.records
    strategies = tuple(records.all(StrategyDefinition, LOCAL_TENANT))
    runs = tuple(context.strategies.run(run.tenant, run.id) for run in records.all(StrategyRun, LOCAL_TENANT))
    desk = context.strategies
    paces = {run.id: pace for run in runs if run.status.is_active and (pace := desk.pace(run.id)) is not None}
    board = StrategyBoard(
        strategies=strategies,
        runs=runs,
        paper_only=desk.paper_only,
        orphans=_orphans(context, runs),
        paces=paces,
        permits=permit_uses(context),
    )
    call.reply(CommandResult(ok=True, text=f"{len(runs)} runs.", data=board))


def _orphans(context: EngineContext, runs: tuple[StrategyRun, ...]) -> tuple[OrderState, ...]:
    ended = {run.id for run in runs if not run.status.is_active}
    found = (
        order
        for order in context.state.book.open_orders()
        if order.strategy_id in ended and ADOPTED_BY not in order.metadata and not order.taken_by
    )
    return tuple(islice(found, ROWS_SHOWN))


def codes(context: EngineContext, _params: NoParams, call: Invocation) -> None:
    """Answer what code there is to run, shipped and the user's own, as `module:Class`."""

    def found(entries: tuple[str, ...]) -> None:
        call.reply(CommandResult(ok=True, text=f"{len(entries)} strategies.", data=entries))

    context.strategies.loader.look(found)


def code(context: EngineContext, params: CodeName, call: Invocation) -> None:
    """Answer what one piece of code offers: its parameters and what it says of itself."""

    def described(found: CodeShape | None, trouble: str) -> None:
        if found is None:
            call.reply(CommandResult(ok=False, code="VALIDATION_ERROR", text=trouble))
        else:
            call.reply(CommandResult(ok=True, text=found.entry_point, data=found))

    context.strategies.loader.describe(params.entry_point, described)


def lines(context: EngineContext, params: RunName, call: Invocation) -> None:
    """Answer the newest lines of a run's log since the program began, and what it shows of its own."""
    run = context.strategies.run(params.tenant, params.run_id)
    told = context.strategies.tails.of(run.id)
    own = (order for order in context.state.book.open_orders() if order.strategy_id == run.id)
    tail = RunTail(
        run_id=run.id,
        lines=told,
        values=context.strategies.shown(run.id),
        positions=_positions(context, run),
        orders=tuple(islice(own, ROWS_SHOWN)),
        pace=context.strategies.pace(run.id),
    )
    call.reply(CommandResult(ok=True, text=f"{len(told)} lines.", data=tail))


def _positions(context: EngineContext, run: StrategyRun) -> tuple[RunPosition, ...]:
    ledger = context.state.ledger
    found = [
        (holding.contract.symbol, ledger.position(run.account, holding.contract.symbol, run.id))
        for holding in ledger.holdings_of(run.account)
    ]
    return tuple(
        RunPosition(
            symbol=symbol,
            qty=row.qty,
            profit=context.pnl.unrealised(run.account, symbol, run.id),
            currency=row.currency,
        )
        for symbol, row in found
        if row is not None and row.qty
    )


def changes(context: EngineContext, params: StrategyName, call: Invocation) -> None:
    """Answer what was changed on a strategy, when and by whom, the newest first."""

    def done(found: tuple[StrategyChange, ...] | None, trouble: str) -> None:
        code = "" if found is not None else "NOT_READY"
        call.reply(CommandResult(ok=found is not None, text=trouble, code=code, data=found))

    context.stories.changes(params.tenant, params.strategy_id, done)


def signals(context: EngineContext, params: SignalsOf, call: Invocation) -> None:
    """Answer the newest signals of the tenant's runs on an instrument, oldest first."""
    find = context.state.records.find
    named = [
        (find(StrategyRun, params.tenant, told.run_id), told) for told in context.strategies.signals.of(params.symbol)
    ]
    rows = tuple(NamedSignal(run.run_name, told) for run, told in named if run is not None)
    call.reply(CommandResult(ok=True, text=f"{len(rows)} signals.", data=rows))


def approve(context: EngineContext, params: Approve, call: Invocation) -> None:
    """Approve a strategy with its file as it is; a draft becomes active."""
    before = context.strategies.strategy(params.tenant, params.strategy_id)
    entry_point = config_of(before.config).entry_point

    def read(code: Code | None, trouble: str) -> None:
        if code is None:
            raise ValidationError("config", trouble)
        _approve(context, params, call, code.code_hash)

    def loaded(code: Code | None, trouble: str) -> None:
        _answered(call, lambda: read(code, trouble))

    if entry_point:
        context.strategies.loader.load(entry_point, "", loaded, runs=False)
    else:
        _approve(context, params, call, "")


def _approve(context: EngineContext, params: Approve, call: Invocation, code_hash: str) -> None:
    before = context.strategies.strategy(params.tenant, params.strategy_id)
    now = context.clock.now_ns()
    status = StrategyStatus.ACTIVE if before.status is StrategyStatus.DRAFT else before.status
    after = msgspec.structs.replace(
        before,
        is_approved=True,
        approved_at=now,
        approved_by=call.origin.user,
        approval_reason=params.reason,
        approved_code=code_hash,
        live_permit=before.live_permit if before.approved_code == code_hash else None,
        status=status,
        row_version=before.row_version + 1,
        updated_at=now,
    )
    changed = (
        "is_approved", "approved_at", "approved_by", "approval_reason", "approved_code", "live_permit", "status",
    )  # fmt: skip
    saved = RecordSaved(record=after, changed=changed, actor=call.origin.actor, ts=now)
    asked = call.origin
    seq = context.desk.recorder.record([saved], actor=asked.actor, correlation=asked.trace_id, attach=call.attach)
    _answer(context, seq, call, CommandResult(ok=True, text="Strategy is approved.", data=after))


def start(context: EngineContext, params: StartRun, call: Invocation) -> None:
    """Start a run of a strategy on an account."""

    def begin(code: Code | None, trouble: str) -> None:
        if code is None:
            raise ValidationError("config", trouble)
        run, seq = context.strategies.start(params, code, call.origin, call.attach)
        _answer(context, seq, call, CommandResult(ok=True, text=f"{run.run_name} is running.", data=run))

    def loaded(code: Code | None, trouble: str) -> None:
        _answered(call, lambda: begin(code, trouble))

    _answered(call, lambda: context.strategies.prepare(params, loaded))


def pause(context: EngineContext, params: RunName, call: Invocation) -> None:
    """Hold a run's market news back; its orders and fills go on."""
    desk = context.strategies
    desk.pause(desk.run(params.tenant, params.run_id))
    _done(context, params, call, "is paused")


def resume(context: EngineContext, params: RunName, call: Invocation) -> None:
    """Let a paused run go on."""
    desk = context.strategies
    desk.resume(desk.run(params.tenant, params.run_id))
    _done(context, params, call, "goes on")


def reload(context: EngineContext, params: RunName, call: Invocation) -> None:
    """Let a run go on with its file as it is now, its state and its orders kept."""
    desk = context.strategies

    def done(run: StrategyRun | None) -> None:
        if run is None:
            text = "The run has ended meanwhile; its log says why."
            call.reply(CommandResult(ok=False, code="STATE_CONFLICT", text=text))
        else:
            _done(context, params, call, f"has the code {run.code_hash[:12]}")

    def begin(code: Code | None, trouble: str) -> None:
        if code is None:
            raise ValidationError("config", trouble)
        desk.reload(desk.run(params.tenant, params.run_id), code, call.origin.actor, done)

    def loaded(code: Code | None, trouble: str) -> None:
        _answered(call, lambda: begin(code, trouble))

    desk.prepare_reload(desk.run(params.tenant, params.run_id), loaded)


def stop(context: EngineContext, params: StopRun, call: Invocation) -> None:
    """End a run."""
    desk = context.strategies
    desk.stop(desk.run(params.tenant, params.run_id), params.reason, params.policy)
    _done(context, params, call, "is ending")


def register(commands: CommandRegistry) -> None:
    """Declare the commands."""
    commands.declare(
        STRATEGIES,
        (
            ("strategy.board", "Strategies and runs", NoParams, "strategies:view", show),
            ("strategy.codes", "Code of strategies", NoParams, "strategies:view", codes),
            ("strategy.code", "Parameters of a strategy", CodeName, "strategies:view", code),
            ("strategy.lines", "Log of a run", RunName, "strategies:view", lines),
            ("strategy.signals", "Signals on an instrument", SignalsOf, "strategies:view", signals),
            ("strategy.changes", "History of a strategy", StrategyName, "strategies:view", changes),
            ("strategy.approve", "Approve strategy", Approve, "risk:manage", approve),
            ("strategy.start", "Start strategy", StartRun, "strategies:run", start),
            ("strategy.pause", "Pause run", RunName, "strategies:run", pause),
            ("strategy.resume", "Resume run", RunName, "strategies:run", resume),
            ("strategy.reload", "Reload code of a run", RunName, "strategies:run", reload),
        ),
    )
    commands.declare(STRATEGIES, (("strategy.stop", "Stop run", StopRun, "strategies:run", stop),), urgent=True)


def _done(context: EngineContext, params: RunName | StopRun, call: Invocation, what: str) -> None:
    run = context.strategies.run(params.tenant, params.run_id)
    seq = context.journal.last_seq
    _answer(context, seq, call, CommandResult(ok=True, text=f"{run.run_name} {what}.", data=run))


def _answered(call: Invocation, work: Callable[[], None]) -> None:
    """Do what may be refused, now or once the code is loaded, and answer with the refusal."""
    try:
        work()
    except RunRefused as refused:
        call.reply(CommandResult(ok=False, code=refused.code, text=str(refused)))
    except ValidationError as error:  # in the words of the strategy's own parameters and file
        allowed = (error.allowed,) if error.allowed else ()
        refusal = Refusal(field=error.field, told=error.message, allowed=allowed)
        call.reply(CommandResult(ok=False, code="VALIDATION_ERROR", text=str(error), data=refusal))
    except UserError as error:
        call.reply(failed(error))


def _answer(context: EngineContext, seq: int, call: Invocation, done: CommandResult) -> None:
    """Reply once the line is durable, or say that it cannot become so."""

    def reply(durable: bool) -> None:
        trouble = f"It could not be stored: {context.journal.trouble or 'storage failed'}."
        call.reply(done if durable else CommandResult(ok=False, code=storage_code(trouble), text=trouble))

    context.journal.when_durable(seq, reply)
