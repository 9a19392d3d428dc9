"""What a screen or the REST interface is given: the way out of the engine, and what does not change.

Built once by the composition root. Holds no engine object: news come in frames, commands go through the gateway.
"""

from collections.abc import Callable, Mapping

import msgspec

from workstation.domain.accounts import Account, Environment
from workstation.domain.instruments import Instrument
from workstation.viewmodels.outbox import Outbox


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The engine as seen from another thread.

    open_outbox(wake): returns a new outbox whose first frame holds every open order, today's executions and all
    positions and accounts; close_outbox ends it. open_rows: the same with
    rows alone, from now on. feed: the source's name. instruments: those on offer;
    known: with those that only history names. cl_ord_id: draws a client order id at the gesture, any thread.
    """

    instruments: Mapping[str, Instrument]
    accounts: tuple[Account, ...]
    environment: Environment
    version: str
    open_outbox: Callable[[Callable[[], None]], Outbox]
    open_rows: Callable[[Callable[[], None]], Outbox]
    close_outbox: Callable[[Outbox], None]
    new_cl_ord_id: Callable[[], str]
    mono_ns: Callable[[], int]
    feed: str = "SIM"
    known: Mapping[str, Instrument] = {}
