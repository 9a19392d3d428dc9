"""The machinery below every stage: clock, ids, bus, mailbox, supervisor, throttle, fault points, logging.

The only core package that reads time and randomness; all others get them by argument.
"""
