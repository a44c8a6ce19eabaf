"""What the pages take for granted: a photo, the course's file, CIFAR-10 in its files."""

from tests.data.conftest import stored

__all__ = ["stored"]
