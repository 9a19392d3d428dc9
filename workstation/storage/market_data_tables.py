"""Tables of what comes with imported markets: their instruments, splits and dividends, tickers and trading hours.

Facts from files, without an event behind them; an import writes them in one transaction with its bars.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, LargeBinary, Table, Text

from workstation.storage.driver import insert, upsert
from workstation.storage.tables import TENANT, metadata

ACTION_KINDS = ("SPLIT", "DIVIDEND")
LISTED_AT = "@"
"""Between a symbol and its market in the key of a listing."""


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


data_instruments = Table(
    "data_instruments",
    metadata,
    Column("tenant_id", Text, primary_key=True, server_default=TENANT),
    _key("symbol"),
    Column("state", LargeBinary, nullable=False),
)
"""The instrument that the rows of an import are of, as JSON; under `symbol@market.type` what a market lists."""

corporate_actions = Table(
    "corporate_actions",
    metadata,
    Column("tenant_id", Text, primary_key=True, server_default=TENANT),
    _key("symbol"),
    _key("ex_date"),
    _key("kind"),
    Column("state", LargeBinary, nullable=False),
    CheckConstraint(" OR ".join(f"kind = '{kind}'" for kind in ACTION_KINDS), name="kind"),
)
"""One split and one dividend at most for a symbol and day; the JSON holds its terms."""

market_hours = Table(
    "market_hours",
    metadata,
    Column("tenant_id", Text, primary_key=True, server_default=TENANT),
    _key("name"),
    Column("state", LargeBinary, nullable=False),
)
"""When a market trades, as JSON, by the name of its calendar."""

ticker_spans = Table(
    "ticker_spans",
    metadata,
    Column("tenant_id", Text, primary_key=True, server_default=TENANT),
    _key("symbol"),
    Column("starts", BigInteger, primary_key=True, autoincrement=False),
    Column("state", LargeBinary, nullable=False),
)
"""By today's symbol, the tickers that it has had, as JSON. starts: from when on, UTC ns."""

SAVE_INSTRUMENT = upsert(data_instruments, ("tenant_id", "symbol", "state"), ("tenant_id", "symbol"))
INSERT_ACTION = insert(corporate_actions, ("tenant_id", "symbol", "ex_date", "kind", "state"))
SAVE_HOURS = upsert(market_hours, ("tenant_id", "name", "state"), ("tenant_id", "name"))
SAVE_TICKER = upsert(ticker_spans, ("tenant_id", "symbol", "starts", "state"), ("tenant_id", "symbol", "starts"))
