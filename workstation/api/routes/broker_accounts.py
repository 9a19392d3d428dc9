"""Accounts at a broker: opened, changed and closed here, and compared with their venue.

An account behind a connection that this program can use is opened at its venue and trades at once; any other is kept
until then. What is closed keeps its history under its number.
"""

from collections.abc import Mapping
from typing import Any

from workstation.api.endpoint import Call, Routes
from workstation.api.errors import Answer, ApiError, invalid
from workstation.api.lists import ListForm
from workstation.api.reading import read_answer
from workstation.api.records import (
    RecordResource,
    change_record,
    create_record,
    delete_record,
    etag_of,
    given,
    run_record_command,
)
from workstation.api.schemas.broker_accounts import (
    AccountCreate,
    AccountList,
    AccountPage,
    AccountUpdate,
    BrokerAccount,
    account_body,
    account_draft,
    in_own_types,
)
from workstation.api.schemas.brokers import emptied
from workstation.api.schemas.records import RecordRead
from workstation.api.schemas.system import ActionResult
from workstation.api.venue_records import (
    ACCOUNT,
    BROKER,
    act,
    below,
    learn_accounts,
    list_answer,
    one_of,
    venue_of,
)
from workstation.commands.params import ReconcileAccount
from workstation.commands.records import CreateRecord
from workstation.domain.records import AccountRecord, BrokerRecord, ConnectionRecord
from workstation.domain.records.venues import BrokerType, ConnectionType

routes = Routes()

DEFAULT_CONNECTION = "default"
_ADAPTERS = {
    BrokerType.PAPER: ConnectionType.PAPER,
    BrokerType.INTERACTIVE_BROKERS: ConnectionType.IB,
    BrokerType.ALPACA: ConnectionType.ALPACA,
}

ACCOUNTS = RecordResource(
    kind=AccountRecord,
    form=ListForm(
        key="accounts", model=BrokerAccount, orderings={"account_number": "account_number"}, default="account_number"
    ),
    body=lambda call, record: account_body(record, _snaps(call).get(record.account)),
    id_name="account_id",
)


@routes.add(
    "GET", "/brokers/{broker_id}/accounts", scope="brokers:view", query=AccountList, answers={200: AccountPage},
    form=ACCOUNTS.form,
    path_types=BROKER,
)  # fmt: skip
async def list_accounts(call: Call) -> Answer:
    """List a broker's accounts."""
    snaps = _snaps(call)
    rows = [account_body(row, snaps.get(row.account)) for row in await below(call, AccountRecord)]
    return list_answer(call, ACCOUNTS.form, rows, "status", "account_type", "is_paper")


@routes.add(
    "POST", "/brokers/{broker_id}/accounts", scope="brokers:manage", body=AccountCreate, answers={201: BrokerAccount},
    path_types=BROKER,
)  # fmt: skip
async def create_account(call: Call) -> Answer:
    """Open an account."""
    broker = await one_of(call, BrokerRecord, "broker")
    asked: AccountCreate = call.body
    links = await below(call, ConnectionRecord)
    if asked.broker_connection_id is None and not links:
        links = [await _default(call, broker)]
    link = _chosen(links, asked.broker_connection_id)
    draft = account_draft(
        asked,
        tenant=call.credential.tenant,
        broker=broker.id,
        connection=link.id,
        account=asked.account_number if link.venue else "",
        is_paper=link.is_paper_trading,
    )
    answer = await create_record(call, ACCOUNTS, draft)
    await learn_accounts(call)
    return answer


@routes.add(
    "GET", "/brokers/{broker_id}/accounts/{account_id}", scope="brokers:view", query=RecordRead,
    answers={200: BrokerAccount}, path_types=ACCOUNT,
)  # fmt: skip
async def get_account(call: Call) -> Answer:
    """Read an account."""
    record = await one_of(call, AccountRecord, "account")
    return read_answer(call, BrokerAccount, etag_of(record), ACCOUNTS.body(call, record))


@routes.change(
    "/brokers/{broker_id}/accounts/{account_id}", scope="brokers:manage", body=AccountUpdate,
    answers={200: BrokerAccount}, path_types=ACCOUNT,
)  # fmt: skip
async def put_account(call: Call) -> Answer:
    """Change an account: what it may trade, whether it is open for entries, its leverage."""
    record = await one_of(call, AccountRecord, "account")
    answer = await change_record(call, ACCOUNTS, in_own_types(emptied(AccountRecord, given(call.body))), before=record)
    await learn_accounts(call)
    return answer


@routes.add(
    "DELETE", "/brokers/{broker_id}/accounts/{account_id}", scope="brokers:manage", answers={204: None},
    path_types=ACCOUNT,
)  # fmt: skip
async def delete_account(call: Call) -> Answer:
    """Close an account; not with open orders or a position."""
    answer = await delete_record(call, ACCOUNTS, before=await one_of(call, AccountRecord, "account"))
    await learn_accounts(call)
    return answer


@routes.add(
    "POST", "/brokers/{broker_id}/accounts/{account_id}/reconcile", scope="brokers:connect",
    answers={202: ActionResult}, path_types=ACCOUNT,
)  # fmt: skip
async def reconcile_account(call: Call) -> Answer:
    """Compare an account with its venue: settles unknown outcomes and lifts the trading lock."""
    record = await one_of(call, AccountRecord, "account")
    if not record.account:
        raise ApiError("STATE_CONFLICT", "No session of this program opens that account.")
    return await act(call, "account.reconcile", ReconcileAccount(account=record.account))


def _chosen(links: list[ConnectionRecord], wanted: str | None) -> ConnectionRecord:
    if wanted is None and len(links) == 1:
        return links[0]
    found = next((row for row in links if row.id == wanted), None)
    if found is None:
        text = "is needed: the broker has several" if wanted is None else "is no connection of this broker"
        raise invalid("broker_connection_id", text, allowed=[row.id for row in links])
    return found


async def _default(call: Call, broker: BrokerRecord) -> ConnectionRecord:
    """Make the connection that a broker without one gets: to the paper venue of this run, or nowhere."""
    kind = _ADAPTERS.get(broker.broker_type, ConnectionType.FIX)
    draft = ConnectionRecord(
        tenant=broker.tenant,
        broker_id=broker.id,
        name=DEFAULT_CONNECTION,
        connection_type=kind,
        venue=venue_of(call, kind.value),
    )
    result = await run_record_command(call, "connection.create", CreateRecord(record=draft), None)
    made: ConnectionRecord = result.data
    return made


def _snaps(call: Call) -> Mapping[str, Any]:
    call.services.marks.latest()
    return call.services.marks.accounts
