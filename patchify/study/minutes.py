"""Accuracy against core-minutes: ours, the best of it up to each time, and published runs."""

from patchify import charts
from patchify.config.published import Published
from patchify.config.schema import Chart
from patchify.study import ResultsError
from patchify.study.groups import footer, group_intervals
from patchify.study.quantities import heading
from patchify.study.results import Tables


def core_minutes(chart: Chart, tables: Tables) -> charts.Figure:
    """A point for each group of runs in each accuracy that it has."""
    results = tables.results
    if results["train_cpu_seconds"].isna().any():
        raise ResultsError("core-minutes are counted since this version: train runs again that lack train_cpu_seconds")
    minutes = (results["train_cpu_seconds"] / 60).groupby(results["run"]).mean()
    series = {
        heading(column).removesuffix(" (%)"): [
            charts.Spot(label=label, x=minutes[label], y=found.mean, half_width=found.half_width)
            for label, found in group_intervals(results.dropna(subset=[column]), column).items()
        ]
        for column in chart.show
    }
    return charts.frontier_chart(
        series,
        [_stated(published) for published in chart.published],
        title=chart.title,
        x_axis="training time (core-minutes)",
        y_axis="accuracy (%)",
        footer=f"{footer(tables, 'error bars')} {_caption(chart)}",
        scale=100,
    )


def _caption(chart: Chart) -> str:
    ours = "Core-minutes: processor time of training; evaluation not counted."
    published = ["Published: wall times on hardware not stated; bars: ranges."] if chart.published else []
    return " ".join([ours, "Lines: the best up to each time.", *published])


def _stated(published: Published) -> charts.Range:
    """A published run as a range, called by its time as it was published."""
    seconds, accuracy = published.seconds, published.accuracy
    return charts.Range(
        label=f"{'–'.join(f'{end:,g}' for end in seconds)} s",
        x=(seconds[0] / 60, seconds[-1] / 60),
        y=(accuracy[0], accuracy[-1]),
    )
