"""Composition root: what is real and what is embedded is decided here, once. Everything below gets plain values."""
