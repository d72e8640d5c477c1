"""Expressions as straight lines: the values of the engine's columns, and the instants between."""

import numpy as np
import pytest
from scipy.optimize import brentq

from mlsim.engine.columns import Formula, Rows
from mlsim.scenario.expressions import parse
from mlsim.scenario.functions import FUNCTIONS
from mlsim.scenario.tree import calls
from mlsim.world.straight import Look, straight

DAY = 86400.0
EXPRESSIONS = [
    "a + 2 * b - 3",
    "-a / (b + 9)",
    "a if a > b else b",
    "min(a, b, 1) + max(a, 2)",
    "clip(a * b, 0, 4) + abs(a - b)",
    "floor(a) + exp(b / 9) + sqrt(a + 9) + log(a + 9)",
    "(a + 9) ** 1.5",
    "a > 1 and not b > 1 or a == b",
    "a * ramp(1h, 2d) + step(5h) - pulse(3h, 1d)",
    "daily(trough=0.3, peak_at=19h) * weekly(weekend=0.4) + every(6h, 1h)",
    "constant(a) != coalesce(b / 0, b)",
    "spike(2d, 3h, 5h) + 2 * growth(0.05, 1d)",
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_value_is_that_of_the_engines_columns(text: str):
    """At random times and states, with the same calendar."""
    random = np.random.default_rng(5)
    expression, calendar = parse(text), 3.3 * DAY
    formula, line = Formula(expression, 0, "", calendar), straight(expression, calendar)
    for _ in range(200):
        a, b = random.uniform(-5, 5, 2)
        time = random.uniform(0, 20 * DAY)
        columns = {"a": np.array([a]), "b": np.array([b])}
        rows = Rows(np.zeros(1, np.int64), np.array([time]), columns)
        value, _ = line(Look(time, {"a": a, "b": b}, {}))
        with np.errstate(divide="ignore"):
            assert value == pytest.approx(float(formula(rows)[0]), rel=1e-12)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_slope_is_that_of_a_small_step(text: str):
    """Away from the instants at which something changes, which it knows."""
    random = np.random.default_rng(6)
    line, step = straight(parse(text)), 1e-3
    for _ in range(100):
        a, b = random.uniform(-5, 5, 2)
        da, db = random.uniform(-0.01, 0.01, 2)
        time = random.uniform(0, 20 * DAY)
        look = Look(time, {"a": a, "b": b}, {"a": da, "b": db})
        value, slope = line(look)
        if look.soonest < step:
            continue
        later = Look(time + step, {"a": a + da * step, "b": b + db * step}, {"a": da, "b": db})
        assert (line(later)[0] - value) / step == pytest.approx(slope, abs=1e-5)


@pytest.mark.parametrize("text", ["a > 3 * b", "2 * a - b <= 1", "abs(a) >= 4", "min(a, b) < -2"])
def test_soonest_change_of_a_condition_is_the_root_that_brent_finds(text: str):
    random = np.random.default_rng(7)
    left, _, right = text.partition(next(s for s in (">=", "<=", ">", "<") if s in text))
    line, difference = straight(parse(text)), straight(parse(f"({left}) - ({right})"))
    found = 0
    for _ in range(200):
        values = dict(zip("ab", random.uniform(-5, 5, 2), strict=True))
        slopes = dict(zip("ab", random.uniform(-1, 1, 2), strict=True))

        def after(t: float, values=values, slopes=slopes) -> float:
            there = {name: value + slopes[name] * t for name, value in values.items()}
            return float(difference(Look(0.0, there, slopes))[0])

        grid = np.linspace(0, 30, 301)
        heights = [after(t) for t in grid]
        crossing = next((k for k in range(300) if heights[k] * heights[k + 1] < 0), None)
        look, waited = Look(0.0, values, slopes), 0.0
        first, _ = line(look)
        # It may stop earlier, where min() or abs() bends; the condition is the same until then.
        while crossing is not None and line(look)[0] == first and look.soonest < 100:
            waited += look.soonest
            there = {name: value + slopes[name] * waited for name, value in values.items()}
            look = Look(0.0, there, slopes)
            line(look)
        if crossing is not None:
            found += 1
            root = brentq(after, grid[crossing], grid[crossing + 1], xtol=1e-13)
            assert waited == pytest.approx(root, abs=1e-7)
    assert found > 30


def test_every_function_that_expressions_of_a_world_can_use_is_tried():
    used = {call.function for text in EXPRESSIONS for call in calls(parse(text))}
    texts = {"contains", "replace"}
    assert used == {f.name for f in FUNCTIONS.values() if not (f.random or f.chance)} - texts


def test_at_the_very_instant_of_a_crossing_holds_what_holds_right_after():
    for text, rising, falling in (("a > 1", 1.0, 0.0), ("a <= 1", 0.0, 1.0), ("a == 1", 0.0, 0.0)):
        line = straight(parse(text))
        assert line(Look(0.0, {"a": 1.0}, {"a": 0.5}))[0] == rising
        assert line(Look(0.0, {"a": 1.0}, {"a": -0.5}))[0] == falling
    assert straight(parse("a == 1"))(Look(0.0, {"a": 1.0}, {"a": 0.0}))[0] == 1.0


def test_texts_are_compared_looked_into_and_rewritten():
    look = Look(0.0, {"post": "a :] b :]"}, {})
    assert straight(parse("contains(post, ':]')"))(look) == (1.0, 0.0)
    assert straight(parse("post == 'a'"))(look) == (0.0, 0.0)
    assert straight(parse("replace(post, ':]', 'x')"))(look) == ("a x b x", 0.0)
