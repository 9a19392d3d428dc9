"""The description held to the contract of the lists: filters, fields to sort by, the default order, cursors, bounds."""

from __future__ import annotations

import re
from typing import Any

import pytest

from workstation.api.application import ENDPOINTS
from workstation.api.openapi import document

LISTS = """
/oms/orders cursor search
  status statuses is_open start_date end_date instrument_symbol broker_account_id order_type side time_in_force
  strategy_run_id user_id nested
  -created_at updated_at submitted_at quantity price state instrument_symbol
/oms/executions cursor search
  order_id instrument_symbol broker_account_id strategy_run_id start_date end_date
  -executed_at quantity price
/oms/orders/{order_id}/executions
  executed_at quantity price
/oms/orders/{order_id}/history
  sequence
/oms/positions
  instrument_symbol broker_account_id has_position
  instrument_symbol quantity market_value unrealized_pnl last_updated
/oms/pnl
  broker_account_id start_date end_date
  -snapshot_date net_pnl
/marketdata
  instrument_symbol data_source is_delayed min_price max_price
  instrument_symbol last_price volume timestamp
/marketdata/ticks cursor
  instrument_symbol tick_type data_source min_price max_price start_date end_date
  -timestamp
/marketdata/snapshots
  data_source min_instruments max_instruments start_date end_date
  -snapshot_time
/marketdata/subscriptions
  instrument_symbol data_type delivery_method is_active user_id
  -created_at updated_at
/instruments search
  symbol instrument_type exchange currency is_active is_tradable
  symbol name last_price volume
/strategies search
  status statuses name strategy_type risk_profile user_id is_approved tags
  name created_at total_pnl status
/strategies/runs
  status statuses strategy_definition_id broker_account_id user_id min_capital max_capital start_date end_date
  -created_at started_at total_pnl status
/strategies/{strategy_id}/runs
  status statuses broker_account_id user_id min_capital max_capital start_date end_date
  -created_at started_at total_pnl status
/strategies/runs/{run_id}/performance
  period_type min_return max_return start_date end_date
  -period_end period_return
/strategies/runs/{run_id}/signals cursor
  signal_type instrument_symbol is_executed min_confidence start_date end_date
  -signal_time confidence
/strategies/{strategy_id}/changes cursor
  start_date end_date
  -created_at
/strategies/runs/{run_id}/logs cursor
  level event_type start_date end_date
  -created_at
/brokers search
  broker_type is_active
  name
/brokers/{broker_id}/connections search
  status
  name
/brokers/{broker_id}/connections/{connection_id}/logs cursor
  level event_type start_date end_date
  -created_at
/brokers/{broker_id}/accounts search
  status account_type is_paper
  account_number
/risk/limits search
  limit_type scope broker_account_id strategy_id instrument_symbol is_active
  -created_at limit_type name
/risk/overrides
  limit_type scope broker_account_id strategy_id instrument_symbol is_active
  -created_at limit_type
/risk/kill-switch
  scope is_on
  -created_at
/compliance/rules search
  rule_type is_active
  -created_at name
/compliance/holds
  created_at
/commands
  id
/system/config
  category
  key
/reports
  name
/webhooks/out search
  event_type is_active
  -created_at name
/webhooks/out/{webhook_id}/deliveries cursor
  status event_type start_date end_date
  -created_at
/webhooks/in/sources search
  is_active
  -created_at name
/events cursor
  types resource_type resource_id since_id until_id start_date end_date
  -sequence
/audit cursor
  user_id action resource_type resource_id request_id start_date end_date
  -sequence
/auth/api-keys search
  is_active
  -created_at name
/auth/sessions
  is_active
  -created_at
/users search
  is_active
  -created_at email
/tenants search
  -created_at name
/tenants/{tenant_id}/users search
  role is_active
  -created_at email
/tenants/{tenant_id}/invitations search
  role status
  -created_at email
"""
"""Path with what else it takes; its filters, where it has any; last its orderings, the default first."""

EVERYWHERE = {"fields", "ordering", "limit", "offset", "with_count"}
SERIES = {"/marketdata/historical", "/marketdata/bars/{symbol}"}
"""Bars ascend and are walked by cursor alone."""

OFFSETS = {
    "/events": 1_000,  # read from the journal's own lines: a deep offset would read them all; the cursor does not
    "/marketdata/ticks": 10_000,  # read from chunks, the same
}


def listed() -> dict[str, tuple[list[str], list[str]]]:
    """Return of each path what else it takes, and its lines."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for block in re.split(r"\n(?=/)", LISTS.strip()):
        head, *lines = block.splitlines()
        path, *takes = head.split()
        found[path] = (takes, [line.strip() for line in lines])
    return found


def queries() -> dict[str, dict[str, Any]]:
    """Return the query parameters of everything that has a limit, by path."""
    found = {}
    for path, methods in document(ENDPOINTS, "1.2.3")["paths"].items():
        query = {p["name"]: p for p in methods.get("get", {}).get("parameters", ()) if p["in"] == "query"}
        if "limit" in query:
            found[path.removeprefix("/api/v1")] = query
    return found


QUERIES = queries()


def test_every_list_is_of_the_contract() -> None:
    assert QUERIES.keys() == listed().keys() | SERIES


@pytest.mark.parametrize("path", listed())
def test_a_list_takes_its_filters_and_orderings_and_nothing_else(path: str) -> None:
    takes, lines = listed()[path]
    query, sorts = QUERIES[path], lines[-1].split()
    assert query.keys() == EVERYWHERE | set(takes) | {name for line in lines[:-1] for name in line.split()}
    assert query["ordering"]["schema"]["default"] == sorts[0]
    if path != "/events":  # its two orders are an enum
        told = re.findall(r"`(\w+)`", query["ordering"]["description"])
        assert set(told) == {name.lstrip("-") for name in sorts}
    limit, offset = query["limit"]["schema"], query["offset"]["schema"]
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 500, 100)
    assert (offset["minimum"], offset["maximum"], offset["default"]) == (0, OFFSETS.get(path, 1_000_000), 0)


@pytest.mark.parametrize("path", sorted(SERIES))
def test_a_series_of_bars_has_bounds_of_its_own(path: str) -> None:
    limit = QUERIES[path]["limit"]["schema"]
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 10_000, 1_000)
    assert "cursor" in QUERIES[path]
