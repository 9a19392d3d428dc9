"""Venues: each package turns one venue's wire into the broker and feed ports, and nothing else.

Below the stages of trading: a venue sees values of `domain` and the ports, never a desk, a gate or a ledger.
"""
