"""The expression language: small, total, typed at load. One language for keys, computed columns, alerts and rules.

`parsing` makes a tree of a text, `typing` gives each part its type, `evaluation` reads one snapshot. No loops, waits,
assignment or hidden variables: an expression yields a typed value, or says which of its inputs is absent.
"""
