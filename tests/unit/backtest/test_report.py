"""The report of a run: complete in itself, the same bytes for the same result, and true to it figure by figure."""

from __future__ import annotations

import csv
import itertools
import re
from decimal import Decimal
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.backtests import START, bars, columns, options, plan, quotes, scripted, trades
from workstation.backtest import report_rows as rows
from workstation.backtest import report_svg as svg
from workstation.backtest.fees import PerUnitFees
from workstation.backtest.figures import COUNT, DAYS, FIGURES, FRACTION, MONEY, RATIO, text_of
from workstation.backtest.metrics import DAY_NS, Metrics
from workstation.backtest.months import monthly_returns
from workstation.backtest.price_trace import PriceTrace, Traces
from workstation.backtest.report_page import Look, Report, page
from workstation.backtest.report_svg import INNER, LEFT
from workstation.backtest.result import EquityCurve
from workstation.backtest.rows import SplitRow
from workstation.backtest.run import run_backtest
from workstation.backtest.saved_run import decoded, encoded
from workstation.config.resources import resource_text
from workstation.domain.errors import UserError
from workstation.domain.numbers import MONEY_ONE
from workstation.strategies.examples.sma_cross import SmaCross

LOOK = Look(resource_text("report", "report.css"), resource_text("report", "report.js"))
NEVER_CLOSED = {"meta", "br"}


def wave(count: int = 400):
    close = (10_000 + 300 * np.sin(np.arange(count) / 9)).astype(np.int64)
    opened = np.r_[close[0], close[:-1]]
    high, low = np.maximum(opened, close) + 5, np.minimum(opened, close) - 5
    return columns(opened, high, low, close, np.full(count, 90_000), step=DAY_NS, interval="1d")


def report(**parts) -> Report:
    traces = Traces()
    result = run_backtest(cross(*traces.watch([wave()]), **parts))
    return Report(result=result, prices=traces.bars())


