"""Which alerts are due to a fault, on tables made by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from mlsim.measures.detection import attributable, detection

NAN = math.nan


def alerts(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["rule", "labels", "firing_s", "resolved_s"])


NONE = alerts()


@pytest.mark.parametrize(
    ("row", "due"),
    [
        (("A", "", 600.0), True),
        (("A", "", 99.0), False),  # before the onset
        (("A", "", 100.0), True),  # at the onset
        (("A", "", NAN), False),  # pending only
        (("B", "", 1000.0), False),  # the twin's begins at the same moment
        (("B", "", 1199.0), False),  # or has begun before, and goes on
        (("B", "", 985.0), True),  # called before the twin's begins, if by little
        (("B", "", 1200.0), True),  # or when it is over
        (("C", "", 9e9), False),  # the twin's is never over
        (("B", "{component='x'}", 1000.0), True),  # other labels
    ],
)
def test_an_alert_is_due_if_it_begins_while_the_twins_is_not_firing(
    row: tuple[str, str, float], due: bool
):
    twin = alerts(
        ("B", "", 1000.0, 1200.0),
        ("A", "{component='x'}", 600.0, 700.0),
        ("B", "", NAN, 990.0),
        ("C", "", 500.0, NAN),
    )
    # How long it lasts itself is of no matter.
    assert attributable(alerts((*row, NAN)), twin, onset=100.0).tolist() == [due]


def test_nothing_is_due_in_an_empty_table_and_all_against_an_empty_twin():
    assert attributable(NONE, NONE, 0.0).tolist() == []
    assert attributable(alerts(("A", "", 5.0, NAN)), NONE, 0.0).tolist() == [True]


RULES = pd.DataFrame({"rule": ["A", "B"], "severity": ["page", "ticket"], "expr": ["x", "y"]})


def test_detection_has_a_row_per_rule_with_its_first_alert_and_the_false_alarms_of_the_twin():
    due = alerts(("A", "{x='2'}", 700.0, NAN), ("A", "{x='1'}", 400.0, NAN))
    twin = alerts(("B", "", 50.0, 60.0), ("B", "", 900.0, NAN), ("A", "", NAN, 70.0))
    table = detection("fault", 100.0, RULES, due, twin, horizon=2 * 86400.0)
    expected = pd.DataFrame(
        {
            "fault": "fault",
            "rule": ["A", "B"],
            "severity": ["page", "ticket"],
            "detected": [True, False],
            "onset_s": 100.0,
            "firing_s": [400.0, NAN],
            "time_to_detect_s": [300.0, NAN],
            "false_alarms": [0, 2],
            "false_alarms_per_day": [0.0, 1.0],
        }
    )
    pd.testing.assert_frame_equal(table, expected)


def test_nothing_is_detected_where_nothing_is_due_and_no_twin_no_false_alarms():
    table = detection("fault", 100.0, RULES, NONE, None, 86400.0)
    assert not table["detected"].any()
    assert np.isnan(table[["firing_s", "time_to_detect_s", "false_alarms"]].to_numpy(float)).all()
