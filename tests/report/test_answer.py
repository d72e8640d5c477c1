"""The three sentences, for every way in which a run can turn out."""

from dataclasses import replace
from pathlib import Path

import pytest

from mlsim.report.answer import after_repair, answer, anyway
from tests.report import runs

BROKE = (
    "Phone sends temperature in fahrenheit, from 11 Nov 2020, 00:00 UTC (day 9) "
    "to 16 Nov 2020, 00:00 UTC (day 14), building up over 2 d."
)


def test_one_fault_noticed_in_time(tmp_path: Path):
    found = answer(runs.summary(tmp_path, runs.UNIT_CHANGE))
    assert found.broke == BROKE
    assert found.noticed == (
        "TemperatureOutOfRange (page) noticed after 4 h 10 min, on 11 Nov 2020, 04:10 UTC (day 9)."
    )
    assert found.cost == (
        'By then it had cost 30,937 EUR, of 2,848,000 EUR in all, most of it for "People isolated '
        'for nothing" (+20,800 people, 3,120,000 EUR, less 272,000 EUR saved elsewhere).'
    )


def test_several_faults_one_of_them_unnoticed(tmp_path: Path):
    found = answer(runs.summary(tmp_path, runs.UNIT_CHANGE, runs.STALE_MODEL))
    assert found.broke.startswith("Two faults: unit_change (phone sends")
    assert found.broke.endswith("old model serving; from day 16 to day 24).")
    assert found.noticed == (
        "TemperatureOutOfRange (page) noticed unit_change after 4 h 10 min; "
        "nobody noticed stale_model."
    )
    assert found.cost == (
        "By then unit_change had cost 30,937 EUR (of 2,848,000 EUR in all) and stale_model had "
        "cost 240,000 EUR, unnoticed to the end; both together cost 3,088,000 EUR, 308,800 "
        "EUR less than their sum."
    )


def test_nobody_noticed_either_of_two(tmp_path: Path):
    unnoticed = replace(runs.STALE_MODEL, noticed={})
    found = answer(runs.summary(tmp_path, runs.UNNOTICED, unnoticed))
    assert found.noticed == (
        "Nobody noticed either of the two faults: none of 6 rules fired because of them in the "
        "whole run."
    )
    assert found.cost.startswith(
        "Without anybody knowing, unit_change cost 2,848,000 EUR and stale_model cost "
        "240,000 EUR; both together cost"
    )


def test_nobody_noticed(tmp_path: Path):
    found = answer(runs.summary(tmp_path, runs.UNNOTICED))
    assert found.noticed == (
        "Nobody noticed: none of 6 rules fired because of it in the 5 d that it lasted "
        "or the 14 d after it."
    )
    assert found.cost.startswith("It cost 2,848,000 EUR without anybody knowing, most of it for")


def test_noticed_only_after_the_fault_had_ended(tmp_path: Path):
    found = answer(runs.summary(tmp_path, runs.TOO_LATE))
    assert found.noticed == (
        "PredictionDrift (ticket) noticed only on 16 Nov 2020, 03:00 UTC (day 14), "
        "3 h after the fault had ended."
    )
    assert found.cost.startswith("By then the whole cost, 2,848,000 EUR, had been paid")


def test_without_a_twin_nothing_is_attributed(tmp_path: Path):
    found = answer(runs.summary(tmp_path, runs.UNIT_CHANGE, twin=False))
    assert found.broke == BROKE
    assert found.noticed.startswith("Who noticed is open without a twin: these alerts fired")
    assert found.cost.startswith("What it cost is open without a twin; the run as a whole cost")


def test_without_faults_alerts_are_told_and_not_judged(tmp_path: Path):
    found = answer(runs.summary(tmp_path))
    assert found.broke == "Nothing was broken: the scenario has no faults."
    assert found.noticed == (
        "Three alerts fired, the first on 5 Nov 2020, 00:00 UTC (day 3): HighLatency (once) and "
        "InputDrift (2 times); without a fault there is no telling right from wrong alerts."
    )
    assert found.cost.startswith('The run cost 8,036,241 EUR, most of it for "People isolated')


def test_fault_that_would_have_begun_after_the_end(tmp_path: Path):
    found = answer(runs.summary(tmp_path, runs.UNIT_CHANGE, days=2))
    assert found.broke == (
        "Nothing broke: unit_change would have begun after the end of the run (2 d)."
    )
    assert found.noticed == "No alert fired, with six rules watching."


