"""Every random number belongs to somebody: draws as pure functions of who asks.

A draw is (key of a named stream, entity, attempt) -> uniform in (0, 1) -> quantile. There is no
generator and so no order of drawing: person 4711's temperature is the same in every variant of a
run. Scalars are compiled and used by the kernel; columns run the same code, so bits agree.

The hash is the finaliser of splitmix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom
number generators"), applied once for the entity and once for the attempt.
"""

import hashlib
import math
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlsim.engine import portable
from mlsim.engine.jit import compiled, kernel_step

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
SECOND = np.uint64(0xD1B54A32D192ED03)
OFFSET = np.uint64(0x632BE59BD9B4E019)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
SHIFT_30, SHIFT_27, SHIFT_31, SHIFT_12 = (np.uint64(n) for n in (30, 27, 31, 12))


class Distribution(IntEnum):
    """Kinds of distributions with their parameters `a` and `b`.

    CONSTANT(a); EXPONENTIAL(mean a); LOGNORMAL(mu a, sigma b of the logarithm);
    NORMAL(mean a, standard deviation b); UNIFORM(low a, high b); BERNOULLI(probability a), 0 or 1;
    WEIBULL(scale a, shape b); PARETO(smallest value a, shape b).
    """

    CONSTANT = 0
    EXPONENTIAL = 1
    LOGNORMAL = 2
    NORMAL = 3
    UNIFORM = 4
    BERNOULLI = 5
    WEIBULL = 6
    PARETO = 7


# numba freezes plain integers into the code; members of an enum would be slower to compile.
CONSTANT, EXPONENTIAL, _LOGNORMAL, _NORMAL, _UNIFORM, _BERNOULLI, _WEIBULL, _PARETO = map(
    int, Distribution
)


def stream(seed: int, name: str) -> np.uint64:
    """Key of the stream `name` under `seed`; different names give unrelated draws.

    >>> bool(stream(7, "service/desk") == stream(7, "service/desk"))
    True
    >>> bool(stream(7, "service/desk") == stream(8, "service/desk"))
    False
    """
    digest = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def lognormal_parameters(mean: float, cv: float) -> tuple[float, float]:
    """(mu, sigma) of a lognormal distribution with this mean and coefficient of variation.

    >>> mu, sigma = lognormal_parameters(mean=2.0, cv=0.0)
    >>> round(math.exp(mu), 12), sigma
    (2.0, 0.0)
    """
    variance = portable.log(1.0 + cv * cv)
    return portable.log(mean) - variance / 2.0, math.sqrt(variance)


@compiled
def _mix(z: Any) -> Any:
    z = (z ^ (z >> SHIFT_30)) * MIX_1
    z = (z ^ (z >> SHIFT_27)) * MIX_2
    return z ^ (z >> SHIFT_31)


