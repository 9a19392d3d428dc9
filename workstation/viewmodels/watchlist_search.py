"""The search that adds to a watchlist: instruments by symbol, name, ISIN or venue, and what is near where none fits.

Belongs to no walk. Sends nothing.
"""

from collections.abc import Mapping
from difflib import get_close_matches

from workstation.domain.instruments import Instrument

MATCHES_MAX = 8
NEAR_MAX = 3
ISIN_CHARS_MIN = 4
"""Characters of an ISIN that say more than its country, which most instruments share."""


def search(instruments: Mapping[str, Instrument], text: str, limit: int = MATCHES_MAX) -> list[Instrument]:
    """Return instruments by symbol, ISIN or name, best first: exact symbol or ISIN, then how a symbol begins, then any.

    Parts of names follow words of them; an ISIN counts from its first ISIN_CHARS_MIN characters on. Last come those of
    a venue that is named whole.
    """
    wanted = text.strip().lower()
    if not wanted:
        return []
    ranked = []
    for item in instruments.values():
        symbol, name, isin = item.symbol.lower(), item.name.lower(), item.isin.lower()
        if wanted in (symbol, isin):
            rank = 0
        elif symbol.startswith(wanted):
            rank = 1
        elif any(word.startswith(wanted) for word in name.split()):
            rank = 2
        elif wanted in symbol or wanted in name or (len(wanted) >= ISIN_CHARS_MIN and isin.startswith(wanted)):
            rank = 3
        elif wanted == item.exchange.lower():
            rank = 4
        else:
            continue
        ranked.append((rank, len(symbol), symbol, item))
    ranked.sort(key=lambda found: found[:3])
    return [found[3] for found in ranked[:limit]]


def of_isin(instruments: Mapping[str, Instrument], text: str) -> tuple[str, ...]:
    """Return the symbols that an ISIN names, several where it is listed in several places or currencies."""
    wanted = text.strip().upper()
    return tuple(item.symbol for item in instruments.values() if item.isin and item.isin == wanted)


def near_symbols(instruments: Mapping[str, Instrument], text: str) -> list[str]:
    """Return the symbols that are most like a text which matches nothing."""
    return get_close_matches(text.strip().upper(), list(instruments), n=NEAR_MAX, cutoff=0.5)
