"""The description held to the contract of the fields: every body, every answer, every enum, range, length and default.

What differs does so on purpose: DIFFERENT and ADDED say why, and an entry that is no longer true fails as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.api_rig import served
from tests.helpers.contract_answers import ANSWERS
from tests.helpers.contract_fields import BODIES, DEFAULTS, ENUMS
from workstation.api.application import ENDPOINTS
from workstation.api.openapi import document

Fields = dict[str, str]
"""Kind of each field; `!` at its end where it is needed, `?` where it may be null."""

NOT_ALWAYS = {
    "Order.legs", "WebhookSource.secret", "HealthCheck.components", "Version.build", "Problem.hint",
    "CommandParameter.allowed", "ActionResult.data", "Subscription.secret",
}  # fmt: skip

_UNMADE = "what the program came with was made at no time"
_UNSAVED = "today's figures are the same answer, unsaved"
DIFFERENT: dict[str, tuple[str, str]] = {
    "WebhookCreate.max_retries": ("int 0..10?", "absent: the setting `webhooks.max_retries`, 3 unless changed"),
    "WebhookCreate.retry_delay_s": ("int 1..3600?", "absent: the setting `webhooks.retry_delay`, 60 unless changed"),
    "WebhookCreate.timeout_s": ("int 1..30?", "absent: the setting `webhooks.timeout`, 30 unless changed"),
    "ConfigUpdate.value": ("flag/int/number/text/list of text?!", "no setting holds anything else"),
    "Execution.order_id": ("uuid?", "a position break that is adopted is booked without an order"),
    "Execution.liquidity": ("@MAKER TAKER?", "the words of every venue are translated into these"),
    "Position.cost_method": ("@AVERAGE FIFO", "the method is a setting; AVERAGE unless changed"),
    "Position.unrealized_pnl": ("dec?", "without any price it is not known; 0 would be a lie, but for a flat position"),
    "PnlSnapshotOut.id": ("uuid?", _UNSAVED),
    "PnlSnapshotOut.created_at": ("time?", _UNSAVED),
    "PnlSnapshotOut.updated_at": ("time?", _UNSAVED),
    "PnlSnapshotOut.positions_snapshot": ("PnlPositions", "its shape is told"),
    "Strategy.max_drawdown_actual": ("dec", "0.00 before the first fall"),
    "Broker.created_at": ("time?", _UNMADE),
    "Broker.updated_at": ("time?", _UNMADE),
    "Connection.created_at": ("time?", _UNMADE),
    "Connection.updated_at": ("time?", _UNMADE),
    "BrokerAccount.created_at": ("time?", _UNMADE),
    "BrokerAccount.updated_at": ("time?", _UNMADE),
    "RiskLimitOut.limit_value": ("dec?", "a built-in limit without a value is off, and a row all the same"),
    "RiskLimitOut.strategy_id": ("text?", "a limit set in the desktop may be for a run that is named, not numbered"),
    "KillSwitch.activated_at": ("time?", "one that was never on is a row as well"),
}
"""Place of the field: what the description says, and why."""

ADDED: dict[str, tuple[str, str]] = {
    "OrderCreate": ("leg_full allow_duplicate", "a leg for the whole of its parent; the duplicate window is lifted"),
    "Order": (
        "row_version leg_full held_for held_reason taken_over_by unfilled_quantity",
        "for the ETag; why, whose",
    ),
    "PreviewLimit": ("passed message", "which of them refuses, in words"),
    "AccountCreate": ("initial_cash", "what a paper account begins with"),
    "SubscriptionUpdate": ("rotate_secret", "callbacks are signed"),
    "Subscription": ("last_error secret", "why it is in ERROR; callbacks are signed, their secret is shown once"),
    "Position": ("row_version", "the number in the ETag"),
    "Bar": ("volume_exact", "whole units cut off parts of a coin"),
    "Connection": ("last_error", "why it is in ERROR"),
    "BrokerAccount": ("trading_locked", "whether it may trade now"),
    "RiskLimitOut": ("is_builtin", "a deleted one comes back with its default"),
    "ConnectionHealth": ("open_breaks unknown_orders", "what reconciling has left to do"),
    "ApiKey": ("use_count", "which key nobody needs any more"),
    "ApiKeyCreated": ("use_count", "which key nobody needs any more"),
    "LockedAccountOut": ("recovering", "it unlocks by itself"),
    "RiskOverrideOut": ("limit_type instrument_symbol", "read without a second call"),
    "WebhookSourceCreate": ("instruments", "whose prices it may tell"),
    "WebhookSourceUpdate": ("instruments", "whose prices it may tell"),
    "WebhookSource": ("instruments", "whose prices it may tell"),
    "ConfigEntry": ("row_version is_changeable", "the number in the ETag; whether a PUT is taken"),
    "Problem": ("checks", "`/health/ready` that is not ready keeps its checks on top"),
}
"""Model: its fields beyond the contract, and why."""

OURS: dict[str, str] = {
    "HoldRefusal": "holds are released or refused by hand",
    "HoldRelease": "holds are released or refused by hand",
    "RiskLimitRemoval": "a limit is removed with a reason",
    "MarketHook": "prices that a source tells",
    "HookQuote": "prices that a source tells",
    "HookTrade": "prices that a source tells",
    "HookBar": "prices that a source tells",
    "PnlPositions": "the shape of `positions_snapshot`",
    "PnlPositionOut": "the shape of `positions_snapshot`",
    "PnlRateOut": "the shape of `positions_snapshot`",
    "ReportInfo": "a row of the list of reports",
    "ReportColumn": "a column of a report",
}
"""Models beyond the contract, and why."""

STRATEGY = {
    "name": "s", "strategy_type": "CUSTOM", "instruments": ["ABC"], "rebalance_frequency": "DAILY",
    "config": {"entry_point": "sma_cross:SmaCross"},
}  # fmt: skip

CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]"
KINDS = {
    r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$": "dec",
    rf"{CLOCK}$": "clock",
    rf"{CLOCK}(:[0-5][0-9])?$": "clock",
    r"^[A-Za-z0-9_+/-]{1,50}$": "zone",
    r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,6})?$": "tongue",
}
FORMATS = {"uuid": "uuid", "date": "date", "date-time": "time"}
DECIMAL = re.compile(r"\^(-\?)?\(0\|\[1-9\]\[0-9\]\{0,(\d+)\}\)\(\\\.\[0-9\]\{1,(\d+)\}\)\?\$")


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(document(ENDPOINTS, "1.2.3")))["components"]["schemas"]
    return found


def told(shape: dict[str, Any], schemas: dict[str, Any]) -> str:
    """Return what a schema says, in the notation of the tables."""
    if "$ref" in shape:
        name = shape["$ref"].rpartition("/")[2]
        return told(schemas[name], schemas) if "enum" in schemas[name] else name
    if "anyOf" in shape:
        kinds = [told(inner, schemas) for inner in shape["anyOf"]]
        may_be = "?" if "null" in kinds else ""
        kinds = [kind for kind in kinds if kind not in ("null", "any")]
        if any(kind.startswith("dec ") for kind in kinds):
            kinds = [kind for kind in kinds if kind != "int"]  # a whole number stands for its text
        return "/".join(kinds) + may_be
    if "const" in shape:
        return f"always {shape['const']}"
    if "enum" in shape:
        return f"@{' '.join(shape['enum'])}"
    return _plain(shape, schemas)


def _plain(shape: dict[str, Any], schemas: dict[str, Any]) -> str:
    kind = shape.get("type", "any")
    if kind == "string":
        return _text(shape)
    if kind == "integer":
        low, high = shape.get("minimum"), shape.get("maximum")
        return "int" if high is None else f"int {low}..{high}"
    if kind == "array":
        low, high = shape.get("minItems", ""), shape.get("maxItems")
        bounds = "" if high is None else f"{low}..{high} "
        return f"list {bounds}of {told(shape['items'], schemas)}"
    return {"boolean": "flag", "object": "json"}.get(kind, kind)


def _text(shape: dict[str, Any]) -> str:
    if "pattern" in shape:
        decimal = DECIMAL.fullmatch(shape["pattern"])
        if decimal is not None:
            return f"dec {int(decimal[2]) + 1 + int(decimal[3])}.{decimal[3]}{'' if decimal[1] else '+'}"
        return KINDS.get(shape["pattern"], f"like {shape['pattern']}")
    if "format" in shape:
        return FORMATS[shape["format"]]
    low, high = shape.get("minLength", 0), shape.get("maxLength")
    return "text" if high is None else f"text {high}" if low < 2 else f"text {low}..{high}"


def tables(text: str) -> dict[str, Fields]:
    """Return what a table of the contract says of each model."""
    found: dict[str, Fields] = {}
    fields: Fields = {}
    for line in text.strip().splitlines():
        if not line.startswith(" "):
            name, _, rest = line.partition(" ")
            fields = found[name] = dict(_begun(rest, found))
            continue
        kind, _, names = line.strip().rpartition(": ")
        fields |= dict.fromkeys(names.split(), re.sub(r"@(\w+)", lambda named: "@" + ENUMS[named[1]], kind))
    return found


def _begun(rest: str, found: dict[str, Fields]) -> Iterator[tuple[str, str]]:
    """Yield the fields that a block begins with: those of every record, or of a block before it less some."""
    if rest.startswith("+"):
        yield from (("id", "uuid"), ("tenant_id", "uuid"), ("created_at", "time"))
        if rest == "+updated":
            yield "updated_at", "time"
    elif rest.startswith("from "):
        base, _, less = rest.removeprefix("from ").partition(" less ")
        left = set(less.split())
        yield from ((name, kind.rstrip("!")) for name, kind in found[base].items() if name not in left)


def described(name: str, schemas: dict[str, Any], *, needed: bool) -> Fields:
    """Return what the description says of a model. needed: mark what a caller must send."""
    shape = schemas[name]
    must = set(shape.get("required", ())) if needed else set()
    return {
        field: told(inner, schemas) + ("!" if field in must else "") for field, inner in shape["properties"].items()
    }


CONTRACT = tables(BODIES) | tables(ANSWERS)


@pytest.mark.parametrize("name", CONTRACT)
def test_a_body_or_an_answer_holds_what_the_contract_says(name: str, schemas: dict[str, Any]) -> None:
    wanted, found = CONTRACT[name], described(name, schemas, needed=name in tables(BODIES))
    wrong = {
        field: (kind, found.get(field))
        for field, kind in wanted.items()
        if found.get(field) != DIFFERENT.get(f"{name}.{field}", (kind, ""))[0]
    }
    assert not wrong, f"{name}: field -> (contract, description): {wrong}"
    assert set(found) - set(wanted) == set(ADDED.get(name, ("", ""))[0].split()), name


def test_no_difference_is_listed_that_is_none() -> None:
    for place, (kind, why) in DIFFERENT.items():
        model, _, field = place.partition(".")
        assert CONTRACT[model][field] != kind, place
        assert why, place
    assert all(why for _, why in ADDED.values())


def test_every_model_is_of_the_contract_or_of_ours_with_a_reason(schemas: dict[str, Any]) -> None:
    models = {name for name, shape in schemas.items() if "properties" in shape and not name.endswith("Page")}
    assert models == CONTRACT.keys() | OURS.keys()
    assert not CONTRACT.keys() & OURS.keys()
    assert all(OURS.values())


def test_a_list_has_its_rows_the_count_and_whether_more_follow(schemas: dict[str, Any]) -> None:
    for name in (name for name in schemas if name.endswith("Page")):
        fields = described(name, schemas, needed=False)
        rows = [field for field, kind in fields.items() if kind.startswith("list of ")]
        assert len(rows) == 1, name
        rest = {field: kind for field, kind in fields.items() if field not in rows}
        rest.pop("next_cursor", None)
        assert rest == {"total_count": "int?", "has_next": "flag"}, name


def test_every_field_of_an_answer_is_always_there(schemas: dict[str, Any]) -> None:
    for name in tables(ANSWERS):
        needed = {field for field in schemas[name]["properties"] if f"{name}.{field}" not in NOT_ALWAYS}
        assert needed - set(schemas[name]["required"]) <= set(ADDED.get(name, ("", ""))[0].split()), name


def test_what_is_left_out_of_a_body_is_what_the_contract_says(schemas: dict[str, Any]) -> None:
    for line in DEFAULTS.strip().splitlines():
        name, *pairs = line.split()
        for pair in pairs:
            field, _, value = pair.partition("=")
            shape = schemas[name]["properties"][field]
            found = shape.get("default")
            assert value == (found if isinstance(found, str) else json.dumps(found)), (name, field)


def test_amounts_have_all_their_digits_and_an_empty_text_is_null(tmp_path: Path) -> None:
    with served(tmp_path) as rig:
        key = rig.http.post(
            "/api/v1/auth/api-keys", json={"name": "k", "scopes": ["orders:view"], "max_order_notional": 5}
        )
        assert key.json()["max_order_notional"] == "5.00"
        wanted = {"max_position_size": "5000", "max_daily_loss": "1.5", "max_drawdown": "20", "stop_loss": "2.50"}
        wanted |= {"take_profit": "4", "max_slippage": "0"}
        made = rig.http.post("/api/v1/strategies", json=STRATEGY | wanted).json()
        amounts = {"max_position_size": "5000.00", "max_daily_loss": "1.50", "max_drawdown": "20.00"}
        amounts |= {"stop_loss": "2.50", "take_profit": "4.00", "max_slippage": "0.00"}
        assert {name: made[name] for name in amounts} == amounts
        assert made["description"] is None
        broker = rig.http.get("/api/v1/brokers").json()["brokers"][0]["id"]
        asked = {"name": "c", "connection_type": "PAPER", "max_order_value": "5"}
        assert rig.http.post(f"/api/v1/brokers/{broker}/connections", json=asked).json()["max_order_value"] == "5.00"


def test_a_bust_names_the_row_that_it_takes_back_by_an_id_that_leads_there(tmp_path: Path) -> None:
    with served(tmp_path) as rig:
        order = rig.place()
        broker = rig.core.broker
        fills = rig.engine.do(lambda: [broker.fill(order["client_order_id"], 1, 10_000) for _ in range(2)])
        rig.engine.do(lambda: broker.bust(fills[1]))
        rows = rig.http.get(f"/api/v1/oms/orders/{order['id']}/executions").json()["executions"]
        (bust,) = (row for row in rows if row["kind"] == "BUST")
        assert rig.http.get(f"/api/v1/oms/executions/{bust['corrects']}").json()["execution_id"] == fills[1].exec_key
        told = rig.http.get("/api/v1/events", params={"types": "execution.created", "limit": 1}).json()["events"][0]
        assert told["data"]["corrects"] == bust["corrects"]
