"""Strategies: kept with their versions, approved for live accounts, archived when nobody runs them any more."""

from typing import Any

from workstation.api.credentials import user_key
from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer
from workstation.api.lists import ListForm, chosen_fields, ordering_of, page_body, sparse
from workstation.api.records import (
    RecordResource,
    change_record,
    create_record,
    delete_record,
    find_record,
    given,
    read_record,
    run_record_command,
)
from workstation.api.schemas.records import RecordRead
from workstation.api.schemas.strategies import (
    ApproveRequest,
    Strategy,
    StrategyCreate,
    StrategyList,
    StrategyPage,
    StrategyUpdate,
    strategy_body,
)
from workstation.api.schemas.system import ActionResult
from workstation.commands.records_strategies import withdrawing
from workstation.commands.strategies import Approve
from workstation.domain.records import StrategyDefinition
from workstation.domain.records.strategies import StrategyStatus
from workstation.ports.store import RecordQuery

routes = Routes()

_ID = {"strategy_id": "uuid"}
STRATEGIES = RecordResource(
    kind=StrategyDefinition,
    form=ListForm(
        key="strategies",
        model=Strategy,
        orderings={"name": "name", "created_at": "created_at", "total_pnl": "pnl_order", "status": "status"},
        default="name",
    ),
    body=lambda _call, record: strategy_body(record),
    id_name="strategy_id",
)


@routes.add(
    "GET", "/strategies", scope="strategies:view", query=StrategyList, answers={200: StrategyPage}, form=STRATEGIES.form
)
async def list_strategies(call: Call) -> Answer:
    """List strategies."""
    asked: StrategyList = call.query
    names = ("name", "strategy_type", "risk_profile", "is_approved")
    equal = {name: value for name in names if (value := getattr(asked, name)) is not None}
    if asked.user_id is not None:
        equal["user_id"] = user_key(asked.user_id)
    statuses = (*asked.statuses, asked.status) if asked.status else asked.statuses
    query = RecordQuery(
        tenant=call.credential.tenant,
        equal={**equal, **({"status": statuses} if statuses else {})},
        search=asked.search,
        words={"tag_words": asked.tags} if asked.tags else {},
        ordering=ordering_of(call, STRATEGIES.form),
        limit=asked.limit,
        offset=asked.offset,
        with_count=asked.with_count,
    )
    page = await call.services.read(call.services.reader.records, StrategyDefinition, query)
    fields = chosen_fields(asked.fields, Strategy)
    bodies = [sparse(strategy_body(row), fields) for row in page.rows if isinstance(row, StrategyDefinition)]
    return json_answer(200, page_body(call, STRATEGIES.form, bodies, total=page.total, has_next=page.has_next))


@routes.add("POST", "/strategies", scope="strategies:manage", body=StrategyCreate, answers={201: Strategy})
async def create_strategy(call: Call) -> Answer:
    """Add a strategy, a draft."""
    asked: StrategyCreate = call.body
    fields = asked.model_dump()
    if fields["paper_trading_only"] is None:
        fields["paper_trading_only"] = call.services.options.strategies_paper_only
    draft = StrategyDefinition(
        **{**fields, **_kept(fields)}, tenant=call.credential.tenant, user_id=call.credential.user
    )
    return await create_record(call, STRATEGIES, draft)


@routes.add(
    "GET", "/strategies/{strategy_id}", scope="strategies:view", query=RecordRead, answers={200: Strategy},
    path_types=_ID,
)  # fmt: skip
async def get_strategy(call: Call) -> Answer:
    """Read a strategy."""
    return await read_record(call, STRATEGIES)


@routes.change(
    "/strategies/{strategy_id}", scope="strategies:manage", body=StrategyUpdate, answers={200: Strategy}, path_types=_ID
)
async def put_strategy(call: Call) -> Answer:
    """Change a strategy; a change of parameters, version or config withdraws its approval and its live permit."""
    before: StrategyDefinition = await find_record(call, STRATEGIES)
    changes = given(call.body)
    changes.update((name, value) for name, value in _kept(changes).items() if name in changes)
    if "is_active" in changes:
        wanted = StrategyStatus.ACTIVE if changes.pop("is_active") else StrategyStatus.PAUSED
        changes["status"] = wanted
    return await change_record(call, STRATEGIES, withdrawing(before, changes), before=before)


@routes.add("DELETE", "/strategies/{strategy_id}", scope="strategies:manage", answers={204: None}, path_types=_ID)
async def delete_strategy(call: Call) -> Answer:
    """Archive a strategy; its runs stay readable."""
    return await delete_record(call, STRATEGIES)


@routes.add(
    "POST", "/strategies/{strategy_id}/approve", scope="risk:manage", body=ApproveRequest, body_optional=True,
    answers={200: ActionResult}, path_types=_ID,
)  # fmt: skip
async def approve_strategy(call: Call) -> Answer:
    """Approve a strategy for live accounts, as it stands."""
    record: StrategyDefinition = await find_record(call, STRATEGIES)
    reason = "" if call.body is None else call.body.reason or ""
    params = Approve(strategy_id=record.id, reason=reason, tenant=record.tenant)
    result = await run_record_command(call, "strategy.approve", params, None)
    data = {"strategy_id": record.id, "status": result.data.status}
    return json_answer(200, {"success": True, "message": result.text, "data": data})


def _kept(fields: dict[str, Any]) -> dict[str, Any]:
    """Return wire values as the record keeps them."""
    return {
        "instruments": tuple(fields.get("instruments") or ()),
        "tags": tuple(fields.get("tags") or ()),
        "metadata": fields.get("metadata") or {},
        "description": fields.get("description") or "",
    }
