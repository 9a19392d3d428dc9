"""What records may hold is known to both databases, and uses of keys are added up there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.stores import START_NS, OpenedStore, execute_sql, migrated_postgres_database, open_for_test
from workstation.domain.events import RecordSaved
from workstation.domain.records import (
    AccountRecord,
    ApiKey,
    BrokerRecord,
    ComplianceRule,
    ConnectionRecord,
    RiskLimit,
    RuleType,
    Webhook,
)
from workstation.domain.records.bounds import LIMIT_TYPES, SCOPES, out_of_bounds
from workstation.domain.records.venues import AccountType, BrokerType, ConnectionType
from workstation.ports.key_uses import KeyUse
from workstation.ports.store import Entry
from workstation.risk.limits import LimitScope, LimitType

STAMP = {"id": "r1", "row_version": 1, "created_at": START_NS, "updated_at": START_NS}
ROWS = {
    "api_keys": ApiKey(
        **STAMP, user_id="local", name="k", key_prefix="0" * 8, key_hash="0" * 64, scopes=(), rate_limit=600
    ),
    "webhooks": Webhook(**STAMP, user_id="local", name="w", endpoint_url="https://example.org", secret="sealed"),
    "risk_limits": RiskLimit(
        **STAMP, name="l", limit_type="ORDER_QUANTITY", scope="ACCOUNT", key="SIM-1", limit_value="1", reason="r"
    ),
    "compliance_rules": ComplianceRule(**STAMP, name="c", rule_type=RuleType.CUSTOM),
    "brokers": BrokerRecord(**STAMP, name="b", broker_type=BrokerType.PAPER),
    "connections": ConnectionRecord(**STAMP, broker_id="b", name="c", connection_type=ConnectionType.PAPER),
    "broker_accounts": AccountRecord(
        **STAMP, broker_id="b", connection_id="c", account_number="1", account_type=AccountType.PENSION_401K
    ),
}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else migrated_postgres_database()


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[OpenedStore]:
    opened = open_for_test(tmp_path, url)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("api_keys", "rate_limit = 0"),
        ("api_keys", "rate_limit = 100001"),
        ("webhooks", "max_retries = 11"),
        ("webhooks", "retry_delay_s = 0"),
        ("webhooks", "timeout_s = 31"),
        ("risk_limits", "limit_type = 'ANY'"),
        ("risk_limits", "scope = 'PLANET'"),
        ("compliance_rules", "scope = 'account'"),
        ("brokers", "broker_type = 'BANK'"),
        ("brokers", "port = 65536"),
        ("brokers", "timeout_seconds = 0"),
        ("connections", "connection_type = 'TELEX'"),
        ("connections", "heartbeat_interval = 3601"),
        ("broker_accounts", "account_type = 'PENSION_401K'"),
        ("broker_accounts", "status = 'OPEN'"),
    ],
)
def test_the_database_takes_a_record_and_refuses_what_it_may_not_hold(url, tmp_path, table, change):
    opened = open_for_test(tmp_path, url)
    record = ROWS[table]
    opened.write(Entry(RecordSaved(record=record, changed=(), actor="x", ts=START_NS), (record,)))
    opened.close()
    with pytest.raises(Exception, match=r"CHECK|check constraint"):
        execute_sql(url, tmp_path, f"UPDATE {table} SET {change}")


def test_the_lists_are_those_of_the_core():
    assert tuple(LimitType) == LIMIT_TYPES
    assert tuple(LimitScope) == SCOPES
    assert [out_of_bounds(record) for record in ROWS.values()] == [None] * len(ROWS)


def test_uses_of_a_key_are_added_up_and_the_latest_stands(store):
    one = KeyUse(tenant="local", key_id="k1", last_used_at=START_NS + 5, uses=3)
    assert store.store.reader.key_uses.add([one, KeyUse(tenant="other", key_id="k2", last_used_at=START_NS, uses=1)])
    assert store.store.reader.key_uses.add([KeyUse(tenant="local", key_id="k1", last_used_at=START_NS + 1, uses=2)])
    found = {use.key_id: (use.uses, use.last_used_at) for use in store.store.reader.key_uses.every()}
    assert found == {"k1": (5, START_NS + 5), "k2": (1, START_NS)}
