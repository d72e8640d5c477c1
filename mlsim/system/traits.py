"""Traits of rows that a component goes by: how urgent they are, how large, alike which others."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.caching import NO_KEY
from mlsim.engine.columns import Column, Formula
from mlsim.engine.draws import hashes
from mlsim.engine.parts import PRIORITIES
from mlsim.engine.routes import Trait
from mlsim.scenario.checks import scenario_check
from mlsim.scenario.expressions import Expression, names
from mlsim.scenario.kinds import Mistake, Place
from mlsim.scenario.spec import Scenario
from mlsim.system.base import Component
from mlsim.system.columns_check import unreadable
from mlsim.system.server import Served

WHOSE = "person"
"""What the number of the person is called in a key."""


def traits_of(
    system: Mapping[str, Component], formula: Callable[[Expression, str], Formula]
) -> dict[Trait, Formula]:
    """The formulas of all traits in a system; formula: makes one, with its stream's name."""
    return {
        Trait(name, what): formula(expression, f"{what}/{name}")
        for name, spec in system.items()
        if isinstance(spec, Served)
        for what, expression in spec.traits().items()
    }


FIELDS = ("priority", "service_time", "key")
"""Where components say what they go by."""


@scenario_check
def unreadable_traits(scenario: Scenario) -> Iterator[Mistake]:
    """Columns that priorities and service times need, and that don't reach the component."""
    for name, spec in scenario.system.items():
        for field in FIELDS if isinstance(spec, Served) else ():
            expression = getattr(spec, field, None)
            used = names(expression) if expression is not None else ()
            read: list[tuple[Place, str]] = [
                (("system", name, field), column)
                for column in used
                if not (field == "key" and column == WHOSE)
            ]
            yield from unreadable(scenario, name, read)


def coded(trait: Trait, values: Column) -> NDArray[np.int64]:
    """Values of a trait as the network's answers; what is missing counts as 0, or as no key."""
    if trait.what == "key":
        return keys(np.asarray(values, np.float64))
    known = np.nan_to_num(np.asarray(values, np.float64), nan=0.0)
    if trait.what == "priority":
        return np.asarray(PRIORITIES - 1 - np.clip(known, 0, PRIORITIES - 1), np.int64)
    return np.maximum(known, 0.0).view(np.int64)


def keys(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Numbers as keys of a cache: hashes of 63 bits, the same for 0 and -0.

    >>> keys(np.array([0.0, -0.0, np.nan])) == keys(np.array([0.0, 0.0, 1.0]))
    array([ True,  True, False])
    """
    hashed = (hashes((values + 0.0).view(np.uint64)) >> np.uint64(1)).view(np.int64)
    return np.where(np.isnan(values), NO_KEY, hashed)
