"""Logarithm, exponential, normal quantile and cosine with the same bits on every machine.

`math.log` and its kin differ between C libraries and processors in the last bit of some values,
and byte-identical results die of it. These use only + - * / and sqrt, which IEEE 754 defines to
the bit. All are scalar and compiled; `mlsim.engine.draws` has them over columns.

Sources: `log`, `exp` and the polynomials of `cos2pi` follow the method and the coefficients of
fdlibm (Sun Microsystems, 1993); `normal_quantile` is PPND16 of Wichura (1988), algorithm AS 241,
Applied Statistics 37, 477-484.
"""

import math

import numpy as np

from mlsim.engine.jit import compiled, kernel_step

LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
LARGEST_EXPONENT = 709.782712893384
SMALLEST_EXPONENT = -745.1332191019411
MANTISSA_BITS = 52
MANTISSA_MASK = (1 << MANTISSA_BITS) - 1
EXPONENT_BIAS = 1023
ONE_BITS = 0x3FF0000000000000
ROOT_HALF_BITS = 0x3FE6A09E00000000
SMALLEST_NORMAL = 2.2250738585072014e-308


@compiled
def power_of_two(n: int) -> float:
    """2**n, exact, for -1022 <= n <= 1023."""
    return np.int64((n + EXPONENT_BIAS) << MANTISSA_BITS).view(np.float64)


@compiled
def log(x: float) -> float:
    """Natural logarithm, error below 1 ulp; -inf at 0, nan below."""
    if not x > 0.0:
        return -math.inf if x == 0.0 else math.nan
    if x == math.inf:
        return x
    if x < SMALLEST_NORMAL:
        return log_of_normal(x * 18014398509481984.0, -54)
    return log_of_normal(x, 0)


@kernel_step
def log_of_normal(x: float, scale: int) -> float:
    """Natural logarithm of x * 2**scale, for an x that is normal, positive and finite."""
    # x = m * 2**k with m around 1, where the series converges fastest. Moving the bits instead of
    # asking whether m is over sqrt(2) leaves the processor nothing to guess.
    bits = np.float64(x).view(np.int64) + (ONE_BITS - ROOT_HALF_BITS)
    k = (bits >> MANTISSA_BITS) - EXPONENT_BIAS + scale
    m = np.int64((bits & MANTISSA_MASK) + ROOT_HALF_BITS).view(np.float64)
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (0.3999999999940941908 + w * (0.2222219843214978396 + w * 0.1531383769920937332))
    odd = z * (
        0.6666666666666735130
        + w * (0.2857142874366239149 + w * (0.1818357216161805012 + w * 0.1479819860511658591))
    )
    half_square = 0.5 * f * f
    return k * LN2_HIGH - ((half_square - (s * (half_square + even + odd) + k * LN2_LOW)) - f)


@compiled
def exp(x: float) -> float:
    """Exponential, error below 1 ulp; 0 and inf where the result leaves the range of a float."""
    if not x < LARGEST_EXPONENT:
        return x if x != x else math.inf
    if x < SMALLEST_EXPONENT:
        return 0.0
    k = int(1.44269504088896338700 * x + (0.5 if x > 0.0 else -0.5))
    high = x - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    t = r * r
    c = r - t * (
        1.66666666666666019037e-01
        + t
        * (
            -2.77777777770155933842e-03
            + t
            * (
                6.61375632143793436117e-05
                + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08)
            )
        )
    )
    y = 1.0 - ((low - (r * c) / (2.0 - c)) - high)
    # In two halves: 2**k alone may lie outside of the normal numbers at both ends.
    half = k >> 1
    return y * power_of_two(half) * power_of_two(k - half)


@compiled
def normal_quantile(p: float) -> float:
    """Quantile of the standard normal distribution, relative error about 1e-16."""
    q = p - 0.5
    if abs(q) <= 0.425:
        return q * _central(0.180625 - q * q)
    tail = p if q < 0.0 else 1.0 - p
    if tail <= 0.0:
        return -math.inf if q < 0.0 else math.inf
    r = math.sqrt(-log(tail))
    z = _tail(r - 1.6) if r <= 5.0 else _far_tail(r - 5.0)
    return -z if q < 0.0 else z


