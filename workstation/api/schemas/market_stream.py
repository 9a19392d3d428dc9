"""Parameters of the market-data stream."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from workstation.api.schemas.events import TypeFilter
from workstation.api.schemas.values import Query, Symbol

SYMBOLS_MAX = 1_000
_ID = re.compile(r"([0-9a-f]{1,16})\.([0-9]{1,15})", re.ASCII)

Symbols = Annotated[
    tuple[Symbol, ...],
    BeforeValidator(lambda value: tuple(value.split(",")) if isinstance(value, str) else value),
    Field(min_length=1, max_length=SYMBOLS_MAX),
    WithJsonSchema({"type": "string", "minLength": 1}),
]


class MarketStream(Query):
    """What of one's subscriptions to follow: symbols with commas between them, and types such as `marketdata.*`."""

    symbols: Symbols | None = None
    types: tuple[TypeFilter, ...] = ()
    since_id: Annotated[str, StringConstraints(max_length=40)] | None = None


def place_of_id(text: str) -> tuple[str, int]:
    """Return boot and number of a frame's id.

    Raises:
        ValueError: it is no such id.
    """
    found = _ID.fullmatch(text)
    if found is None:
        raise ValueError("an id of market data is <boot>.<number>")
    return found[1], int(found[2])
