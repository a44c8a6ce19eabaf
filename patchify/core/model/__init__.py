"""The network: what it is made of, what it computes, how well it does."""
