"""The stored CIFAR-10 of the tests of data, for the command that fetches it."""

from tests.data.conftest import checksums, stored

__all__ = ["checksums", "stored"]
