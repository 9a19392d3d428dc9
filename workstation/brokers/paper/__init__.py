"""Paper trading: orders filled against a live or replayed market, which they never move.

`broker.PaperBroker` is the venue behind the broker port. It shares the simulated exchange's accounts, checks and
reports; only liquidity differs: it is what others really showed and traded. Holds no reference to any live session.
"""
