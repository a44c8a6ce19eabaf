"""A study's README: the question, a table with means and intervals, the charts, and how it was made."""

from collections.abc import Callable, Sequence

import pandas as pd

from patchify.config.catalog import Study
from patchify.config.schema import Chart, ChartKind
from patchify.stored.run import StoredRun
from patchify.study.conclusions import Conclusions
from patchify.study.gain_table import gain_lines
from patchify.study.overview import Overview
from patchify.study.results import Tables
from patchify.study.scaling.section import scaling_section

SECTIONS: dict[ChartKind, Callable[[Chart, Tables], list[str]]] = {ChartKind.scaling: scaling_section}
"""What stands below a chart of some kinds: lines of Markdown."""


def readme(
    study: Study,
    tables: Tables,
    overview: Overview,
    *,
    compared: Conclusions | None,
    runs: Sequence[StoredRun],
    remarks: Sequence[str],
) -> str:
    """The README as Markdown; remarks: paragraphs below the tables, on which runs these are."""
    return "\n".join(
        [
            f"# {study.name}",
            "",
            study.question,
            "",
            *overview.markdown(),
            "",
            "Means over n runs ± half of the 95 % interval (Student's t); a single run has no interval. Training",
            "loss and accuracy are of a fixed part of the training images; seconds are of training alone,",
            "evaluation not counted.",
            "",
            *(compared.markdown() if compared else []),
            *gain_lines(study.charts.values(), tables),
            *(line for remark in remarks for line in (remark, "")),
            f"Data: {tables.about}. Updates: {_range(tables.results['updates'])}. All runs: {_common_settings(runs)}.",
            "",
            f"Made with {_made_with(runs)}.",
            "",
            *(line for stem, chart in study.charts.items() for line in _chart(stem, chart, tables)),
            f"In full: {_links('.csv', compared)}; for reports: {_links('.tex', compared)}; every run:",
            "[results.csv](results.csv); every record: [history.csv](history.csv).",
            "",
        ]
    )


def _links(suffix: str, compared: Conclusions | None) -> str:
    stems = ["summary", "comparisons"] if compared else ["summary"]
    return ", ".join(f"[{stem}{suffix}]({stem}{suffix})" for stem in stems)


def _chart(stem: str, chart: Chart, tables: Tables) -> list[str]:
    section = SECTIONS[chart.kind](chart, tables) if chart.kind in SECTIONS else []
    return [f"![{chart.title}]({stem}.svg)", "", *section]


def _common_settings(runs: Sequence[StoredRun]) -> str:
    """The settings that are the same in all runs."""
    first = runs[0].params
    same = {key: value for key, value in first.items() if all(run.params.get(key) == value for run in runs)}
    return ", ".join(f"{key}={value}" for key, value in sorted(same.items()))


def _made_with(runs: Sequence[StoredRun]) -> str:
    """Code, libraries and processor of the runs, each value named once."""

    def values(tag: str) -> str:
        return ", ".join(sorted({run.tags.get(tag, "unknown") for run in runs}))

    commits = {
        run.tags.get("mlflow.source.git.commit", "unknown")[:10]
        + (" with changes" if run.tags.get("git.dirty") == "True" else "")
        for run in runs
    }
    commands = " and ".join(sorted({f"`{run.tags['command']}`" for run in runs if "command" in run.tags}))
    threads = ", ".join(sorted({run.params["threads"] for run in runs}))
    return (
        f"patchify {values('version.patchify')} (commit {', '.join(sorted(commits))}), "
        f"Python {values('version.python')}, NumPy {values('version.numpy')}, "
        f"BLAS {values('blas')}, {threads} BLAS thread{'' if threads == '1' else 's'}"
        f"{commands and ', by '}{commands}"
    )


def _range(updates: "pd.Series[int]") -> str:
    return " and ".join(f"{count:,}" for count in sorted(set(updates)))
