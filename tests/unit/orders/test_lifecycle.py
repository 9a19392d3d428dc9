"""The table: every row, and every absent row."""

from __future__ import annotations

import itertools

import pytest

from tests.helpers.life_cycle import PAIRS, WORKING
from workstation.domain.orders import FINAL_STATES, OrdStatus
from workstation.orders.lifecycle import RE_ENTRIES, TABLE, Prior, Trigger, advance

S = OrdStatus
ROWS = {(row.state, row.trigger): row for row in TABLE}


def test_no_pair_stands_twice_in_the_table():
    assert len(ROWS) == len(TABLE)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.state}-{row.trigger}")
def test_every_row_leads_where_it_says(row):
    prior = S.ROUTED
    to = prior if isinstance(row.to, Prior) else row.to
    entered = advance(row.state, row.trigger, prior)
    if row.via is not None:
        assert entered == (row.via, to)
    elif to is row.state and (row.state, row.trigger) not in RE_ENTRIES:
        assert entered == ()
    else:
        assert entered == (to,)


@pytest.mark.parametrize(
    ("state", "trigger"), [pair for pair in itertools.product(OrdStatus, Trigger) if pair not in ROWS]
)
def test_every_absent_row_changes_nothing(state, trigger):
    expected = () if state in FINAL_STATES else None
    assert advance(state, trigger, S.SUBMITTED) == expected


def test_every_step_is_an_allowed_pair_and_every_allowed_pair_has_a_row():
    taken: dict[OrdStatus, set[OrdStatus]] = {}
    for row, prior in itertools.product(TABLE, sorted(WORKING)):
        state = row.state
        for entered in advance(row.state, row.trigger, prior) or ():
            if row.via is not None and state is row.via:
                assert entered in PAIRS[state]
            else:
                taken.setdefault(state, set()).add(entered)
            state = entered
    assert taken == PAIRS


def test_final_states_never_change():
    for state, trigger in itertools.product(FINAL_STATES, Trigger):
        assert advance(state, trigger, S.SUBMITTED) == ()
