"""What the numbers show: sentences for the README, each made of numbers of the table and nothing else."""

from collections.abc import Iterator
from typing import cast

import pandas as pd

from patchify.benchmark.cells import Cell
from patchify.benchmark.names import FLOOR, OURS
from patchify.benchmark.results import KEYS, geometric_mean

TITLES = {"pytorch": "PyTorch", "jax": "JAX", "einsum": "The assignment's einsum"}


def findings(results: pd.DataFrame) -> list[str]:
    """Sentences about CPU time with the fewest threads, and about what more of them bring."""
    fewest = results["threads"].min()
    measured = results[results["threads"] == fewest]
    found = [about_other(measured, name) for name in TITLES if name in set(measured["implementation"])]
    if FLOOR in set(measured["implementation"]):
        found.append(about_products(measured))
    if "conv2d" in set(measured["implementation"]):
        found.append(about_convolution(measured))
    return [*found, *about_threads(results)]


def of(measured: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of one implementation, by cell (and threads)."""
    return measured[measured["implementation"] == name].set_index(KEYS)


def about_other(measured: pd.DataFrame, name: str) -> str:
    """How often and where another implementation is slower."""
    rows = of(measured, name)
    ratio = rows["cpu_ratio"]
    slower, faster = int((rows["cpu_ratio_low"] > 1).sum()), int((rows["cpu_ratio_high"] < 1).sum())
    return (
        f"{TITLES[name]} takes {geometric_mean(ratio):.2f} times our CPU time (geometric mean of {len(rows)} "
        f"networks): more in {slower}, less in {faster}, neither for sure in {len(rows) - slower - faster}; from "
        f"{ratio.min():.2f} times ({cell(ratio.idxmin())}) to {ratio.max():.2f} times ({cell(ratio.idxmax())}). "
        f"{by_width(ratio)}."
    )


def about_products(measured: pd.DataFrame) -> str:
    """How much of our time the matrix products take, and where they dominate."""
    rows = of(measured, FLOOR)
    share = 100 * rows.sort_values("cpu_us")["cpu_ratio"]
    third = len(share) // 3
    by_size = ""
    if third:
        low, high = geometric_mean(share[:third]), geometric_mean(share[-third:])
        by_size = (
            f" In the third of the networks where they take least time they are {low:.0f} %, in the third where they "
            f"take most {high:.0f} %."
        )
    return (
        f"Its five large matrix products are {geometric_mean(share):.0f} % of our update's CPU time: from "
        f"{share.min():.0f} % ({cell(share.idxmin())}) to {share.max():.0f} % ({cell(share.idxmax())}).{by_size}"
    )


def about_convolution(measured: pd.DataFrame) -> str:
    """What conv2d costs beside the two matrix products that do the same, and how much of PyTorch's distance that is."""
    conv2d, products = of(measured, "conv2d")["cpu_us"], of(measured, "conv_products")["cpu_us"]
    extra = conv2d - products
    distance = of(measured, "pytorch")["cpu_us"] - of(measured, OURS)["cpu_us"]
    behind = distance[distance > 0]
    explained = ""
    if len(behind):
        share = 100 * extra[behind.index].sum() / behind.sum()
        explained = f" These extra microseconds are {share:.0f} % of what PyTorch takes longer where it takes longer."
    return (
        f"Forward and backward, conv2d alone takes {geometric_mean(conv2d / products):.2f} times the two matrix "
        f"products that do the same work on patches. {by_width(conv2d / products)}.{explained}"
    )


def about_threads(results: pd.DataFrame) -> Iterator[str]:
    """What more threads bring ours by the clock, and what they cost."""
    ours = results[results["implementation"] == OURS].set_index(KEYS[1:])
    fewest, *more = sorted(set(ours["threads"]))
    base = ours[ours["threads"] == fewest]
    for threads in more:
        many = ours[ours["threads"] == threads]
        faster = base["wall_us"] / many["wall_us"]
        cost = geometric_mean(many["cpu_us"] / base["cpu_us"])
        yield (
            f"{threads} threads instead of {fewest} make our update {geometric_mean(faster):.2f} times as fast by the "
            f"clock (geometric mean): from {faster.min():.2f} ({cell(faster.idxmin())}) to {faster.max():.2f} "
            f"({cell(faster.idxmax())}), for {cost:.2f} times the CPU time."
        )


def by_width(ratio: "pd.Series[float]") -> str:
    """Geometric means for each filter width, where there are several."""
    means = {width: geometric_mean(values) for width, values in ratio.groupby(level="f")}
    return "By filter width: " + ", ".join(f"{width!s}×{width!s} {mean:.2f}" for width, mean in means.items())


def cell(index: object) -> str:
    """A cell from its place in a table: the last three of its keys."""
    f, nf, nh = cast("tuple[int, ...]", index)[-3:]
    return str(Cell(f=f, nf=nf, nh=nh))
