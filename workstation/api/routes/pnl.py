"""Profit and loss by day: today's figures, snapshots that are kept, and their history.

Today's snapshot is taken anew at each call; that of a past day is made from executions, once, and stands.
"""

from collections.abc import Iterator
from typing import Any

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError, invalid
from workstation.api.lists import ListForm, chosen_fields, ordering_of, page_body, sparse
from workstation.api.outcomes import refused
from workstation.api.records import RecordResource, change_record, create_record, read_record
from workstation.api.schemas.pnl import PnlList, PnlPage, PnlSnapshotCreate, PnlSnapshotOut, PnlToday, pnl_body
from workstation.api.schemas.records import RecordRead
from workstation.api.schemas.values import time_text
from workstation.commands.pnl import AccountDay
from workstation.domain.accounts import Account
from workstation.domain.executions import Execution
from workstation.domain.records import PnlSnapshot
from workstation.portfolio.day_figures import past_figures
from workstation.ports.store import ExecutionQuery, Reader, RecordQuery
from workstation.viewmodels.reports_days import day_bounds_ns

routes = Routes()

EXECUTIONS_MAX = 200_000
"""Executions that a past day may be made from; beyond it the answer would keep a reading thread for too long."""

PAGE = 500
_FIGURES = ("currency", "unrealised", "realised", "commission", "worth", "cost", "positions", "rates")
SNAPSHOTS = RecordResource(
    kind=PnlSnapshot,
    form=ListForm(
        key="snapshots",
        model=PnlSnapshotOut,
        orderings={"snapshot_date": "day", "net_pnl": "net_order"},
        default="-snapshot_date",
    ),
    body=lambda call, record: pnl_body(record, call.services.names),
    id_name="snapshot_id",
    place="/oms/pnl",
)


@routes.add("GET", "/oms/pnl", scope="pnl:view", query=PnlList, answers={200: PnlPage}, form=SNAPSHOTS.form)
async def list_pnl(call: Call) -> Answer:
    """List P&L snapshots."""
    asked: PnlList = call.query
    if asked.start_date is not None and asked.end_date is not None and asked.start_date > asked.end_date:
        raise invalid("start_date", "lies after end_date", location="query")
    form, names = SNAPSHOTS.form, call.services.names
    fields, ordering = chosen_fields(asked.fields, form.model), ordering_of(call, form)
    account = asked.broker_account_id
    query = RecordQuery(
        tenant=call.credential.tenant,
        equal={} if account is None else {"account": names.account_key(account)},
        between={"day": (asked.start_date, asked.end_date)},
        ordering=ordering,
        limit=asked.limit,
        offset=asked.offset,
        with_count=asked.with_count,
    )
    page = await call.services.read(call.services.reader.records, PnlSnapshot, query)
    bodies = [sparse(SNAPSHOTS.body(call, record), fields) for record in page.rows]
    return json_answer(200, page_body(call, form, bodies, total=page.total, has_next=page.has_next))


@routes.add("GET", "/oms/pnl/today", scope="pnl:view", query=PnlToday, answers={200: PnlSnapshotOut})
async def get_pnl_today(call: Call) -> Answer:
    """Return the figures of an account's day so far, keeping nothing."""
    account = call.services.names.account(call.query.broker_account_id)
    return json_answer(200, pnl_body(await _today(call, account), call.services.names))


@routes.add(
    "GET", "/oms/pnl/{snapshot_id}", scope="pnl:view", query=RecordRead, answers={200: PnlSnapshotOut},
    path_types={"snapshot_id": "uuid"}, tagged=True,
)  # fmt: skip
async def get_pnl(call: Call) -> Answer:
    """Read a P&L snapshot."""
    return await read_record(call, SNAPSHOTS)


@routes.add(
    "POST", "/oms/pnl/snapshot", scope="pnl:snapshot", body=PnlSnapshotCreate,
    answers={200: PnlSnapshotOut, 201: PnlSnapshotOut},
)  # fmt: skip
async def take_pnl_snapshot(call: Call) -> Answer:
    """Keep the snapshot of an account's day: today's anew at each call, a past day's once."""
    asked: PnlSnapshotCreate = call.body
    services = call.services
    account = services.names.account(asked.broker_account_id)
    today = time_text(services.now_ns())[:10]
    day = asked.snapshot_date or today
    if day > today:
        raise invalid("snapshot_date", "lies in the future")
    async with services.order_lock(f"pnl {account.account} {day}"):
        known = await services.read(_find, services.reader, call.credential.tenant, account.account, day)
        if day == today:
            taken = await _today(call, account)
        elif known is not None:
            details = {"state": "closed", "allowed": [], "id": known.id}
            raise ApiError("STATE_CONFLICT", "The snapshot of a past day is closed.", details)
        else:
            taken = await services.read(_past, services.reader, account, call.services.names.instruments, day)
        figures: dict[str, Any] = {name: getattr(taken, name) for name in _FIGURES}
        if asked.metadata is not None:
            figures["metadata"] = asked.metadata
        if known is not None:
            return await change_record(call, SNAPSHOTS, figures, before=known)
        draft = PnlSnapshot(tenant=call.credential.tenant, account=account.account, day=day, **figures)
        return await create_record(call, SNAPSHOTS, draft)


async def _today(call: Call, account: Account) -> PnlSnapshot:
    result = await call.services.engine.call("pnl.today", AccountDay(account=account.account), call.origin)
    if not result.ok:
        raise refused(result)
    found: PnlSnapshot = result.data
    return found


def _find(reader: Reader, tenant: str, account: str, day: str) -> PnlSnapshot | None:
    query = RecordQuery(tenant=tenant, equal={"account": account, "day": day}, limit=1, with_count=False)
    rows = reader.records(PnlSnapshot, query).rows
    return rows[0] if rows and isinstance(rows[0], PnlSnapshot) else None


def _past(reader: Reader, account: Account, instruments: Any, day: str) -> PnlSnapshot:
    start_ns, end_ns = day_bounds_ns(day)
    executions = executions_until(reader, account.account, end_ns)
    return past_figures(account, instruments, executions, day=day, start_ns=start_ns, end_ns=end_ns)


def executions_until(reader: Reader, account: str, end_ns: int) -> Iterator[Execution]:
    """Yield an account's executions before `end_ns`, by time.

    Raises:
        ApiError: 409, there are more than EXECUTIONS_MAX.
    """
    after: tuple[int, str] | None = None
    for _ in range(EXECUTIONS_MAX // PAGE):
        query = ExecutionQuery(
            account=account, end_ns=end_ns, ordering=("ts_event",), limit=PAGE, with_count=False, after_key=after
        )
        page = reader.executions(query)
        yield from page.rows
        if not page.has_next:
            return
        after = (page.rows[-1].ts_event, page.rows[-1].uid)
    raise ApiError("STATE_CONFLICT", f"The account has more than {EXECUTIONS_MAX} executions.", {"state": "too many"})
