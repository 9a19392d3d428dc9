"""Runs of strategies: started, held, resumed and ended; their logs, signals and periods."""

from collections.abc import Callable
from typing import Any

import msgspec

from workstation.api.bulk import bulk_answer, rejections, run_items
from workstation.api.credentials import user_key
from workstation.api.endpoint import Call, Routes, json_answer, validated
from workstation.api.errors import Answer, ApiError, invalid
from workstation.api.lists import ListForm, check_dates, chosen_fields, ordering_of, page_body, place_of, sparse
from workstation.api.records import (
    RecordResource,
    change_record,
    find_record,
    given,
    read_record,
    record_answer,
    run_record_command,
)
from workstation.api.routes.strategies import STRATEGIES
from workstation.api.schemas.records import RecordRead
from workstation.api.schemas.run_rows import (
    PerformanceList,
    PerformanceOut,
    PerformancePage,
    RunLogList,
    RunLogOut,
    RunLogPage,
    SignalList,
    SignalOut,
    SignalPage,
    StrategyChangeList,
    StrategyChangeOut,
    StrategyChangePage,
    change_body,
    log_body,
    performance_body,
    signal_body,
)
from workstation.api.schemas.strategy_runs import (
    AllRunsList,
    BulkStrategyRunCreate,
    BulkStrategyRunResult,
    StrategyRunCreate,
    StrategyRunList,
    StrategyRunOut,
    StrategyRunPage,
    StrategyRunUpdate,
    run_body,
)
from workstation.commands.strategies import RunName, StopRun
from workstation.domain.events import Event, RecordSaved
from workstation.domain.numbers import parse_scaled
from workstation.domain.orders import OrderState
from workstation.domain.records import StrategyDefinition, StrategyRun
from workstation.domain.records.pnl import NET_DECIMALS
from workstation.domain.records.strategies import StrategyRunStatus
from workstation.ports.run_rows import RunRowQuery
from workstation.ports.store import Reader, RecordQuery, Row
from workstation.strategies.run_terms import StartRun

routes = Routes()

_STRATEGY, _RUN = {"strategy_id": "uuid"}, {"run_id": "uuid"}
RUNS = RecordResource(
    kind=StrategyRun,
    form=ListForm(
        key="runs",
        model=StrategyRunOut,
        orderings={
            "created_at": "created_at", "started_at": "started_at", "total_pnl": "pnl_order", "status": "status",
        },
        default="-created_at",
    ),
    body=lambda call, record: run_body(record, call.services.names),
    id_name="run_id",
    place="/strategies/runs",
)  # fmt: skip
LOGS = ListForm("logs", RunLogOut, {"created_at": "created_at"}, "-created_at", by_time="created_at")
CHANGES = ListForm("changes", StrategyChangeOut, {"created_at": "created_at"}, "-created_at", by_time="created_at")
SIGNALS = ListForm(
    "signals", SignalOut, {"signal_time": "signal_time", "confidence": "confidence"}, "-signal_time",
    by_time="signal_time",
)  # fmt: skip
PERFORMANCES = ListForm(
    "performances", PerformanceOut, {"period_end": "period_end", "period_return": "period_return"}, "-period_end"
)


@routes.add(
    "GET", "/strategies/{strategy_id}/runs", scope="strategies:view", query=StrategyRunList,
    answers={200: StrategyRunPage}, form=RUNS.form, path_types=_STRATEGY,
)  # fmt: skip
async def list_strategy_runs(call: Call) -> Answer:
    """List the runs of a strategy; those of an archived one stay readable."""
    strategy_id = call.path_params["strategy_id"]
    if not await call.services.read(_is_known, call.services.reader, call.credential.tenant, strategy_id):
        raise ApiError("NOT_FOUND", "No such strategy.")
    return await _list_runs(call, strategy_id)


