"""Contracts on edges: what a consumer may expect of a column, and what it does with the rest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mlsim.engine.columns import Column
from mlsim.errors import nearest
from mlsim.scenario import spec
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.client import Client
from mlsim.system.server import Served


@dataclass(frozen=True)
class Contract:
    """What the world says of a column's values: all from low to high; whole ones if `whole`."""

    low: float
    high: float
    whole: bool

    @classmethod
    def of(cls, column: spec.Column) -> "Contract | None":
        """The contract of a column of the world; None if it allows any number.

        >>> Contract.of(spec.Column(is_=1, categories=("ios", "android")))
        Contract(low=0.0, high=1.0, whole=True)
        """
        if column.categories:
            return cls(0.0, len(column.categories) - 1.0, whole=True)
        if column.type == "flag":
            return cls(0.0, 1.0, whole=True)
        if column.range is None and column.type == "number":
            return None
        return cls(*(column.range or (-np.inf, np.inf)), whole=column.type == "whole")

    def broken_by(self, values: Column) -> NDArray[np.bool_]:
        """Which values, bool[n], the contract doesn't allow; a missing one is no breach."""
        broken = (values < self.low) | (values > self.high)
        return np.asarray(broken | (values % 1 != 0) & ~np.isnan(values) if self.whole else broken)


def contracts(columns: Mapping[str, spec.Column]) -> dict[str, Contract]:
    """The contracts of the columns that state one, by name."""
    stated = ((name, Contract.of(column)) for name, column in columns.items())
    return {name: contract for name, contract in stated if contract is not None}


class Reader(Served):
    """A component that parses what it reads, by a policy for what it can't parse."""

    on_bad: Literal["misread", "null", "default", "drop", "fail"] = "misread"
    """What becomes of a value that can't be parsed: `misread` takes from it what it can get, `null`
    makes it missing, `default` puts a number in its place, `drop` makes it missing and reports the
    row to no collector: training and checks never see it. `fail` is loud: the visit fails, and with
    it the attempt of the request, unless the component is `optional`."""
    default: float = Field(0.0, allow_inf_nan=False)
    """The number, for `on_bad: default`."""
    strict: bool = False
    """Whether a value that its contract (`type`, `range`, `categories`) doesn't allow counts as one
    that can't be parsed."""

    versions: tuple[Name, ...] = ()
    """Versions of the client's app whose formats and units it knows: it reads them rightly. All
    others it reads as if they were the first."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        if self.strict and not self.parses:
            yield ("strict",), "needs an on_bad policy other than misread", ""
        known = [
            release
            for spec in scenario.system.values()
            if isinstance(spec, Client)
            for release in spec.releases
        ]
        for k, version in enumerate(self.versions):
            if version not in known:
                yield (
                    ("versions", k),
                    f"no client has a release '{version}'",
                    nearest(version, known),
                )

    @property
    def parses(self) -> bool:
        """Whether it is careful with what it can't parse; else it misreads it."""
        return self.on_bad != "misread"

    @property
    def drops(self) -> bool:
        """Whether rows that it can't parse are reported to no collector."""
        return self.on_bad == "drop"

    @property
    def fails(self) -> bool:
        """Whether a visit fails where it can't parse what comes with it."""
        return self.on_bad == "fail"

    def parsed(self, values: Column, bad: NDArray[np.bool_] | bool) -> Column:
        """What it makes of a column, shape (n,), of which it can't parse the `bad` rows."""
        substitute = self.default if self.on_bad == "default" else np.nan
        return np.where(bad, substitute, values) if np.any(bad) else values
