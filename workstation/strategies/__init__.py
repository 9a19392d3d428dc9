"""Strategies: code of the user's that trades by itself, through the same desk and gate as every hand.

`api` is all that a strategy imports. `host` runs one strategy's callbacks on values, and makes its calls intents;
whoever drives a host (a live run on a thread of its own, a backtest on a simulated clock) is not known to it.
"""