@routes.add(
    "GET", "/strategies/{strategy_id}/changes", scope="strategies:view", query=StrategyChangeList,
    answers={200: StrategyChangePage}, form=CHANGES, path_types=_STRATEGY,
)  # fmt: skip
async def list_strategy_changes(call: Call) -> Answer:
    """List what was changed on a strategy, when and by whom: parameters, approval, permit, limits and the rest."""
    strategy_id = call.path_params["strategy_id"]
    if not await call.services.read(_is_known, call.services.reader, call.credential.tenant, strategy_id):
        raise ApiError("NOT_FOUND", "No such strategy.")
    query = _row_query(call, CHANGES, call.credential.tenant, strategy_id)
    page = await call.services.read(call.services.reader.runs.changes, query)
    return _page(call, CHANGES, query, page, change_body)


@routes.add(
    "GET",
    "/strategies/runs",
    scope="strategies:view",
    query=AllRunsList,
    answers={200: StrategyRunPage},
    form=RUNS.form,
)
async def list_runs(call: Call) -> Answer:
    """List all runs."""
    return await _list_runs(call, call.query.strategy_definition_id)


@routes.add(
    "POST", "/strategies/{strategy_id}/runs", scope="strategies:run", body=StrategyRunCreate,
    answers={201: StrategyRunOut}, path_types=_STRATEGY,
)  # fmt: skip
async def create_run(call: Call) -> Answer:
    """Start a run of a strategy."""
    named, asked = call.path_params["strategy_id"], call.body.strategy_definition_id
    if asked not in (None, named):
        raise invalid("strategy_definition_id", "names another strategy than the path")
    await find_record(call, STRATEGIES)
    return await _start(call, named)


@routes.add(
    "POST", "/strategies/runs/bulk", scope="strategies:run", body=BulkStrategyRunCreate, key_required=True,
    answers={200: BulkStrategyRunResult, 201: BulkStrategyRunResult},
)  # fmt: skip
async def create_runs(call: Call) -> Answer:
    """Start up to 100 runs, each on its own."""
    asked: BulkStrategyRunCreate = call.body

    async def work(single: Call, index: int) -> Answer:
        single.body = validated(StrategyRunCreate, asked.runs[index], "body")
        if single.body.strategy_definition_id is None:
            raise invalid("strategy_definition_id", "is needed here")
        return await _start(single, single.body.strategy_definition_id)

    answers = await run_items(call, asked.runs, work)
    accepted = [msgspec.Raw(answer.body) for answer in answers if answer.status == 201]
    rejected = rejections(answers, asked.runs)
    return await bulk_answer(call, answers, 200 if rejected else 201, accepted, rejected)


@routes.add(
    "GET", "/strategies/runs/{run_id}", scope="strategies:view", query=RecordRead, answers={200: StrategyRunOut},
    path_types=_RUN,
)  # fmt: skip
async def get_run(call: Call) -> Answer:
    """Read a run."""
    return await read_record(call, RUNS)


@routes.change(
    "/strategies/runs/{run_id}",
    scope="strategies:run",
    body=StrategyRunUpdate,
    answers={200: StrategyRunOut},
    path_types=_RUN,
)
async def put_run(call: Call) -> Answer:
    """Change a run's limits and notes; `is_active` pauses and resumes it."""
    run: StrategyRun = await find_record(call, RUNS)
    changes = given(call.body, notes=lambda text: text or "", metadata=lambda value: value or {})
    wanted = changes.pop("is_active", None)
    if wanted is not None and wanted is not (run.status is StrategyRunStatus.RUNNING):
        name = RunName(run_id=run.id, tenant=run.tenant)
        result = await run_record_command(call, "strategy.resume" if wanted else "strategy.pause", name, None)
        if not changes:
            return record_answer(call, RUNS, 200, result.data)
    return await change_record(call, RUNS, changes, before=run)


@routes.add(
    "DELETE", "/strategies/runs/{run_id}", scope="strategies:run", answers={200: StrategyRunOut}, path_types=_RUN
)
async def delete_run(call: Call) -> Answer:
    """Stop a run."""
    return await _stop(call)


@routes.add(
    "POST", "/strategies/runs/{run_id}/stop", scope="strategies:run", answers={200: StrategyRunOut}, path_types=_RUN
)
async def stop_run(call: Call) -> Answer:
    """Stop a run; its orders are dealt with by its policy."""
    return await _stop(call)


