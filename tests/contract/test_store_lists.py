"""Lists on every store: filters, orderings, pages, keys, totals and searches, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.stores import (
    START_NS,
    OpenedStore,
    OrderMaker,
    accepted,
    entry_of,
    filled,
    migrated_postgres_database,
    moved,
    note,
    open_for_test,
)
from workstation.domain.errors import ValidationError
from workstation.domain.orders import OrdStatus, Side
from workstation.ports.store import Entry, ExecutionQuery, OrderQuery, PositionQuery


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenedStore]:
    opened = open_for_test(tmp_path, "" if request.param == "sqlite" else migrated_postgres_database())
    yield opened
    opened.close()


@pytest.fixture
def maker() -> OrderMaker:
    return OrderMaker()


@pytest.fixture
def many(store, maker):
    """Forty orders of two symbols whose scales differ, a third of them closed."""
    states = []
    for index in range(40):
        coin = index % 2 == 0
        terms = (
            {"symbol": "COIN", "order_qty": index * 10**8 + 10**7, "price": 10_000 + index}
            if coin
            else {"order_qty": index, "price": 100 + index}
        )
        state, entry = maker.created(**terms, side=Side.SELL if index % 4 == 0 else Side.BUY, notes=f"note {index}%")
        if index % 3 == 0:
            state = moved(state, OrdStatus.CANCELLED)
            entry = Entry(entry.event, (state, *entry.rows[1:]))
        states.append(state)
        store.append(entry)
    store.write(note())
    return states


class TestOrderLists:
    def uids(self, store, **query):
        return [row.uid for row in store.store.reader.orders(OrderQuery(**query)).rows]

    def test_the_newest_come_first_by_default(self, store, many):
        assert self.uids(store) == [state.uid for state in reversed(many)]

    def test_filters_combine_with_and(self, store, many):
        wanted = [s.uid for s in many if s.terms.symbol == "COIN" and s.terms.side is Side.SELL and s.is_open]
        found = store.store.reader.orders(
            OrderQuery(
                symbol="COIN",
                side="SELL",
                is_open=True,
                account="SIM-1",
                ord_type="LIMIT",
                user="local",
                ordering=("created_at",),
            )
        )
        assert [row.uid for row in found.rows] == wanted
        assert found.total == len(wanted)

    @pytest.mark.parametrize(
        ("statuses", "is_open"),
        [((OrdStatus.NEW,), True), ((OrdStatus.CANCELLED,), False), ((OrdStatus.NEW, OrdStatus.CANCELLED), None)],
    )
    def test_states_and_openness_agree(self, store, many, statuses, is_open):
        assert self.uids(store, statuses=statuses) == self.uids(store, is_open=is_open)

    def test_quantities_and_prices_sort_across_instruments_by_value(self, store, many):
        def price(state):
            return state.terms.price / (10_000 if state.terms.symbol == "COIN" else 100)

        found = store.store.reader.orders(OrderQuery(ordering=("-price",), limit=500)).rows
        assert [price(row) for row in found] == sorted(map(price, many), reverse=True)

    def test_equal_values_follow_the_id_in_the_direction_of_the_first_field(self, store, many):
        assert self.uids(store, ordering=("symbol",), symbol="COIN", limit=500) == sorted(
            s.uid for s in many if s.terms.symbol == "COIN"
        )

    @pytest.mark.parametrize("ordering", ["submitted_at", "-submitted_at"])
    def test_missing_values_sort_last_in_both_directions(self, store, many, maker, ordering):
        state, entry = maker.created()
        after, acked = accepted(state)
        store.write(entry, acked)
        assert self.uids(store, ordering=(ordering,))[0] == after.uid

    def test_pages_cover_everything_once(self, store, many):
        pages = [store.store.reader.orders(OrderQuery(limit=15, offset=offset)) for offset in (0, 15, 30, 45)]
        assert [row.uid for page in pages for row in page.rows] == [s.uid for s in reversed(many)]
        assert [page.has_next for page in pages] == [True, True, False, False]
        assert {page.total for page in pages} == {40}

    @pytest.mark.parametrize("ordering", ["created_at", "-created_at"])
    def test_a_walk_by_key_neither_repeats_nor_skips_while_rows_are_added(self, store, many, maker, ordering):
        seen, key = [], None
        while True:
            page = store.store.reader.orders(OrderQuery(ordering=(ordering,), limit=7, after_key=key, with_count=False))
            seen += [row.uid for row in page.rows]
            assert page.total is None
            if not page.has_next:
                break
            key = (page.rows[-1].created_at, page.rows[-1].uid)
            _, entry = maker.created(ts=START_NS + 10**6 if ordering == "-created_at" else START_NS)
            store.write(entry)
        assert seen == [s.uid for s in (many if ordering == "created_at" else reversed(many))]

    def test_a_key_without_an_order_of_time_is_refused(self, store):
        with pytest.raises(ValidationError, match="cursor"):
            store.store.reader.orders(OrderQuery(ordering=("price",), after_key=(1, "u")))

    @pytest.mark.parametrize(
        ("search", "count"), [("7%", 4), ("NOTE 1", 11), ("e_1", 0), ("%", 40), ("coin", 20), ("\\", 0)]
    )
    def test_a_search_takes_its_text_literally(self, store, many, search, count):
        assert store.store.reader.orders(OrderQuery(search=search)).total == count

    def test_times_include_the_start_and_exclude_the_end(self, store, many):
        start, end = many[10].created_at, many[20].created_at
        assert self.uids(store, start_ns=start, end_ns=end, ordering=("created_at",)) == [s.uid for s in many[10:20]]

    def test_sorting_by_what_is_not_listed_is_refused_with_what_is(self, store):
        with pytest.raises(ValidationError, match="created_at"):
            store.store.reader.orders(OrderQuery(ordering=("state; DROP TABLE orders",)))

    def test_an_order_of_an_instrument_without_known_scale_is_kept_and_sorts_last(self, store, many, maker):
        state, entry = maker.created(symbol="WHAT")
        store.write(entry)
        assert self.uids(store, ordering=("price",), limit=500)[-1] == state.uid
        assert store.store.reader.order(state.uid) == state

    def test_numbers_beyond_the_column_are_kept_whole(self, store, many, maker):
        state, entry = maker.created(symbol="COIN", order_qty=10**30, price=1)
        store.write(entry)
        assert store.store.reader.order(state.uid) == state
        assert self.uids(store, ordering=("-order_qty",))[0] == state.uid

    @pytest.mark.parametrize(
        "query",
        [
            OrderQuery(),
            OrderQuery(symbol="COIN"),
            OrderQuery(side="SELL", account="SIM-1"),
            OrderQuery(start_ns=START_NS + 20_000),
        ],
    )
    def test_a_remembered_total_counts_what_was_added_since(self, store, many, maker, query):
        first = store.store.reader.orders(query)
        assert first.total == len(first.rows)
        added = [
            maker.created(symbol=symbol, side=side)[1] for symbol in ("ACME", "COIN") for side in (Side.BUY, Side.SELL)
        ]
        store.write(*added)
        again = store.store.reader.orders(query)
        assert again.total == len(again.rows) > first.total

    def test_a_total_by_state_follows_the_states(self, store, many):
        query = OrderQuery(is_open=True)
        before = store.store.reader.orders(query).total
        store.write(accepted(many[1])[1], entry_of(note().event, many[2], moved(many[2], OrdStatus.CANCELLED)))
        assert store.store.reader.orders(query).total == before - 1


class TestExecutionLists:
    def test_executions_filter_sort_and_count(self, store, maker):
        state, entry = maker.created()
        store.write(entry)
        executions = [
            maker.execution(state, index + 1, 1_000 - index, ts_event=START_NS + index, exec_id=f"X_{index}")
            for index in range(12)
        ]
        for execution in executions:
            store.append(filled(state, execution)[1])
        store.write(note())
        reader = store.store.reader
        assert reader.executions(ExecutionQuery()).rows == tuple(reversed(executions))
        assert reader.executions(ExecutionQuery(ordering=("last_px",), limit=1)).rows == (executions[-1],)
        assert reader.executions(ExecutionQuery(search="X_1")).total == 3
        assert reader.executions(ExecutionQuery(symbol="ACME", account="SIM-1", limit=5)).total == 12
        key = (executions[5].ts_event, executions[5].uid)
        assert reader.executions(ExecutionQuery(after_key=key)).rows == tuple(reversed(executions[:5]))


class TestPositionLists:
    def test_only_account_rows_are_listed(self, store, maker):
        state, entry = maker.created()
        _, fill = filled(state, maker.execution(state, 100, 1_000))
        own = fill.rows[-1]
        strategy = type(own)(**{**{f: getattr(own, f) for f in own.__struct_fields__}, "strategy_id": "s-1"})
        store.write(entry, Entry(fill.event, (*fill.rows, strategy)))
        page = store.store.reader.positions(PositionQuery(symbol="ACME", account="SIM-1", ordering=("-qty",)))
        assert (page.rows, page.total) == ((own,), 1)
        assert store.store.reader.positions(PositionQuery(has_position=False)).rows == ()
