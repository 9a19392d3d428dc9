"""Orders: the desk every request goes through, the life of each order, and the agreement with the venue.

The middle of the order walk: above it commands, scripts and strategies; below it the risk gate, the journal and the
broker port. Read `lifecycle.py` first, then `book.py`, `fold.py`, `submission.py` and `desk.py`.
"""
