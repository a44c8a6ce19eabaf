"""The same update in several ways, and the check that they come to the same."""
