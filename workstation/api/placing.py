"""From bodies to the parameters of commands: names resolved, texts made exact integers, the instrument's grid checked.

Refusals before the engine, in the contract's order: unknown ids, then unsupported types, then fields off their grid.
"""

from typing import Any

from workstation.api.credentials import LOCAL_USER, LOCAL_USER_ID
from workstation.api.endpoint import Call
from workstation.api.errors import ApiError
from workstation.api.outcomes import wire_field
from workstation.api.schemas.order_bodies import core_time_in_force, kept_metadata
from workstation.api.schemas.orders import OrderCreate, OrderUpdate
from workstation.api.schemas.values import scaled_text
from workstation.commands.params import ChangeOrder, PlaceOrder
from workstation.domain.accounts import Account
from workstation.domain.errors import PrecisionLoss
from workstation.domain.instruments import Instrument
from workstation.domain.numbers import parse_scaled
from workstation.domain.orders import OrderState, OrderTerms, OrdType, Side, Trail, TrailKind
from workstation.domain.records import AccountRecord, StrategyRun
from workstation.risk.validity import Invalid, validate

KNOWN_TYPES = frozenset(OrdType)
_MESSAGES = {
    "QUANTITY_OFF_LOT": "must be a multiple of the lot",
    "PRICE_OFF_TICK": "must be on the tick grid",
    "QUANTITY_NOT_POSITIVE": "must be above 0",
    "QUANTITY_BELOW_MIN": "is below the smallest order",
    "QUANTITY_ABOVE_MAX": "is above the largest order",
    "PRICE_NOT_POSITIVE": "must be above 0",
    "TRAIL_NOT_POSITIVE": "must be above 0",
    "TRAIL_TOO_WIDE": "must be below 100",
    "EXPIRE_TIME_PAST": "must lie in the future",
}
"""What is said of a broken rule: never the value that broke it."""


def user_key(uid: str | None) -> str | None:
    """Return the core's name of a user for a filter; an unknown id matches nothing."""
    return LOCAL_USER if uid == LOCAL_USER_ID else uid


async def _account(call: Call, uid: str) -> Account | None:
    """Return an account that takes orders; None for one that is a record alone.

    Raises:
        ApiError: 404, there is no such account.
    """
    services = call.services
    try:
        return services.names.account(uid)
    except ApiError:
        if await services.read(services.reader.record, AccountRecord, call.credential.tenant, uid) is None:
            raise
    return None


def time_in_force_filter(name: str | None) -> tuple[str | None, str | None]:
    """Return the core's time in force for a filter, and the order type that goes with it where the name implies one."""
    if name in ("MOC", "LOC"):
        return "CLS", "MARKET" if name == "MOC" else "LIMIT"
    return name, None


async def place_params(call: Call, default_id: str | None = None) -> PlaceOrder:
    """Return the parameters of a new order. default_id: client order id of one that names none, drawn anew if None.

    Raises:
        ApiError: 404 unknown account, instrument, run or parent; 422 unsupported, or off the grid.
    """
    body: OrderCreate = call.body
    services = call.services
    account = await _account(call, body.broker_account_id)
    instrument = services.names.instrument(body.instrument_symbol)
    await _check_run(call, body.strategy_run_id)
    parent = await _parent(call, body.parent_order_id)
    if account is None:
        text = "No session of this program opens this account: it is kept as a record, and takes no orders."
        raise ApiError("ACCOUNT_NOT_TRADABLE", text, {"field": "broker_account_id"})
    if body.order_type not in KNOWN_TYPES:
        supported = sorted(KNOWN_TYPES)
        raise ApiError("UNSUPPORTED_ORDER", "No venue here takes this order type.", {"supported": supported})
    terms = _terms(body, instrument, account.account)
    check_grid(terms, instrument, services.now_ns())
    return PlaceOrder(
        terms=terms,
        cl_ord_id=body.client_order_id or default_id or services.session.new_cl_ord_id(),
        strategy_id=body.strategy_run_id or "",
        notes=body.notes or "",
        metadata=kept_metadata(body.metadata, body.time_in_force),
        allow_duplicate=body.allow_duplicate,
        parent="" if parent is None else parent.cl_ord_id,
        role=body.leg_role or "",
        full=body.leg_full,
    )


