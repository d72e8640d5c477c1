"""The registry of kinds, and what it tells people about them."""

from importlib.metadata import EntryPoint
from typing import Literal

import pytest
from pydantic import Field

from mlsim.errors import MlsimError
from mlsim.scenario import kinds
from mlsim.scenario.expressions import DurationExpression
from mlsim.scenario.kinds import BrokenPlugin, FieldDoc, Spec, describe, register
from mlsim.scenario.units import Duration, Name, When


class Retries(Spec):
    max: int
    """How often."""


class Shift(Spec):
    """When somebody works."""

    begins: Duration = 0.0
    """From when on."""


class Desk(Spec):
    """A desk."""

    kind: Literal["desk"] = "desk"
    service_time: DurationExpression | None = None
    """Time that a worker spends
    on a request."""
    workers: int = Field(ge=1, le=9)
    """How many."""
    opens: When
    patience: Duration = 90.0
    pause: Duration = 0.0
    inputs: tuple[str, ...] = ()
    rows: dict[Name, float] = {}
    retries: Retries = Retries(max=0)
    closed: Shift | None = None
    shifts: dict[Name, Shift] = {}
    breaks: tuple[Shift, ...] = ()
    parse: Literal["drop", "null"] = "drop"
    is_open: bool = Field(True, alias="open")


def test_a_registered_class_is_known_by_its_name():
    assert register("component", "desk")(Desk) is Desk
    assert kinds.kinds("component")["desk"] is Desk
    assert list(kinds.kinds("component")) == sorted(kinds.kinds("component"))
    assert "desk" not in kinds.kinds("fault")


def test_two_kinds_of_one_name_are_refused():
    class Other(Spec):
        pass

    register("component", "desk")(Desk)
    register("component", "desk")(Desk)  # the same once more: a module read twice
    with pytest.raises(BrokenPlugin, match="component kind 'desk' is defined by"):
        register("component", "desk")(Other)


def test_what_a_kind_has_of_its_own_comes_first():
    class Till(Desk):
        coins: int = 9
        inputs: tuple[str, ...] = ("cash",)

    assert [field.key for field in describe(Till)][:3] == ["inputs", "coins", "service_time"]


def test_fields_are_described_from_the_class():
    described = {field.key: field for field in describe(Desk)}
    assert list(described) == [
        "service_time",
        "workers",
        "opens",
        "patience",
        "pause",
        "inputs",
        "rows",
        "retries",
        "retries.max",
        "closed",
        "closed.begins",
        "shifts",
        "shifts.NAME.begins",
        "breaks",
        "breaks[N].begins",
        "parse",
        "open",
    ]
    assert described["service_time"] == FieldDoc(
        key="service_time",
        type="a duration such as 50ms or lognormal(mean=50ms, cv=0.5)",
        required=False,
        default="",
        doc="Time that a worker spends on a request.",
    )
    assert described["workers"].type == "a whole number, at least 1 and at most 9"
    assert described["workers"].required
    assert (described["opens"].required, described["opens"].default) == (True, "")
    assert (described["patience"].default, described["pause"].default) == ("90s", "0s")
    assert described["inputs"].type == "a list: text"
    assert described["rows"].type == "a mapping of names: a number"
    assert described["retries"].type == "a mapping with max"
    assert described["retries.max"].doc == "How often."
    assert described["parse"].type == "one of drop, null"
    assert described["open"].default == "true"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch):
    """Pretend that a package with an entry point is installed."""

    def install(value: str) -> None:
        point = EntryPoint("desk", value, "mlsim.components")
        monkeypatch.setattr(
            kinds, "entry_points", lambda group: [point] if group == point.group else []
        )
        kinds._load_plugins.cache_clear()

    yield install
    kinds._load_plugins.cache_clear()


def test_kinds_of_other_packages_are_loaded_by_their_entry_point(installed, tmp_path, monkeypatch):
    (tmp_path / "some_plugin.py").write_text(
        "from mlsim.scenario.kinds import Spec, register\n"
        "@register('component', 'their_desk')\n"
        "class TheirDesk(Spec):\n"
        "    kind: str = 'their_desk'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    installed("some_plugin")
    assert kinds.kinds("component")["their_desk"].__name__ == "TheirDesk"


def test_a_broken_package_is_named(installed):
    installed("no_such_module_of_theirs")
    with pytest.raises(MlsimError, match="component kind 'desk' can't be loaded: No module named"):
        kinds.kinds("component")
