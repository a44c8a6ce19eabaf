"""One verified file from the network, or one error soon. The only network code of the project."""

import queue
import threading
from functools import partial
from pathlib import Path

import pooch
import requests
from rich.console import Console
from rich.progress import DownloadColumn, Progress, TransferSpeedColumn


def download(url: str, sha256: str, path: Path, patience: float) -> None:
    """Download to a temporary name beside `path`, and move it there once its SHA-256 is right.

    patience: seconds without an answer, or without a further byte, after which it gives up
    Raises ConnectionError where the network fails or brings another file, OSError where the disk fails.
    """
    pooch.get_logger().setLevel("WARNING")  # the bar says what is going on
    stream = partial(_stream, patience=patience)
    try:
        pooch.retrieve(url, f"sha256:{sha256}", fname=path.name, path=path.parent, downloader=stream)
    except (requests.RequestException, TimeoutError, ValueError) as error:  # pooch's ValueError: another file
        cause: BaseException = error
        while cause.__context__:  # "Connection refused" lies three wrappers deep
            cause = cause.__context__
        raise ConnectionError(f"{url}: {cause}") from error


def _stream(url: str, output: str, _pooch: object, *, patience: float) -> None:
    """Pooch's downloader: one request, its body written to `output` under a progress bar on stderr."""
    columns = (*Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn())
    with _answer(url, patience) as response:
        response.raise_for_status()
        total = int(response.headers.get("content-length", 0)) or None
        with Path(output).open("wb") as file, Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("CIFAR-10", total=total)
            for piece in response.iter_content(1 << 17):
                file.write(piece)
                bar.advance(task, len(piece))


def _answer(url: str, patience: float) -> requests.Response:
    """The response to a request, its body unread, within `patience` seconds.

    A thread asks, since the timeouts of requests bound neither name resolution nor several addresses in turn.
    """
    answers: queue.SimpleQueue[requests.Response | Exception] = queue.SimpleQueue()

    def ask() -> None:
        plain = {"Accept-Encoding": "identity"}  # else a server may say that the gzip is its own, to be undone
        try:
            answers.put(requests.get(url, stream=True, timeout=patience, headers=plain))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=patience)
    except queue.Empty:
        answer = TimeoutError(f"no answer within {patience:g} seconds")
    if isinstance(answer, Exception):
        raise answer
    return answer
