"""Interactions: what is planted is found and named, and nothing is found where there is nothing."""

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsim import api
from mlsim.errors import MlsimError, ScenarioError
from mlsim.scenario.spec import Scenario
from mlsim.studies.interactions import Study, study
from tests.worlds import COUNTER, loaded

FOLDER = Path(__file__).parents[2] / "scenarios" / "interactions"


def system(features: dict[str, str], states: dict[str, str], more: str = "") -> Scenario:
    """A world of 10 minutes from the bodies of its features and states, in flow style."""
    lines = ["scenario: made_up", "horizon: 10min", "world:", "  state:"]
    lines += [f"    {name}: {{{body}}}" for name, body in states.items()]
    lines += ["  features:", *(f"    {name}: {{{body}}}" for name, body in features.items())]
    return loaded("\n".join(lines) + "\n" + more)


def studied(scenario: Scenario, order: int = 2) -> Study:
    return study(scenario, scenario.seed, order)


def sets(result: Study) -> set[frozenset[str]]:
    """The sets of features that were found to interact."""
    return {frozenset(one.features) for one in result.found}


rates = st.floats(0.1, 3).map(lambda rate: f"{rate:.3f}")
times = st.integers(0, 500)


@st.composite
def loners(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str]]:
    """Features that share nothing that anybody writes; some break them all by themselves."""
    count = draw(st.integers(2, 5))
    states = {"clock": "start: 0, flows: {runs: 1/s}"}
    features = {}
    for k in range(count):
        states[f"level_{k}"] = f"start: 0, range: [0, 100], flows: {{in: {draw(rates)}/s}}"
        mark = draw(st.integers(1, 90))
        guard = draw(st.sampled_from([f"level_{k} > {mark}", f"clock > {5 * mark}"]))
        does = draw(st.sampled_from(["= 0", "-= 7"]))
        promise = draw(
            st.sampled_from(
                [
                    f"always level_{k} < {mark + 5}",
                    f"eventually level_{k} < 1 within 3min",
                    f"never level_{k} > 95 within 1min after clock > {mark}",
                ]
            )
        )
        features[f"feature_{k}"] = f"when: {guard}, then: level_{k} {does}, requires: {promise}"
    return features, states


@settings(max_examples=12, deadline=None)
@given(loners(), st.integers(2, 3))
def test_no_interaction_is_found_among_features_that_share_nothing(made_up, order: int):
    features, states = made_up
    result = studied(system(features, states), order)
    assert result.found == ()
    assert result.warnings == ()


POOL = {"pool": "start: 100, range: [0, 100]"}


def drawing(name: str, at: int, amount: float) -> str:
    return f"when: step({at}s), then: pool -= {amount}, requires: always pool > 0"


@settings(max_examples=10, deadline=None)
@given(loners(), st.data())
def test_a_planted_pair_is_found_and_named(made_up, data: st.DataObject):
    """Each takes more than half of what there is."""
    features, states = made_up
    amounts = data.draw(st.lists(st.integers(51, 90), min_size=2, max_size=2))
    moments = data.draw(st.lists(times, min_size=2, max_size=2))
    planted = dict(zip(("glutton", "miser"), zip(moments, amounts, strict=True), strict=True))
    features |= {name: drawing(name, *one) for name, one in planted.items()}
    shuffled = dict(data.draw(st.permutations([*features.items()])))
    result = studied(system(shuffled, states | POOL))
    assert sets(result) == {frozenset(planted)}
    assert {(one.kind, one.via) for one in result.found} == {("capacity", ("pool",))}
    assert {one.owner for one in result.found} == set(planted)
    assert all(one.at == pytest.approx(max(moments)) for one in result.found)
    assert {deed.who for one in result.found for deed in one.trace} == set(planted)
    assert [result.confirmed(warning) for warning in result.warnings] == [True]


@settings(max_examples=10, deadline=None)
@given(loners(), st.data(), st.sampled_from([2, 3]))
def test_a_planted_triple_without_a_bad_pair_is_found(made_up, data: st.DataObject, order: int):
    """Each takes more than a third and less than half; also where only pairs and all are tried."""
    features, states = made_up
    amounts = data.draw(st.lists(st.integers(34, 49), min_size=3, max_size=3))
    planted = {f"drinker_{k}": drawing("", 10 * k, amount) for k, amount in enumerate(amounts)}
    shuffled = dict(data.draw(st.permutations([*features.items(), *planted.items()])))
    result = studied(system(shuffled, states | POOL), order)
    assert sets(result) == {frozenset(planted)}
    assert {one.kind for one in result.found} == {"capacity"}


@st.composite
def tangles(draw: st.DrawFn) -> Scenario:
    """Features that read and write what they like."""
    names = ["p", "q", "r", "t"]
    state, level = st.sampled_from(names), st.integers(0, 9)
    states = {
        name: f"start: {draw(level)}, range: [0, 10], flows: "
        f'{{in: "0.02/s if {draw(state)} > {draw(level)} else -0.01/s"}}'
        for name in names
    }
    features = {}
    for k in range(draw(st.integers(2, 4))):
        does = draw(st.sampled_from(["= 0", "+= 3", "-= 0.1/s", f"= {draw(state)}"]))
        promise = draw(st.sampled_from(["always {} > {}", "eventually {} < {} within 1min"]))
        features[f"feature_{k}"] = (
            f"when: {draw(state)} > {draw(level)}, then: {draw(state)} {does}, "
            f"requires: {promise.format(draw(state), draw(level))}"
        )
    return system(features, states)