@pytest.mark.parametrize("rules", [None, 0])
def test_without_monitoring_nobody_could_notice(tmp_path: Path, rules: int | None):
    summary = runs.summary(tmp_path, runs.UNNOTICED, monitored=False)
    summary["monitoring"] = None if rules is None else {"rules": rules}
    assert answer(summary).noticed == "Nobody could notice: no alerting rule was watching."


def test_without_prices_the_outcomes_are_told(tmp_path: Path):
    found = answer(runs.summary(tmp_path, runs.UNIT_CHANGE, priced=False))
    assert found.cost == (
        'No cost follows from it; against its twin: "Missed infections" -680 people '
        'and "People isolated for nothing" +20,800 people.'
    )


def test_without_outcomes_the_cost_is_unknown(tmp_path: Path):
    summary = runs.summary(tmp_path, runs.UNIT_CHANGE)
    summary["outcomes"], summary["faults"][0]["damage"] = [], []
    assert answer(summary).cost == "What it cost is unknown: the scenario states no outcomes."


def test_fault_that_saved_money(tmp_path: Path):
    summary = runs.summary(tmp_path, runs.UNIT_CHANGE)
    summary["faults"][0]["cost"]["total"] = -1200.0
    assert answer(summary).cost == (
        "It cost nothing on balance: the run came out 1,200 EUR cheaper than its twin."
    )


def test_scenario_without_a_start_counts_days(tmp_path: Path):
    found = answer(runs.summary(tmp_path, runs.UNIT_CHANGE, start=None))
    assert "from day 9 to day 14, building up over 2 d." in found.broke
    assert found.noticed.endswith("noticed after 4 h 10 min, on day 9, 04:10.")


def test_every_answer_is_three_sentences(tmp_path: Path):
    """A full stop ends each, and none stands within."""
    for faults in ((), (runs.UNIT_CHANGE,), (runs.UNIT_CHANGE, runs.STALE_MODEL)):
        for sentence in answer(runs.summary(tmp_path, *faults)):
            assert sentence.endswith(".")
            assert ". " not in sentence
            assert sentence[0].isupper()


def test_many_faults_are_told_by_their_extremes(tmp_path: Path):
    faults = [replace(runs.UNIT_CHANGE, name=f"units_{n}", at_s=n * runs.DAY) for n in (2, 4, 6)]
    faults[2] = replace(faults[2], noticed={"InputDrift": 6 * runs.HOUR})
    found = answer(runs.summary(tmp_path, *faults, runs.STALE_MODEL))
    assert found.broke == (
        "Four faults from 4 Nov 2020, 00:00 UTC (day 2) on: "
        "units_2, units_4, units_6 and stale_model."
    )
    assert found.noticed == (
        "Of 4 faults three were noticed: the quickest after 4 h 10 min (units_2, by "
        "TemperatureOutOfRange), the slowest after 6 h (units_6, by InputDrift); "
        "nobody noticed stale_model."
    )
    assert found.cost.startswith("By then the dearest, units_2, had cost")


def test_fault_that_outlasts_the_run(tmp_path: Path):
    """Its end is not told, for the run did not see it."""
    found = answer(runs.summary(tmp_path, runs.UNNOTICED, days=12))
    assert "to the end of the run, building up over 2 d." in found.broke
    assert found.noticed.endswith("because of it in the 3 d up to the end of the run.")


def test_what_a_repaired_fault_still_does_is_told(tmp_path: Path):
    """A fault that reaches no model is over with its repair."""
    assert after_repair(runs.summary(tmp_path / "one", runs.UNIT_CHANGE)) == (
        "Models made of spoilt rows touched 1.6 million rows."
    )
    assert after_repair(runs.summary(tmp_path / "other", runs.STALE_MODEL)) == ""


def test_of_a_short_fault_the_duration_is_told(tmp_path: Path):
    short = replace(runs.UNIT_CHANGE, until_s=runs.UNIT_CHANGE.at_s + 20, ramp_s=None)
    found = answer(runs.summary(tmp_path, short, start=None))
    assert found.broke.endswith(", from day 9 for 20 s.")


