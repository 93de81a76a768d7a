"""Figures: medians of rounds, and whether a target is met."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Target:
    """What a ratio should be.

    :param aim: the ratio to reach
    :param limit: the worst that is tolerated; the aim unless given
    :param higher_is_better: whether the ratio should be at least, not at most, the aim
    """

    aim: float
    limit: float | None = None
    higher_is_better: bool = True

    def verdict(self, ratio: float) -> str:
        """Return `met`, `below the aim, within the limit` or `MISSED`."""
        sign = 1 if self.higher_is_better else -1
        if sign * ratio >= sign * self.aim:
            return "met"
        if self.limit is not None and sign * ratio >= sign * self.limit:
            return "below the aim, within the limit"
        return "MISSED"

    def __str__(self) -> str:
        word = "at least" if self.higher_is_better else "at most"
        limit = f" (limit {self.limit})" if self.limit is not None else ""
        return f"{word} {self.aim}{limit}"


def ratio_figure(
    ratios: Sequence[float], *, unit: str, target: Target | None = None, **details: object
) -> dict:
    """Make a figure of the ratios of several rounds; their median counts.

    :param ratios: one per round, each measured within that round
    :param unit: what the ratio is of
    :param details: further things to know, by name
    """
    ratio = median(ratios)
    figure = {
        "ratio": round(ratio, 3),
        "unit": unit,
        "values": [round(value, 3) for value in ratios],
    }
    if target:
        figure |= {"target": str(target), "verdict": target.verdict(ratio)}
    return figure | details


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that so many percent of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def middle(rounds: Sequence[dict], name: str, digits: int = 1) -> float:
    """Return the median over rounds of one of the things measured in each."""
    return round(median(measured[name] for measured in rounds), digits)


def describe(name: str, figure: dict) -> str:
    """Return one line on a figure for people."""
    if figure["ratio"] is None:
        said = f"median {figure['median']} {figure['unit']}, p95 {figure['p95']} {figure['unit']}"
        return f"{name}: {said}"
    values = figure["values"]
    line = f"{name}: {figure['ratio']} (rounds {min(values)} to {max(values)}), {figure['unit']}"
    if "target" in figure:
        line += f"; target {figure['target']}: {figure['verdict']}"
    return line
