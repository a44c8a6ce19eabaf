"""Images as rows of numbers in Z-order, and how they are moved."""
