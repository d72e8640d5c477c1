"""Wiring: which component a column comes from."""

import numpy as np
import pytest
import simpy

from mlsim.errors import ScenarioError
from mlsim.scenario.flow_steps import choices
from mlsim.system.wiring import UnknownColumnError, Wiring, predecessors
from tests.worlds import CLINIC, World, loaded

WIRING = Wiring.of(loaded(CLINIC))


@pytest.mark.parametrize(
    ("reader", "column", "source"),
    [
        ("features", "temperature", "phone"),
        ("gateway", "temperature", "phone"),
        ("risk_model", "temperature", "features"),
        ("risk_model", "cough_model.score", "cough_model"),
        ("advice", "risk_model.score", "risk_model"),
        ("telemetry", "fever", "features"),
        ("telemetry", "advice.isolate", "advice"),
    ],
)
def test_a_column_comes_from_the_nearest_sender_upstream(reader: str, column: str, source: str):
    assert WIRING.source(reader, column) == source


@pytest.mark.parametrize(
    ("reader", "column"),
    [
        ("cough_model", "risk_model.score"),  # downstream
        ("gateway", "fever"),  # not made yet
        ("phone", "fever"),  # what reaches a client is the answer
        ("telemetry", "infected"),  # what the models are there to find out
        ("features", "prevalence"),  # a driver: nobody measures it
    ],
)
def test_what_nobody_upstream_sends_is_unknown(reader: str, column: str):
    with pytest.raises(UnknownColumnError, match=f"no column '{column}'"):
        WIRING.source(reader, column)


def test_clients_cannot_read_a_label():
    with pytest.raises(ScenarioError, match=r"reads\[3\]: no 'infected' reaches features"):
        loaded(
            CLINIC.replace("cough_rate, age]\n    makes", "cough_rate, age, infected]\n    makes")
        )


def test_a_misspelt_score_is_told_with_the_nearest_name():
    with pytest.raises(ScenarioError, match=r"did you mean 'risk_model.score'"):
        loaded(CLINIC.replace("when: risk_model.score", "when: risk_modell.score"))


def test_predecessors_of_a_fork_and_a_join():
    scenario = loaded(
        CLINIC.replace("features -> cough", "[features, cough").replace(
            "model -> risk", "model] -> risk"
        )
    )
    before = predecessors(scenario.flow)
    assert before["features"] == before["cough_model"] == ["gateway"]
    assert before["risk_model"] == ["features", "cough_model"]


THERE_AND_BACK = """
scenario: there_and_back
horizon: 1min
world: {visit: {x: "uniform(0, 1)"}}
load: {visits: {rate: 1/s, enters: phone}}
system:
  phone: {kind: client}
  door: {kind: server}
  desk: {kind: %s}
  clerk: {kind: transform, reads: [x], on_bad: fail}
flow: ["phone -> door -> desk -> %s -> desk -> phone"]
"""


def test_of_two_who_pass_a_column_to_each_other_the_first_has_it_from_those_before():
    wiring = Wiring.of(loaded(THERE_AND_BACK % ("transform, reads: [x]", "clerk")))
    assert wiring.sources("clerk", "x") == ("desk",)
    assert wiring.sources("desk", "x") == ("phone",)


def test_a_choice_does_not_rest_on_what_it_chooses():
    """Though that comes before a component, here the desk, that comes before the choice, too."""
    scenario = loaded(THERE_AND_BACK % ("server", "(clerk if x > 0.5)"))
    (choice,) = choices(scenario.flow[0].steps)
    assert Wiring.of(scenario).sources(choice, "x") == ("phone",)
    world = World(scenario)
    chosen = set(world.visits_of("clerk").request.tolist())
    assert chosen == set(world.log.request[world.column("x") > 0.5].tolist())


def test_a_column_comes_from_a_component_that_stands_in_branches_of_two_choices():
    """Who was with the clerk the first time, or the second, has what the clerk sends."""
    way = "(clerk if x < 0.2) -> door -> (clerk if x > 0.7)"
    text = THERE_AND_BACK.replace("on_bad: fail", "makes: {y: 2 * x}")
    world = World(loaded(text % ("policy, when: y > 0.5, then: act", way)))
    x = world.column("x")
    expected = np.where((x < 0.2) | (x > 0.7), 2 * x, np.nan)
    np.testing.assert_array_equal(world.read("desk", "y"), expected)


def test_an_unknown_column_in_a_process_is_told_as_what_it_is():
    """SimPy makes an error anew from its arguments when it comes out of a process."""

    def asks(environment: simpy.Environment):
        yield environment.timeout(1)
        WIRING.source("gateway", "fever")

    environment = simpy.Environment()
    environment.process(asks(environment))
    with pytest.raises(UnknownColumnError, match="no column 'fever'; known are age, ") as caught:
        environment.run()
    assert caught.value.column == "fever"
