"""What is said of a fault that nobody noticed is true of the rows and series of that run."""

import re

import numpy as np
import pytest

from mlsim.exercises.moved import what_moved
from mlsim.exercises.thresholds import thresholds_of
from mlsim.monitoring.promql import parse
from tests.exercises.conftest import EXERCISES, runs_of


def said(name: str, fault: str, scored, strategy) -> tuple[str, ...]:
    result = scored(EXERCISES[name], strategy, "practice")
    (notice,) = (n for n in result.notices if n.fault == fault)
    return notice.why


def with_rule(check: str, rule: str) -> dict[str, str]:
    return {
        "monitoring.yml": f"scrape_interval: 1m\nchecks: {{{check}}}\nrule_files: [r.yml]\n",
        "r.yml": f"groups: [{{name: g, rules: [{{alert: Mine, {rule}}}]}}]\n",
    }


def test_a_range_check_passed_since_the_wrong_values_lie_within_its_bounds(scored):
    sentence = said("fahrenheit", "fahrenheit", scored, "handed out")[0]
    value = float(re.search(r"passed: ([\d.]+) lies within 30\.\.110", sentence)[1])
    run = runs_of("fahrenheit", "practice")[0]
    here, there = (
        run.records[world].tables["rows"].frame().set_index("request")["temperature"]
        for world in ("fahrenheit", "twin")
    )
    wrong = here[here != there.reindex(here.index)]
    assert value == pytest.approx(wrong.median(), abs=0.05)
    assert value == pytest.approx(there[wrong.index].median() * 1.8 + 32, abs=0.05)


def test_a_rule_that_waits_too_long_is_told_how_long_it_had(scored):
    check = "t: {kind: range, column: temperature, min: 34, max: 43}"
    files = with_rule(check, "expr: 'data_check{check=\"t\"} > 0.5', for: 30d")
    why = said("fahrenheit", "fahrenheit", scored, files)
    assert re.search(r"Mine was about to fire on day 3, .* held for 3 d .*asks for 30 d", why[0])


def test_a_threshold_that_was_not_reached_is_told_with_what_was(scored):
    check = "d: {kind: drift, column: breaths}"
    rule = "expr: 'rate(requests_total{component=\"risk\"}[5m]) > 1e6'"
    why = said("fahrenheit", "fahrenheit", scored, with_rule(check, rule))
    assert why[0].startswith("d looks at breaths, which reached the collector just as it does")


def test_an_alert_that_fires_anyway_is_told_from_one_about_the_fault(scored):
    rule = "expr: 'model_age_seconds > 3.5 * 86400'"
    why = said("fahrenheit", "fahrenheit", scored, with_rule("", rule))
    assert "while it was firing in the world without the fault, too" in why[0]


def test_what_moved_is_told_in_the_numbers_of_the_run():
    run = runs_of("nobody_looked", "practice")[0]
    fault = run.faults["empty"]
    (sentence,) = what_moved(run, "empty", (fault.at, fault.ends))
    share = int(re.search(r"debt was missing in (\d+)% of the rows instead of 0%", sentence)[1])
    rows = run.records["empty"].tables["rows"].frame()
    during = rows[rows["time_s"].between(fault.at, fault.ends)]
    assert share == pytest.approx(100 * during["debt"].isna().mean(), abs=2)


def test_the_twin_itself_has_not_moved():
    run = runs_of("fahrenheit", "practice")[0]
    from dataclasses import replace

    same = replace(run, records={**run.records, "fahrenheit": run.twin})
    (sentence,) = what_moved(same, "fahrenheit", (3 * 86400.0, 6 * 86400.0))
    assert sentence.startswith("Nothing that reaches a monitor moved")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a > 0.2", [(0.2, 1)]),
        ("rate(a[5m]) < 2 * 3 and b >= 1", [(6, -1), (1, 1)]),
        ("(a > 1) unless b > 2", [(1, 1)]),
        ("a > b", []),
        ("a == 3", []),
    ],
)
def test_thresholds_are_those_of_the_expression(text, found):
    got = [(t.value, t.direction) for t in thresholds_of(parse(text))]
    assert np.allclose([*got, (0, 0)], [*found, (0, 0)])
