"""Protocols that the rim implements: broker, feed, store. The core speaks to the outside only through these."""