@routes.add(
    "POST", "/strategies/runs/{run_id}/pause", scope="strategies:run", answers={200: StrategyRunOut}, path_types=_RUN
)
async def pause_run(call: Call) -> Answer:
    """Hold a run's market news back."""
    return await _verb(call, "strategy.pause", lambda run: RunName(run_id=run.id, tenant=run.tenant))


@routes.add(
    "POST", "/strategies/runs/{run_id}/resume", scope="strategies:run", answers={200: StrategyRunOut}, path_types=_RUN
)
async def resume_run(call: Call) -> Answer:
    """Let a paused run go on."""
    return await _verb(call, "strategy.resume", lambda run: RunName(run_id=run.id, tenant=run.tenant))


@routes.add(
    "GET", "/strategies/runs/{run_id}/logs", scope="strategies:view", query=RunLogList, answers={200: RunLogPage},
    form=LOGS,
    path_types=_RUN,
)  # fmt: skip
async def list_run_logs(call: Call) -> Answer:
    """List the lines of a run's log."""
    asked: RunLogList = call.query
    query = await _rows(call, LOGS, level=asked.level, event_type=asked.event_type)
    page = await call.services.read(call.services.reader.runs.logs, query)
    return _page(call, LOGS, query, page, log_body)


@routes.add(
    "GET", "/strategies/runs/{run_id}/signals", scope="strategies:view", query=SignalList, answers={200: SignalPage},
    form=SIGNALS,
    path_types=_RUN,
)  # fmt: skip
async def list_run_signals(call: Call) -> Answer:
    """List a run's signals."""
    asked: SignalList = call.query
    query = await _rows(call, SIGNALS, signal_type=asked.signal_type, symbol=asked.instrument_symbol)
    if asked.is_executed is not None:
        query = msgspec.structs.replace(query, equal={**query.equal, "is_executed": asked.is_executed})
    if asked.min_confidence is not None:
        query = msgspec.structs.replace(query, least={"confidence": parse_scaled(asked.min_confidence, 4)})
    page = await call.services.read(call.services.reader.runs.signals, query)
    return _page(call, SIGNALS, query, page, lambda row: signal_body(row, call.services.names))


@routes.add(
    "GET", "/strategies/runs/{run_id}/performance", scope="strategies:view", query=PerformanceList,
    answers={200: PerformancePage}, form=PERFORMANCES, path_types=_RUN,
)  # fmt: skip
async def list_run_performance(call: Call) -> Answer:
    """List a run's days, weeks and months."""
    asked: PerformanceList = call.query
    query = await _rows(call, PERFORMANCES, period_type=asked.period_type)
    returns = {"least": asked.min_return, "most": asked.max_return}
    ends = {"least": asked.start_date, "most": asked.end_date}
    bounds = {
        side: {
            **({} if returns[side] is None else {"period_return": parse_scaled(returns[side] or "0", 6)}),
            **({} if ends[side] is None else {"period_end": ends[side] or ""}),
        }
        for side in ("least", "most")
    }
    query = msgspec.structs.replace(query, start_ns=None, end_ns=None, **bounds)
    page = await call.services.read(call.services.reader.runs.performances, query)
    return _page(call, PERFORMANCES, query, page, performance_body)


def _is_known(reader: Reader, tenant: str, strategy_id: str) -> bool:
    """Tell whether there is such a strategy, or was one that has run."""
    if reader.record(StrategyDefinition, tenant, strategy_id) is not None:
        return True
    query = RecordQuery(tenant=tenant, equal={"strategy_id": strategy_id}, limit=1, with_count=False)
    return bool(reader.records(StrategyRun, query).rows)


