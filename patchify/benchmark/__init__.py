"""How fast an update is beside PyTorch, JAX, the assignment's own code, and its matrix products alone."""


class ComparisonError(Exception):
    """A comparison that can't be made; the message says why and what to do."""
