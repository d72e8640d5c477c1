"""Releases of an app: several are in use at a time, since people install them when they please."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlsim.errors import nearest
from mlsim.scenario.expressions import DurationExpression, NumberExpression, names, parse
from mlsim.scenario.kinds import Mistake, Place, Spec
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import ColumnName, Unit, When
from mlsim.system.app_version import AppVersion
from mlsim.system.formats import AS_MISREAD, Format, in_unit
from mlsim.system.units_check import not_convertible

if TYPE_CHECKING:
    from mlsim.system.simulation import System


class Content(Spec):
    """What a version of an app sends otherwise than the contracts say, and who installs it."""

    sends: dict[ColumnName, NumberExpression] = {}
    """Columns that it makes by code of its own, as expressions over what the client knows."""
    units: dict[ColumnName, Unit] = {}
    """Columns that it sends in another unit; who doesn't know this version misreads them."""
    formats: dict[ColumnName, Format] = {}
    """Columns that it sends in another format, those of the fault `format_change`; who doesn't know
    this version treats them by its `on_bad` policy."""
    adoption: DurationExpression = parse("0s")
    """Time from its publication until a person installs it, as in `exponential(mean=5d)`."""

    def misfits(self, scenario: Scenario) -> Iterator[Mistake]:
        """What is wrong with it in view of the whole scenario."""
        labels = {label for spec in scenario.system.values() for label in spec.labels()}
        known = [name for name in scenario.world.columns() if name not in labels]
        keys = {"sends": [*self.sends], "units": [*self.units], "formats": [*self.formats]}
        named: list[tuple[Place, str]] = [((key, c), c) for key, own in keys.items() for c in own]
        for column, expression in self.sends.items():
            used = [n for n in names(expression) if n not in scenario.world.varying]
            named += [(("sends", column), name) for name in used]
        for place, name in named:
            if name not in known:
                yield place, f"clients know no column '{name}'", nearest(name, known)
        for column, unit in self.units.items():
            if column in known:
                place = ("units", column)
                yield from not_convertible(scenario, column, unit, known, (place, place))
        for used_name in names(self.adoption):
            yield ("adoption",), f"must not depend on a column, as on {used_name}", ""

    def published(
        self, system: "System", name: str, number: int, at: float, stream: str
    ) -> AppVersion:
        """It at work from `at` on, in seconds since day 0; its luck is that of `stream`."""
        written = {c: in_unit(system.unit_of(c), unit) for c, unit in self.units.items()}
        written |= {c: AS_MISREAD[to] for c, to in self.formats.items()}
        return AppVersion(
            name,
            number,
            at,
            adoption=system.formula(self.adoption, f"{stream}/adoption"),
            code={c: system.formula(e, f"{stream}/{c}") for c, e in self.sends.items()},
            formats=written,
            unreadable=frozenset(self.formats),
        )


class AppRelease(Content):
    """A version of an app."""

    at: When | None = None
    """When it is published, counted from day 0; the first is everybody's from the beginning."""


def published_releases(
    releases: dict[str, AppRelease], system: "System", client: str
) -> tuple[AppVersion, ...]:
    """The releases of a client, at work."""
    return tuple(
        release.published(
            system,
            name,
            number,
            -float("inf") if release.at is None else release.at,
            f"release/{client}/{name}",
        )
        for number, (name, release) in enumerate(releases.items())
    )


def release_misfits(releases: dict[str, AppRelease], scenario: Scenario) -> Iterator[Mistake]:
    """What is wrong with the releases of a client in view of the whole scenario."""
    for number, (name, release) in enumerate(releases.items()):
        for place, message, near in release.misfits(scenario):
            yield (name, *place), message, near
        if number == 0 and release.at is not None:
            yield (name, "at"), "must not be given: everybody has the first one already", ""
        elif number > 0 and release.at is None:
            yield (name,), "needs `at`: when it is published", ""
    times = [release.at for release in releases.values() if release.at is not None]
    if times != sorted(set(times)):
        yield (), "must come one after another, in order of time", ""
