"""How loss falls with compute, over a grid of widths and lengths: the law, and what to spend more on."""
