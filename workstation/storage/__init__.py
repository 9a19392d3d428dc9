"""Storage: the database's side of the store port.

Last stage before the venue in the order walk (an intent is durable first) and the first of every start. The journal is
the truth, tables are projected from it in the same transaction. `open_store` is the one door. Storage knows no stage of
trading.
"""

from workstation.storage.open import NothingStored, Store, StoreView, open_empty, open_store, open_view

__all__ = ["NothingStored", "Store", "StoreView", "open_empty", "open_store", "open_view"]
