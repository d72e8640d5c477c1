"""Burn-rate alerts on a constant error rate, against the published times to detect and to reset.

Source: the ways of alerting on service level objectives in Google's Site Reliability Workbook,
chapter 5, for an objective of 99.9% over 30 days; the figures in tests/data are closed forms.
"""

import csv
import math
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from mlsim.monitoring.judging import judge
from mlsim.monitoring.rules import Rule
from mlsim.telemetry.store import SeriesStore

DAY = 86400.0
BUDGET = 0.001
SCRAPE = 15.0
EVALUATION = 30.0
BEGIN, END, LAST = 3.5 * DAY, 7 * DAY, 10.5 * DAY
"""The errors begin and end after the longest window, three days, has been filled."""

with (Path(__file__).parents[1] / "data/truth/burn_rate.csv").open() as file:
    FIGURES = list(csv.DictReader(file))


@cache
def incident(error_rate: float) -> SeriesStore:
    """1000 requests a second, a share of which fail during the incident."""
    times = np.arange(0, LAST + 1, SCRAPE)
    requests = np.full(times.size, int(1000 * SCRAPE))
    errors = np.where((times > BEGIN) & (times <= END), requests * error_rate, 0)
    store = SeriesStore(times)
    store.add_increments("requests_total", {}, requests)
    store.add_increments("errors_total", {}, np.rint(errors).astype(int))
    return store


def rule(text: str) -> Rule:
    """The rule that a figure is about, such as `6a page 1h&5m 14.4x` or `3: 1m>SLO for 1h`."""
    _, terms = text.split(maxsplit=1)
    windows = re.search(r"(\d+[mhd])(?:&(\d+[mhd]))?", terms).groups()
    factor = re.search(r"([\d.]+)x", terms)
    threshold = BUDGET * float(factor[1] if factor else 1)
    operator = ">" if ">SLO" in text else ">="
    # A hair lower: rates are ratios of floats, and the figures mean "reaches the threshold".
    ratio = "rate(errors_total[{0}]) / rate(requests_total[{0}]) {1} {2}"
    parts = [ratio.format(w, operator, threshold * (1 - 1e-9)) for w in windows if w]
    hold = 3600.0 if "for 1h" in text else 0.0
    return Rule("", 0, "slo", None, True, text, " and ".join(parts), hold, 0.0, {}, {})


@pytest.mark.parametrize("figure", FIGURES, ids=lambda f: f"{f['rule']} at {f['error_rate']}")
def test_time_to_detect_and_to_reset(figure):
    store = incident(float(figure["error_rate"]))
    alerts = judge([rule(figure["rule"])], store, BEGIN - 600, LAST, EVALUATION)
    fired = alerts[alerts["firing_s"].notna()]
    detect = float(figure["detect_s"])
    if math.isinf(detect):
        assert fired.empty
        return
    (alert,) = fired.itertuples()
    assert alert.firing_s - BEGIN == pytest.approx(detect, abs=EVALUATION)
    if figure["reset_s"]:
        assert alert.resolved_s - END == pytest.approx(float(figure["reset_s"]), abs=EVALUATION)
