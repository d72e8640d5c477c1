"""Dials: settings by which the quality of one model, or its time, goes up step by step."""

import re
from collections.abc import Mapping

from mlsim.errors import MlsimError, nearest
from mlsim.scenario.spec import Scenario
from mlsim.system.channel_model import ChannelModel
from mlsim.system.model import Model

Settings = Mapping[str, object]
AS_IT_IS = "as it is"

ERRORS_LEFT = (0.75, 0.5, 0.25, 0.0)
"""Of a channel's errors, as many are left at each further step."""
LEARNERS: Mapping[str, Settings] = {
    "one split": {"learner": "decision_tree_classifier", "parameters": {"max_depth": 1}},
    "logistic regression": {"learner": "logistic_regression", "parameters": {}},
    "boosted trees": {"learner": "hist_gradient_boosting_classifier", "parameters": {}},
}
"""Estimators from weak to strong."""
SHORTER, LONGER = (0.25, 0.5), (2.0, 4.0)
"""By what a service time is multiplied."""
SOON = "1s"
"""After day 0, so that all that was trained by then has learnt from the version before."""
_DURATION = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)(ms|s|min|h|d)\b")


class NoDial(MlsimError):
    """A component whose quality, or time, nothing turns up."""


def quality_dial(scenario: Scenario, model: str) -> dict[str, Settings]:
    """The steps of a model's quality, by name, the first one as it is.

    A channel gets a release right after day 0 with a part of its errors: what others have learnt
    from its old output stays, as when a better version is rolled out. A learned model is fitted by
    another estimator from its first version on. Raises NoDial for anything else.
    """
    spec = _component(scenario, model)
    place = f"system.{model}"
    if isinstance(spec, ChannelModel) and spec.sensitivity is not None:
        texts = _texts(scenario, model)
        steps = {f"{left:.0%} of its errors": _release(place, texts, left) for left in ERRORS_LEFT}
        return {AS_IT_IS: {}, **steps}
    if isinstance(spec, Model):
        steps = {
            name: {f"{place}.{key}": value for key, value in settings.items()}
            for name, settings in LEARNERS.items()
        }
        return {AS_IT_IS: {}, **steps}
    raise _no_dial(
        scenario, model, "has no dial for its quality: it must be a model, or a channel_model with "
        "sensitivity and specificity; name the steps yourself with --step",
    )  # fmt: skip


def time_dial(scenario: Scenario, component: str) -> dict[str, Settings]:
    """The steps of a component's service time, from short to long, by name; raises NoDial."""
    _component(scenario, component)
    text = _system(scenario)[component].get("service_time")
    if not isinstance(text, str):
        message = "has no service_time that could be made shorter or longer"
        raise _no_dial(scenario, component, message)
    place = f"system.{component}.service_time"
    shorter, longer = (
        {f"{by:g} times its time": {place: _longer(text, by)} for by in factors}
        for factors in (SHORTER, LONGER)
    )
    return {**shorter, AS_IT_IS: {}, **longer}


def models_with_a_dial(scenario: Scenario) -> tuple[str, ...]:
    """The models of a system whose quality can be turned up."""
    return tuple(
        name
        for name, spec in scenario.system.items()
        if isinstance(spec, Model)
        or (isinstance(spec, ChannelModel) and spec.sensitivity is not None)
    )


def _component(scenario: Scenario, name: str) -> object:
    if name not in scenario.system:
        near = nearest(name, scenario.system)
        hint = f" (did you mean '{near}'?)" if near else ""
        file = scenario.document.path
        raise NoDial(f"{file}:{scenario.document.line(('system',))}: no model '{name}'{hint}")
    return scenario.system[name]


def _no_dial(scenario: Scenario, name: str, message: str) -> NoDial:
    line = scenario.document.line(("system", name))
    return NoDial(f"{scenario.document.path}:{line}: system.{name}: {message}")


def _system(scenario: Scenario) -> dict[str, dict[str, object]]:
    data = scenario.document.data
    assert isinstance(data, dict), "a scenario is a mapping"
    system = data["system"]
    assert isinstance(system, dict), "and so is its system"
    return system  # type: ignore[return-value]


def _texts(scenario: Scenario, model: str) -> dict[str, str]:
    """What a channel's version says that is in force at day 0, as it is written."""
    own = _system(scenario)[model]
    return {key: str(own[key]) for key in ("sensitivity", "specificity")}


def _release(place: str, texts: Mapping[str, str], left: float) -> Settings:
    better = {key: f"1 - {left:g} * (1 - ({text}))" for key, text in texts.items()}
    return {f"{place}.releases": [{"at": SOON, **better}]}


def _longer(text: str, by: float) -> str:
    """The same distribution with all its durations multiplied.

    >>> _longer("lognormal(mean=120ms, cv=0.6)", 2)
    'lognormal(mean=240ms, cv=0.6)'
    """
    return _DURATION.sub(lambda found: f"{float(found[1]) * by:g}{found[2]}", text)
