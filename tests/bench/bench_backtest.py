"""Budget: a backtest carries 300,000 bars with orders per second of processor time. Reports, never fails by time."""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from workstation.backtest.benchmark import run

BUDGET_BARS_PER_CPU_S = 300_000


def main() -> int:
    figures = run(time.process_time_ns, np.random.default_rng)
    sys.stdout.write(json.dumps({"name": "backtest", "budget": BUDGET_BARS_PER_CPU_S, **figures}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
