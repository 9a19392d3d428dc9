"""What a start loads, and when. A window with live data must stand within two seconds, and most of a start is loading.

1. The command line: options and names, so that `--help` and refusals answer at once.
2. The engine: core, storage, venue. A replay loads its readers, a damaged layout its slower parser, where they are met.
3. The window: Qt, docking, and the panels in sight; those behind other tabs are made one a moment afterwards.
4. Behind the window: what `LOADED_BEHIND` names; `Program.open_rest_later` loads most of it on a thread of its own.
   Alembic loads when a database is made or migrated, and then the window does wait for it.

Objects that a start makes live as long as the program. So the collector rests until the fourth step is done, and never
looks at them again afterwards: the web stack alone would hold every thread for 60 to 85 ms at each full collection. A
test starts the desktop and sees that nothing of the fourth step is there with the window.
"""

import gc

LOADED_BEHIND = frozenset({"alembic", "cryptography", "fastapi", "httpx", "psutil", "pydantic", "tomlkit", "uvicorn"})
"""Libraries that no window waits for, once the database is up to date."""


def rest_collector() -> None:
    """Let the collector of cyclic garbage rest while a start makes what stays."""
    gc.disable()


def wake_collector() -> None:
    """End the rest: what the start made is set apart for good, collections see only what comes after. Idempotent."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
