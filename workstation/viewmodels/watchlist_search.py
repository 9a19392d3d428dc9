"""The search that adds to a watchlist: instruments by symbol, name or venue, and what is near a text that fits none.

Belongs to no walk. Sends nothing.
"""

from collections.abc import Mapping
from difflib import get_close_matches

from workstation.domain.instruments import Instrument

MATCHES_MAX = 8
NEAR_MAX = 3


def search(instruments: Mapping[str, Instrument], text: str, limit: int = MATCHES_MAX) -> list[Instrument]:
    """Return instruments by symbol or name, best first: exact symbol, its beginning, a word of the name, any part.

    Last come those of a venue that is named whole.
    """
    wanted = text.strip().lower()
    if not wanted:
        return []
    ranked = []
    for item in instruments.values():
        symbol, name = item.symbol.lower(), item.name.lower()
        if symbol == wanted:
            rank = 0
        elif symbol.startswith(wanted):
            rank = 1
        elif any(word.startswith(wanted) for word in name.split()):
            rank = 2
        elif wanted in symbol or wanted in name:
            rank = 3
        elif wanted == item.exchange.lower():
            rank = 4
        else:
            continue
        ranked.append((rank, len(symbol), symbol, item))
    ranked.sort(key=lambda found: found[:3])
    return [found[3] for found in ranked[:limit]]


def near_symbols(instruments: Mapping[str, Instrument], text: str) -> list[str]:
    """Return the symbols that are most like a text which matches nothing."""
    return get_close_matches(text.strip().upper(), list(instruments), n=NEAR_MAX, cutoff=0.5)
