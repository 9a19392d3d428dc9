"""What a list of 100 of 100,000 orders costs over REST, filter and total included. Behind `workstation bench lists`.

The real server over a real database that the real journal filled: a file by default, a server where its URL is given.
CPU is this process's; a database server's own is not in it.
"""

import tempfile
from pathlib import Path
from typing import Any

from workstation.api.benchmark import run_lists
from workstation.storage.benchmark import INSTRUMENT, LISTED_ORDERS, open_full


def run(url: str = "", orders: int = LISTED_ORDERS) -> dict[str, Any]:
    """Return CPU milliseconds of a list, listed again and first; budget: 2.6. url: "" for a file made for it."""
    with tempfile.TemporaryDirectory() as home:
        store = open_full(Path(home), url, orders)
        try:
            return {**run_lists(store.reader, INSTRUMENT), "orders": orders}
        finally:
            store.close()
