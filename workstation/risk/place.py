"""Place: what all orders of one (account, run, symbol) from one door share at the gate, until a control is changed.

Order walk, inside the gate: made once, read by every snapshot, and asked by each rule whether it could refuse anything
here at all. It knows no order, no price and no position.
"""

import msgspec

from workstation.domain.accounts import Account
from workstation.domain.instruments import Instrument
from workstation.domain.orders import OriginKind
from workstation.risk.controls import Controls
from workstation.risk.limits import Bounds


class Place(msgspec.Struct, frozen=True):
    """Where an order would trade, and whose it is. run_id: "" for no run's.

    unit_money: money of one quantity unit at a price of one, in the instrument's currency.
    """

    account: Account
    instrument: Instrument
    run_id: str
    door: OriginKind
    controls: Controls
    bounds: Bounds
    unit_money: int
