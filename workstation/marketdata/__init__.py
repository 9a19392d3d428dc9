"""Market data: from a feed's lists to prices with an age, books, bars and their history.

Middle of the tick walk: after `brokers/<venue>/decode`, before `portfolio/pnl` and the view models. Sans-IO, on the
engine's thread; never reads time, settings or files by itself.
"""
