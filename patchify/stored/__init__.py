"""Runs as a store holds them, read back as plain objects: from a database at once, from a server as it offers them."""