def test_faults_that_overlap_do_not_read_as_if_one_followed_the_other(tmp_path: Path):
    """From 60 s to 120 s, and from 90 s to 150 s."""
    first = replace(runs.UNIT_CHANGE, at_s=60.0, until_s=120.0, ramp_s=None)
    second = replace(runs.STALE_MODEL, at_s=90.0, until_s=150.0)
    found = answer(runs.summary(tmp_path / "no_start", first, second, start=None))
    assert "from day 0, 00:01 for 1 min)" in found.broke
    assert "from day 0, 00:01:30 for 1 min)" in found.broke
    fault = replace(first, at_s=90.0, until_s=150.0)
    found = answer(runs.summary(tmp_path / "start", fault, days=1))
    assert "from 2 Nov 2020, 00:01:30 UTC (day 0) for 1 min" in found.broke


def test_of_a_crash_that_somebody_repairs_it_is_told(tmp_path: Path):
    found = runs.summary(tmp_path, replace(runs.UNIT_CHANGE, until_s=9 * runs.DAY + 65), start=None)
    found["faults"][0] |= {"restarted": True, "ramp_s": None}
    assert answer(found).broke.endswith(", from day 9 for 1 min 5 s, then restarted.")


def priced_at(tmp_path: Path, **totals: float) -> dict:
    """A run with two faults that nobody noticed, in which all that changed is what each cost."""
    faults = (runs.UNNOTICED, replace(runs.STALE_MODEL, noticed={}))
    found = runs.summary(tmp_path, *faults)
    for row in (*(row for fault in found["faults"] for row in fault["damage"]), *found["outcomes"]):
        row |= {"difference": 0.0, "cost": 0.0, "cost_difference": 0.0}
    for fault in found["faults"]:
        total = totals.get(fault["name"], 0.0)
        fault["cost"] |= {"total": total, "before_alert": total, "after_alert": 0.0}
        fault["damage"][0] |= {"cost": total, "difference": total / 400}
    found["outcomes"][0] |= {"cost_difference": sum(totals.values()), "difference": 1.0}
    found["together"] = None
    return found


def test_what_is_nothing_is_not_told_as_an_amount_and_savings_as_saved(tmp_path: Path):
    found = priced_at(tmp_path, unit_change=-2.14)
    assert answer(found).cost == (
        "Without anybody knowing, unit_change saved 2.14 EUR and stale_model cost nothing; both "
        "together cost 2.14 EUR less than their twin."
    )
    found = priced_at(tmp_path, unit_change=7.0, stale_model=-7.0)
    assert answer(found).cost.endswith("saved 7 EUR; both together cost nothing.")


def test_of_faults_without_a_cost_the_outcomes_are_told(tmp_path: Path):
    found = priced_at(tmp_path)
    assert answer(found).cost == (
        'No cost follows from either of them; against their twin: "Missed infections" +1 people.'
    )
    found["outcomes"][0]["difference"] = 0.0
    assert answer(found).cost == ("They cost nothing: every outcome is the same as in their twin.")
    for row in (*(row for fault in found["faults"] for row in fault["damage"]), *found["outcomes"]):
        row |= {"cost": None, "cost_difference": None}  # what has no price
    assert answer(found).cost.startswith("They cost nothing")


def test_what_load_costs_anyway_is_told_where_it_is_more_than_the_faults(tmp_path: Path):
    """Without them there were 195 EUR as well, which is 65 times what they cost."""
    found = runs.summary(tmp_path, runs.UNIT_CHANGE)
    assert anyway(found) == ""  # what people cost whom no overload bothered
    found["overloaded_twin"] = ["pool"]
    assert anyway(found).startswith("The same run without it cost 8,036,241 EUR, most of it for")
    for row in found["outcomes"]:
        row |= {"cost_twin": 0.0, "cost_difference": 0.0}
    assert anyway(found) == ""
    found["outcomes"][0] |= {"cost_twin": 195.0, "cost_difference": -3.0}
    assert anyway(found) == (
        'The same run without it cost 195 EUR, all of it for "Missed infections"; '
        "pool was overloaded there."
    )
    found["outcomes"][0] |= {"cost_twin": 195.0, "cost_difference": 300.0}
    assert anyway(found) == ""
    assert anyway(runs.summary(tmp_path / "none")) == ""
    assert anyway(runs.summary(tmp_path / "alone", runs.UNIT_CHANGE, twin=False)) == ""
