"""Positions. Read-only; marks are the newest that the engine has given."""

from typing import Any

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError
from workstation.api.lists import ListForm, chosen_fields, ordering_of, page_body, sparse, windowed
from workstation.api.reading import read_answer
from workstation.api.schemas.positions import (
    Position,
    PositionList,
    PositionPage,
    PositionRead,
    position_body,
    position_id,
)
from workstation.domain.executions import PositionState
from workstation.ports.store import PositionQuery, Reader

routes = Routes()

POSITIONS_SORTED_MAX = 10_000
"""Positions that are sorted here by what only the marks know: market value and open profit."""

PAGE = 500
_BY_MARK = ("market_value", "unrealized_pnl")
FORM = ListForm(
    key="positions",
    model=Position,
    orderings={
        "instrument_symbol": "symbol",
        "quantity": "qty",
        "last_updated": "updated_at",
        **{name: name for name in _BY_MARK},
    },
    default="instrument_symbol",
)


@routes.add("GET", "/oms/positions", scope="positions:view", query=PositionList, answers={200: PositionPage}, form=FORM)
async def list_positions(call: Call) -> Answer:
    """List positions."""
    asked: PositionList = call.query
    fields, ordering = chosen_fields(asked.fields, Position), ordering_of(call, FORM)
    names, marks = call.services.names, dict(call.services.marks.latest())
    by_mark = ordering[0].removeprefix("-") in _BY_MARK
    query = PositionQuery(
        symbol=None if asked.instrument_symbol is None else names.symbol_key(asked.instrument_symbol),
        account=None if asked.broker_account_id is None else names.account_key(asked.broker_account_id),
        has_position=asked.has_position,
        ordering=("symbol",) if by_mark else tuple(name for name in ordering if name.removeprefix("-") not in _BY_MARK),
        limit=asked.limit,
        offset=asked.offset,
        with_count=asked.with_count,
    )

    def shown(row: PositionState) -> dict[str, Any]:
        return position_body(row, marks.get((row.account, row.symbol)), names)

    def read() -> Answer:
        if by_mark:
            bodies = _by_mark([shown(row) for row in _all(call.services.reader, query)], ordering[0])
            window, has_next = windowed(bodies, asked.limit, asked.offset, lambda body: sparse(body, fields))
            total = len(bodies) if asked.with_count else None
            return json_answer(200, page_body(call, FORM, window, total=total, has_next=has_next))
        page = call.services.reader.positions(query)
        rows = [sparse(shown(row), fields) for row in page.rows]
        return json_answer(200, page_body(call, FORM, rows, total=page.total, has_next=page.has_next))

    return await call.services.read(read)


def _all(reader: Reader, query: PositionQuery) -> list[PositionState]:
    rows: list[PositionState] = []
    for offset in range(0, POSITIONS_SORTED_MAX, PAGE):
        page = reader.positions(
            PositionQuery(
                symbol=query.symbol,
                account=query.account,
                has_position=query.has_position,
                limit=PAGE,
                offset=offset,
                with_count=False,
            )
        )
        rows += page.rows
        if not page.has_next:
            break
    return rows


def _by_mark(bodies: list[dict[str, Any]], ordering: str) -> list[dict[str, Any]]:
    """Return bodies sorted by a money field, what is unpriced last."""
    name, descending = ordering.removeprefix("-"), ordering.startswith("-")
    priced = [body for body in bodies if body[name] is not None]
    priced.sort(key=lambda body: (_cents(body[name]), body["id"]), reverse=descending)
    return priced + [body for body in bodies if body[name] is None]


def _cents(text: str) -> int:
    return int(text.replace(".", ""))


@routes.add(
    "GET", "/oms/positions/{position_id}", scope="positions:view", query=PositionRead, answers={200: Position},
    path_types={"position_id": "uuid"}, tagged=True,
)  # fmt: skip
async def get_position(call: Call) -> Answer:
    """Read a position; its tag changes with its mark too."""
    wanted = call.path_params["position_id"]
    rows = await call.services.read(_all, call.services.reader, PositionQuery())
    row = next((row for row in rows if position_id(row.account, row.symbol) == wanted), None)
    if row is None:
        raise ApiError("NOT_FOUND", "No such position.")
    body = position_body(row, call.services.marks.latest().get((row.account, row.symbol)), call.services.names)
    marked = "" if body["market_price"] is None else f".{body['market_price']}.{body['unrealized_pnl']}"
    return read_answer(call, Position, f'"v{row.version}{marked}"', body)
