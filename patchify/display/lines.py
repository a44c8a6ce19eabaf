"""Lines of text to the terminal."""

import os
import sys
import warnings
from pathlib import Path

from patchify.store.address import public


def say(text: str) -> None:
    """One line to the terminal, in the order of events also where the output is a file."""
    try:
        print(text, flush=True)
    except BrokenPipeError:  # the reader has gone, as after `| head`: the work goes on, unheard
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(text: str) -> None:
    """One line to standard error, which says who complains; never a password that was typed with an address."""
    print(f"{_command()}: {public(text)}", file=sys.stderr)


def _command() -> str:
    name = Path(sys.argv[0]).name
    return name if name.startswith("patchify") else "patchify"


def relay(line: str, *, error: bool) -> None:
    """A line that another process printed, to the same stream of ours."""
    if error:
        print(line, file=sys.stderr)
    else:
        say(line)


def show_warnings_plainly() -> None:
    """Warnings as one line of text, without the place in the code that they come from."""
    warnings.formatwarning = lambda message, *_, **__: f"warning: {message}\n"
