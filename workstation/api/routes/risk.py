"""Kill switches: on, list, release. What a switch covers is named until each cancel is confirmed."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from workstation.api.endpoint import Call, Routes, json_answer
from workstation.api.errors import Answer, ApiError
from workstation.api.lists import ListForm, chosen_fields, ordering_of, page_body, sparse
from workstation.api.names import Names, instrument_id
from workstation.api.outcomes import refused
from workstation.api.schemas.risk import (
    CORE_SCOPES,
    KillSwitch,
    KillSwitchList,
    KillSwitchOff,
    KillSwitchOn,
    KillSwitchPage,
    kill_switch_body,
)
from workstation.api.schemas.system import ActionResult
from workstation.commands.params import Kill, LiftKill
from workstation.commands.registry import Attach
from workstation.domain.accounts import Environment, KillScope, KillState
from workstation.domain.events import Event, KillChanged
from workstation.domain.orders import OrderState, OrdStatus
from workstation.ports.store import OrderQuery, Reader, Row

T = TypeVar("T")

routes = Routes()

_FORM = ListForm(key="kill_switches", model=KillSwitch, orderings={"created_at": "created_at"}, default="-created_at")

ORDERS_LOOKED_AT_MAX = 500
"""Newest orders of a switch's scope among which its cancels are counted."""


@routes.add(
    "GET", "/risk/kill-switch", scope="risk:view", query=KillSwitchList, answers={200: KillSwitchPage}, form=_FORM
)
async def list_kill_switches(call: Call) -> Answer:
    """List kill switches."""
    asked: KillSwitchList = call.query
    services = call.services
    found = [
        state
        for state in await services.read(services.reader.kill_switches)
        if (asked.is_on is None or state.on is asked.is_on)
        and (asked.scope is None or state.scope is CORE_SCOPES[asked.scope])
    ]
    fields, ordering = chosen_fields(asked.fields, KillSwitch), ordering_of(call, _FORM)
    found.sort(key=lambda state: (state.ts, state.scope, state.key), reverse=ordering[0].startswith("-"))
    window = found[asked.offset : asked.offset + asked.limit]
    bodies = [sparse(await services.read(_body, services.reader, state, services.names), fields) for state in window]
    total, has_next = len(found) if asked.with_count else None, len(found) > asked.offset + asked.limit
    return json_answer(200, page_body(call, _FORM, bodies, total=total, has_next=has_next))


async def kill_bodies(call: Call) -> list[dict[str, Any]]:
    """Return every kill switch that is on."""
    services = call.services
    states = [state for state in await services.read(services.reader.kill_switches) if state.on]
    return [await services.read(_body, services.reader, state, services.names) for state in states]


@routes.add(
    "POST", "/risk/kill-switch", scope="risk:kill", body=KillSwitchOn, body_optional=True, answers={200: ActionResult}
)
async def switch_kill_on(call: Call) -> Answer:
    """Switch trading off for a scope, and cancel what works there."""
    asked: KillSwitchOn = call.body
    scope, key = CORE_SCOPES[asked.scope], scope_key(asked.scope, asked.scope_id, call.services.names)
    known = await _tried(_find(call, scope, key))
    if known is None or not known.on or (asked.cancel_orders and not known.cancel_orders):
        params = Kill(
            scope=scope,
            key=key,
            reason=asked.reason or "",
            cancel_orders=asked.cancel_orders,
            keep_protective=asked.keep_protective_stops,
        )
        attach = await _attach(call, "Kill switch on.", params)
        result = await call.services.engine.call("risk.kill", params, call.origin, attach=attach, on_late=_late(call))
        if not result.ok:
            raise refused(result)
        if call.key is not None and call.key.stored is not None:
            return call.key.stored
        known, text = result.data, result.text
    else:
        text = "Kill switch is on already."
    return await _action(call, known, text)


@routes.add("POST", "/risk/kill-switch/release", scope="risk:manage", body=KillSwitchOff, answers={200: ActionResult})
async def release_kill_switch(call: Call) -> Answer:
    """Release a kill switch, with a reason."""
    asked: KillSwitchOff = call.body
    scope, key = CORE_SCOPES[asked.scope], scope_key(asked.scope, asked.scope_id, call.services.names)
    _refuse_live(call, scope, key)
    known = await _find(call, scope, key)
    if known is None or not known.on:
        raise ApiError("STATE_CONFLICT", "The kill switch is not on.", {"state": "off", "allowed": ["on"]})
    params = LiftKill(reason=asked.reason, scope=scope, key=key)
    attach = await _attach(call, "Kill switch lifted.")
    result = await call.services.engine.call("risk.unkill", params, call.origin, attach=attach, on_late=_late(call))
    if not result.ok:
        raise refused(result)
    if call.key is not None and call.key.stored is not None:
        return call.key.stored
    return await _action(call, result.data, result.text)


