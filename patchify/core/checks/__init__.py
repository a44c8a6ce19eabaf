"""The same by other ways, slow and plain, for comparison."""
