"""What is loaded once a sweep, before its jobs begin."""

import importlib
import threading
from collections.abc import Sequence

from patchify.config.identity import run_key
from patchify.config.schema import Run
from patchify.data.prepare import prepare


def warm_up(runs: Sequence[Run]) -> list[str]:
    """Load what the jobs need, the data in a thread meanwhile; returns the runs' keys.

    All data are checked, those of the first job stay in memory. Touches no store, and leaves no thread behind unless
    interrupted. Raises DataError.
    """
    different = {repr((run.data, run.dtype)): run for run in runs}
    for run in different.values():
        run.data.fetch()  # first, since a download shows a bar, and missing files are said at once
    failures: list[Exception] = []
    digests: dict[str, str] = {}

    def prepare_all() -> None:
        try:
            for name, run in reversed(different.items()):
                digests[name] = prepare(run.data, run.dtype.value, check=True).digest
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=prepare_all, daemon=True)  # a daemon, so that Ctrl-C need not wait for it
    thread.start()
    importlib.import_module("patchify.run")  # MLflow and Matplotlib, which take seconds
    if len(runs) > 1:
        importlib.import_module("patchify.charts").rehearse()  # measured: 0.1 s of each forked run
    thread.join()
    if failures:
        raise failures[0]
    return [run_key(run, digests[repr((run.data, run.dtype))]) for run in runs]
