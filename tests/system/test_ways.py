"""What is told of the ways through a flow before anything runs, and what is not."""

import re
from pathlib import Path

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from mlsim.scenario.load import load
from mlsim.system.ways import doubtful
from tests.worlds import World, loaded

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SPAM = """
scenario: spam
history: 1h
horizon: 14d
world:
  comment: {spam: bernoulli(0.2), words: "normal(spam, 1)", region: "floor(uniform(0, 3))"}
load: {comments: {rate: 1/s, enters: app}}
system:
  app: {kind: client}
  small: {kind: model, predicts: spam, inputs: [words]}
  large: {kind: model, predicts: spam, inputs: [words]}
  filter: {kind: policy, when: "%s", then: block}
  telemetry: {kind: collector}
flow:
  - app -> small -> %s -> filter -> app
  - filter ~> telemetry
"""
UNSURE = "(large if small.score > 0.1)"


def told(when: str, flow: str) -> list[str]:
    return [message for _, message, _ in doubtful(loaded(SPAM % (when, flow)))]


@pytest.mark.parametrize(
    ("when", "flow"),
    [
        ("large.score > 0.5", UNSURE),
        ("large.score > 0.5", "(large if region > 1 else small)"),
        ("coalesce(0.3, large.score) > 0.5 or words > 3", UNSURE),
        ("not large.score > 0.5", "(large if region == 0 else (large if words > 1))"),
    ],
)
def test_a_score_that_some_rows_lack_is_told(when: str, flow: str):
    [message] = told(when, flow)
    assert message.startswith("reads large.score, which rows lack that (large if ")
    assert message.endswith("sends past it: coalesce(large.score, ...) says what then")


@pytest.mark.parametrize(
    ("when", "flow"),
    [
        ("coalesce(large.score, small.score) > 0.5", UNSURE),
        ("small.score > 0.5 or large.score > 0.5", UNSURE),
        ("large.score > 0.5", "(large if region > 1 else large)"),
        ("large.score > 0.5", "(large if region > 1 else small -> large)"),
        (
            "large.score > 0.5",
            "(small if region > 1 else (large if words > 1 else large)) -> large",
        ),
        ("large.score > 0.5", "any of [large, small]"),
        ("small.score > 0.5", "(large if bernoulli(0.1))"),
        ("small.score > 0.5", "(large if region > 1 else small if region > 0 else large)"),
        ("small.score > 0.5", "(large if bernoulli(0.5) else small if bernoulli(0.5))"),
        ("small.score > 0.5", "(large if small.score >= 0 else small)"),  # before it is trained
        ("small.score > 0.5", "(large if not small.score >= 0)"),
        ("small.score > 0.5", "(large if step(13d) > 0)"),
        ("small.score > 0.5", "(large if small.score >= 0 else small if region == 1)"),
    ],
)
def test_where_nothing_is_certain_nothing_is_told(when: str, flow: str):
    assert told(when, flow) == []


@pytest.mark.parametrize(
    ("flow", "why"),
    [
        ("(large if small.score > 1.5)", "large if small.score > 1.5': small.score is from 0 to 1"),
        ("(large if step(20d) > 0)", "large if step(20d) > 0': that never holds"),
        (
            "(large if words > 1 else small if words > 1 and region == 2)",
            "small if words > 1 and region == 2': 'if words > 1' stands before it",
        ),
        (
            "(large if words >= 2 else small if 2 < words else large)",
            "small if 2 < words': 'if words >= 2' stands before it",
        ),
        (
            "(large if words * 2 > 1 else small if words * 2 > 1)",
            "small if words * 2 > 1': 'if words * 2 > 1' stands before it",
        ),
        ("(large if 1 > 0 else small)", "small': 'if 1 > 0' stands before it"),
    ],
)
def test_a_branch_that_no_row_can_take_is_told(flow: str, why: str):
    [message] = told("small.score > 0.5", flow)
    assert message == f"no row ever takes '{why}"


