"""As many threads as were asked for, in every library."""

import importlib
from collections.abc import Sequence

from threadpoolctl import threadpool_info, threadpool_limits

from patchify.benchmark import ComparisonError
from patchify.benchmark.names import LIBRARIES


def use_threads(threads: int, names: Sequence[str]) -> None:
    """Set the threads of NumPy's BLAS and PyTorch; JAX takes one for each core that the process may use.

    Raises ComparisonError if a library takes another number, as some do that were built without threads.
    """
    modules = {name: importlib.import_module(LIBRARIES[name]) for name in names if name in LIBRARIES}
    threadpool_limits(threads)  # whatever OPENBLAS_NUM_THREADS says; stays when this returns
    used = {pool["internal_api"]: pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
    if "pytorch" in modules:
        modules["pytorch"].set_num_threads(threads)
        used["pytorch"] = modules["pytorch"].get_num_threads()
    for library, number in used.items():
        if number != threads:
            raise ComparisonError(f"{library} must use {threads} threads: it uses {number}; choose other --threads")
