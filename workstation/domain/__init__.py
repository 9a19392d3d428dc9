"""The field's nouns: instruments, market data, orders, executions, positions, events and errors.

Lowest layer of the house. Values only: no clock, no randomness, no IO. Standard library and msgspec only.
"""
