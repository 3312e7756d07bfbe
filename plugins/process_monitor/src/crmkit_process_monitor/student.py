"""Student's t distribution, from the incomplete beta function as textbooks have it, and two functions for variances of many."""

from __future__ import annotations

import functools
import math

_TINY = 1e-300


def tail(t: float, freedom: float) -> float:
    """Return the chance of more than `t`, far into the tail too: alarms of thousands of cells are decided at a millionth."""
    if freedom <= 0:
        return 0.5
    half = 0.5 * _beta(freedom / (freedom + t * t), freedom / 2, 0.5)
    return half if t >= 0 else 1 - half


@functools.lru_cache(maxsize=4096)
def quantile(chance: float, freedom: float) -> float:
    """Return what is exceeded with the chance of 1 - `chance`; freedom of less than one is taken for one."""
    freedom = max(1.0, freedom)
    if chance < 0.5:
        return -quantile(1 - chance, freedom)
    low, high = 0.0, 2.0
    while tail(high, freedom) > 1 - chance:
        low, high = high, high * 2
    for _step in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle, freedom) > 1 - chance else (low, middle)
        if high - low < 1e-9 * high:
            break
    return (low + high) / 2


def digamma(x: float) -> float:
    """Return the derivative of the logarithm of the gamma function."""
    less = 0.0
    while x < 8:
        less, x = less + 1 / x, x + 1
    square = 1 / (x * x)
    return math.log(x) - 0.5 / x - square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240))) - less


def trigamma(x: float) -> float:
    """Return the derivative of that."""
    more = 0.0
    while x < 8:
        more, x = more + 1 / (x * x), x + 1
    square = 1 / (x * x)
    return more + 1 / x + square / 2 + square / x * (1 / 6 - square * (1 / 30 - square * (1 / 42 - square / 30)))


def trigamma_of(value: float) -> float:
    """Return of what `value` is the trigamma function."""
    low, high = 1e-3, 1e6
    for _step in range(80):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if trigamma(middle) > value else (low, middle)
    return math.sqrt(low * high)


def _beta(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function, by its continued fraction (Lentz)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x > (a + 1) / (a + b + 2):
        return 1 - front * _fraction(1 - x, b, a) / b
    return front * _fraction(x, a, b) / a


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _some(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 500):
        for up in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):
            d = 1 / _some(1 + up * d)
            c = _some(1 + up / c)
            value *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return value


def _some(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


__all__ = ["digamma", "quantile", "tail", "trigamma", "trigamma_of"]
