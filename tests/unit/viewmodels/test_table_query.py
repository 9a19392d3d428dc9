"""The filter line: each query shows exactly the rows that it says, and a wrong one is named where it stands."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.viewmodels.columns import Column, ColumnKind, ColumnTable
from workstation.viewmodels.formats import DAY_NS
from workstation.viewmodels.table_query import QueryError, TableQuery

HOUR = 3_600 * 10**9
DAY = 20_000 * DAY_NS
ROWS = [
    ("a-000111", "AAPL", "WORKING", 100.0, 229.5, DAY + 9 * HOUR, DAY - 3 * HOUR),
    ("a-000222", "AAPL", "FILLED", 2_500.0, None, DAY + 10 * HOUR, None),
    ("a-000333", "MSFT", "UNKNOWN", 300.0, 428.0, DAY + 11 * HOUR, DAY - 45 * 10**9),
    ("a-000444", "SIM-FILL", "REJECTED", 5.0, 100.0, DAY + 12 * HOUR, DAY - HOUR // 2),
]


def _table():
    def column(at, name, kind):
        return Column(name, name, kind, lambda row: row[at], lambda row: str(row[at]))

    table = ColumnTable(
        (
            column(0, "id", ColumnKind.ID),
            column(1, "symbol", ColumnKind.CODE),
            column(2, "state", ColumnKind.CODE),
            column(3, "qty", ColumnKind.NUMBER),
            column(4, "price", ColumnKind.NUMBER),
            column(5, "time", ColumnKind.NUMBER),
            column(1, "text", ColumnKind.TEXT),
            column(6, "age", ColumnKind.NUMBER),
        ),
        lambda row: row[0],
    )
    table.upsert(ROWS)
    return table


def _shown(line):
    table = _table()
    query = TableQuery(table, ("symbol", "state"), "id", {"sym": "symbol"})
    part = query.read(line)
    if part is None:
        return "all"
    mask = query.accepts(part, now_ns=DAY + 5)(slice(None))
    return "".join(str(number + 1) for number in np.flatnonzero(mask))


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ("", "all"),
        ("   ", "all"),
        ("aapl", "12"),
        ("aapl filled", "2"),
        ("aapl and filled", "2"),
        ("aapl or msft", "123"),
        ("sim", "4"),
        ('"sim-fill"', "4"),
        ("222", "2"),
        ("-aapl", "34"),
        ("not aapl", "34"),
        ("not (aapl or msft)", "4"),
        ("qty>100", "23"),
        ("qty>=100 qty<=300", "13"),
        ("qty=2.5k", "2"),
        ("price<400", "14"),
        ("price!=100", "13"),
        ("-price>0", "2"),
        ("state:work", "1"),
        ("state=work", ""),
        ("STATE=Working", "1"),
        ("state!=filled", "134"),
        ("sym:AAPL qty<1k", "1"),
        ("time>=10:30", "34"),
        ("time<09:00:01", "1"),
        ("time<9:00:01", "1"),
        ("time>=2024-10-05", ""),
        ("time=2024-10-04", "1234"),
        ("time=2024-10-03", ""),
        ("time>2024-10-04t10:30", "34"),
        ("id:0333", "3"),
        ("age>30s", "134"),
        ("age>=45", "134"),
        ("age<1m", "3"),
        ("age<=90000ms", "3"),
        ("age>1.5h", "1"),
        ("age>29min age<1d", "14"),
        ("-age>1h", "234"),
        ("(aapl or sim) qty<50 or unknown", "34"),
        ("nothing-like-this", ""),
    ],
)
def test_a_query_shows_its_rows(line, rows):
    assert _shown(line) == rows


@pytest.mark.parametrize(
    ("line", "wrong", "words"),
    [
        ("quantity>5", "quantity>5", "There is no column 'quantity'"),
        ("qty>abc", "abc", "a number such as 100"),
        ("qty>", "", "qty> needs a value"),
        ("state>filled", ">", "state holds texts"),
        ("time>25:00", "25:00", "a time of day such as 10:30"),
        ("time>2024-13-01", "2024-13-01", "a day such as 2026-11-25"),
        ("(aapl", "(", "A ( without its )"),
        ("aapl)", ")", "A ) without its ("),
        ('"aapl', '"aapl', 'A " without its other one'),
        ("aapl or", "", "is missing here"),
        ("or aapl", "", "is missing here"),
        ("not", "", "is missing here"),
        ("age>soon", "soon", "a span such as 30s"),
        ("age>-5s", "-5s", "a span such as 30s"),
        ("age=5m", "=", "age runs on"),
        ("text:reason", "text:reason", "There is no column 'text'"),
        ("(" * 17 + "a" + ")" * 17, "(", "Nested deeper"),
    ],
)
def test_what_cannot_be_read_is_named_where_it_stands(line, wrong, words):
    with pytest.raises(QueryError) as refused:
        _shown(line)
    assert words in str(refused.value)
    assert line[refused.value.start : refused.value.end] == wrong


WORDS = ("aapl", "or", "and", "not", "(", ")", "qty>5", "-msft", '"a b"', "state:x", "price<1k")


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_any_line_is_read_or_refused_within_it(words):
    line = " ".join(words)
    query = TableQuery(_table(), ("symbol", "state"), "id")
    try:
        part = query.read(line)
    except QueryError as refused:
        inside = 0 <= refused.start <= refused.end <= len(line)
    else:
        inside = part is None or len(query.accepts(part)(slice(None))) == len(ROWS)
    assert inside
