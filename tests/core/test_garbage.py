"""How often Python looks for circles of garbage."""

import gc

import pytest

from crmkit.core import garbage


@pytest.fixture(autouse=True)
def as_before():
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_seldom_for_a_while():
    gc.set_threshold(700, 11, 12)
    with garbage.seldom():
        assert gc.get_threshold() == (garbage.OBJECTS, 11, 12)
    assert gc.get_threshold() == (700, 11, 12)


def test_who_looks_even_more_seldom_or_never_is_left_alone():
    for first in (0, garbage.OBJECTS * 2):
        gc.set_threshold(first, 11, 12)
        with garbage.seldom():
            assert gc.get_threshold() == (first, 11, 12)


def test_a_server_leaves_what_is_there_out():
    gc.unfreeze()
    garbage.settle()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] == garbage.OBJECTS
    circle: list[object] = []
    circle.append(circle)
    del circle
    assert gc.collect() >= 1  # circles made afterwards are found
