"""Risk limits: the built-in ones and those that people add, their changes with a reason, and how risk stands.

The gate enforces what is shown here: a change of a row and of what is enforced are one transaction. With a live account
in scope only a person in the desktop loosens or removes a limit.
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from msgspec.structs import replace

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError, invalid
from workstation.api.lists import ListForm, chosen_fields, ordering_of, page_body, sparse
from workstation.api.outcomes import refused
from workstation.api.reading import read_answer
from workstation.api.records import (
    RecordResource,
    change_record,
    create_record,
    delete_record,
    etag_of,
    every_record,
    expected_version,
    given,
)
from workstation.api.routes.risk import kill_bodies
from workstation.api.schemas.limits import (
    COUNTS,
    VALUE_PLACES,
    LimitRead,
    RiskLimitCreate,
    RiskLimitList,
    RiskLimitOut,
    RiskLimitPage,
    RiskLimitRemoval,
    RiskLimitUpdate,
    RiskStatus,
    amount_text,
    limit_body,
)
from workstation.api.schemas.records import RecordRead
from workstation.api.schemas.values import money_text, time_or_none, time_text
from workstation.commands.limits import BUILT_IN, LimitUse, RiskStanding, built_in, limit_name
from workstation.commands.registry import NoParams
from workstation.domain.accounts import Environment, LockState
from workstation.domain.orders import DENIED_STATES, OrdStatus
from workstation.domain.records import ApiKey, LivePermit, RiskLimit, StrategyDefinition, StrategyRun
from workstation.domain.records.strategies import StrategyRunStatus
from workstation.ports.store import OrderQuery, Reader, RecordQuery
from workstation.risk.limits import LimitScope, LimitType, limit_id
from workstation.risk.permits import DAY, POSITION, PermitUse, cap_of

routes = Routes()

MINUTE_NS = 60_000_000_000
_UNDER_WAY = tuple(status.value for status in StrategyRunStatus if status.is_active)
_LIMIT_ID = {"limit_id": "uuid"}
_ORDERINGS = {"created_at": "created_at", "limit_type": "limit_type", "name": "name"}
LIMITS = RecordResource(
    kind=RiskLimit,
    form=ListForm(key="limits", model=RiskLimitOut, orderings=_ORDERINGS, default="-created_at"),
    body=lambda call, record: limit_body(record, call.services.names),
    id_name="limit_id",
)


@routes.add(
    "GET", "/risk/limits", scope="risk:view", query=RiskLimitList, answers={200: RiskLimitPage}, form=LIMITS.form
)
async def list_risk_limits(call: Call) -> Answer:
    """List limits, built-in ones included."""
    asked: RiskLimitList = call.query
    form, names = LIMITS.form, call.services.names
    fields, ordering = chosen_fields(asked.fields, form.model), ordering_of(call, form)
    key = asked.strategy_id
    if asked.broker_account_id is not None:
        key = names.account_key(asked.broker_account_id)
    elif asked.instrument_symbol is not None:
        key = names.symbol_key(asked.instrument_symbol)
    rows = [
        row
        for row in await call.services.read(all_limits, call.services.reader, call.credential.tenant)
        if asked.limit_type in (None, row.limit_type)
        and asked.scope in (None, row.scope)
        and key in (None, row.key)
        and asked.is_active in (None, row.is_active)
        and (asked.search or "").lower() in row.name.lower()
    ]
    rows.sort(key=lambda row: row.id, reverse=ordering[0].startswith("-"))
    for item in reversed(ordering):
        rows.sort(key=attrgetter(item.removeprefix("-")), reverse=item.startswith("-"))
    window = rows[asked.offset : asked.offset + asked.limit]
    bodies = [sparse(limit_body(row, names), fields) for row in window]
    has_next = len(rows) > asked.offset + asked.limit
    return json_answer(
        200, page_body(call, form, bodies, total=len(rows) if asked.with_count else None, has_next=has_next)
    )


@routes.add("POST", "/risk/limits", scope="risk:manage", body=RiskLimitCreate, answers={201: RiskLimitOut})
async def create_risk_limit(call: Call) -> Answer:
    """Add a limit for a scope."""
    asked: RiskLimitCreate = call.body
    names = call.services.names
    if asked.scope == "TENANT":
        known = built_in(LimitType(asked.limit_type), call.credential.tenant)
        raise ApiError("DUPLICATE", "The tenant's limit is built in; change it instead.", {"id": known.id})
    key = asked.strategy_id or ""
    if asked.broker_account_id is not None:
        key = names.account(asked.broker_account_id).account
    elif asked.instrument_symbol is not None:
        key = names.instrument(asked.instrument_symbol).symbol
    _check_term(call, asked.limit_type, asked.limit_value, asked.expires_at)
    draft = RiskLimit(
        tenant=call.credential.tenant,
        name=asked.name or limit_name(asked.limit_type, asked.scope, key),
        limit_type=asked.limit_type,
        scope=asked.scope,
        key=key,
        limit_value=asked.limit_value,
        reason=asked.reason,
        is_active=asked.is_active,
        expires_at=asked.expires_at,
    )
    return await create_record(call, LIMITS, draft)


@routes.add(
    "GET", "/risk/limits/{limit_id}", scope="risk:view", query=RecordRead, answers={200: RiskLimitOut},
    path_types=_LIMIT_ID,
)  # fmt: skip
async def get_risk_limit(call: Call) -> Answer:
    """Read a limit."""
    record = await _find(call)
    return read_answer(call, RiskLimitOut, etag_of(record), limit_body(record, call.services.names))


@routes.change(
    "/risk/limits/{limit_id}", scope="risk:manage", body=RiskLimitUpdate, answers={200: RiskLimitOut},
    path_types=_LIMIT_ID,
)  # fmt: skip
async def put_risk_limit(call: Call) -> Answer:
    """Change a limit, with a reason."""
    changes = given(call.body)
    async with call.services.order_lock(f"limit {call.path_params['limit_id']}"):
        record = await _find(call)
        if "limit_value" in changes or "expires_at" in changes:
            value = changes.get("limit_value", record.limit_value)
            _check_term(call, record.limit_type, value, changes.get("expires_at"))
            if changes.get("expires_at") is not None and record.expires_at is None:
                changes["previous_value"] = record.limit_value if record.is_active else None
        if "limit_value" in changes and "is_active" not in changes and record.is_builtin:
            changes["is_active"] = True
        _check_loosened(call, record, changes)
        return await _save(call, record, changes)


@routes.add(
    "DELETE", "/risk/limits/{limit_id}", scope="risk:manage", query=LimitRead, body=RiskLimitRemoval,
    body_optional=True, answers={204: None}, path_types=_LIMIT_ID,
)  # fmt: skip
async def delete_risk_limit(call: Call) -> Answer:
    """Remove a limit, or restore a built-in one, with a reason."""
    reason = (call.body.reason or call.query.reason or "").strip()
    if not reason:
        raise invalid("reason", "is needed to remove a limit")
    async with call.services.order_lock(f"limit {call.path_params['limit_id']}"):
        record = await _find(call)
        _check_live(call, record)
        if not record.is_builtin:
            await change_record(call, LIMITS, {"reason": reason}, before=record)
            return await delete_record(call, LIMITS)
        default = built_in(LimitType(record.limit_type), record.tenant)
        restored = {"limit_value": default.limit_value, "is_active": default.is_active, "reason": reason}
        await _save(call, record, restored | {"expires_at": None, "previous_value": None})
        return Answer(204)


@routes.add("GET", "/risk/status", scope="risk:view", answers={200: RiskStatus})
async def get_risk_status(call: Call) -> Answer:
    """Return how risk stands: what is used of each limit, kill switches, locks, arm state and live permits."""
    services = call.services
    result = await services.engine.call("risk.standing", NoParams(), call.origin)
    if not result.ok:
        raise refused(result)
    found: RiskStanding = result.data
    now = services.now_ns()
    shown = [use for use in found.limits if use.bound.type in BUILT_IN]
    tenant = call.credential.tenant
    names, uses = services.names, {row.holder: row for row in found.permits}
    environment = services.session.environment
    armed = "LIVE" if environment is Environment.LIVE else "SIM"
    body = {
        "limits": await services.read(_standings, services.reader, tenant, shown, now),
        "kill_switches": await kill_bodies(call),
        "trading_locked": [
            {
                "broker_account_id": names.account_uid(row.account),
                "reason": row.reason,
                "since": time_or_none(row.since),
                "recovering": row.state is LockState.RECONCILING,
            }
            for row in found.locked
        ],
        "arm_state": armed if found.armed else "DISARMED",
        "live_permits": await services.read(_live_permits, services.reader, tenant, uses, now),
        "timestamp": time_text(now),
    }
    return json_answer(200, body)


def all_limits(reader: Reader, tenant: str) -> list[RiskLimit]:
    """Return what people set, and the built-in limits that nobody has changed."""
    kept = every_record(reader, RiskLimit, tenant)
    changed = {row.id for row in kept}
    return kept + [row for name in BUILT_IN if (row := built_in(name, tenant)).id not in changed]


async def _find(call: Call) -> RiskLimit:
    return await find_limit(call, call.path_params["limit_id"])


async def find_limit(call: Call, wanted: str) -> RiskLimit:
    """Return a limit, a built-in one included.

    Raises:
        ApiError: 404.
    """
    rows = await call.services.read(all_limits, call.services.reader, call.credential.tenant)
    found = next((row for row in rows if row.id == wanted), None)
    if found is None:
        raise ApiError("NOT_FOUND", "No such limit.")
    return found


async def _save(call: Call, record: RiskLimit, changes: Mapping[str, Any]) -> Answer:
    """Keep a change; the first one of a built-in limit makes its record, under the id that it was shown with."""
    if record.row_version:
        return await change_record(call, LIMITS, changes, before=record)
    expected_version(call, record)
    made = await create_record(call, LIMITS, replace(record, **changes))
    headers = {name: value for name, value in made.headers.items() if name != "Location"}
    return Answer(200, made.body, headers)


def _check_term(call: Call, limit_type: str, value: str, expires_at: int | None) -> None:
    if limit_type in COUNTS and value.partition(".")[2].strip("0"):
        raise invalid("limit_value", "must be a whole number", step="1")
    if expires_at is not None and expires_at <= call.services.now_ns():
        raise invalid("expires_at", "must lie in the future")


def _check_loosened(call: Call, record: RiskLimit, changes: Mapping[str, Any]) -> None:
    after = replace(record, **{name: changes[name] for name in ("limit_value", "is_active") if name in changes})
    before_value, after_value = _weight(record), _weight(after)
    if after_value > before_value:
        _check_live(call, record)


def _weight(record: RiskLimit) -> float:
    """Return how much a limit lets through, for comparing alone."""
    plain = record.limit_value.replace(".", "").isdigit()
    return float(record.limit_value) if record.is_active and plain else float("inf")


def _check_live(call: Call, record: RiskLimit) -> None:
    accounts = call.services.names.accounts()
    covered = [row for row in accounts if record.scope != LimitScope.ACCOUNT or row.account == record.key]
    if any(row.environment is Environment.LIVE for row in covered):
        raise ApiError("DESKTOP_ONLY", "With a live account in scope, loosen or remove a limit in the desktop.")


def _standings(reader: Reader, tenant: str, uses: Sequence[LimitUse], now_ns: int) -> list[dict[str, Any]]:
    ids = {(row.limit_type, row.scope, row.key): row.id for row in all_limits(reader, tenant)}
    found = []
    for use in uses:
        kind, scope, key = use.bound.type.value, use.bound.scope.value, use.bound.key
        most, used = use.bound.value, use.used or 0
        if kind == LimitType.ORDERS_PER_MINUTE:
            used = _orders_last_minute(reader, tenant, (scope, key), now_ns)
        found.append(
            {
                "limit_id": ids.get((kind, scope, key)) or limit_id(kind, scope, key),
                "limit_type": kind,
                "scope": scope,
                "limit": amount_text(kind, most),
                "used": amount_text(kind, used),
                "headroom": amount_text(kind, max(most - used, 0)),
                "breached": used > most,
            }
        )
    return found


def _orders_last_minute(reader: Reader, tenant: str, place: tuple[str, str], now_ns: int) -> int:
    """Return how many orders of a scope were accepted in the last minute; of a strategy, those of its runs."""
    scope, key = place
    senders: list[str | None] = [None]
    if scope == LimitScope.STRATEGY:
        under_way = RecordQuery(tenant=tenant, equal={"strategy_id": key, "status": _UNDER_WAY})
        senders = [key, *(run.id for run in reader.records(StrategyRun, under_way).rows)]
    query = OrderQuery(
        statuses=tuple(status for status in OrdStatus if status not in DENIED_STATES),
        account=key if scope == LimitScope.ACCOUNT else None,
        symbol=key if scope == LimitScope.INSTRUMENT else None,
        start_ns=now_ns - MINUTE_NS,
        limit=1,
    )
    return sum(reader.orders(replace(query, strategy_id=sender)).total or 0 for sender in senders)


def _live_permits(reader: Reader, tenant: str, uses: Mapping[str, PermitUse], now_ns: int) -> list[dict[str, Any]]:
    permits = [(row.id, row.live_permit) for row in every_record(reader, ApiKey, tenant)]
    permits += [(row.id, row.live_permit) for row in every_record(reader, StrategyDefinition, tenant)]
    return [
        {
            "holder": holder,
            "expires_at": time_text(permit.expires_at),
            "caps": permit.caps,
            "used": {name: used for name, (used, _) in _standing(permit, uses.get(holder)).items()},
            "left": {name: left for name, (_, left) in _standing(permit, uses.get(holder)).items()},
        }
        for holder, permit in permits
        if permit is not None and permit.expires_at > now_ns
    ]


def _standing(permit: LivePermit, use: PermitUse | None) -> dict[str, tuple[str | None, str | None]]:
    """Return what is used of each cap that sums up, and what is left; None where it cannot be said."""
    found: dict[str, tuple[str | None, str | None]] = {}
    for name in (POSITION, DAY):
        cap, used = cap_of(name, permit.caps.get(name, "")), None if use is None else use.of(name)
        left = None if cap is None or used is None else money_text(max(cap - used, 0), VALUE_PLACES)
        if name in permit.caps:
            found[name] = (None if used is None else money_text(used, VALUE_PLACES), left)
    return found
