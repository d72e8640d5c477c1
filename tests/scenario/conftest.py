"""A handful of kinds of their own for the tests of the language: they move and compute nothing."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import settings
from pydantic import Field

from mlsim.scenario import kinds
from mlsim.scenario.expressions import Condition, DurationExpression
from mlsim.scenario.kinds import Mistake, Spec
from mlsim.scenario.load import load
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Duration, Name, Probability, Unit, When

# A machine that is busy with other things must not fail a test.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


class Component(Spec):
    in_flow: ClassVar[bool] = True
    starts_requests: ClassVar[bool] = False
    kind: str

    def outputs(self, name: str) -> Iterable[str]:
        return ()


class Server(Component):
    """A server."""

    service_time: DurationExpression | None = None
    """Time that a worker spends on a request."""
    workers: int = Field(1, ge=1, le=100)
    """Requests served at the same time."""
    error_rate: Probability = 0.0
    """Share of the requests that fail."""


class Retries(Spec):
    max: int = Field(ge=0)
    backoff: Duration = 0.0


class Client(Component):
    """A client."""

    starts_requests: ClassVar[bool] = True
    timeout: Duration = float("inf")
    """How long an attempt is waited for."""
    retries: Retries = Retries(max=0)
    """Further attempts."""


class Model(Component):
    """A model."""

    def outputs(self, name: str) -> Iterable[str]:
        return (f"{name}.score",)


class Policy(Component):
    """A policy."""

    when: Condition
    """When it acts."""
    then: Name
    """What it does."""

    def outputs(self, name: str) -> Iterable[str]:
        return (self.then,)


class Trainer(Component):
    """A trainer."""

    in_flow: ClassVar[bool] = False


class Fault(Spec):
    """A change of unit."""

    kind: str
    at: When
    """When it begins."""
    component: Name
    """Where."""
    unit: Unit = "celsius"
    """What is sent."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        if self.component not in scenario.system:
            yield ("component",), f"no component '{self.component}' in system", ""


@pytest.fixture(autouse=True)
def _kinds_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """The language knows these kinds and no others, whatever else has been imported."""
    components = {
        "server": Server,
        "client": Client,
        "model": Model,
        "policy": Policy,
        "trainer": Trainer,
    }
    registry = {"component": components, "fault": {"unit_change": Fault}, "check": {}}
    monkeypatch.setattr(kinds, "_KINDS", registry)


@pytest.fixture
def scenario_of(tmp_path: Path) -> Callable[..., Scenario]:
    """Write a text into a file, and load it."""

    def loaded(text: str, **settings: object) -> Scenario:
        file = tmp_path / "scenario.yaml"
        file.write_text(text)
        return load(file, settings)

    return loaded
