"""Labels: for whom they come, when they come, and that they never come for all others."""

import numpy as np
import pytest
from scipy import stats

from mlsim.errors import ScenarioError
from mlsim.telemetry.recorder import Recorder
from mlsim.telemetry.store import SeriesStore
from tests.worlds import CLINIC, DAY, HOUR, World, loaded

LAB = CLINIC[: CLINIC.index("faults:")].replace(
    "flow:",
    """  lab:
    kind: feedback
    reveals: infected
    share: 0.1 + 0.5 * (temperature > 37.5) + 0.2 * (cough_rate > 8)
    delay: lognormal(mean=1d * (1 - 0.5 * infected), cv=0.4)
flow:""",
)


def watched() -> tuple[World, Recorder]:
    """A world and what its scraper has seen every hour."""
    recorders = []

    def watch(system):
        recorders.append(Recorder(system, HOUR))
        system.listeners.append(recorders[0])
        yield system.clock.timeout(0)

    return World(loaded(LAB), deciders=[watch]), recorders[0]


WORLD, RECORDER = watched()


def collected(column: str) -> np.ndarray:
    return np.concatenate([block.truth[column] for block in WORLD.collected])


KNOWN = np.concatenate([block.known_at("infected") for block in WORLD.collected])
REPORTED = np.concatenate([block.log.end for block in WORLD.collected])
COMES = np.isfinite(KNOWN)


@pytest.mark.parametrize(("infected", "mean"), [(0, DAY), (1, DAY / 2)])
def test_delays_follow_the_stated_law(infected: int, mean: float):
    """Kolmogorov-Smirnov against the log-normal distribution of that mean and variation."""
    own = COMES & (collected("infected") == infected)
    delay = KNOWN[own] - REPORTED[own]
    variance = np.log(1 + 0.4**2)
    law = stats.lognorm(np.sqrt(variance), scale=mean * np.exp(-variance / 2))
    assert delay.size > 1000
    assert stats.kstest(delay, law.cdf).pvalue > 1e-3


@pytest.mark.parametrize("feverish", [False, True])
@pytest.mark.parametrize("coughs", [False, True])
def test_the_share_is_what_its_expression_says_of_each_row(feverish: bool, coughs: bool):
    """Four standard errors; who feels ill is tested more often."""
    alike = ((collected("temperature") > 37.5) == feverish) & (
        (collected("cough_rate") > 8) == coughs
    )
    share = 0.1 + 0.5 * feverish + 0.2 * coughs
    assert alike.sum() > 200
    assert abs(COMES[alike].mean() - share) < 4 * np.sqrt(share * (1 - share) / alike.sum())


def test_so_labels_are_biased():
    infected = collected("infected")
    assert infected[COMES].mean() > 1.5 * infected.mean()


def test_label_volume_is_how_many_have_become_known_by_the_scrape():
    store = SeriesStore(RECORDER.times)
    RECORDER.write(store)
    volume = store.to_frame()['labels_total{component="lab"}']
    expected = [np.count_nonzero(time >= KNOWN) for time in volume.index]
    np.testing.assert_array_equal(volume, expected)
    assert 0 < expected[48] < expected[-1] < COMES.sum(), "some come after the horizon"


def test_without_feedback_all_is_known_as_soon_as_it_is_reported():
    world = World(loaded(CLINIC))
    for block in world.collected:
        assert block.known_at("infected").tobytes() == block.log.end.tobytes()


@pytest.mark.parametrize(
    ("line", "wrong", "message"),
    [
        ("reveals: infected", "reveals: infectd", "lab.reveals: .*'infectd'.*mean 'infected'"),
        ("temperature > 37.5", "temprature > 37.5", r"lab.share: .*mean 'temperature'"),
        ("0.5 * infected), cv", "0.5 * infectd), cv", r"lab.delay: .*mean 'infected'"),
    ],
)
def test_a_mistake_is_told_with_its_line(line: str, wrong: str, message: str):
    text = LAB.replace(line, wrong)
    number = next(k for k, one in enumerate(text.splitlines(), 1) if wrong in one)
    with pytest.raises(ScenarioError, match=rf"scenario.yaml:{number}: system.{message}"):
        loaded(text)
