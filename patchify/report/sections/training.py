"""What longer training brings, and what label smoothing does to overfitting."""

from pathlib import Path

import pandas as pd

from patchify.report.blocks import Block, Paragraph
from patchify.report.reading import study_tables
from patchify.report.sections.sentences import named
from patchify.report.sections.studies import Shown, study_blocks
from patchify.study import ResultsError
from patchify.study.gains import gains
from patchify.study.groups import group_intervals
from patchify.study.intervals import Interval
from patchify.study.markdown import number

LONGER = Shown(charts=("test_accuracy", "loss"))
SMOOTHING = Shown(
    compared=("overfitting_gap", "test_loss", "test_accuracy"),
    charts=("loss", "gap"),
)


def longer(folder: Path, shorter: Path) -> list[Block]:
    """The study, and the same networks beside their runs in a study of shorter trainings."""
    blocks = study_blocks(folder, LONGER)
    if blocks:
        blocks[2:2] = _beside_shorter(folder, shorter)
    return blocks


def _beside_shorter(folder: Path, shorter: Path) -> list[Block]:
    """What the longer training of the networks that both studies have brings, paired by seed."""
    found = study_tables(folder), study_tables(shorter)
    if found[0] is None or found[1] is None or found[0].about != found[1].about:
        return []
    long, short = (tables.results for tables in found if tables is not None)
    both = set(long["run"]) & set(short["run"])
    many, few = (results.loc[results["run"].isin(both), "updates"].unique() for results in (long, short))
    if len(many) != 1 or len(few) != 1:
        return []
    runs = pd.concat([long.assign(run="longer " + long["run"]), short.assign(run="shorter " + short["run"])])
    try:
        gained = gains(runs, "test_accuracy", "longer * over shorter *")
    except ResultsError as error:
        return [Paragraph(text=f"The runs of {shorter.name} can't stand beside these: {error}.")]
    told = [_gain(pair.label, gain) for pair, gain in gained.items()]
    seeds = sorted({gain.n for gain in gained.values()})
    return [
        Paragraph(
            text=f"{many[0]:,} updates in place of the {few[0]:,} of {shorter.name} changed test accuracy, in "
            f"percentage points: {'; '.join(told)}. Differences are between runs of the same seed, "
            f"n = {' or '.join(map(str, seeds))}."
        )
    ]


def _gain(name: str, gain: Interval) -> str:
    size = number(gain, "test_accuracy", "+")
    return f"{name}: no difference seen ({size})" if gain.includes(0) else f"{name}: {size}"


def label_smoothing(folder: Path) -> list[Block]:
    """The study, and how far test loss is above training loss."""
    blocks = study_blocks(folder, SMOOTHING)
    tables = study_tables(folder)
    if tables is not None:
        column = "overfitting_gap"
        gaps = [f"{name}: {number(gap, column)}" for name, gap in group_intervals(tables.results, column).items()]
        what = f"The {named(column)}, test loss less training loss after the last update, in nats"
        blocks.insert(2, Paragraph(text=f"{what}: {'; '.join(gaps)}."))
    return blocks
