"""What a reader of a page would do: write the files that it shows, make the changes, and type the commands."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

BLOCK = re.compile(r'^```(?P<kind>\w+)(?: title="(?P<path>[^"]+)")?\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)
TINY = ["data=textures", "data.train=300", "data.test=100", "data.validation=50", "batch_size=50"]
TRIALS = "3"


@dataclass(slots=True, kw_only=True, frozen=True)
class Block:
    """A fenced block of a page: its kind, as sh, and the file that it shows the whole of, if it does."""

    kind: str
    path: str | None
    text: str

    @property
    def script(self) -> str:
        """What a notebook would run, of a few updates on a few textures."""
        if self.kind != "python" or not self.text.startswith("import patchify\n"):
            return ""
        few = 'patchify.train(data, schedule=patchify.option("schedule", "cyclic", step_size=4), '
        tiny = "patchify.textures(train=300, test=100, validation=50)"
        return self.text.replace("patchify.cifar10()", tiny).replace("patchify.train(data, ", few)

    @property
    def commands(self) -> Iterator[list[str]]:
        """The words of each line that runs one of ours."""
        if self.kind == "sh":
            lines = [shlex.split(line, comments=True) for line in self.text.replace("\\\n", " ").splitlines()]
            yield from (words for words in lines if words and words[0].startswith("patchify"))


def blocks(page: Path, section: str = "") -> list[Block]:
    """All fenced blocks, in the order of the page; section: the heading of the one that is wanted."""
    text = page.read_text()
    if section:
        text = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [Block(**found.groupdict()) for found in BLOCK.finditer(text)]


def quick(words: list[str]) -> list[str]:
    """The same command on a few hundred textures, one seed, and trials and servers cut short."""
    name, *rest = [re.sub(r"^seed=\d.*", "seed=0", word) for word in words]
    if name == "patchify-ui":
        return [name, "--help"]  # it serves until Ctrl-C; tests/commands/test_ui.py has it do so
    if name == "patchify-benchmark":
        return [name, "--help"]  # under a minute; tests/benchmark have it measure
    if name == "patchify-search":
        cut = [TRIALS if before == "--trials" else word for before, word in zip([name, *rest], rest, strict=False)]
        return [name, *cut, *TINY, "schedule.step_size=4", *([] if "--trials" in rest else ["--trials", TRIALS])]
    if name != "patchify" or rest == ["--help"]:
        return [name, *rest]
    set_already = {word.partition("=")[0] for word in rest}
    own = [] if "data" in set_already else TINY
    length = set_already & {"recipe", "schedule", "plan"}
    seed = ["seed=0"] if "experiment" in set_already and "plan" not in set_already else []
    return [name, *rest, *own, *([] if length else ["schedule.step_size=4"]), *seed]
