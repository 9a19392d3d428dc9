"""Tools around the key file: lint finds, a dry run sends nothing, an import maps what it can and names the rest."""

import json
from fractions import Fraction

import msgspec
import pytest

from tests.helpers.source_tree import ROOT
from workstation.commands.screen import SCREEN_COMMANDS
from workstation.domain.expressions.vocabulary import TRADING
from workstation.risk.rules.armed import Armed
from workstation.viewmodels.hotkey_binds import parse_keys
from workstation.viewmodels.hotkey_das import import_das
from workstation.viewmodels.hotkey_dry_run import dry_run, focus_of, read_scene
from workstation.viewmodels.hotkey_file import read_hotkeys
from workstation.viewmodels.hotkey_lint import SHADOWS, lint
from workstation.viewmodels.hotkey_snapshot import snapshot_of
from workstation.viewmodels.hotkeys import not_armed

SHIPPED = read_hotkeys((ROOT / "resources" / "hotkeys" / "default.toml").read_text())
SCENE = {
    "symbol": "AAPL",
    "bid": "187.19",
    "ask": "187.21",
    "cursor": "186.71",
    "equity": "100000",
    "buying_power": "400000",
    "max_qty": "10000",
}


def bind(keys, do="arm", name="a", **fields):
    lines = [f"{key} = {value}" for key, value in fields.items()]
    return "\n".join(["[[bind]]", f'id = "{name}"', f'keys = "{keys}"', f'do = "{do}"', *lines, ""])


def findings(*binds, layout="us"):
    return [finding.text for finding in lint(read_hotkeys("version = 1\n" + "".join(binds)), layout)]


def tried(keys, **changes):
    scene = read_scene(json.dumps({**SCENE, **changes}))
    binds = [one for one in SHIPPED.binds if one.keys == parse_keys(keys)]
    return dry_run(binds, SHIPPED, focus_of(scene), focus_age_ms=scene.focus_age_ms)


def test_the_shipped_keys_are_clean():
    assert lint(SHIPPED) == []


@pytest.mark.parametrize(
    ("binds", "text"),
    [
        ([bind("F5"), bind("F5", name="b", when='"long"')], "never reached: 'a' has F5 without a 'when'"),
        ([bind("Ctrl+J"), bind("Ctrl+J B", name="b")], "Ctrl+J is a key of its own and a leader ('a')"),
        ([bind("Ctrl+C")], "Ctrl+C shadows copy and paste in every field"),
        ([bind("B")], "B shadows typing outside of fields"),
        ([bind("F13")], "F13 is not on most keyboards"),
        ([bind("F5", when='"long and short"')], "'when' is never true: long and short"),
        ([bind("F5", when='"armed and not armed"')], "'when' is never true"),
        ([bind("F5", "buy_limit", price='"ask"', qty='"bp / ask"')], "sized by bp without max_qty"),
        ([bind("F9", "flatten", when='"spread < 3t"')], "an exit must not wait for quotes: its 'when' reads spread"),
        (
            [
                bind(
                    "F5",
                    "buy_limit",
                    price='"ask + 2t"',
                    qty='"min(risk_cash / (ask - cursor), max_qty)"',
                    attach='[{ do = "stop", price = "cursor - 1t" }]',
                )
            ],
            "risk is divided by ask - cursor, which is not the distance from entry ask + 2t to stop cursor - 1t",
        ),
    ],
)
def test_lint_names_each_fault(binds, text):
    assert any(found.startswith(text) or text in found for found in findings(*binds))


def test_lint_knows_every_key_of_the_menus():
    assert {key for command in SCREEN_COMMANDS for key in command.keys} <= SHADOWS.keys()


def test_lint_knows_the_keyboard_and_leaves_conditions_that_can_hold_alone():
    assert findings(bind("[")) == []
    assert findings(bind("["), layout="de") == ["[ needs AltGr on a de keyboard, which is no modifier here"]
    assert findings(bind("F5", when='"long and not armed"')) == []


def test_lint_leaves_disabled_binds_alone_and_names_the_line():
    assert findings(bind("Ctrl+C", enabled="false")) == []
    (found,) = lint(read_hotkeys("version = 1\n\n" + bind("Ctrl+C")))
    assert str(found).startswith("line 3: a: ")


def test_a_dry_run_tells_the_order_what_it_read_its_class_and_each_interlock():
    told = tried("F5", armed="SIM")
    assert told.intent == "BUY 471 AAPL LIMIT 187.23 DAY · STOP-LOSS 186.70 · TAKE-PROFIT 188.21 · SIM-1"
    assert told.risk_class == "INCREASE"
    assert dict(told.values)["risk_cash"] == "250"
    assert len(told.steps) == 10
    assert told.steps[4] == "class      pass"
    assert "nothing sent" in told.steps[9]


