"""Memory that is used again is memory that nobody looks at."""

from __future__ import annotations

import threading

import numpy as np

from taylorad.ode.memory import room


def address(a: np.ndarray) -> int:
    return a.__array_interface__["data"][0]


def test_memory_is_used_again_when_the_last_view_is_gone():
    first = room((5, 4, 3))
    where = address(first)
    view = first[2:, :, 1].view(np.int64)[::-1]
    del first
    second = room((2, 2))
    assert address(second) != where  # the view is still there
    second[:] = 1.0
    view[:] = 7
    assert (second == 1.0).all()
    del view
    where = address(second)
    del second
    third = room((2, 1))
    assert third.shape == (2, 1)
    assert address(third) == where


def test_what_is_too_large_is_not_kept():
    large = room((2**20 + 1,))
    small = room((3,))
    assert not np.shares_memory(large, small)
    large[-1] = small[-1] = 2.0


def test_threads_have_their_own():
    mine = room((8,))
    theirs: list[np.ndarray] = []
    thread = threading.Thread(target=lambda: theirs.append(room((8,))))
    thread.start()
    thread.join()
    assert not np.shares_memory(mine, theirs[0])
