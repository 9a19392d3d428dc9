"""Each choice of the engine has an option, and each option sets its choice; what does not fit is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from workstation.app.backtest_options import fees_of, options_of, rates_of
from workstation.app.command_line import build_parser
from workstation.backtest import options as o
from workstation.backtest.faults import Faults
from workstation.backtest.fees import CoinFees, MakerTakerFees, PerUnitFees, ZeroFees
from workstation.backtest.fees_by_value import PercentFees, Tier, TieredFees
from workstation.domain.errors import UserError
from workstation.domain.numbers import MONEY_ONE

PLAIN = ("backtest", "a:A", "--symbol", "ABC", "--fees", "zero")

CHOICES: dict[str, list[tuple[list[str], Any]]] = {
    "market_fill": [(["--fill", "this_close"], o.MarketFill.THIS_CLOSE)],
    "path": [(["--path", path.value.lower()], path) for path in o.Path if path is not o.Path.ADAPTIVE],
    "limit_fill": [
        (["--limit-fill", "touch"], o.LimitFill.TOUCH),
        (["--limit-fill", "0.3"], o.LimitFill.PROBABILITY),
    ],
    "fill_probability": [(["--limit-fill", "0.3"], 0.3)],
    "gap_fill": [(["--gap-fill", "open"], o.GapFill.OPEN)],
    "bar_share_bps": [(["--volume-share", "12.5"], 1_250), (["--any-size"], None)],
    "slippage": [
        (["--slippage", "none"], o.Slippage(o.SlippageKind.NONE)),
        (["--slippage", "ticks:1.5"], o.Slippage(o.SlippageKind.TICKS, 1.5)),
        (["--slippage", "bps:2"], o.Slippage(o.SlippageKind.BPS, 2.0)),
        (["--slippage", "volume:30"], o.Slippage(o.SlippageKind.VOLUME, 30.0)),
        (["--slippage-ticks", "0"], o.Slippage(o.SlippageKind.NONE)),
        (["--slippage-ticks", "2"], o.Slippage(o.SlippageKind.TICKS, 2.0)),
    ],
    "latency": [
        (
            [f"--latency={way}={n}" for n, way in enumerate(o.Latency.__struct_fields__, 1)],
            o.Latency(feed=10**6, order=2 * 10**6, replace=3 * 10**6, cancel=4 * 10**6, response=5 * 10**6,
                      jitter=6 * 10**6),
        ),
        (["--latency", "order=0.25"], o.Latency(order=250_000)),
    ],
    "queue": [
        (["--queue", "probabilistic"], o.Queue.PROBABILISTIC),
        (["--queue", "none"], o.Queue.NONE),
    ],
    "price_age_max": [(["--price-age", "0.5"], 500_000_000)],
    "assumed_levels": [(["--assumed-levels", "3"], 3)],
    "protection_ticks": [(["--protection", "20"], 20)],
    "halts": [
        (["--halt", "ABC=2024-01-02T15:00:00Z/2024-01-02T15:30:00Z",
          "--halt", "2024-01-02T15:00:00Z/2024-01-03T00:00:00Z"],
         (o.Halt(symbol="ABC", start=1_704_207_600 * 10**9, end=1_704_209_400 * 10**9),
          o.Halt(symbol="", start=1_704_207_600 * 10**9, end=1_704_240_000 * 10**9))),
    ],
    "faults": [
        (["--fault=reject=2.5", "--fault=refuse=1", "--fault=spike=3", "--fault=spike-ms=250", "--fault=partial=40",
          "--fault=outage=30", "--fault=outage-every=3600"],
         Faults(reject_bps=250, refuse_bps=100, spike_bps=300, spike=250_000_000, partial_bps=4_000,
                outage=30 * 10**9, outage_every=3_600 * 10**9)),
    ],
    "fees": [
        (["--fees", "per-unit:0.005:1:9"],
         PerUnitFees(per_unit=MONEY_ONE // 200, minimum=MONEY_ONE, cap=9 * MONEY_ONE)),
        (["--fees", "bps:-0.25:4"], MakerTakerFees(maker=-25, taker=400)),
        (["--fees", "coin:10:10"], CoinFees(maker=1_000, taker=1_000)),
        (["--fees", "percent:0.1:1.5:20"],
         PercentFees(rate=1_000, minimum=3 * MONEY_ONE // 2, cap=20 * MONEY_ONE)),
        (["--fees", "percent:0.25"], PercentFees(rate=2_500)),
        (["--fees", "tiers:0:2:5,1000000:-1:3"],
         TieredFees(tiers=(Tier(least=0, maker=200, taker=500),
                           Tier(least=10**6 * MONEY_ONE, maker=-100, taker=300)))),
    ],
    "financing": [
        (["--financing", "debit=500", "--financing", "credit=120", "--financing", "borrow=300"],
         o.Financing(debit_bps=500, credit_bps=120, borrow_bps=300)),
        (["--borrow", "GME=5000"], o.Financing(borrows=(o.Borrow(symbol="GME", bps=5_000),))),
        (["--rollover", "EURUSD=-250:120"],
         o.Financing(rollovers=(o.Rollover(symbol="EURUSD", long_bps=-250, short_bps=120),))),
        (["--funding", "BTCUSDT=0.01/8"],
         o.Financing(fundings=(o.Funding(symbol="BTCUSDT", rate=o.RATE_ONE // 10_000, every=8 * 3_600 * 10**9),))),
        (["--funding", "BTCUSDT=-0.0012"],
         o.Financing(fundings=(o.Funding(symbol="BTCUSDT", rate=-12 * 10**10, every=8 * 3_600 * 10**9),))),
    ],
    "convert_bps": [(["--convert", "2"], 2), (["--convert", "0"], 0)],
    "check_funds": [(["--no-funds-check"], False)],
    "margin_bps": [(["--margin", "30"], 3_000)],
    "liquidate": [(["--liquidate", "20"], True)],
    "maintenance_bps": [(["--liquidate", "20"], 2_000)],
    "close_at_end": [(["--close-at-end"], True)],
    "sessions": [(["--any-time"], False)],
    "allow_gaps": [(["--allow-gaps"], True)],
}  # fmt: skip


def chosen(*words: str) -> o.BacktestOptions:
    return options_of(build_parser().parse_args([*PLAIN, *words]))


def test_without_options_every_choice_is_the_careful_one() -> None:
    assert chosen() == o.BacktestOptions(fees=ZeroFees())


def test_every_choice_of_the_engine_has_an_option() -> None:
    assert {*CHOICES, "fast"} == set(o.BacktestOptions.__struct_fields__)  # the pace changes no result


@pytest.mark.parametrize(
    ("name", "words", "value"), [(name, words, value) for name, rows in CHOICES.items() for words, value in rows]
)
def test_an_option_sets_its_choice(name: str, words: list[str], value: Any) -> None:
    found = getattr(chosen(*words), name)
    assert found == value
    assert found != getattr(chosen(), name)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--limit-fill", "often"], "--limit-fill"),
        (["--limit-fill", "1.5"], "fill_probability"),
        (["--volume-share", "0"], "bar_share_bps"),
        (["--volume-share", "x"], "--volume-share"),
        (["--volume-share", "0.001"], "finer"),
        (["--slippage", "ticks"], "--slippage"),
        (["--slippage", "none:2"], "--slippage"),
        (["--slippage", "miles:2"], "--slippage"),
        (["--slippage", "bps:-1"], "slippage"),
        (["--slippage", "bps:nan"], "slippage"),
        (["--latency", "order"], "--latency"),
        (["--latency", "light=3"], "--latency"),
        (["--latency", "order=-3"], "latency"),
        (["--latency", "order=inf"], "--latency"),
        (["--financing", "gold=3"], "--financing"),
        (["--borrow", "GME"], "--borrow"),
        (["--rollover", "EURUSD=3"], "--rollover"),
        (["--funding", "BTCUSDT=x"], "--funding"),
        (["--funding", "BTCUSDT=0.01/0"], "no time between"),
        (["--convert", "1.5"], "finer"),
        (["--convert", "-1"], "convert_bps"),
        (["--margin", "0"], "options"),
        (["--price-age", "0"], "options"),
        (["--fees", "per-unit:1:2:3:4"], "--fees"),
        (["--fees", "bps:nan:1"], "--fees"),
        (["--fees", "percent:0.1:1:2:3"], "--fees"),
        (["--fees", "tiers:0:2"], "--fees"),
        (["--fees", "tiers:5:1:2"], "the first tier"),
        (["--path", "zigzag"], "--path"),
        (["--protection", "-1"], "protection_ticks"),
        (["--halt", "ABC"], "--halt"),
        (["--halt", "2024-01-03T00:00:00Z/2024-01-02T00:00:00Z"], "halts"),
        (["--fault", "gremlins=3"], "--fault"),
        (["--fault", "reject=101"], "faults"),
        (["--fault", "spike=1"], "a spike needs"),
        (["--fault", "outage=30"], "faults"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(words: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        chosen(*words)


def test_rates_name_a_pair_for_each_currency() -> None:
    assert rates_of(["EUR=EURUSD", "JPY = JPYUSD"]) == {"EUR": "EURUSD", "JPY": "JPYUSD"}
    with pytest.raises(UserError, match="--rate"):
        rates_of(["EUR"])


def test_a_fee_without_a_number_is_none() -> None:
    with pytest.raises(UserError, match="no fee model"):
        fees_of("per-unit:cheap")
