"""A worker of a sweep: tasks come in by standard input, outcomes go out by what was standard output.

Started by `sweep_workers.py`, several on a machine. The job comes once, before the first task.
"""

import sys

from workstation.app.worker_pipes import take_place, write_frame
from workstation.backtest.sweep_trial import evaluated


def main() -> int:
    """Run tasks until nobody sends any more."""
    frames, out = take_place()
    job = frames.get()
    while True:
        write_frame(out, evaluated(job, frames.get()))


if __name__ == "__main__":
    sys.exit(main())
