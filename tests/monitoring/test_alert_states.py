"""The states of an alert, against a plain program that goes from evaluation to evaluation."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mlsim.monitoring.alerts import Episode, episodes

MINUTE = 60_000


def step_by_step(active, steps, hold, keep):
    """Prometheus's own procedure: one evaluation after the other, one alert at a time."""
    found, alert, kept_since = [], None, None
    for k, now in enumerate(steps):
        if active[k]:
            kept_since = None
            alert = alert or {"pending": k, "firing": None}
        elif alert:
            if alert["firing"] is not None and keep > 0:
                kept_since = now if kept_since is None else kept_since
                if now - kept_since < keep:
                    continue
            found.append(Episode(**alert, resolved=k))
            alert, kept_since = None, None
        if alert and alert["firing"] is None and now - steps[alert["pending"]] >= hold:
            alert["firing"] = k
    return found + ([Episode(**alert, resolved=None)] if alert else [])


@given(
    st.lists(st.booleans(), max_size=40),
    st.integers(0, 5).map(lambda k: k * MINUTE // 2),
    st.integers(0, 5).map(lambda k: k * MINUTE // 2),
)
def test_the_same_episodes_as_step_by_step(active, hold, keep):
    steps = np.arange(len(active)) * MINUTE
    found = list(episodes(np.array(active, dtype=bool), steps, hold, keep))
    assert found == step_by_step(active, steps.tolist(), hold, keep)


def test_an_alert_that_holds_too_short_a_time_never_fires():
    active = np.array([True, True, False, False])
    (episode,) = episodes(active, np.arange(4) * MINUTE, hold=2 * MINUTE, keep=0)
    assert episode == Episode(pending=0, firing=None, resolved=2)
