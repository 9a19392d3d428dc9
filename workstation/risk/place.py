"""Place: what all orders of one (account, strategy, symbol) share at the gate, until a control is changed.

Order walk, inside the gate: made once, read by every snapshot, and asked by each rule whether it could refuse anything
here at all. It knows no order, no price and no position.
"""

import msgspec

from workstation.domain.accounts import Account
from workstation.domain.instruments import Instrument
from workstation.risk.controls import Controls
from workstation.risk.limits import Bounds


class Place(msgspec.Struct, frozen=True):
    """Where an order would trade. unit_money: money of one quantity unit at a price of one, in its currency."""

    account: Account
    instrument: Instrument
    controls: Controls
    bounds: Bounds
    unit_money: int
