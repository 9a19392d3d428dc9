"""Overrides: a person's leave for the next order of an account to pass one limit, and what became of each.

The gate alone uses them, in the transaction of the order's acceptance. For a live account only the desktop gives one.
"""

from collections.abc import Callable
from operator import attrgetter

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError, invalid
from workstation.api.lists import ListForm, chosen_fields, ordering_of, page_body, sparse
from workstation.api.records import every_record, run_record_command
from workstation.api.routes.limits import find_limit
from workstation.api.schemas.overrides import (
    RiskOverrideCreate,
    RiskOverrideList,
    RiskOverrideOut,
    RiskOverridePage,
    is_active,
    override_body,
)
from workstation.api.schemas.system import ActionResult
from workstation.commands.records import CreateRecord
from workstation.commands.records_risk import EXPIRY_MAX_NS
from workstation.commands.registry import Attach
from workstation.domain.accounts import Environment
from workstation.domain.events import Event, RecordSaved
from workstation.domain.orders import OrderState
from workstation.domain.records import RiskLimit, RiskOverride
from workstation.ports.store import Row

routes = Routes()

EXPIRY_NS = 15 * 60 * 1_000_000_000
"""How long an override waits for its order when nothing else is asked for."""

FORM = ListForm(
    key="overrides",
    model=RiskOverrideOut,
    orderings={"created_at": "created_at", "limit_type": "limit_type"},
    default="-created_at",
)


@routes.add(
    "GET", "/risk/overrides", scope="risk:view", query=RiskOverrideList, answers={200: RiskOverridePage}, form=FORM
)
async def list_risk_overrides(call: Call) -> Answer:
    """List overrides, used and expired ones included."""
    asked: RiskOverrideList = call.query
    services, names = call.services, call.services.names
    fields, ordering, now = chosen_fields(asked.fields, FORM.model), ordering_of(call, FORM), services.now_ns()
    symbol = None if asked.instrument_symbol is None else names.symbol_key(asked.instrument_symbol)
    fits = await _place_filter(call)
    rows = [
        row
        for row in await services.read(every_record, services.reader, RiskOverride, call.credential.tenant)
        if asked.limit_type in (None, row.limit_type)
        and asked.broker_account_id in (None, row.account_id)
        and symbol in (None, row.symbol)
        and asked.is_active in (None, is_active(row, now))
        and fits(row)
    ]
    rows.sort(key=lambda row: row.id, reverse=ordering[0].startswith("-"))
    for item in reversed(ordering):
        rows.sort(key=attrgetter(item.removeprefix("-")), reverse=item.startswith("-"))
    end = asked.offset + asked.limit
    bodies = [sparse(override_body(row, now), fields) for row in rows[asked.offset : end]]
    total = len(rows) if asked.with_count else None
    return json_answer(200, page_body(call, FORM, bodies, total=total, has_next=len(rows) > end))


@routes.add("POST", "/risk/override", scope="risk:override", body=RiskOverrideCreate, answers={200: ActionResult})
async def override_risk_limit(call: Call) -> Answer:
    """Let the next order of an account pass one limit."""
    asked: RiskOverrideCreate = call.body
    names, now = call.services.names, call.services.now_ns()
    account = names.account(asked.broker_account_id)
    if account.environment is Environment.LIVE:
        raise ApiError("DESKTOP_ONLY", "On a live account an override is given in the desktop.")
    symbol = "" if asked.instrument_symbol is None else names.instrument(asked.instrument_symbol).symbol
    expires_at = asked.expires_at or now + EXPIRY_NS
    if not now < expires_at <= now + EXPIRY_MAX_NS:
        raise invalid("expires_at", "must lie within the next 24 hours")
    limit = await find_limit(call, asked.limit_id)
    draft = RiskOverride(
        tenant=call.credential.tenant,
        limit_id=limit.id,
        limit_type=limit.limit_type,
        account=account.account,
        account_id=account.uid,
        symbol=symbol,
        reason=asked.reason,
        expires_at=expires_at,
        created_by=call.credential.user,
    )
    result = await run_record_command(call, "risk_override.create", CreateRecord(record=draft), _stored(call))
    stored = None if call.key is None else call.key.stored
    return stored or _answer(result.data, call.services.now_ns())


async def _place_filter(call: Call) -> Callable[[RiskOverride], bool]:
    """Return what tells whether the limit of an override has the scope and strategy that are asked for.

    A limit that has no row, or none any more, is one of the tenant.
    """
    asked: RiskOverrideList = call.query
    if asked.scope is None and asked.strategy_id is None:
        return lambda _row: True
    limits = await call.services.read(every_record, call.services.reader, RiskLimit, call.credential.tenant)
    places = {limit.id: (limit.scope, limit.key) for limit in limits}

    def fits(row: RiskOverride) -> bool:
        scope, key = places.get(row.limit_id, ("TENANT", ""))
        return asked.scope in (None, scope) and asked.strategy_id in (None, key if scope == "STRATEGY" else "")

    return fits


def _stored(call: Call) -> Attach | None:
    """Return what stores this call's answer with its effect, None without a key."""
    key, now_ns = call.key, call.services.now_ns
    if key is None:
        return None

    def rows(_order: OrderState | None, event: Event) -> tuple[Row, ...]:
        if not isinstance(event, RecordSaved) or not isinstance(event.record, RiskOverride):
            return ()
        row = key.record(_answer(event.record, now_ns()))
        return () if row is None else (row,)

    return rows


def _answer(record: RiskOverride, now_ns: int) -> Answer:
    text = "The next order of the account may pass the limit once."
    return json_answer(200, {"success": True, "message": text, "data": override_body(record, now_ns)})
