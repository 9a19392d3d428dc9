"""The risk gate: limits, locks, kill switches, exposure and one rule per file, asked by every order from every door.

Stage of the order walk between `orders/desk` and the journal. Decides and explains; sends nothing, stores nothing.
"""
