"""Numbered fault points on the order path: places where a test may kill the process or fail the next step.

In the product nothing is armed and a point costs one comparison. Points are registered at import by name, so that a
test can list them and assert that each one was reached.
"""

from collections.abc import Callable

Probe = Callable[[str], None]

_probe: Probe | None = None


def fault_point(name: str) -> None:
    """Mark a place where a crash must lose and double nothing."""
    if _probe is not None:
        _probe(name)


def set_probe(probe: Probe | None) -> None:
    """Arm (tests only) or disarm every fault point of this process."""
    global _probe  # noqa: PLW0603  one probe per process is the point: crashes end the process
    _probe = probe
