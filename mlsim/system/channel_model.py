"""channel_model: perception with stated errors: a face, a cough, an image, without its pixels."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import simpy
from numpy.typing import NDArray
from pydantic import Field, model_validator

from mlsim.engine import draws
from mlsim.engine.columns import Column, Formula, Rows
from mlsim.engine.spread import Spread
from mlsim.errors import nearest
from mlsim.scenario.expressions import Binary, Expression, Number, NumberExpression, names
from mlsim.scenario.kinds import Mistake, Place, Spec
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Duration, Name
from mlsim.system.base import Inbox, component_kind
from mlsim.system.learning import ModelVersion
from mlsim.system.server import Served

if TYPE_CHECKING:
    from mlsim.system.simulation import System


@dataclass(frozen=True)
class Perception:
    """How a score comes about: given that the attribute is true, and given that it is not.

    if_true, if_false: the probability of a score of 1, to be compared with the row's own luck; or,
    without a luck, the score itself.
    """

    if_true: Formula
    if_false: Formula
    luck: np.uint64 | None

    def score(self, truth: Column, rows: Rows) -> Column:
        """The score of each row, float64[n]."""
        value = np.where(truth != 0, self.if_true(rows), self.if_false(rows))
        if self.luck is None:
            return value
        return (draws.uniform(self.luck, rows.ids) < value).astype(float)


@dataclass(frozen=True)
class Haze:
    """Something between the world and the model: whom it has reached, it perceives otherwise."""

    perception: Perception
    spread: Spread

    def covers(self, rows: Rows) -> NDArray[np.bool_]:
        """Which rows were perceived through it, bool[n]."""
        return self.spread.has_reached(rows.ids, rows.time)


@dataclass(frozen=True)
class ChannelVersion(ModelVersion):
    """A version that was not fitted, but stated.

    hazes: what lies before its lens now; of several the latest that reaches a row wins.
    """

    perception: Perception | None = None
    hazes: tuple[Haze, ...] = ()

    @property
    def can_score(self) -> bool:
        return self.perception is not None


class Confusion(Spec):
    """What a version perceives: either sensitivity and specificity, or two score distributions.

    All are expressions over what is true of the row, so that slices differ: `0.9 - 0.2 * smoker`.
    """

    sensitivity: NumberExpression | None = None
    """P(score is 1, given that it is true); the score is 0 otherwise."""
    specificity: NumberExpression | None = None
    """P(score is 0, given that it is not true)."""
    score_if_true: NumberExpression | None = None
    """The score, given that it is true, as in `normal(0.7, 0.15)`."""
    score_if_false: NumberExpression | None = None
    """The score, given that it is not true."""

    @model_validator(mode="after")
    def _is_whole(self) -> "Confusion":
        given = [getattr(self, key) is not None for key in KEYS]
        if given not in ([True, True, False, False], [False, False, True, True]):
            raise Refusal("needs sensitivity and specificity, or score_if_true and score_if_false")
        return self

    def expressions(self) -> dict[str, Expression]:
        """The two that are given, by their key."""
        return {key: e for key in KEYS if (e := getattr(self, key)) is not None}

    def unknown_names(self, scenario: Scenario, place: Place = ()) -> Iterable[Mistake]:
        """Names in them of what isn't true of a row."""
        known = [*scenario.world.columns(), *scenario.world.varying]
        for key, expression in self.expressions().items():
            for used in names(expression):
                if used not in known:
                    message = f"the world has no column '{used}'"
                    yield (*place, key), message, nearest(used, known)

    def perception(self, system: "System", name: str) -> Perception:
        """It as columns; the luck is that of the component, the same for all its versions."""
        first, second = self.expressions().values()
        right = system.formula(first, f"channel/{name}/score")
        if self.sensitivity is None:
            return Perception(right, system.formula(second, f"channel/{name}/score"), None)
        # With one luck for both, who is recognised stays so under a more sensitive version.
        wrong = system.formula(Binary("-", Number(1.0), second), f"channel/{name}/score")
        return Perception(right, wrong, draws.stream(system.seed, f"channel/{name}/luck"))


KEYS = ("sensitivity", "specificity", "score_if_true", "score_if_false")


class Release(Confusion):
    """A later version."""

    at: Duration = Field(gt=0)
    """When it is pushed, counted from day 0."""


@component_kind("channel_model")
class ChannelModel(Confusion, Served):
    """A model that perceives a true attribute with stated errors; nothing is trained.

    A score is a function of the row's own luck, which is the same for all versions: a better
    version gets right what the old one did, and more. Later `releases` are pushed as those of
    learned models are. Source: the memoryless channel of information theory.
    """

    has_versions: ClassVar[bool] = True
    knows_truth: ClassVar[bool] = True
    example: ClassVar[str] = """
        kind: channel_model
        perceives: infected
        sensitivity: 0.8 - 0.2 * smoker
        specificity: 0.9
        releases:
          - {at: 7d, sensitivity: 0.9, specificity: 0.9}
    """

    kind: Literal["channel_model"] = "channel_model"
    perceives: Name
    """The column of the world that it perceives, true or false."""
    releases: tuple[Release, ...] = ()
    """Later versions, in order of time."""

    def labels(self) -> Iterable[str]:
        return (self.perceives,)

    def outputs(self, name: str) -> Iterable[str]:
        return (f"{name}.score",)

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        columns = scenario.world.columns()
        if self.perceives not in columns:
            message = f"the world has no column '{self.perceives}'"
            yield ("perceives",), message, nearest(self.perceives, columns)
        yield from self.unknown_names(scenario)
        for k, release in enumerate(self.releases):
            yield from release.unknown_names(scenario, ("releases", k))
        times = [release.at for release in self.releases]
        if times != sorted(set(times)):
            yield ("releases",), "must come one after another, in order of time", ""

    def first_settings(self, system: "System", name: str) -> ChannelVersion:
        return self._version(1, 0.0, self.perception(system, name))

    def process(self, system: "System", name: str) -> Generator[simpy.Event, None, None]:
        """Its releases, pushed when their time comes."""
        system.registry.add(name, system[name].current)
        for release in self.releases:
            yield system.clock.timeout(release.at - system.clock.now)
            number, now = system.registry.next_number(name), float(system.clock.now)
            version = self._version(number, now, release.perception(system, name))
            system.registry.add(name, version)
            yield from system.push(name, version)

    def _version(self, number: int, released_at: float, perception: Perception) -> ChannelVersion:
        return ChannelVersion(
            number, None, trained_at=released_at, passed=True, perception=perception
        )

    def put_in_place(self, settings: ChannelVersion, before: ChannelVersion) -> ChannelVersion:
        # Another version looks through the same lens.
        same = settings.number == before.number
        return settings if same else replace(settings, hazes=before.hazes)

    def touched(
        self, settings: ChannelVersion, rows: Inbox, column: str
    ) -> NDArray[np.bool_] | bool:
        touched: NDArray[np.bool_] | bool = settings.touched
        for haze in settings.hazes:
            touched = touched | haze.covers(_seen(rows))
        return touched

    def compute(self, settings: ChannelVersion, rows: Inbox, column: str) -> Column:
        assert settings.perception is not None, "all its versions are stated"
        truth, seen = rows[self.perceives], _seen(rows)
        score = settings.perception.score(truth, seen)
        for haze in settings.hazes:
            score = np.where(haze.covers(seen), haze.perception.score(truth, seen), score)
        return score


def _seen(rows: Inbox) -> Rows:
    """The rows as they were perceived: a picture is the same when it is sent again."""
    return Rows(rows.ids, lambda: rows.sent, rows)
