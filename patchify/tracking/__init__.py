"""Runs in the store: what is sent of them, what is read back, what is done."""
