"""Closed days and early closes of the New York stock exchange, 2024 to 2027, as the exchange publishes them.

Data only; `calendar.py` reads it, and a caller may hand over other tables. Early closes are seconds after local
midnight.
"""

from datetime import date

_ONE_PM_S = 13 * 3_600

_CLOSED = """
2024-01-01 2024-01-15 2024-02-19 2024-03-29 2024-05-27 2024-06-19 2024-07-04 2024-09-02 2024-11-28 2024-12-25
2025-01-01 2025-01-09 2025-01-20 2025-02-17 2025-04-18 2025-05-26 2025-06-19 2025-07-04 2025-09-01 2025-11-27 2025-12-25
2026-01-01 2026-01-19 2026-02-16 2026-04-03 2026-05-25 2026-06-19 2026-07-03 2026-09-07 2026-11-26 2026-12-25
2027-01-01 2027-01-18 2027-02-15 2027-03-26 2027-05-31 2027-06-18 2027-07-05 2027-09-06 2027-11-25 2027-12-24
"""

_EARLY = """
2024-07-03 2024-11-29 2024-12-24
2025-07-03 2025-11-28 2025-12-24
2026-11-27 2026-12-24
2027-11-26
"""

XNYS_HOLIDAYS = frozenset(date.fromisoformat(day) for day in _CLOSED.split())
XNYS_EARLY_CLOSES = {date.fromisoformat(day): _ONE_PM_S for day in _EARLY.split()}