def hashes(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64 of each number: another one for each, without a pattern."""
    mixed: NDArray[np.uint64] = _mix(numbers)
    return mixed


@compiled
def uniform_at(key: Any, entity: int, attempt: int) -> float:
    """The uniform draw of `entity` at `attempt` from the stream `key`; never 0 or 1."""
    z = _mix(key + np.uint64(entity) * GOLDEN)
    z = _mix(z ^ (np.uint64(attempt) * SECOND + OFFSET))
    # 52 bits and a half: with 53 the largest value would round to 1.
    return (np.float64(z >> SHIFT_12) + 0.5) * 2.220446049250313e-16


@compiled
def quantile(distribution: int, a: float, b: float, u: float) -> float:
    """Inverse distribution function of a `Distribution` at `u` in (0, 1); rises with `u`."""
    return scaled(distribution, a, b, standard(distribution, u))


@compiled
def duration(distribution: int, a: float, b: float, u: float) -> float:
    """A quantile in seconds: nothing takes less than no time."""
    return max(0.0, quantile(distribution, a, b, u))


@compiled
def standard(distribution: int, u: float) -> float:
    """The part of the quantile at `u` that is the same whatever the parameters are."""
    if distribution in (EXPONENTIAL, _PARETO):
        return -portable.log(1.0 - u)
    if distribution in (_LOGNORMAL, _NORMAL):
        return portable.normal_quantile(u)
    if distribution == _WEIBULL:
        return portable.log(-portable.log(1.0 - u))
    return u


@kernel_step
def scaled(distribution: int, a: float, b: float, x: float) -> float:
    """The quantile with parameters, of which the rest is `x`."""
    if distribution == CONSTANT:
        return a
    if distribution == EXPONENTIAL:
        return x * a
    if distribution == _LOGNORMAL:
        return portable.exp(a + b * x)
    if distribution == _NORMAL:
        return a + b * x
    if distribution == _UNIFORM:
        return a + (b - a) * x
    if distribution == _BERNOULLI:
        return 1.0 if x > 1.0 - a else 0.0
    if distribution == _WEIBULL:
        return a * portable.exp(x / b)
    if distribution == _PARETO:
        return a * portable.exp(x / b)
    return math.nan


@compiled
def _uniform_column(key: Any, ids: Any, attempts: Any) -> Any:
    out = np.empty(ids.size)
    step = 1 if attempts.size > 1 else 0
    for j in range(ids.size):
        out[j] = uniform_at(key, ids[j], attempts[j * step])
    return out


@compiled
def _quantile_column(distribution: int, a: Any, b: Any, u: Any) -> Any:
    out = np.empty(u.size)
    step_a = 1 if a.size > 1 else 0
    step_b = 1 if b.size > 1 else 0
    for j in range(u.size):
        out[j] = quantile(distribution, a[j * step_a], b[j * step_b], u[j])
    return out


@compiled
def _log_column(x: Any) -> Any:
    out = np.empty(x.size)
    for j in range(x.size):
        out[j] = portable.log(x[j])
    return out


@compiled
def _exp_column(x: Any) -> Any:
    out = np.empty(x.size)
    for j in range(x.size):
        out[j] = portable.exp(x[j])
    return out


@compiled
def _normal_quantile_column(p: Any) -> Any:
    out = np.empty(p.size)
    for j in range(p.size):
        out[j] = portable.normal_quantile(p[j])
    return out


@compiled
def _cos2pi_column(x: Any) -> Any:
    out = np.empty(x.size)
    for j in range(x.size):
        out[j] = portable.cos2pi(x[j])
    return out


def uniform(key: np.uint64, ids: ArrayLike, attempts: ArrayLike = 0) -> Floats:
    """Uniform draws in (0, 1), one per id; `attempts` is one number or one per id.

    >>> float(uniform(stream(1, "luck"), [5, 6])[0]) == uniform_at(stream(1, "luck"), 5, 0)
    True
    """
    entities = _integers(ids)
    return np.asarray(_uniform_column(key, entities, _matching(_integers(attempts), entities)))


def sample(
    key: np.uint64,
    ids: ArrayLike,
    distribution: Distribution,
    a: ArrayLike = 0.0,
    b: ArrayLike = 0.0,
    attempts: ArrayLike = 0,
) -> Floats:
    """Draws from `distribution`, one per id; `a`, `b`, `attempts` are scalars or one per id.

    Raises: ValueError where a parameter has neither one value nor one per id.

    >>> sample(stream(1, "coin"), [1, 2, 3], Distribution.BERNOULLI, 1.0).tolist()
    [1.0, 1.0, 1.0]
    """
    u = uniform(key, ids, attempts)
    first, second = _matching(_floats(a), u), _matching(_floats(b), u)
    return np.asarray(_quantile_column(int(distribution), first, second, u))


def log_of(x: ArrayLike) -> Floats:
    """Portable natural logarithm of a column."""
    return _over(_log_column, x)


def exp_of(x: ArrayLike) -> Floats:
    """Portable exponential of a column."""
    return _over(_exp_column, x)


def normal_quantile_of(p: ArrayLike) -> Floats:
    """Portable quantile of the standard normal distribution over a column."""
    return _over(_normal_quantile_column, p)


def cos2pi_of(x: ArrayLike) -> Floats:
    """Portable cos(2 pi x) of a column."""
    return _over(_cos2pi_column, x)


def _over(column: Any, x: ArrayLike) -> Floats:
    values = np.asarray(x, dtype=np.float64)
    return np.asarray(column(np.ascontiguousarray(values.ravel()))).reshape(values.shape)


def _integers(values: ArrayLike) -> Ids:
    return np.array(values, dtype=np.int64, ndmin=1)


def _floats(values: ArrayLike) -> Floats:
    return np.array(values, dtype=np.float64, ndmin=1)


def _matching(values: NDArray[Any], rows: NDArray[Any]) -> NDArray[Any]:
    if values.size not in (1, rows.size):
        raise ValueError(f"needs one value or one per id ({rows.size}), got {values.size}")
    return values
