"""Which measures a study looks at, and which worlds of each run it needs for them."""

from collections.abc import Collection, Mapping, Sequence

from mlsim.errors import MlsimError, nearest
from mlsim.measures.headline import Measure, measures_of
from mlsim.studies.variant import Variant


class UnknownMeasure(MlsimError):
    """A measure that no variant has."""


def chosen_measures(
    variants: Sequence[Variant], names: Collection[str] = ()
) -> Mapping[str, Measure]:
    """The headline measures of some variants: all, or those named, by name or by family.

    names: as in ["cost", "harm.missed_infections"]; `detected` alone stands for all of its family.
    Raises UnknownMeasure with the nearest name.
    """
    known: dict[str, Measure] = {}
    for variant in variants:
        known |= measures_of(variant.scenario, variant.monitoring is not None)
    if not names:
        return known
    families = {measure.family for measure in known.values()}
    for name in names:
        if name not in known and name not in families:
            near = nearest(name, [*known, *families])
            hint = f" (did you mean '{near}'?)" if near else ""
            raise UnknownMeasure(
                f"no measure '{name}'; there are {', '.join(known) or 'none'}{hint}"
            )
    return {n: measure for n, measure in known.items() if n in names or measure.family in names}


def chosen_measure(measures: Mapping[str, Measure], name: str | None) -> Measure:
    """One of some measures by its name, the first without one; raises UnknownMeasure."""
    if name is None:
        return next(iter(measures.values()))
    if name not in measures:
        near = nearest(name, measures)
        hint = f" (did you mean '{near}'?)" if near else ""
        raise UnknownMeasure(f"no measure '{name}' was looked at{hint}")
    return measures[name]