async def _action(call: Call, state: Any, text: str) -> Answer:
    services = call.services
    body = None
    if isinstance(state, KillState):
        body = await _tried(services.read(_body, services.reader, state, services.names))
    return json_answer(200, {"success": True, "message": text, "data": body})


async def _attach(call: Call, text: str, kill: Kill | None = None) -> Attach | None:
    """Return what stores this call's answer with its effect, None without a key.

    That answer names the orders which the switch is about to cancel: when it goes out, none is confirmed yet.
    """
    key, names = call.key, call.services.names
    if key is None:
        return None
    asked = await _tried(call.services.read(_to_cancel, call.services.reader, kill)) if kill is not None else []

    def rows(_order: OrderState | None, event: Event) -> tuple[Row, ...]:
        if not isinstance(event, KillChanged):
            return ()
        body = None
        if asked is not None:
            body = kill_switch_body(event.state, names, cancels_sent=len(asked), unconfirmed=asked)
        row = key.record(json_answer(200, {"success": True, "message": text, "data": body}))
        return () if row is None else (row,)

    return rows


def _to_cancel(reader: Reader, kill: Kill) -> list[str]:
    """Return the ids of the open orders that a switch will cancel, the newest ORDERS_LOOKED_AT_MAX of its scope."""
    if not kill.cancel_orders:
        return []
    orders = reader.orders(_scope_query(kill.scope, kill.key, is_open=True)).rows
    return [order.uid for order in orders if not (kill.keep_protective and order.is_protective)]


async def _tried(reading: Awaitable[T]) -> T | None:
    """Return what a read gives, None when it fails: a kill switch works while the database does not."""
    (found,) = await asyncio.gather(reading, return_exceptions=True)
    return None if isinstance(found, BaseException) else found


async def _find(call: Call, scope: KillScope, key: str) -> KillState | None:
    states = await call.services.read(call.services.reader.kill_switches)
    return next((state for state in states if state.scope is scope and state.key == key), None)


def _late(call: Call) -> Any:
    key = call.key
    return None if key is None else lambda _result: key.finish(None)


def _refuse_live(call: Call, scope: KillScope, key: str) -> None:
    """With a live account in scope only a person in the desktop may loosen anything."""
    covered = [a for a in call.services.names.accounts() if scope is not KillScope.ACCOUNT or a.account == key]
    if any(account.environment is Environment.LIVE for account in covered):
        raise ApiError("DESKTOP_ONLY", "With a live account in scope, release it in the desktop.")


def scope_key(scope: str, scope_id: str | None, names: Names) -> str:
    """Return the core's key of a scope, "" without an id.

    Raises:
        ApiError: 404, no such account or instrument.
    """
    if scope_id is None:
        return ""
    if scope == "ACCOUNT":
        return names.account(scope_id).account
    if scope == "INSTRUMENT":
        found = next((symbol for symbol in names.instruments if instrument_id(symbol) == scope_id), None)
        if found is None:
            raise ApiError("NOT_FOUND", "No such instrument.", {"field": "scope_id"})
        return found
    return scope_id


def _body(reader: Reader, state: KillState, names: Names) -> dict[str, Any]:
    orders = _covered(reader, state) if state.on else []
    sent = [o for o in orders if (o.cancel_requested_at or o.cancelled_at or 0) >= state.ts]
    waiting = [o.uid for o in orders if o.status is OrdStatus.PENDING_CANCEL or (o.is_open and o.cancel_requested_at)]
    return kill_switch_body(state, names, cancels_sent=len(sent), unconfirmed=waiting)


def _covered(reader: Reader, state: KillState) -> tuple[OrderState, ...]:
    """Return the newest orders of a switch's scope that changed since it went on."""
    rows = reader.orders(_scope_query(state.scope, state.key)).rows
    return tuple(order for order in rows if order.updated_at >= state.ts)


def _scope_query(scope: KillScope, key: str, *, is_open: bool | None = None) -> OrderQuery:
    return OrderQuery(
        is_open=is_open,
        account=key if scope is KillScope.ACCOUNT else None,
        symbol=key if scope is KillScope.SYMBOL else None,
        strategy_id=key if scope is KillScope.STRATEGY else None,
        ordering=("-updated_at",),
        limit=ORDERS_LOOKED_AT_MAX,
        with_count=False,
    )