@compiled
def _central(r: float) -> float:
    above = 2.5090809287301226727e3
    above = above * r + 3.3430575583588128105e4
    above = above * r + 6.7265770927008700853e4
    above = above * r + 4.5921953931549871457e4
    above = above * r + 1.3731693765509461125e4
    above = above * r + 1.9715909503065514427e3
    above = above * r + 1.3314166789178437745e2
    above = above * r + 3.3871328727963666080e0
    below = 5.2264952788528545610e3
    below = below * r + 2.8729085735721942674e4
    below = below * r + 3.9307895800092710610e4
    below = below * r + 2.1213794301586595867e4
    below = below * r + 5.3941960214247511077e3
    below = below * r + 6.8718700749205790830e2
    below = below * r + 4.2313330701600911252e1
    return above / (below * r + 1.0)


@compiled
def _tail(r: float) -> float:
    above = 7.74545014278341407640e-4
    above = above * r + 2.27238449892691845833e-2
    above = above * r + 2.41780725177450611770e-1
    above = above * r + 1.27045825245236838258e0
    above = above * r + 3.64784832476320460504e0
    above = above * r + 5.76949722146069140550e0
    above = above * r + 4.63033784615654529590e0
    above = above * r + 1.42343711074968357734e0
    below = 1.05075007164441684324e-9
    below = below * r + 5.47593808499534494600e-4
    below = below * r + 1.51986665636164571966e-2
    below = below * r + 1.48103976427480074590e-1
    below = below * r + 6.89767334985100004550e-1
    below = below * r + 1.67638483018380384940e0
    below = below * r + 2.05319162663775882187e0
    return above / (below * r + 1.0)


@compiled
def _far_tail(r: float) -> float:
    above = 2.01033439929228813265e-7
    above = above * r + 2.71155556874348757815e-5
    above = above * r + 1.24266094738807843860e-3
    above = above * r + 2.65321895265761230930e-2
    above = above * r + 2.96560571828504891230e-1
    above = above * r + 1.78482653991729133580e0
    above = above * r + 5.46378491116411436990e0
    above = above * r + 6.65790464350110377720e0
    below = 2.04426310338993978564e-15
    below = below * r + 1.42151175831644588870e-7
    below = below * r + 1.84631831751005468180e-5
    below = below * r + 7.86869131145613259100e-4
    below = below * r + 1.48753612908506148525e-2
    below = below * r + 1.36929880922735805310e-1
    below = below * r + 5.99832206555887937690e-1
    return above / (below * r + 1.0)


@compiled
def cos2pi(x: float) -> float:
    """cos(2 pi x), error below 1e-15; exact at multiples of a quarter."""
    turn = abs(x) - math.floor(abs(x))
    eighth = int(8.0 * turn)
    quarter = (eighth + 1) // 2
    angle = 6.283185307179586 * (turn - 0.25 * quarter)
    z = angle * angle
    value = _cosine(z) if quarter % 2 == 0 else -angle * _sine_over(z)
    return -value if quarter == 2 or quarter == 3 else value


@compiled
def _cosine(z: float) -> float:
    """cos(sqrt(z)) for z up to (pi/4)**2."""
    series = -1.13596475577881948265e-11
    series = series * z + 2.08757232129817482790e-09
    series = series * z - 2.75573143513906633035e-07
    series = series * z + 2.48015872894767294178e-05
    series = series * z - 1.38888888888741095749e-03
    series = series * z + 4.16666666666666019037e-02
    return 1.0 - (0.5 * z - z * z * series)


@compiled
def _sine_over(z: float) -> float:
    """sin(sqrt(z)) / sqrt(z) for z up to (pi/4)**2."""
    series = 1.58969099521155010221e-10
    series = series * z - 2.50507602534068634195e-08
    series = series * z + 2.75573137070700676789e-06
    series = series * z - 1.98412698298579493134e-04
    series = series * z + 8.33333333332248946124e-03
    series = series * z - 1.66666666666666324348e-01
    return 1.0 + z * series