def test_money_to_risk_that_is_said_by_itself_is_absent():
    text = 'version = 1\n[defaults]\nrisk_cash = "risk_cash * 2"\n'
    file = read_hotkeys(text + bind("F5", "buy_limit", price='"ask"', qty='"risk_cash / (ask - cursor)"'))
    told = dry_run(file.binds, file, focus_of(read_scene(json.dumps(SCENE))))
    assert told.intent.startswith("Refused: risk_cash is absent: set risk_cash under [defaults]")


def test_every_name_of_the_language_is_read_where_it_is_known_and_left_out_where_not():
    scene = {**SCENE, "last": "187.20", "position": "100", "average": "187.00", "armed": "SIM"}
    values = snapshot_of(focus_of(read_scene(json.dumps(scene))), SHIPPED.expressions["risk_cash"]).values
    absent = {"hod", "lod", "vwap", "open_risk"}  # a scene has no day and no stop
    assert TRADING.keys() - values.keys() == absent
    assert len(values) == len(TRADING) - len(absent)
    assert {name: values[name] for name in ("mid", "spread", "avg", "max_qty", "long")} == {
        "mid": Fraction("187.20"), "spread": Fraction("0.02"), "avg": 187, "max_qty": 10_000, "long": True,
    }  # fmt: skip


def test_a_dry_run_says_the_gates_words_where_entry_is_not_armed():
    assert tried("F5").steps[4].endswith(not_armed("SIM"))


def test_the_words_on_arming_are_the_gates_own():
    source = (ROOT / "workstation" / "risk" / "rules" / "armed.py").read_text()
    assert Armed.code == "NOT_ARMED"
    assert not_armed("{name}") in source


@pytest.mark.parametrize(
    ("keys", "changes", "intent", "risk_class"),
    [
        ("F9", {"position": "100"}, "Flattening long 100 AAPL", "REDUCE"),
        ("F4", {"position": "100", "preset": 100}, "SELL 100 AAPL LIMIT 187.21 DAY · SIM-1", "REDUCE"),
        ("F1", {"bid": ""}, "Refused: bid is absent. AAPL has no bid; wait for a quote.", "INCREASE"),
        ("Ctrl+K", {}, "run view.palette", "none"),
        ("F7", {"position": "100", "average": "187.00"}, "stage SELL 100 AAPL STOP 187.01", "REDUCE"),
    ],
)
def test_a_dry_run_classes_what_a_key_does(keys, changes, intent, risk_class):
    told = tried(keys, **changes)
    assert told.intent.startswith(intent)
    assert told.risk_class == risk_class


def test_a_dry_run_names_a_focus_that_moved_and_a_stale_quote():
    told = tried("F1", focus_age_ms=120, freshness="STALE")
    assert told.steps[2] == "focus      refused: the focus moved 120 ms"
    assert told.steps[5] == "fresh      refused: STALE"


def test_a_scene_with_an_unknown_field_is_refused():
    with pytest.raises(msgspec.ValidationError, match="bidd"):
        read_scene('{"symbol": "AAPL", "bidd": "1"}')


DAS = """
F1:Buy 100:ROUTE=LIMIT;Price=Ask+0.05;Share=100;TIF=DAY+;BUY=Send
F2:Half:ROUTE=SMRT;Share=Pos*0.5;Price=Bid-0.02;SELL=Send
F4:Cancel:CXL ALLSYMB
Alt+B:Alt:Price=Ask;Share=100;BUY=Send
F3:Toggle:TogSShare
F6:Market:Share=100;BUY=Send
F7:Short:Price=Bid;Share=100;SHORT=Send
no line at all
"""


def test_the_plain_subset_of_das_keys_becomes_disabled_binds_and_the_rest_is_listed_with_reasons():
    found = import_das(DAS)
    file = read_hotkeys(found.text)
    assert found.binds == len(file.binds) == 3
    assert not any(one.enabled for one in file.binds)
    first, second, third = file.binds
    assert (first.do, str(first.expressions["price"]), str(first.expressions["qty"])) == (
        "buy_limit",
        "ask + 5t",
        "100",
    )
    assert (second.do, str(second.expressions["portion"])) == ("exit", "50%")
    assert third.do == "cancel_focus"
    assert [left.line for left in found.unmapped] == [5, 6, 7, 8, 9]
    assert "Alt" in found.unmapped[0].reason
    assert "no price" in found.unmapped[2].reason