async def _list_runs(call: Call, strategy_id: str | None) -> Answer:
    asked: StrategyRunList = call.query
    check_dates(call)
    equal: dict[str, Any] = {} if strategy_id is None else {"strategy_id": strategy_id}
    if asked.broker_account_id is not None:
        equal["account"] = call.services.names.account_key(asked.broker_account_id)
    if asked.user_id is not None:
        equal["user_id"] = user_key(asked.user_id)
    statuses = (*asked.statuses, asked.status) if asked.status else asked.statuses
    least, most = (
        None if value is None else parse_scaled(value, NET_DECIMALS) for value in (asked.min_capital, asked.max_capital)
    )
    query = RecordQuery(
        tenant=call.credential.tenant,
        equal={**equal, **({"status": statuses} if statuses else {})},
        between={} if least is most is None else {"capital_order": (least, most)},
        start_ns=asked.start_date,
        end_ns=asked.end_date,
        ordering=ordering_of(call, RUNS.form),
        limit=asked.limit,
        offset=asked.offset,
        with_count=asked.with_count,
    )
    page = await call.services.read(call.services.reader.records, StrategyRun, query)
    fields = chosen_fields(asked.fields, StrategyRunOut)
    bodies = [sparse(RUNS.body(call, row), fields) for row in page.rows]
    return json_answer(200, page_body(call, RUNS.form, bodies, total=page.total, has_next=page.has_next))


async def _start(call: Call, strategy_id: str) -> Answer:
    asked: StrategyRunCreate = call.body
    params = StartRun(
        strategy_id=strategy_id,
        tenant=call.credential.tenant,
        account=call.services.names.account(asked.broker_account_id).account,
        initial_capital=asked.initial_capital,
        start_date=asked.start_date,
        end_date=asked.end_date,
        max_positions=asked.max_positions,
        max_position_size=asked.max_position_size,
        max_drawdown=asked.max_drawdown,
        parameters=asked.parameters,
        notes=asked.notes or "",
        metadata=asked.metadata or {},
    )
    key = call.key

    def rows(_order: OrderState | None, event: Event) -> tuple[Row, ...]:
        if key is None or not isinstance(event, RecordSaved):
            return ()
        row = key.record(record_answer(call, RUNS, 201, event.record))
        return () if row is None else (row,)

    result = await run_record_command(call, "strategy.start", params, rows)
    answer = record_answer(call, RUNS, 201, result.data)
    stored = None if key is None else key.stored
    return stored or answer


async def _verb(call: Call, command_id: str, params: Callable[[StrategyRun], Any]) -> Answer:
    run: StrategyRun = await find_record(call, RUNS)
    result = await run_record_command(call, command_id, params(run), None)
    return record_answer(call, RUNS, 200, result.data)


async def _stop(call: Call) -> Answer:
    return await _verb(call, "strategy.stop", lambda run: StopRun(run_id=run.id, tenant=run.tenant))


async def _rows(call: Call, form: ListForm, **equal: str | None) -> RunRowQuery:
    """Return the question for one page of a run's rows."""
    run: StrategyRun = await find_record(call, RUNS)
    return _row_query(call, form, run.tenant, run.id, **equal)


def _row_query(call: Call, form: ListForm, tenant: str, owner: str, **equal: str | None) -> RunRowQuery:
    """Return the question for one page of rows. owner: id of a run, or of a strategy for its changes."""
    asked = call.query
    check_dates(call)
    ordering = ordering_of(call, form)
    return RunRowQuery(
        tenant=tenant,
        run_id=owner,
        equal={name: value for name, value in equal.items() if value is not None},
        start_ns=asked.start_date if form.by_time else None,
        end_ns=asked.end_date if form.by_time else None,
        ordering=ordering,
        limit=asked.limit,
        offset=asked.offset,
        with_count=asked.with_count,
        after_key=place_of(call, ordering, form) if form.by_time else None,
    )


def _page(call: Call, form: ListForm, query: RunRowQuery, page: Any, body: Callable[[Any], dict[str, Any]]) -> Answer:
    fields = chosen_fields(call.query.fields, form.model)
    bodies = [sparse(body(row), fields) for row in page.rows]
    last = (getattr(page.rows[-1], form.by_time), page.rows[-1].id) if page.rows and form.by_time else None
    shown = page_body(call, form, bodies, total=page.total, has_next=page.has_next, ordering=query.ordering, last=last)
    return json_answer(200, shown)
