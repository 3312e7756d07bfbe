"""The distributions behind verdicts, against printed tables."""

from __future__ import annotations

import math

import pytest

from crmkit_process_monitor.student import digamma, quantile, tail, trigamma, trigamma_of

# Upper critical values of Student's t: chance below, degrees of freedom, value.
TABLE = [
    (0.975, 1, 12.706), (0.975, 2, 4.303), (0.975, 5, 2.571), (0.975, 10, 2.228), (0.975, 21, 2.080), (0.975, 120, 1.980), (0.95, 7, 1.895),
    (0.995, 30, 2.750), (0.9995, 4, 8.610), (0.9995, 20, 3.850), (0.9995, 60, 3.460),
]  # fmt: skip


@pytest.mark.parametrize(("below", "freedom", "value"), TABLE)
def test_student_is_as_in_the_tables(below: float, freedom: int, value: float):
    assert quantile(below, freedom) == pytest.approx(value, abs=6e-4)
    assert quantile(1 - below, freedom) == pytest.approx(-value, abs=6e-4)
    assert tail(value, freedom) == pytest.approx(1 - below, rel=2e-3)


def test_the_far_tail_is_exact_where_it_can_be_written_down():
    for t in (0.0, 0.5, 3.0, 40.0, 5000.0):  # one degree of freedom is Cauchy's, two have a formula
        assert tail(t, 1) == pytest.approx(math.atan2(1, t) / math.pi if t else 0.5, rel=1e-9)
        assert tail(t, 2) == pytest.approx(1 / (t * t + 2 + t * math.sqrt(t * t + 2)), rel=1e-9)
    assert tail(-2.0, 9) == pytest.approx(1 - tail(2.0, 9))
    assert tail(5.0, 1e6) == pytest.approx(0.5 * math.erfc(5 / math.sqrt(2)), rel=1e-3)
    assert tail(3.0, 0) == 0.5


def test_what_is_known_of_the_gamma_function_s_derivatives():
    euler = 0.5772156649015329
    assert digamma(1) == pytest.approx(-euler, abs=1e-8)
    assert digamma(0.5) == pytest.approx(-euler - 2 * math.log(2), abs=1e-8)
    assert trigamma(1) == pytest.approx(math.pi**2 / 6, abs=1e-8)
    assert trigamma(0.5) == pytest.approx(math.pi**2 / 2, abs=1e-8)
    assert trigamma_of(trigamma(7.3)) == pytest.approx(7.3, rel=1e-6)
