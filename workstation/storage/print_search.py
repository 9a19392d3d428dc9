"""A stored print by its name: one that a venue takes back, and the run that sees it does not know any more.

Beside the tick walk, on a thread that reads: prints from before a restart, and those that memory had no room for.
"""

from collections.abc import Iterable

from workstation.domain.market import BUST_REACH, Trade, TradeBust
from workstation.ports.market_data import TakenBack
from workstation.storage.tick_files import Kept


def find_taken_back(bust: TradeBust, chunks: Iterable[list[Kept]]) -> TakenBack | None:
    """Return the print that a bust names, with those that stand beside it; None where there is none, or was none left.

    chunks: of the instrument, the newest first, each in order of arrival; read until BUST_REACH prints are known. Of
    one name the newest print is meant, as among columns of prints (`market_history.py`).
    """
    read: list[list[Trade | TradeBust]] = []
    count = 0
    for chunk in chunks:
        rows = [row for row in chunk if isinstance(row, Trade | TradeBust) and row.ts_init < bust.ts_init]
        read.append(rows)
        count += sum(isinstance(row, Trade) for row in rows)
        if count >= BUST_REACH:
            break
    standing: dict[int, Trade] = {}
    numbers: dict[str, int] = {}
    number = 0
    for row in (row for rows in reversed(read) for row in rows):
        if isinstance(row, Trade):
            number += 1
            standing[number] = row
            numbers[row.trade_id] = number
        elif row.trade_id in numbers:
            del standing[numbers.pop(row.trade_id)]
    found = numbers.get(bust.trade_id) if bust.trade_id else None
    if found is None or number - found >= BUST_REACH:
        return None
    trade = standing.pop(found)
    return TakenBack(trade, tuple(row for at, row in standing.items() if number - at < BUST_REACH))