def cross(*chunks, **parts):
    parameters = {"symbol": "ABC", "interval": "1d", "fast": 3, "slow": 8, "quantity": 100}
    fees = options(fees=PerUnitFees(per_unit=MONEY_ONE // 100))
    return plan(SmaCross, chunks, parameters=parameters, options=fees, **parts)


@pytest.fixture(scope="module")
def made() -> Report:
    return report()


@pytest.fixture(scope="module")
def text(made: Report) -> str:
    return page(made, LOOK)


class Reader(HTMLParser):
    """Keeps what a page would load, and the elements that are open."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [f"{name}={value}" for name, value in attrs if name in {"src", "href", "data", "srcset"}]
        if tag not in NEVER_CLOSED:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element that ends itself."""

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def charts(text: str) -> dict[str, ET.Element]:
    found = [ET.fromstring(part) for part in re.findall(r"<svg.*?</svg>", text, re.DOTALL)]
    return {chart.attrib["id"]: chart for chart in found}


def test_the_page_is_whole_and_loads_nothing(text: str) -> None:
    reader = Reader()
    reader.feed(text)
    assert (reader.loads, reader.open, reader.wrong) == ([], [], [])
    addresses = set(re.findall(r"\w+://[^\s\"'<]+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_everything_in_a_chart_lies_within_its_box(text: str) -> None:
    for chart in charts(text).values():
        left, top, width, height = map(float, chart.attrib["viewBox"].split())
        across, down = [], []
        for part in chart.iter():
            across += [float(part.attrib[name]) for name in ("x", "x1", "x2", "cx") if name in part.attrib]
            down += [float(part.attrib[name]) for name in ("y", "y1", "y2", "cy") if name in part.attrib]
            for point in part.attrib.get("points", "").split():
                x, y = point.split(",")
                across.append(float(x))
                down.append(float(y))
        assert len(across) > 10
        assert left <= min(across) <= max(across) <= left + width
        assert top <= min(down) <= max(down) <= top + height


def test_the_same_plan_gives_the_same_bytes(text: str) -> None:
    assert page(report(), LOOK) == text
    assert page(report(seed=2), LOOK) != text


def test_a_saved_run_gives_its_report_again(made: Report, text: str) -> None:
    raw = encoded(made)
    again = decoded(raw)
    assert page(again, LOOK) == text
    assert encoded(again) == raw
    assert again.result.options == made.result.options
    for table in rows.TABLES.values():
        assert table(again.result) == table(made.result)


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"version":1,"report":{"result":3,"prices":{}}}', b"\xff\x00"])
def test_what_is_no_saved_run_is_refused(raw: bytes) -> None:
    with pytest.raises(UserError, match="no saved run"):
        decoded(raw)


def test_a_saved_run_of_another_form_is_refused_by_its_version(made: Report) -> None:
    with pytest.raises(UserError, match="version 9"):
        decoded(encoded(made).replace(b'"version":1', b'"version":9', 1))


def test_words_of_others_stay_words(made: Report) -> None:
    mean = msgspec.structs.replace(made.result, strategy="<script>alert(1)</script>", warnings=("<b>&</b>",))
    text = page(msgspec.structs.replace(made, result=mean), LOOK)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "&lt;b&gt;&amp;&lt;/b&gt;" in text


def test_every_metric_has_a_title_a_unit_and_a_formula_and_is_in_the_page(text: str) -> None:
    assert [figure.name for figure in FIGURES] == list(Metrics.__struct_fields__)
    assert len({figure.title for figure in FIGURES}) == len(FIGURES)
    for figure in FIGURES:
        assert f"<td>{figure.title}</td>" in text
        assert figure.formula
    assert "mean / sample deviation of daily returns * sqrt(days a year)" in text


def test_only_the_long_table_of_round_trips_scrolls_in_its_place_and_no_figure_is_out_of_sight(text: str) -> None:
    boxes = re.findall(r'<div class="([^"]*)"><table class="([^"]*)">', text)
    assert {kind for place, kind in boxes if "tall" in place} == {"sortable trades"}
    assert {"figures", "facts", "months"} <= {kind for _place, kind in boxes}
    style = resource_text("report/report.css")
    assert re.findall(r"(\.\w+) \{[^}]*max-height: \d+px", style) == [".tall"]


def test_each_fill_is_a_mark_at_its_time_and_price(made: Report, text: str) -> None:
    chart = charts(text)["prices-0"]
    first, last, low, high = (float(chart.attrib[f"data-{name}"]) for name in ("first", "last", "low", "high"))
    height = float(chart.attrib["viewBox"].split()[3])
    found = []
    for mark in chart.iter("{http://www.w3.org/2000/svg}path"):
        if mark.attrib.get("class") == "mark":
            x, y = map(float, re.findall(r"[\d.]+", mark.attrib["transform"]))
            ts = first + (x - svg.LEFT) / svg.INNER * (last - first)
            price = high - (y - svg.TOP) / (height - svg.TOP - svg.BOTTOM) * (high - low)
            found.append((ts / DAY_NS, price, mark.attrib["fill"]))
    fills = made.result.fills
    assert len(found) == len(fills) > 10
    for (day, price, colour), fill in zip(found, fills, strict=True):
        assert day == pytest.approx(fill.ts / DAY_NS, abs=0.01)
        assert price == pytest.approx(fill.price / 100, abs=0.05)
        assert colour == (svg.UP if fill.side.sign > 0 else svg.DOWN)


def test_the_lines_of_the_charts_end_where_the_curve_does(made: Report, text: str) -> None:
    found, curve = charts(text), made.result.curve
    for name, value in (("equity", curve.equity[-1]), ("drawdown", 0.0)):
        chart = found[name]
        low, high = (float(chart.attrib[f"data-{edge}"]) for edge in ("low", "high"))
        [track] = [line for line in chart.iter("{http://www.w3.org/2000/svg}polyline")
                   if line.attrib["class"] == "track"]  # fmt: skip
        x, y = map(float, track.attrib["points"].split()[-1 if name == "equity" else 0].split(","))
        shown = high - (y - svg.TOP) / (float(chart.attrib["viewBox"].split()[3]) - svg.TOP - svg.BOTTOM) * (high - low)
        assert shown == pytest.approx(float(value), abs=(high - low) / 2_000)
        if name == "equity":
            assert x == pytest.approx(svg.LEFT + svg.INNER, abs=0.5)


def test_what_is_left_out_is_said(made: Report) -> None:
    many = msgspec.structs.replace(
        made.result, trades=made.result.trades * 200, fills=made.result.fills * 200, path_sensitive_fills=3
    )
    text = page(msgspec.structs.replace(made, result=many), LOOK)
    assert "all are in trades.csv" in text
    assert "all are in fills.csv" in text
    assert "3 fills would be others on another path" in text
    assert text.count('class="mark"') <= 2_000


def test_a_run_without_fills_has_a_report(tmp_path) -> None:
    flat = run_backtest(plan(scripted({}), bars(*[(10_000, 10_000, 10_000, 10_000)] * 3)))
    text = page(Report(result=flat, prices={}), LOOK)
    assert "None was closed." in text
    assert ">—</td>" in text


def test_returns_by_month_chain_to_the_years_and_the_whole() -> None:
    days = np.array(["2023-12-15", "2023-12-31", "2024-01-01", "2024-01-20", "2024-03-05"], dtype="datetime64[ns]")
    ts = days.astype(np.int64)
    equity = np.array([110.0, 120.0, 121.0, 132.0, 99.0])
    curve = EquityCurve(ts=ts, equity=equity, exposure=equity, cash=equity, stride=1, drawdown_max=0, drawdown_share=0)
    found = monthly_returns(curve, 100.0)
    # the midnight that begins January belongs to December
    assert found.months == pytest.approx({(2023, 12): 0.21, (2024, 1): 132 / 121 - 1, (2024, 3): 99 / 132 - 1})
    assert found.years == pytest.approx({2023: 0.21, 2024: 99 / 121 - 1})


def test_tables_hold_every_row_and_add_up_to_the_result(made: Report) -> None:
    result = made.result
    tables = {name: list(csv.DictReader(table(result).splitlines())) for name, table in rows.TABLES.items()}
    assert len(tables["fills.csv"]) == len(result.fills)
    assert len(tables["trades.csv"]) == len(result.trades)
    assert len(tables["equity.csv"]) == len(result.curve.ts)
    fees = sum(round(float(row["fee"]) * MONEY_ONE) for row in tables["fills.csv"])
    assert fees == sum(fill.fee for fill in result.fills) > 0
    last = tables["equity.csv"][-1]
    assert float(last["equity"]) == result.curve.equity[-1]
    assert last["time"] == rows.time_text(result.last_ts)
    net = {row["metric"]: row["value"] for row in tables["metrics.csv"]}
    assert float(net["trades"]) == len(result.trades)
    first = tables["fills.csv"][0]
    assert (first["side"], first["quantity"], first["currency"]) == ("BUY", "100", "USD")


def test_fills_and_round_trips_of_the_tables_are_exact_decimals(made: Report) -> None:
    result, (instrument,) = made.result, made.result.instruments
    for fill, row in zip(result.fills, csv.DictReader(rows.TABLES["fills.csv"](result).splitlines()), strict=True):
        assert Decimal(row["price"]) * 10**instrument.price_decimals == fill.price
        assert Decimal(row["quantity"]) * 10**instrument.qty_decimals == fill.qty
        assert Decimal(row["fee"]) * MONEY_ONE == fill.fee
    for trade, row in zip(result.trades, csv.DictReader(rows.TABLES["trades.csv"](result).splitlines()), strict=True):
        assert Decimal(row["profit"]) * MONEY_ONE == trade.pnl
        assert Decimal(row["net"]) * MONEY_ONE == trade.pnl - trade.fees


def test_what_rounds_to_nothing_has_no_sign(made: Report, text: str) -> None:
    assert [text_of(value, unit) for value, unit in ((-1e-6, FRACTION), (-0.004, MONEY), (-0.4, COUNT))] == [
        "0.00%", "0.00", "0",
    ]  # fmt: skip
    assert [text_of(-0.006, MONEY), text_of(-1_234.5, RATIO), text_of(0.0, DAYS)] == ["-0.01", "-1,234.50", "0.0"]
    assert "-0.00%" not in text
    assert f"<span>net profit, {made.result.currency}</span>" in text


def test_times_are_exact_to_the_nanosecond() -> None:
    assert rows.time_text(1_577_836_800 * 10**9) == "2020-01-01T00:00:00Z"
    assert rows.time_text(1_577_836_800 * 10**9 + 1) == "2020-01-01T00:00:00.000000001Z"


@pytest.mark.parametrize("span_s", [30, 4_000, 90_000, 86_400 * 9, 86_400 * 200, 86_400 * 3_000, 86_400 * 20_000])
def test_an_axis_has_a_few_round_times_within_it(span_s: int) -> None:
    first = 1_577_836_923 * 10**9
    found = svg.time_ticks(first, first + span_s * 10**9)
    assert 2 <= len(found) <= 10
    assert all(first <= ts <= first + span_s * 10**9 for ts, _label in found)
    assert len({label for _ts, label in found}) == len(found)


@given(low=st.floats(-1e9, 1e9), span=st.floats(1e-3, 1e9))
def test_an_axis_has_a_few_round_values_within_it(low: float, span: float) -> None:
    found = svg.value_ticks(low, low + span)
    assert len(found) <= 7
    assert all(low - span * 1e-6 <= value <= low + span * (1 + 1e-6) for value in found)


@given(values=st.lists(st.integers(-1_000, 1_000), min_size=30, max_size=300))
def test_a_thinned_line_keeps_its_ends_and_its_extremes(values: list[int]) -> None:
    ts, line = np.arange(len(values)), np.array(values, dtype=float)
    kept_ts, kept = svg.thinned(ts, line, columns=5)
    assert len(kept) <= max(20, len(kept_ts))
    assert {kept.min(), kept.max()} == {line.min(), line.max()}
    assert (kept_ts[0], kept_ts[-1]) == (0, len(values) - 1)
    assert (np.diff(kept_ts) > 0).all()


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 90), cuts=st.sets(st.integers(1, 89), max_size=6), most=st.sampled_from([4, 8, 16]))
def test_prices_are_traced_alike_however_they_come_and_within_their_bound(
    count: int, cuts: set[int], most: int
) -> None:
    rng = np.random.default_rng(count)
    close = 10_000 + np.cumsum(rng.integers(-9, 10, count))
    whole = columns(close - 3, close + 5, close - 6, close)
    one, many = PriceTrace(most), PriceTrace(most)
    one.add(whole)
    edges = [0, *sorted(cut for cut in cuts if cut < count), count]
    for a, b in itertools.pairwise(edges):
        part = {name: getattr(whole, name)[a:b] for name in ("ts_open", "ts_close", "open", "high", "low", "close")}
        many.add(msgspec.structs.replace(whole, **part))
    found, other = one.bars(), many.bars()
    assert np.array_equal(found.rows, other.rows)
    assert np.array_equal(found.starts, other.starts)
    assert len(found.rows) <= most + 1
    assert (found.rows[:, 1].max(), found.rows[:, 2].min()) == (whole.high.max(), whole.low.min())
    assert (found.rows[0, 0], found.rows[-1, 3], found.end) == (whole.open[0], whole.close[-1], whole.ts_close[-1])


def test_quotes_give_their_middle_prints_themselves_and_the_first_source_of_an_instrument_counts() -> None:
    traces = Traces()
    first = traces.watch([quotes((0, 9_900, 5, 9_910, 5), (1, 9_900, 0, 9_920, 5))])
    second = traces.watch([trades((0, 50, 1, 0), symbol="ABC")])
    third = traces.watch([trades((0, 70, 1, 0), symbol="XYZ")])
    for source in (first, second, third):
        assert len(list(source)) == 1
    found = traces.bars()
    assert found["ABC"].rows.tolist() == [[9_905.0] * 4]
    assert found["XYZ"].rows.tolist() == [[70.0] * 4]


def test_watching_a_source_changes_no_digest(made: Report) -> None:
    plain = run_backtest(cross(wave()))
    assert plain.digest == made.result.digest


def test_luck_is_shown_with_its_methods_where_there_are_trades_enough(made: Report, text: str) -> None:
    assert "Monte Carlo" not in text
    many = msgspec.structs.replace(made.result, trades=made.result.trades * 4)
    shown = page(msgspec.structs.replace(made, result=many), LOOK)
    assert f"Monte Carlo: the profits of {len(many.trades)} round trips, 1,000 times anew, seed 1" in shown
    assert shown.count("<td>bootstrap</td>") == shown.count("<td>shuffle</td>") == 2


def test_a_split_is_an_upright_where_raw_prices_break_and_is_told(made: Report) -> None:
    at = START + 100 * DAY_NS
    split = SplitRow(ts=at, symbol="ABC", numerator=7, denominator=1)
    late = SplitRow(ts=START + 900 * DAY_NS, symbol="ABC", numerator=2, denominator=1)
    traces = Traces()
    result = run_backtest(cross(*traces.watch([wave()]), corporate=(split, late)))
    assert result.splits == (split,)
    text = page(Report(result=result, prices=traces.bars()), LOOK)
    [line] = [part for part in charts(text)["prices-0"].iter() if part.get("class") == "splits"]
    x = LEFT + (at - result.first_ts) / (result.last_ts - result.first_ts) * INNER
    assert line.attrib["d"].startswith(f"M{x:.2f} ")
    assert "dotted uprights are splits: 2020-04-10 7:1." in text
    assert 'class="splits"' not in page(made, LOOK)
