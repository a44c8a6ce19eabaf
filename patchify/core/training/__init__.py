"""From a network to a better one: updates, what decides them, and states to go on from."""