@settings(max_examples=30, deadline=None)
@given(tangles())
def test_every_pair_that_interacts_was_warned_of_before_any_run(scenario: Scenario):
    result = studied(scenario)
    warned = {frozenset(warning.features) for warning in result.warnings}
    assert {pair for pair in sets(result) if len(pair) == 2} <= warned


@settings(max_examples=10, deadline=None)
@given(tangles())
def test_what_is_found_is_broken_together_and_kept_in_every_smaller_set(scenario: Scenario):
    result = studied(scenario, order=4)
    for one in result.found:
        assert any(run.broken(one.key) for run in result.runs[one.features])
        for size in range(1, len(one.features)):
            for fewer in combinations(one.features, size):
                if one.owner in fewer:
                    assert not any(run.broken(one.key) for run in result.runs[fewer])


def test_all_pairs_of_twelve_features_are_run_once():
    features = {
        f"f{k}": f"when: level_{k} > {k}, then: level_{k} = 0, requires: always level_{k} < {k + 1}"
        for k in range(12)
    }
    states = {f"level_{k}": "start: 0, flows: {in: 0.1/s}" for k in range(12)}
    result = studied(system(features, states))
    assert len(result.runs) == 1 + 12 + 66 + 1
    assert result.found == ()


def lectures(name: str) -> Study:
    return studied(api.load(FOLDER / f"{name}.yaml").spec)


FOUR = {
    frozenset({"fire_control", "flood_control"}): "shared resource",
    frozenset({"parking_brake", "air_conditioning"}): "loop through the environment",
    frozenset({"smileys", "weather"}): "overlapping precondition",
    frozenset({"call_forwarding", "call_waiting"}): "race on a shared trigger",
}


def test_of_28_pairs_of_eight_features_the_lectures_four_interact():
    result = lectures("eight_features")
    assert len(result.scenario.world.features) == 8
    assert {frozenset(one.features): one.kind for one in result.found} == FOUR
    assert len(result.warnings) > 4, "it warns of what then does no harm, and says so"
    assert sum(map(result.confirmed, result.warnings)) == 4
    assert result.unkept == ()


@pytest.mark.parametrize(
    ("name", "resolves"),
    [
        ("flood_and_fire", {"priority", "locking", "isolation", "coordination"}),
        ("brake_and_air_conditioning", {"isolation", "coordination"}),
        ("weather_and_smileys", {"priority", "isolation", "coordination"}),
        ("call_forwarding_and_waiting", {"isolation", "coordination"}),
    ],
)
def test_each_of_the_four_and_what_resolves_it(name: str, resolves: set[str]):
    result = lectures(name)
    [kind] = {one.kind for one in result.found}
    assert FOUR[frozenset(result.scenario.world.features)] == kind
    assert {one.name for one in result.resolved if one.resolves} == resolves


def test_smileys_leave_half_a_mark_and_only_if_they_come_first():
    [one] = lectures("weather_and_smileys").found
    assert one.order == ("smileys", "weather")
    assert one.trace[-1].what.endswith("-> 'Today's weather: [:weather💟'")


def test_in_the_race_each_order_breaks_another_promise():
    result = lectures("call_forwarding_and_waiting")
    assert {one.owner: one.order[-1] for one in result.found} == {
        "call_forwarding": "call_waiting",
        "call_waiting": "call_forwarding",
    }


def test_a_trace_leaves_out_what_has_nothing_to_do_with_it():
    result = lectures("eight_features")
    by_pair = {frozenset(one.features): one.trace for one in result.found}
    events = {deed.who for deed in by_pair[frozenset({"smileys", "weather"})]}
    assert events == {"somebody_blogs", "smileys"}


def test_a_resolution_that_breaks_something_else_does_not_resolve():
    """With priority the second one never acts: its own promise is broken instead."""
    features = {
        "one": "when: step(10s), then: pool -= 60, requires: always pool > 0",
        "two": "when: step(20s), then: [pool -= 60, seen = 1], requires: eventually seen == 1",
    }
    more = "  resolutions: {first: {priority: [one, two]}}\n"
    result = studied(system(features, {**POOL, "seen": "start: 0"}, more))
    assert [one.owner for one in result.found] == ["one"]
    [first] = result.resolved
    assert first.left == ()
    assert {key for _, key in first.new} == {("two", 0)}
    assert not first.resolves


def test_a_scenario_without_features_has_nothing_to_study():
    with pytest.raises(MlsimError, match="features"):
        studied(loaded(COUNTER))


def test_a_mistake_in_a_resolutions_settings_is_told_with_its_line():
    more = "  resolutions:\n    own:\n      settings: {world.features.one.thn: pool = 3}\n"
    scenario = system({"one": "when: step(1s), then: pool = 2"}, POOL, more)
    with pytest.raises(ScenarioError, match=r"yaml:10: world.resolutions.own.settings: .*'then'"):
        studied(scenario)


@pytest.mark.long
def test_two_learned_models_are_each_good_for_people_alone_and_bad_together():
    """Visits of the same people with the same luck: more with either model, fewer with both."""
    result = lectures("two_bidders")
    visits = {features: runs[0].outcomes["visits"] for features, runs in result.runs.items()}
    assert min(visits["news",], visits["offers",]) > visits[()] > visits["news", "offers"]
    assert sets(result) == {frozenset({"news", "offers"})}
    assert [one.resolves for one in result.resolved] == [True]
