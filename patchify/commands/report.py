"""The command `patchify-report`: all results as a PDF and as a page of HTML."""

import argparse
import sys
from pathlib import Path

from patchify.display import complain, say


def main() -> None:
    """Read the command line, write both files, say where they are; exit status 1 where that can't be done."""
    parser = argparse.ArgumentParser(
        prog="patchify-report",
        description="Write report.pdf and report.html from the folders of results alone. Sections without results say "
        "which command makes them.",
        epilog="A text file, all of it optional: title: ..., author: ..., introduction: ..., remarks: {longer: ...}, "
        "data: {42fb3ed1: what is known of the data set with this digest}. Empty lines part paragraphs.",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("report"), metavar="FOLDER", help="where to write (default: report)"
    )
    parser.add_argument(
        "--experiments",
        type=Path,
        metavar="FOLDER",
        help="the folders of results (default: experiments)",
    )
    parser.add_argument("--text", type=Path, metavar="FILE", help="default: report.yaml beside these, if it is there")
    words = parser.parse_args()
    experiments = words.experiments or Path("experiments")
    if words.experiments and not experiments.is_dir():
        sys.exit(f"patchify-report: --experiments must be a folder: there is no {words.experiments}; check its path")
    if words.text and not words.text.is_file():
        sys.exit(f"patchify-report: --text must be a file: there is no {words.text}; check its path")

    from patchify.report import ReportError  # noqa: PLC0415 - these take seconds to import, --help does not
    from patchify.report.document import PARTS, document  # noqa: PLC0415
    from patchify.report.setting import write  # noqa: PLC0415
    from patchify.report.text import Text, read_text  # noqa: PLC0415

    beside = experiments.parent / "report.yaml"
    try:
        file = words.text or (beside if beside.exists() else None)
        made, problems = document(experiments, read_text(file, list(PARTS)) if file else Text())
        for problem in problems:
            complain(problem)
        for path in write(made, words.out):
            say(str(path))
    except (ReportError, OSError) as error:
        sys.exit(f"patchify-report: {error}")


if __name__ == "__main__":
    main()
