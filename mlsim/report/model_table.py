"""What became of each model in a run, as rows of a table."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from mlsim.report import wording


class ModelRow(NamedTuple):
    """One model at the end of a run, in words; empty where there is nothing to say.

    versions: how many were trained, passed their gate, and served. serving: the version in force
    and its age. longest: the version that served longest, with the time. unserved: how many were
    reported as deployed and never served. quality: at training, of the first and the last version
    in force. touched: how many were fitted on rows that a fault had touched.
    """

    name: str
    trained: int
    passed: int
    served: int
    serving: str
    longest: str
    unserved: int
    quality: str
    touched: int


def model_row(model: Mapping[str, Any], horizon_s: float) -> ModelRow:
    """The row of a model of `summary.json`."""
    versions = model["versions"]
    served = {change["version"] for change in model["served"]}
    reported = {change["version"] for change in model["reported"]}
    return ModelRow(
        name=model["name"],
        trained=len(versions),
        passed=sum(version["passed"] for version in versions),
        served=len(served),
        serving=_serving(model, horizon_s),
        longest=_longest(model["served"], horizon_s),
        unserved=len(reported - served),
        quality=_quality(model),
        touched=sum(version["touched_rows"] > 0 for version in versions),
    )


def _serving(model: Mapping[str, Any], horizon_s: float) -> str:
    if not model["version"]:
        return "none"
    return f"{model['version']}, {wording.duration(horizon_s - model['trained_at_s'])} old"


def _longest(served: list[Mapping[str, Any]], horizon_s: float) -> str:
    """The version that served longest in one go, with the days between which it did.

    >>> _longest([{"at_s": 0.0, "version": 1}, {"at_s": 259200.0, "version": 4}], 345600.0)
    '1: 3 d from day 0'
    """
    if not served:
        return ""
    ends = [change["at_s"] for change in served] + [horizon_s]
    spans = [(until - since, since) for since, until in pairwise(ends)]
    longest = max(range(len(spans)), key=lambda k: spans[k][0])
    length, since = spans[longest]
    return f"{served[longest]['version']}: {wording.duration(length)} from {wording.day(since)}"


def _quality(model: Mapping[str, Any]) -> str:
    """The first measure of the first version that served, and of the one in force.

    >>> versions = [{"version": n, "quality": {"auc": q}} for n, q in ((1, 0.98), (2, 0.74))]
    >>> _quality({"versions": versions, "served": [{"version": 1}, {"version": 2}]})
    'auc 0.98, then 0.74'
    """
    known = {version["version"]: version["quality"] for version in model["versions"]}
    served = [known.get(change["version"], {}) for change in model["served"]]
    measure = next((name for quality in served for name in quality), None)
    values = [quality[measure] for quality in served if quality.get(measure) is not None]
    if measure is None or not values:
        return ""
    first, last = (f"{value:.3g}" for value in (values[0], values[-1]))
    return f"{measure} {first}" + (f", then {last}" if len(values) > 1 else "")
