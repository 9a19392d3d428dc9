"""Backtests: recorded markets in simulated time, filled by a stated model, booked by the core that trades.

Between `strategies` and `commands`. Reads no files and no clock: columns are handed in, and the same plan gives the
same result byte for byte.
"""
