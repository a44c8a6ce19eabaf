"""Evidence that the gradients are right: finite differences, PyTorch, and the course's debugging file."""
