"""Indicators: each formula written once, as a graph over the columns of bars, read in two ways.

`graph` holds the parts of formulas, `formulas` the indicators built of them, `catalogue` their parameters and outputs,
`evaluation` reads a graph over whole arrays (charts, studies) or bar by bar (live charts, strategies). Both give the
same figures. Floats are right here and nowhere in an order: an indicator is an opinion about prices.
"""
