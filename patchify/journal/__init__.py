"""What a run leaves on this machine, whatever becomes of the store: its journal, its lock, its files to send."""
