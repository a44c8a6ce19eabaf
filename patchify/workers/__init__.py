"""Several processes at a time."""
