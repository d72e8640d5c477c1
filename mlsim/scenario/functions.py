"""The catalogue of functions that expressions can call.

Adding a function takes an entry here (which makes it known to the language, its messages and its
docs) and its arithmetic in `mlsim.engine.columns`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from types import MappingProxyType

NUMBER, TIME = 0, 1
"""Dimensions are exponents of time: a number 0, a duration 1, a rate -1."""
SAME = "same"
"""The dimension of an argument that all such arguments, and the result, share."""
TEXT = "text"
"""The dimension of an argument that is a text."""

Dimension = int | str


@dataclass(frozen=True)
class Parameter:
    """A parameter of a function.

    low, high: limits of its value, checked where it is a constant. above: `low` itself is excluded.
    """

    name: str
    dimension: Dimension = NUMBER
    low: float = -inf
    high: float = inf
    above: bool = False


@dataclass(frozen=True)
class Function:
    """A function: what it takes, what it gives, and how it is explained.

    random: a new draw for each row. varies: depends on time. chance: one path of chance through
    time, which all rows see; its arguments are constants. order: two parameters of which the first
    must not exceed the second. repeats: takes any number of its last parameter.
    """

    name: str
    parameters: tuple[Parameter, ...]
    result: Dimension
    doc: str
    random: bool = False
    varies: bool = False
    chance: bool = False
    order: tuple[str, str] | None = None
    repeats: bool = False

    @property
    def signature(self) -> str:
        """How it is called.

        >>> FUNCTIONS["clip"].signature
        'clip(x, low, high)'
        """
        names = ", ".join(parameter.name for parameter in self.parameters)
        return f"{self.name}({names}{', ...' if self.repeats else ''})"


def _positive(name: str, dimension: Dimension = NUMBER) -> Parameter:
    return Parameter(name, dimension, low=0.0, above=True)


def _at_least_0(name: str, dimension: Dimension = NUMBER) -> Parameter:
    return Parameter(name, dimension, low=0.0)


_RANDOM = (
    Function("normal", (Parameter("mean", SAME), _at_least_0("sd", SAME)), SAME,
             "normal distribution with mean and standard deviation", random=True),
    Function("lognormal", (_positive("mean", SAME), _at_least_0("cv")), SAME,
             "lognormal distribution with mean and coefficient of variation", random=True),
    Function("exponential", (_positive("mean", SAME),), SAME,
             "exponential distribution", random=True),
    Function("uniform", (Parameter("low", SAME), Parameter("high", SAME)), SAME,
             "uniform distribution between low and high", random=True, order=("low", "high")),
    Function("bernoulli", (Parameter("p", low=0.0, high=1.0),), NUMBER,
             "1 with probability p, else 0", random=True),
    Function("weibull", (_positive("scale", SAME), _positive("shape")), SAME,
             "Weibull distribution", random=True),
    Function("pareto", (_positive("scale", SAME), _positive("shape")), SAME,
             "Pareto distribution: scale is its least value, shape the exponent of its tail",
             random=True),
)  # fmt: skip

_TIME = (
    Function("ramp", (Parameter("from", TIME), Parameter("to", TIME)), NUMBER,
             "0 before `from`, 1 after `to`, a straight line between", varies=True,
             order=("from", "to")),
    Function("step", (Parameter("at", TIME),), NUMBER,
             "0 before `at`, 1 from then on", varies=True),
    Function("pulse", (Parameter("from", TIME), Parameter("to", TIME)), NUMBER,
             "1 from `from` until `to`, else 0", varies=True, order=("from", "to")),
    Function("daily", (Parameter("trough", low=0.0, high=1.0), Parameter("peak_at", TIME)), NUMBER,
             "a day's rhythm: a cosine of mean 1, least `trough`, greatest at `peak_at` o'clock",
             varies=True),
    Function("weekly", (_at_least_0("weekend"),), NUMBER,
             "a week's rhythm of mean 1: a day of the weekend is `weekend` times a working day",
             varies=True),
    Function("every", (_positive("period", TIME), _at_least_0("for", TIME)), NUMBER,
             "1 for the first `for` of each `period` since day 0, else 0", varies=True,
             order=("for", "period")),
    Function("spike", (Parameter("at", TIME), _at_least_0("rise", TIME), _positive("fall", TIME)),
             NUMBER, "0 before `at`, up to 1 in a straight line within `rise`, then down by e in "
             "each `fall`", varies=True),
    Function("growth", (Parameter("by", low=-1.0, above=True), _positive("every", TIME)), NUMBER,
             "1 at day 0, and larger by the share `by` with each `every`, as by 0.05 each week",
             varies=True),
    Function("bursts", (_positive("lasting", TIME), _positive("apart", TIME)), NUMBER,
             "1 in a burst, else 0: bursts of random length, `lasting` on average, and `apart` on "
             "average between the end of one and the next", varies=True, chance=True),
)  # fmt: skip

_MATHEMATICS = (
    Function("constant", (Parameter("value", SAME),), SAME, "the value itself"),
    Function("min", (Parameter("a", SAME), Parameter("b", SAME)), SAME,
             "the least of its arguments", repeats=True),
    Function("max", (Parameter("a", SAME), Parameter("b", SAME)), SAME,
             "the greatest of its arguments", repeats=True),
    Function("coalesce", (Parameter("a", SAME), Parameter("b", SAME)), SAME,
             "the first of its arguments that is not missing", repeats=True),
    Function("clip", (Parameter("x", SAME), Parameter("low", SAME), Parameter("high", SAME)), SAME,
             "x, but not under low nor over high", order=("low", "high")),
    Function("abs", (Parameter("x", SAME),), SAME, "x without its sign"),
    Function("exp", (Parameter("x"),), NUMBER, "e to the power of x"),
    Function("log", (_positive("x"),), NUMBER, "natural logarithm"),
    Function("sqrt", (_at_least_0("x"),), NUMBER, "square root"),
    Function("floor", (Parameter("x"),), NUMBER, "the greatest whole number that is not over x"),
    Function("contains", (Parameter("text", TEXT), Parameter("part", TEXT)), NUMBER,
             "1 where the text holds the part, else 0"),
    Function("replace", (Parameter("text", TEXT), Parameter("old", TEXT), Parameter("new", TEXT)),
             TEXT, "the text with `new` wherever it holds `old`"),
)  # fmt: skip

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {function.name: function for function in (*_RANDOM, *_TIME, *_MATHEMATICS)}
)
"""All functions by name."""
