"""Workstation: a trading desktop with order management, market data, strategies and a REST service in one process.

The packages below are one list in three readings: the order of imports, the order to read them in, and the path of an
order. The map and the two walks, of a tick and of an order, stand in `resources/docs/architecture.md`. This module
holds the version and nothing else, so that importing it costs nothing.
"""

__version__ = "0.1.0"