def change_params(call: Call, order: OrderState, body: OrderUpdate, version: int | None) -> ChangeOrder | None:
    """Return the parameters of a change of terms, None when none is asked for.

    Raises:
        ApiError: 422, a value off the grid.
    """
    given = body.model_fields_set - {"notes", "metadata"}
    if not given:
        return None
    instrument = call.services.names.instrument(order.terms.symbol)
    faults: list[dict[str, Any]] = []
    changed = ChangeOrder(
        cl_ord_id=order.cl_ord_id,
        order_qty=_scaled(body.quantity, instrument.qty_decimals, "quantity", faults),
        price=_scaled(body.price, instrument.price_decimals, "price", faults),
        stop_px=_scaled(body.stop_price, instrument.price_decimals, "stop_price", faults),
        trail=_trail(body.trailing_percent, faults),
        time_in_force=core_time_in_force(body.time_in_force) if "time_in_force" in given else None,
        expire_time=body.expire_at,
        version=version,
    )
    _refuse(faults)
    return changed


def check_grid(terms: OrderTerms, instrument: Instrument, now_ns: int) -> None:
    """Refuse terms that the instrument's grid or the calendar forbid.

    Raises:
        ApiError: 422 with every field that is wrong.
    """
    _refuse([_fault(found) for found in validate(terms, instrument, now_ns)])


async def _check_run(call: Call, run_id: str | None) -> None:
    """Refuse a run that the caller's tenant does not have; whether it takes orders now, the engine says."""
    if run_id is None:
        return
    if await call.services.read(call.services.reader.record, StrategyRun, call.credential.tenant, run_id) is None:
        raise ApiError("NOT_FOUND", "No such strategy run.", {"field": "strategy_run_id"})


async def _parent(call: Call, uid: str | None) -> OrderState | None:
    if uid is None:
        return None
    parent = await call.services.read(call.services.reader.order, uid)
    if parent is None:
        raise ApiError("NOT_FOUND", "No such parent order.", {"field": "parent_order_id"})
    return parent


def _terms(body: OrderCreate, instrument: Instrument, account: str) -> OrderTerms:
    faults: list[dict[str, Any]] = []
    terms = OrderTerms(
        symbol=instrument.symbol,
        account=account,
        side=Side(body.side),
        ord_type=OrdType(body.order_type),
        order_qty=_scaled(body.quantity, instrument.qty_decimals, "quantity", faults) or 0,
        price=_scaled(body.price, instrument.price_decimals, "price", faults),
        stop_px=_scaled(body.stop_price, instrument.price_decimals, "stop_price", faults),
        trail=_trail(body.trailing_percent, faults),
        time_in_force=core_time_in_force(body.time_in_force),
        expire_time=body.expire_at,
    )
    _refuse(faults)
    return terms


def _scaled(text: str | None, decimals: int, field: str, faults: list[dict[str, Any]]) -> int | None:
    if text is None:
        return None
    try:
        return parse_scaled(text, decimals, field=field)
    except PrecisionLoss:
        step = scaled_text(1, decimals, decimals)
        message = f"has more than {decimals} digits after the point" if decimals else "must be a whole number"
        faults.append({"field": field, "location": "body", "issue": "precision", "message": message, "step": step})
        return None


def _trail(text: str | None, faults: list[dict[str, Any]]) -> Trail | None:
    offset = _scaled(text, 2, "trailing_percent", faults)
    return None if offset is None else Trail(TrailKind.BPS, offset)


def _fault(found: Invalid) -> dict[str, Any]:
    message = _MESSAGES.get(found.code, "is not valid here")
    fault: dict[str, Any] = {
        "field": wire_field(found.field),
        "location": "body",
        "issue": found.code.lower(),
        "message": message,
    }
    if found.step:
        fault["step"] = found.step
    return fault


def _refuse(faults: list[dict[str, Any]]) -> None:
    if faults:
        first = faults[0]
        raise ApiError("VALIDATION_ERROR", f"{first['field']}: {first['message']}", {"fields": faults})
