"""The folder of results: results.csv, charts and README."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from patchify.benchmark.report.drawing import draw
from patchify.benchmark.report.readme import readme


def write(results: pd.DataFrame, folder: Path, *, machine: Mapping[str, str], images: int, command: str) -> list[Path]:
    """Write everything and return what was written; the README last, since it says that all is there."""
    folder.mkdir(parents=True, exist_ok=True)
    results.to_csv(folder / "results.csv", index=False)
    charts = draw(results, f"{machine['processor']}, {machine['cores']} cores", folder)
    shown = [path.name for path in charts if path.suffix == ".svg"]
    text = readme(folder.name, results, machine=machine, images=images, command=command, charts=shown)
    (folder / "README.md").write_text(text)
    return [folder / "results.csv", *charts, folder / "README.md"]
