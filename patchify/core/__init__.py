"""The network and its training: NumPy, jaxtyping and the standard library only."""

NUMERICS_VERSION = 2
"""Raised whenever the same settings give other numbers; part of every run's identity."""
