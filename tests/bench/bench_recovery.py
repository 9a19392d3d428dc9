"""Budget: after 1,000,000 closed and 5,000 open orders a window in 2 s, trading in 5 s. Reports, never fails."""

from __future__ import annotations

import json
import sys

from workstation.app.bench_recovery import run

BUDGET_WINDOW_S, BUDGET_UNLOCKED_S, BUDGET_MEMORY_MIB = 2.0, 5.0, 600


def main() -> int:
    budgets = {"window_s": BUDGET_WINDOW_S, "unlocked_s": BUDGET_UNLOCKED_S, "memory_mib": BUDGET_MEMORY_MIB}
    sys.stdout.write(json.dumps({"name": "recovery", "budgets": budgets, **run()}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
