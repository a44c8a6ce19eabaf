"""The folder of a search: README.md, trials.csv, and its charts."""

import math
import re
from pathlib import Path

import pandas as pd

from patchify import charts
from patchify.config.identity import short
from patchify.core import NUMERICS_VERSION
from patchify.data.prepare import prepare
from patchify.search import SearchError
from patchify.search.findings import Findings, command, findings, span
from patchify.search.place import Place
from patchify.search.trials import Result
from patchify.tracking.facts import facts

TOP = 10
"""Trials in the table of the best."""
IMPORTANCE = "Importance: the share of each setting in what sets the best quarter of those done apart (PED-ANOVA)."
AXIS = "validation accuracy (%)"


def folder_for(place: Place) -> Path:
    """Where its results go: below experiments/ by its name, and by its key where that is another search's."""
    folder = Path("experiments") / place.name
    return Path("experiments") / place.folder.name if _is_of_another(place, folder) else folder


def check(place: Place, folder: Path) -> None:
    """Raise SearchError for a folder with the results of another search."""
    if _is_of_another(place, folder):
        raise SearchError(
            f"{folder} holds the results of another search: choose a folder for this one with --out FOLDER"
        )


def _is_of_another(place: Place, folder: Path) -> bool:
    page = folder / "README.md"
    marked = re.search(r"Search \w{8}\.\n$", page.read_text()) if page.exists() else None
    return marked is not None and marked[0].strip() != _mark(place)


def summarize(place: Place, folder: Path) -> list[str]:
    """Write the folder; lines that say what was found. Raises SearchError where there is nothing yet, and OSError."""
    found = findings(place)
    folder.mkdir(parents=True, exist_ok=True)
    table(found.results).to_csv(folder / "trials.csv", index=False)
    dataset = prepare(place.first.data, place.first.dtype.value)
    data = dataset.name if dataset.official else f"{dataset.name} (unofficial copy {dataset.digest[:8]})"
    written = [folder / "trials.csv", *_draw(place, found, data, folder), folder / "README.md"]
    (folder / "README.md").write_text(_readme(place, found, data))
    return [
        f"{_counts(found)}: best {_accuracy(found.best)} % on validation images, {_setting(found.best)}",
        *(f"wrote {path}" for path in written),
        f"to train it: {command(place, found.best.settings)}",
    ]


def table(results: list[Result]) -> pd.DataFrame:
    """One row a trial, in their order: its state, what it came to, its settings."""
    return pd.DataFrame(
        {
            "trial": result.number + 1,
            "state": result.state,
            "validation_accuracy": result.accuracy,
            "updates": result.facts.get("updates"),
            "train_seconds": result.facts.get("seconds"),
            **result.settings,
            "run_key": result.facts.get("run_key"),
            "failure": result.failure,
        }
        for result in results
    ).astype({"updates": "Int64"})


def _draw(place: Place, found: Findings, data: str, folder: Path) -> list[Path]:
    shown = [result for result in found.results if result.state in {"done", "pruned"} and result.accuracy is not None]
    points = [
        charts.TrialPoint(number=result.number, accuracy=result.accuracy or 0.0, pruned=result.state == "pruned")
        for result in shown
    ]
    slices = [
        charts.Slice(
            name=key,
            values=[
                str(result.settings[key]) if dimension.choices else float(result.settings[key]) for result in shown
            ],
            log=dimension.log,
            choices=[str(choice) for choice in dimension.choices] or None,
        )
        for key, dimension in place.search.space.items()
    ]
    about = f"Data: {data}, {place.first.data.validation:,} validation images, one seed. {_counts(found)}."
    history = charts.search_history(points, title=f"Trials of the search {place.name}", axis=AXIS, footer=about)
    sliced = charts.search_slices(slices, points, title=place.search.question, axis=AXIS, footer=about)
    return [*charts.save(history, folder / "history"), *charts.save(sliced, folder / "slices")]


def _readme(place: Place, found: Findings, data: str) -> str:
    images, margin = place.first.data.validation, 100 * found.sure
    failures = [f"- trial {r.number + 1} ({_setting(r)}): {r.failure}" for r in found.results if r.failure]
    lines = [
        f"# Search: {place.name}",
        "",
        place.search.question,
        "",
        f"**{_setting(found.best)}: {_accuracy(found.best)} ± {margin:.1f} % of {images:,} validation images** "
        f"(trial {found.best.number + 1}). {_counts(found)}.",
        "",
        *_markdown(_settings(place, found)),
        "",
        "The interval is that of a share of so many images (95 %); the best of many trials is also the luckiest.",
        f"As good: the {len(found.as_good)} trials that lie less below the best than chance may put them, "
        f"{math.sqrt(2) * margin:.1f} points.",
        *([IMPORTANCE] if found.importances else []),
        "",
        "The best trials:",
        "",
        *_markdown(_best(place, found)),
        "",
        *(["Failed:", "", *failures, ""] if failures else []),
        "To train the best setting, and test it at last:",
        "",
        "```sh",
        command(place, found.best.settings),
        "```",
        "",
        "![Trials in their order](history.svg)",
        "",
        "![Trials against each setting](slices.svg)",
        "",
        _how(place, data),
        "",
    ]
    return "\n".join(lines)


def _settings(place: Place, found: Findings) -> list[list[str]]:
    """A row for each setting, below a heading: where it was looked for, and where it was found."""
    rows = [["setting", "searched", "best", "as good", *(["importance"] if found.importances else [])]]
    for key, dimension in place.search.space.items():
        searched = ", ".join(map(str, dimension.choices)) or f"{dimension.low:g} to {dimension.high:g}"
        row = [f"`{key}`", searched, str(found.best.settings[key]), span(key, dimension, found.as_good)]
        rows.append([*row, *([f"{100 * found.importances[key]:.0f} %"] if found.importances else [])])
    return rows


def _best(place: Place, found: Findings) -> list[list[str]]:
    """A row for each of the best trials, below a heading."""
    space = place.search.space
    done = [result for result in found.results if result.state == "done"]
    best = sorted(done, key=lambda result: (-(result.accuracy or 0), result.number))[:TOP]
    rows = [[str(r.number + 1), _accuracy(r), *(str(r.settings[key]) for key in space)] for r in best]
    return [["trial", AXIS, *(short(key) for key in space)], *rows]


def _how(place: Place, data: str) -> str:
    """What the trials were made of and with."""
    search, made = place.search, facts()
    return (
        f"Every trial: [trials.csv](trials.csv). Data: {data}; no trial saw the test images. All trials: "
        f"{', '.join(search.words(search.base))}.\n\n"
        f"Sampler {search.sampler.value}, seed {search.seed}, {search.explore} trials to explore; "
        f"{'with' if search.pruning else 'without'} pruning. Made with patchify {made['version.patchify']}, "
        f"numerics version {NUMERICS_VERSION}, NumPy {made['version.numpy']}, BLAS {made['blas']}. {_mark(place)}"
    )


def _mark(place: Place) -> str:
    """How the page of a search ends."""
    return f"Search {place.key[:8]}."


def _markdown(rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (rows[0], ["---"] * len(rows[0]), *rows[1:])]


def _accuracy(result: Result) -> str:
    return f"{100 * (result.accuracy or 0):.2f}"


def _setting(result: Result) -> str:
    return ", ".join(f"{key}={value}" for key, value in result.settings.items())


def _counts(found: Findings) -> str:
    return f"{len(found.results)} trials, {', '.join(f'{count} {state}' for state, count in found.counts.items())}"