LOGGED = """
scenario: logged
history: 20min
horizon: 1s
world: {comment: {spam: bernoulli(0.2), words: "normal(spam, 1)", region: "floor(uniform(0, 3))"}}
load: {comments: {rate: 1/s, enters: app}}
system:
  app: {kind: client}
  door: {kind: server}
  features: {kind: transform, makes: {length: words * 2}}
  model: {kind: model, predicts: spam, inputs: [words, length]}
  log: {kind: collector}
flow: ["%s", "%s"]
"""


@pytest.mark.parametrize(
    ("flow", "aside", "is_told"),
    [
        ("app -> door -> features -> model -> app", "door ~> log", True),
        ("app -> door -> features -> model -> app", "app ~> log", True),
        ("app -> door -> features -> model -> app", "features ~> log", False),
        ("app -> door -> features -> model -> app", "door ~> features -> log", False),
        ("app -> door -> features -> model -> door -> app", "door ~> log", False),
        ("app -> door(features -> model) -> app", "app ~> log", True),
        ("app -> door(features -> model) -> app", "door ~> log", False),
        ("app -> door(features -> model) -> app", "features ~> log", False),
        ("app -> door -> (features if region > 1) -> model -> app", "model ~> log", False),
    ],
)
def test_an_input_that_all_rows_lack_from_which_it_could_be_learned_is_told(
    flow: str, aside: str, is_told: bool
):
    scenario = loaded(LOGGED % (flow, aside))
    found = [place for place, message, _ in doubtful(scenario) if "can't learn from" in message]
    assert found == [("system", "model", "inputs", 1)] * is_told
    rows = World(scenario).system.training.sample("model", -1200.0, 0.0, 10_000)
    assert rows.label.size > 1000
    assert np.isnan(rows.inputs["length"]).all() == is_told


def test_scores_and_decisions_are_no_durations(tmp_path: Path):
    """Wherever they are compared: each with its line."""
    text = SPAM % ("small.score > 30ms", "(large if 1s < small.score)")
    (tmp_path / "spam.yaml").write_text(
        f"{text}outcomes: {{blocked: {{count: filter.block == 3s}}}}"
    )
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path / "spam.yaml")
    assert [str(problem).partition("spam.yaml:")[2] for problem in caught.value.problems] == [
        "12: system.filter.when: mixes a number with a duration: 30ms would have to be a number",
        "15: flow[0]: mixes a duration with a number: small.score would have to be a duration",
        "17: outcomes.blocked.count: mixes a number with a duration: 3s would have to be a number",
    ]


def test_no_scenario_of_ours_is_doubtful():
    files = sorted(SCENARIOS.rglob("*.yaml"))
    scenarios = [load(file) for file in files if "\nscenario:" in file.read_text()]
    assert len(scenarios) > 70
    assert [place for scenario in scenarios for place in doubtful(scenario)] == []


DESK = """
scenario: desk
horizon: 1h
world: {visit: {vip: bernoulli(0.1)}}
load: {visits: {rate: 1/s, enters: phone}}
system:
  phone: {kind: client, timeout: 1s, %s}
  desk: {kind: server, workers: 1, %s}
flow: [phone -> desk -> phone]
"""


@pytest.mark.parametrize(
    ("phone", "desk", "told"),
    [
        ("hedge: {after: 999ms}", "priority: 7 if vip else 0", []),
        ("hedge: {after: 1s}", "", ["no attempt is hedged: each is given up after 1s"]),
        ("", "priority: 9", ["9 counts as 7: priorities go from 7 down to 0"]),
        ("", "priority: 8 * vip if vip else 7.5 if vip else -1", ["-1 counts as 0: .*"]),
    ],
)
def test_what_comes_to_nothing_is_told(phone: str, desk: str, told: list[str]):
    found = [message for _, message, _ in doubtful(loaded(DESK % (phone, desk)))]
    assert len(found) == len(told)
    assert all(map(re.fullmatch, told, found))
