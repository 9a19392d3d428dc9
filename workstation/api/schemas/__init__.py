"""The wire: what each resource looks like outside, and the one mapping from the core's names and scales to it.

Requests are validated by these models. Answers are built as plain dictionaries by the function beside each model, which
documents them: a list of a hundred orders costs a tenth of what building a hundred models would.
"""
