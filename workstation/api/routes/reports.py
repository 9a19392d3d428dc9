"""Reports over committed rows, as JSON or as a CSV file. Rows are those of the resources, totals their exact sums."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, invalid
from workstation.api.lists import ListForm, memory_page
from workstation.api.records import every_record
from workstation.api.routes.limits import all_limits
from workstation.api.schemas.executions import execution_body
from workstation.api.schemas.limits import limit_body
from workstation.api.schemas.order_bodies import order_body
from workstation.api.schemas.overrides import override_body
from workstation.api.schemas.pnl import pnl_body
from workstation.api.schemas.positions import position_body
from workstation.api.schemas.records import RecordList
from workstation.api.schemas.reports import Report, ReportInfo, ReportPage, ReportQuery
from workstation.api.schemas.risk import kill_switch_body
from workstation.api.schemas.values import time_text
from workstation.domain.orders import DENIED_STATES, OrdStatus
from workstation.domain.records import PnlSnapshot, RiskOverride
from workstation.ports.store import ExecutionQuery, OrderQuery, PositionQuery, RecordQuery
from workstation.viewmodels.frames import PositionSnap
from workstation.viewmodels.reports import FORMS, Cell, ReportForm, commissions_by
from workstation.viewmodels.reports_days import day_bounds_ns, day_of

routes = Routes()

ROWS_MAX = 50_000
"""Rows of one report; a longer one is asked for in parts."""

PAGE = 500
_FORM = ListForm(key="reports", model=ReportInfo, orderings={"name": "name"}, default="name")
CSV_TYPE = "text/csv; charset=utf-8"
_PARAMETERS = ("format", "date", "start_date", "end_date", "timezone", "broker_account_id", "strategy_run_id")

Body = dict[str, Any]


class Extent(NamedTuple):
    """What a report covers: start included, end excluded, UTC ns; account and strategy by the core's names.

    marks: the newest position figures, by (account, symbol).
    """

    start: int | None
    end: int | None
    account: str | None
    strategy: str | None
    marks: Mapping[tuple[str, str], PositionSnap]


Source = Callable[[Call, Extent], Iterator[Mapping[str, Cell]]]
"""Gives the rows of a report as resources."""


@routes.add("GET", "/reports", scope="reports:view", query=RecordList, answers={200: ReportPage}, form=_FORM)
async def list_reports(call: Call) -> Answer:
    """List the reports, with their parameters and columns."""
    known = [
        {"name": form.name, "title": form.title, "parameters": list(_PARAMETERS), "columns": _columns(form)}
        for form in FORMS.values()
    ]
    return json_answer(200, memory_page(call, _FORM, known))


def _report(name: str) -> None:
    """Declare the route of one report."""
    form, source = FORMS[name], _SOURCES[name]

    async def handler(call: Call) -> Answer:
        return await call.services.read(_made, call, form, source, _extent(call))

    handler.__name__ = f"get_{name}_report"
    handler.__doc__ = f"{form.title}."
    routes.add(
        "GET", f"/reports/{name}", scope="reports:view", query=ReportQuery, answers={200: Report},
        text_types=(CSV_TYPE,),
    )(handler)  # fmt: skip


def _made(call: Call, form: ReportForm, source: Source, extent: Extent) -> Answer:
    asked: ReportQuery = call.query
    rows = form.rows_of(source(call, extent))
    if asked.format == "csv":
        headers = {"Content-Disposition": f'attachment; filename="{form.name}.csv"'}
        return Answer(200, form.csv_of(rows).encode(), headers, CSV_TYPE)
    body = {
        "name": form.name,
        "parameters": {
            "start": None if extent.start is None else time_text(extent.start),
            "end": None if extent.end is None else time_text(extent.end),
            "timezone": asked.timezone,
            "broker_account_id": asked.broker_account_id,
            "strategy_run_id": asked.strategy_run_id,
        },
        "columns": _columns(form),
        "rows": rows,
        "totals": form.totals_of(rows),
        "generated_at": time_text(call.services.now_ns()),
    }
    return json_answer(200, body)


def _extent(call: Call) -> Extent:
    """Return what the call's report covers.

    Raises:
        ApiError: 422, a day beside a span, or a span that ends before it starts.
    """
    asked: ReportQuery = call.query
    start, end = asked.start_date, asked.end_date
    if asked.date is not None:
        if start is not None or end is not None:
            raise invalid("date", "does not go with start_date and end_date", location="query")
        start, end = day_bounds_ns(asked.date, asked.timezone)
    if start is not None and end is not None and start > end:
        raise invalid("start_date", "lies after end_date", location="query")
    names = call.services.names
    account = None if asked.broker_account_id is None else names.account_key(asked.broker_account_id)
    return Extent(start, end, account, asked.strategy_run_id, dict(call.services.marks.latest()))


def _columns(form: ReportForm) -> list[Body]:
    return [{"name": column.name, "type": column.type.value} for column in form.columns]


def _pages(read: Callable[[int], Any]) -> Iterator[Any]:
    """Yield the rows of all pages; `read` gives the page at an offset.

    Raises:
        ApiError: 422, there are more than ROWS_MAX.
    """
    for offset in range(0, ROWS_MAX, PAGE):
        page = read(offset)
        yield from page.rows
        if not page.has_next:
            return
    raise invalid("start_date", f"covers more than {ROWS_MAX} rows; ask for a shorter span", location="query")


def _orders(call: Call, extent: Extent, statuses: tuple[OrdStatus, ...] = ()) -> Iterator[Body]:
    query = OrderQuery(
        statuses=statuses,
        account=extent.account,
        strategy_id=extent.strategy,
        start_ns=extent.start,
        end_ns=extent.end,
        ordering=("created_at",),
        limit=PAGE,
        with_count=False,
    )
    for order in _pages(lambda offset: call.services.reader.orders(replace(query, offset=offset))):
        yield order_body(order, call.services.names)


def _fills(call: Call, extent: Extent) -> Iterator[Body]:
    query = ExecutionQuery(
        account=extent.account,
        strategy_id=extent.strategy,
        start_ns=extent.start,
        end_ns=extent.end,
        ordering=("ts_event",),
        limit=PAGE,
        with_count=False,
    )
    for row in _pages(lambda offset: call.services.reader.executions(replace(query, offset=offset))):
        yield execution_body(row, call.services.names)


def _positions(call: Call, extent: Extent) -> Iterator[Body]:
    query = PositionQuery(account=extent.account, limit=PAGE, with_count=False)
    for row in _pages(lambda offset: call.services.reader.positions(replace(query, offset=offset))):
        yield position_body(row, extent.marks.get((row.account, row.symbol)), call.services.names)


def _pnl(call: Call, extent: Extent) -> Iterator[Body]:
    zone = call.query.timezone
    first = None if extent.start is None else day_of(extent.start, zone)
    last = None if extent.end is None else day_of(extent.end - 1, zone)
    query = RecordQuery(
        tenant=call.credential.tenant,
        equal={} if extent.account is None else {"account": extent.account},
        between={"day": (first, last)},
        ordering=("day",),
        limit=PAGE,
        with_count=False,
    )
    for row in _pages(lambda offset: call.services.reader.records(PnlSnapshot, replace(query, offset=offset))):
        yield pnl_body(row, call.services.names)


def _commissions(call: Call, extent: Extent) -> Iterator[Mapping[str, Cell]]:
    return iter(commissions_by(_fills(call, extent)))


def _risk(call: Call, extent: Extent) -> Iterator[Body]:
    names, reader = call.services.names, call.services.reader
    for row in all_limits(reader, call.credential.tenant):
        body = limit_body(row, names)
        shown = {"kind": "LIMIT", "time": body["updated_at"], "limit": body["limit_value"]}
        yield body | shown | {"state": "ACTIVE" if row.is_active else "OFF"}
    for kill in reader.kill_switches():
        body = kill_switch_body(kill, names, cancels_sent=0, unconfirmed=[])
        shown = {"kind": "KILL_SWITCH", "time": body["updated_at"], "reason": kill.reason or None}
        yield body | shown | {"state": "ON" if kill.on else "OFF"}
    now = call.services.now_ns()
    for given in every_record(reader, RiskOverride, call.credential.tenant):
        body = override_body(given, now)
        shown = {"kind": "OVERRIDE", "time": body["created_at"], "name": given.symbol or None, "scope": "ACCOUNT"}
        state = "ACTIVE" if body["is_active"] else "EXPIRED" if given.used_at is None else "USED"
        yield body | shown | {"state": state}
    for body in _orders(call, extent, tuple(sorted(DENIED_STATES))):
        shown = {"kind": "BREACH", "time": body["created_at"], "name": body["instrument_symbol"], "scope": "ACCOUNT"}
        yield {"id": body["id"], "state": body["state"], "reason": body["reject_reason"]} | shown


_SOURCES: Mapping[str, Source] = {
    "blotter": _orders,
    "fills": _fills,
    "positions": _positions,
    "pnl": _pnl,
    "commissions": _commissions,
    "risk": _risk,
}
for _name in FORMS:
    _report(_name)
