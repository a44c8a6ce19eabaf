"""Libraries use as many threads as were asked for, or the comparison is refused."""

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from patchify.benchmark import ComparisonError, threads
from patchify.benchmark.threads import use_threads


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_blas_uses_as_many_threads_as_asked_for_whatever_it_used_before() -> None:
    with threadpool_limits(2):  # undone at the end, for the other tests
        use_threads(1, [])
        assert blas_threads() == {1}


def test_a_library_that_uses_another_number_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = {"internal_api": "mkl", "num_threads": 4, "user_api": "blas"}
    monkeypatch.setattr(threads, "threadpool_info", lambda: [pool])
    monkeypatch.setattr(threads, "threadpool_limits", lambda number: None)
    with pytest.raises(ComparisonError, match="mkl must use 2 threads: it uses 4; choose other --threads"):
        use_threads(2, [])
