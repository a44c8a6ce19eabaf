"""The command `patchify-summarize`: a study's runs, from the store to tables and charts in a folder."""

import argparse
import os
import sys
from functools import partial
from pathlib import Path

from patchify.display import say
from patchify.store import StoreError
from patchify.study import ResultsError


def main() -> None:
    """Read the command line, write the folder, say where it is; exit status 1 if there is nothing to summarize."""
    parser = argparse.ArgumentParser(
        prog="patchify-summarize", description="Turn a study's finished runs into results.csv, charts and a README."
    )
    parser.add_argument("study", metavar="STUDY", help="as in patchify experiment=STUDY or study=STUDY")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to write (default: experiments/STUDY)")
    parser.add_argument("--uri", metavar="STORE", help="MLflow address, or a tracking folder (default: mlruns)")
    parser.add_argument("--data", metavar="NAME", help="only runs on this data set: its name, or how its digest begins")
    parser.add_argument("--baseline", metavar="RUN", help="compare the others with these runs (default: the study's)")
    parser.add_argument("--note", default="", metavar="TEXT", help='stands under every chart and table: "JPEG copy"')
    words = parser.parse_args()

    folder = words.out or Path("experiments") / words.study
    try:
        uri = words.uri or os.environ.get("MLFLOW_TRACKING_URI")
        written = summarize(words.study, folder, uri=uri, data=words.data, note=words.note, baseline=words.baseline)
    except (ResultsError, StoreError, OSError) as error:
        sys.exit(f"patchify-summarize: {error}")
    say("\n".join(f"wrote {path}" for path in written))


def summarize(
    name: str, folder: Path, *, uri: str | None, data: str | None, note: str, baseline: str | None
) -> list[Path]:
    """Write the study's folder and return what was written. Raises ResultsError, StoreError or OSError."""
    from patchify.config.catalog import has_file, options, study, tracking_folder  # noqa: PLC0415 - these take seconds to import, --help does not
    from patchify.config.door import explain, nearest  # noqa: PLC0415
    from patchify.store.opening import address_of, existing_store  # noqa: PLC0415
    from patchify.study.conclusions import comparison_lines  # noqa: PLC0415
    from patchify.study.drawing import draw  # noqa: PLC0415
    from patchify.study.overview import overview  # noqa: PLC0415
    from patchify.study.readme import common_settings, made_with, readme  # noqa: PLC0415
    from patchify.study.results import is_of, select, tables  # noqa: PLC0415
    from patchify.tracking.reading import answers_of, config_of, stored_runs  # noqa: PLC0415

    store = existing_store(address_of(uri, tracking_folder()))
    found = {name: stored_runs(store, name)}
    finished = [run for run in found[name] if run.status == "FINISHED" and is_of(run, data)]
    try:
        asked = study(name, config_of(store, finished[-1]) if finished and not has_file(name) else "")
    except ValueError as error:
        raise ResultsError(f"the study {name} can't be read: {explain(error)}") from error
    known = {*store.experiments(), *options("experiment")}
    for other in asked.runs_of:
        if other not in known:
            raise ResultsError(f"runs_of must name studies: there is no {other}; {nearest(other, sorted(known))}")
    found |= {other: stored_runs(store, other) for other in asked.runs_of}
    all_runs = [run for runs in found.values() for run in runs]
    if not all_runs and name not in store.experiments():
        there_are = ", ".join(store.experiments()) or "none"
        raise ResultsError(f"{store.address} holds no study {name}; there are: {there_are}")
    runs, left_out = select(all_runs, name, data)
    absent = [other for other in asked.runs_of if not found[other]]
    say(
        f"{name}: {len(runs)} finished runs"
        + (f"; left out: {', '.join(left_out)}" if left_out else "")
        + (f"; none there of {', '.join(absent)}" if absent else "")
    )
    made = tables(store, runs, note)
    named = sorted(made.results["run"].unique())
    if baseline and baseline not in named:
        raise ResultsError(f"--baseline must name runs of {name}: there are no {baseline}; {nearest(baseline, named)}")
    compared = comparison_lines(made.results, baseline or asked.baseline, partial(answers_of, store))

    folder.mkdir(parents=True, exist_ok=True)
    summary = overview(made.results)
    written = {"results.csv": made.results, "history.csv": made.history, "summary.csv": summary.numbers()}
    files = [folder / file for file in written]
    for table, path in zip(written.values(), files, strict=True):
        table.to_csv(path, index=False)
    (folder / "summary.tex").write_text(summary.latex())
    files.append(folder / "summary.tex")
    for stem, chart in asked.charts.items():
        files += draw(chart, made, folder / stem)
    (folder / "README.md").write_text(
        readme(asked, made, summary, compared=compared, common=common_settings(runs), made_with=made_with(runs))
    )  # last: it says that all is there
    return [*files, folder / "README.md"]
