"""The provenance page: origin, quote, rules, family, messages and timeline, each from what was recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from tests.helpers.desktop_rig import ACCOUNT, START_NS, limit, order, stock
from workstation.domain.events import (
    OrderAccepted,
    OrderCreated,
    OrderDenied,
    OrderFilled,
    OrderHandedOver,
    OrderIntended,
    OrderSent,
)
from workstation.domain.executions import Execution
from workstation.domain.orders import (
    Contingency,
    GroupLink,
    LegRole,
    OrderState,
    OrdStatus,
    Origin,
    OriginKind,
    ReferencePrice,
    RequestKind,
    RiskClass,
    Side,
    SubmitOrder,
)
from workstation.domain.verdicts import DenialKind, RuleResult, Verdict
from workstation.ports.stories import OrderStory, StoryLine
from workstation.viewmodels.preview import PREVIEW_KEY, VERSIONS_KEY
from workstation.viewmodels.provenance import Fact, Provenance, Section, as_json, as_text, provenance_of

MS = 1_000_000
KEY = Origin(kind=OriginKind.HOTKEY, detail="Shift+F1", user="ada", ts_gesture=5_000 * MS)


def rule(code: str = "PRICE_COLLAR", *, passed: bool = True) -> RuleResult:
    text = "Refused: price collar. 187.95 is 31t through ask 187.64; limit 25t."
    return RuleResult(
        code=code, passed=passed, kind=DenialKind.RISK, value="31t", limit="25t", headroom="0t", text=text
    )


def filled() -> OrderState:
    return order(
        "OMS-1",
        state=OrdStatus.FILLED,
        origin=KEY,
        cum_qty=100,
        reference=ReferencePrice(18_719, 18_721, None, 40, fresh=True),
        metadata={PREVIEW_KEY: "BUY 100 AAPL LIMIT 187.15 DAY"},
        ts_intent=START_NS + 1 * MS,
        ts_durable=START_NS + 3 * MS,
        ts_sent=START_NS + 4 * MS,
        ts_acked=START_NS + 9 * MS,
        updated_at=START_NS + 20 * MS,
    )


def lines(*events: object) -> tuple[StoryLine, ...]:
    return tuple(
        StoryLine(
            seq=40 + n,
            epoch=2,
            ts_wall=event.ts,
            ts_mono=event.ts - START_NS + 5_002 * MS,
            actor=KEY.actor,
            event=event,
        )
        for n, event in enumerate(events)
    )


def whole_story() -> OrderStory:
    command = SubmitOrder(cl_ord_id="OMS-1", uid="u", terms=limit(qty=250), origin=KEY)
    verdict = Verdict(risk_class=RiskClass.INCREASE, passed=True, qty=100, results=(rule(),))
    fill = Execution(
        exec_key="k", exec_id="E-7", uid="x", cl_ord_id="OMS-1", order_id="V-1", account=ACCOUNT, symbol="AAPL",
        side=Side.BUY, last_qty=100, last_px=18_715, fee=0, fee_currency="USD", ts_event=0, ts_init=0, venue_seq=1,
    )  # fmt: skip
    return OrderStory(
        order=filled(),
        lines=lines(
            OrderCreated(cl_ord_id="OMS-1", ts=START_NS, command=command),
            OrderIntended(cl_ord_id="OMS-1", ts=START_NS + MS, verdict=verdict, qty=100, epoch=2),
            OrderSent(cl_ord_id="OMS-1", ts=START_NS + 4 * MS, request=RequestKind.SUBMIT),
            OrderAccepted(cl_ord_id="OMS-1", ts=START_NS + 9 * MS, order_id="V-1", ts_event=0),
            OrderFilled(cl_ord_id="OMS-1", ts=START_NS + 20 * MS, execution=fill),
        ),
    )


def page(
    story: OrderStory | None = None, names: Mapping[str, str] = MappingProxyType({}), **orders: OrderState
) -> Provenance:
    return provenance_of(story or whole_story(), stock(), orders, version="9.9", names=names)


def facts(made: Provenance, title: str) -> dict[str, Fact]:
    return {fact.name: fact for section in made.sections if section.title == title for fact in section.facts}


def test_the_origin_names_key_press_time_and_what_stood_on_screen() -> None:
    origin = facts(page(), "Origin")
    assert (origin["Came"].value, origin["Key"].value) == ("by hand, with a key", "Shift+F1")
    assert origin["Pressed"].value == "2024-01-02T14:59:59.998000000Z"
    assert origin["Shown before"].value == "BUY 100 AAPL LIMIT 187.15 DAY"
    assert origin["Asked"].value.startswith("BUY 250 AAPL LIMIT 187.15")


def test_a_foreign_order_is_called_foreign() -> None:
    story = OrderStory(order=order(origin=Origin(kind=OriginKind.EXTERNAL, detail="client 7")), lines=())
    origin = facts(page(story), "Origin")
    assert origin["Came"].value.startswith("foreign")
    assert origin["Client"].value == "client 7"


def test_a_script_s_key_stands_by_its_name_and_neither_name_nor_id_leaves_in_a_redacted_export() -> None:
    story = OrderStory(order=order(origin=Origin(kind=OriginKind.REST, detail="key-77")), lines=())
    assert facts(page(story), "Origin")["Token"].value == "key-77"
    made = page(story, {"key-77": "night robot"})
    token = facts(made, "Origin")["Token"]
    assert (token.value, token.note) == ("night robot", "key-77")
    assert not any(secret in as_json(made) for secret in ("night robot", "key-77"))


def test_a_run_stands_by_its_name_with_its_id_beside_it_and_so_does_the_strategy_a_script_names() -> None:
    names = {"run-7": "Reversion 3", "strategy-1": "Reversion"}
    by_run = OrderStory(
        order=order(origin=Origin(kind=OriginKind.STRATEGY, detail="run-7"), strategy_id="run-7"), lines=()
    )
    told = facts(page(by_run, names), "Origin")["Strategy"]
    assert (told.value, told.note) == ("Reversion 3", "run-7")
    by_script = OrderStory(
        order=order(origin=Origin(kind=OriginKind.REST, detail="key-77"), strategy_id="strategy-1"), lines=()
    )
    told = facts(page(by_script, names), "Origin")["Strategy"]
    assert (told.value, told.note) == ("Reversion", "strategy-1")
    assert facts(page(by_run), "Origin")["Strategy"].value == "run-7"


def test_the_quote_used_stands_with_its_age_and_a_missing_price_as_a_dash() -> None:
    quote = facts(page(), "Quote used")
    assert [quote[name].value for name in ("Bid", "Ask", "Last", "Age")] == ["187.19", "187.21", "—", "40 ms"]


def test_each_rule_stands_with_value_limit_and_outcome() -> None:
    rules = facts(page(), "Rules")
    assert rules["Class"].value == "INCREASE"
    assert (rules["PRICE_COLLAR"].value, rules["PRICE_COLLAR"].note) == ("passed 31t", "limit 25t, headroom 0t")


def test_a_refusal_stands_with_its_sentence() -> None:
    denied = OrderDenied(cl_ord_id="OMS-1", ts=START_NS, kind=DenialKind.RISK, rule=rule(passed=False))
    story = OrderStory(order=order(state=OrdStatus.RISK_REJECTED), lines=lines(denied))
    found = facts(page(story), "Rules")["PRICE_COLLAR"]
    assert (found.value, found.level) == ("refused 31t", "bad")
    assert "31t through ask" in found.note


def test_the_family_names_parent_children_and_the_replaced_order() -> None:
    parent = order("OMS-1", replaces="OMS-0")
    leg = order("OMS-2", link=GroupLink("G", Contingency.BRACKET, LegRole.STOP_LOSS, "OMS-1"))
    other = order("OMS-9", link=GroupLink("H", Contingency.OCO, LegRole.OCO))
    screen = {o.cl_ord_id: o for o in (parent, leg, other)}
    family = facts(provenance_of(OrderStory(order=parent, lines=()), stock(), screen, version=""), "Family")
    assert {name: fact.order for name, fact in family.items()} == {"Child": "OMS-2", "Replaces": "OMS-0"}
    family = facts(provenance_of(OrderStory(order=leg, lines=()), stock(), screen, version=""), "Family")
    assert (family["Parent"].order, family["Parent"].note) == ("OMS-1", "BRACKET STOP_LOSS")


def test_messages_say_their_way_and_who_caused_them() -> None:
    section = next(section for section in page().sections if section.title == "Messages")
    assert [fact.value for fact in section.facts] == ["here", "here", "→ venue", "← venue", "← venue"]
    assert section.facts[-1].note == "fill BUY 100 at 187.15, execution E-7  · HOTKEY:ada"


def test_the_timeline_runs_from_the_key_to_the_fill() -> None:
    timeline = facts(page(), "Timeline")
    assert list(timeline)[:3] == ["Key or click", "Order created", "Gate decided"]
    assert timeline["Order created"].note == "+2.000 ms, 2.000 ms in all"
    assert timeline["Acknowledged"].note == "+5.000 ms, 11.000 ms in all"
    assert timeline["First fill"].note == "+11.000 ms, 22.000 ms in all"


def test_a_gap_of_the_record_is_named() -> None:
    story = OrderStory(order=order(), lines=(), gap="The journal no longer holds this order's lines.")
    assert facts(page(story), "Record")["Gap"].level == "warning"


def test_what_was_in_force_is_told_as_it_was_noted_with_the_order() -> None:
    noted = order(metadata={VERSIONS_KEY: "program 0.9, settings 0a1b2c3d4e5f, keys 99aa88bb77cc"})
    told = facts(page(OrderStory(order=noted, lines=())), "Versions")
    assert [told[name].value for name in ("Program", "Settings", "Keys")] == ["0.9", "0a1b2c3d4e5f", "99aa88bb77cc"]
    ran = {"strategy": "Cross", "version": "3", "code": "ab" * 32}
    by_code = order(origin=Origin(kind=OriginKind.STRATEGY, detail="R1"), metadata=ran)
    told = facts(page(OrderStory(order=by_code, lines=())), "Versions")
    assert (told["Strategy code"].value, told["Strategy version"].value) == ("ab" * 8, "3")
    assert "code" not in facts(page(OrderStory(order=by_code, lines=())), "Origin")
    assert facts(page(OrderStory(order=order(), lines=())), "Versions")["Versions"].value == "—"


def test_the_copied_text_holds_every_fact() -> None:
    made = page()
    text = as_text(made)
    assert all(fact.value in text and fact.note in text for section in made.sections for fact in section.facts)


def test_the_screen_then_goes_with_the_copied_text_and_the_export_redacted_alike() -> None:
    then = tuple(
        Section(f"15:00:00.00{n} UTC, as it was placed", (Fact("Position", "7", f"in {ACCOUNT}"),)) for n in range(2)
    )
    made = msgspec.structs.replace(page(), then=(*then, then[0]))
    text = as_text(made)
    assert text.count("Screen then, 15:00:00.000 UTC, as it was placed\n  Position  7  in SIM-1") == 2
    assert "Screen then, 15:00:00.001 UTC" in text
    told = json.loads(as_json(made))["screen_then"]
    assert [each["decision"][:12] for each in told] == ["15:00:00.000", "15:00:00.001", "15:00:00.000"]
    assert told[0]["facts"] == [{"name": "Position", "value": "7", "note": "in redacted"}]


def test_a_redacted_export_names_neither_account_nor_person() -> None:
    plain, redacted = as_json(page(), redact=False), as_json(page())
    assert ACCOUNT in plain
    assert "ada" in plain
    assert ACCOUNT not in redacted
    assert "ada" not in redacted
    assert json.loads(redacted)["sections"]["Rules"][1]["value"] == "passed 31t"


def test_who_took_an_order_of_a_strategy_over_and_who_gave_it_back_stands_with_its_origin() -> None:
    story = whole_story()
    pat = Origin(kind=OriginKind.CHART, detail="drag", user="pat")
    handed = lines(
        OrderHandedOver(cl_ord_id="OMS-1", ts=START_NS + 30 * MS, owner="pat", origin=pat),
        OrderHandedOver(cl_ord_id="OMS-1", ts=START_NS + 90 * MS, owner="", origin=pat),
    )
    made = page(OrderStory(order=story.order, lines=(*story.lines, *handed)))
    origin = facts(made, "Origin")
    assert origin["Taken over"].value.endswith("by pat, by hand, on the chart")
    assert origin["Taken over"].note == "its run leaves it alone"
    assert origin["Given back"].value.endswith("by pat, by hand, on the chart")
    assert "taken over from its strategy by pat" in as_text(made)
