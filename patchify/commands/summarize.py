"""The command `patchify-summarize`: a study's runs, from the store to tables and charts in a folder."""

import argparse
import os
import sys
from functools import cache, partial
from pathlib import Path

from patchify.display import complain, say
from patchify.store import StoreError
from patchify.study import ResultsError


def main() -> None:
    """Read the command line, write the folder, say where it is; exit status 1 if there is nothing to summarize."""
    parser = argparse.ArgumentParser(
        prog="patchify-summarize", description="Turn a study's finished runs into tables, charts and a README."
    )
    parser.add_argument("study", metavar="STUDY", help="as in patchify experiment=STUDY or study=STUDY")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to write (default: experiments/STUDY)")
    parser.add_argument("--uri", metavar="STORE", help="MLflow address, or a tracking folder (default: mlruns)")
    parser.add_argument("--data", metavar="NAME", help="only runs on this data set: its name, or how its digest begins")
    parser.add_argument("--baseline", metavar="RUN", help="compare the others with these runs (default: the study's)")
    parser.add_argument("--note", default="", metavar="TEXT", help='stands under every chart and table: "JPEG copy"')
    asking = parser.add_argument_group(
        "a question of your own", "is answered on the terminal, and in a folder of its own below the study's"
    )
    asking.add_argument("--metric", metavar="COLUMN", help="what to compare: a column of results.csv, as test_loss")
    asking.add_argument("--by", action="append", default=[], metavar="SETTING", help="what makes groups, as hidden")
    asking.add_argument("--where", action="append", default=[], metavar="RULE", help="as seed=0,1 or eta_max>=0.05")
    words = parser.parse_args()
    try:
        written = summarize(words)
    except (ResultsError, StoreError, OSError) as error:
        sys.exit(f"patchify-summarize: {error}")
    say("\n".join(f"wrote {path}" for path in written))


def summarize(words: argparse.Namespace) -> list[Path]:
    """Write the study's folder and return what was written. Raises ResultsError, StoreError or OSError."""
    from patchify.config.catalog import tracking_folder  # noqa: PLC0415 - these take seconds to import, --help does not
    from patchify.store.opening import address_of, store_to_read  # noqa: PLC0415
    from patchify.stored.files import answers_of  # noqa: PLC0415
    from patchify.study.conclusions import concluded  # noqa: PLC0415
    from patchify.study.folder import write  # noqa: PLC0415
    from patchify.study.overview import overview  # noqa: PLC0415
    from patchify.study.question import Question  # noqa: PLC0415
    from patchify.study.results import tables  # noqa: PLC0415
    from patchify.study.runs import counted  # noqa: PLC0415
    from patchify.study.written import sources, with_further  # noqa: PLC0415

    store = store_to_read(address_of(words.uri or os.environ.get("MLFLOW_TRACKING_URI"), tracking_folder()))
    study, runs, left_out = counted(store, words.study, words.data)
    say(f"{words.study}: {len(runs)} finished runs" + (f"; left out: {'; '.join(left_out)}" if left_out else ""))
    question = Question(by=words.by, where=words.where, metric=words.metric)
    runs = question.chosen(runs)
    by, pooled = question.groups(runs)
    baseline = words.baseline or study.baseline
    made = tables(store, runs, note=words.note, by=by, baseline=baseline)
    column = question.column(made.results)
    summary = overview(made.results, column)
    remarks = [f"Left out: {'; '.join(left_out)}."] if left_out else []
    if by:
        remarks.append(f"Runs of a group differ in {', '.join(pooled)}; those that agree in all of it make pairs.")
    compared = None
    if baseline and len(summary.counts) > 1:
        try:
            compared = concluded(made.results, column, baseline, cache(partial(answers_of, store)), pooled)
        except ResultsError as error:
            if words.baseline:
                raise
            remarks.append(f"Compared with nothing: {error}.")
            complain(remarks[-1])
    folder = words.out or Path("experiments") / words.study / str(question)
    if question:
        study = question.of(study, column)
        say("\n".join([*summary.lines(column), *(compared.answers if compared else [])]))
    made, absent = with_further(made, study.further, folder.parent)
    if made.further:
        remarks.append(f"The charts show further studies, too: {sources(made.further)}.")
    if absent:
        remarks.append(f"The charts lack {'; '.join(absent)}.")
        complain(remarks[-1])
    return write(folder, study, made, runs=runs, overview=summary, compared=compared, remarks=remarks)
