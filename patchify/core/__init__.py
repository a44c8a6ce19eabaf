"""The network and its training: NumPy, jaxtyping and the standard library only."""

NUMERICS_VERSION = 1
"""Raised whenever the same settings give other numbers; part of every run's identity."""
