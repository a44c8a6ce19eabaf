"""One module for each command: its words, what it does with them, and how it ends."""
