"""Ensembles over executors and into folders: nothing is lost, nothing is doubled, and every bit is the same."""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import textwrap
import warnings
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import taylorad as ta
from taylorad.book.entry import BOOK, ENTRIES
from taylorad.ode.fleet import _Shipped

ARGS = (10.0, 28.0, 8 / 3)
N = 60


@pytest.fixture(scope="module")
def problem():
    return ta.compile_ode(
        lambda t, y, s, r, b: [s * (y[1] - y[0]), y[0] * (r - y[2]) - y[1], y[0] * y[1] - b * y[2]],
        dim=3,
        n_args=3,
        rtol=1e-15,
        atol=1e-15,
    )


@pytest.fixture(scope="module")
def y0():
    states = 1 + np.random.default_rng(5).normal(size=(N, 3))
    states[7, 1] = np.nan
    return states


@pytest.fixture(scope="module")
def whole(problem, y0):
    return {m: problem.ensemble((0, 3), y0, ARGS, t_eval=grid(m)) for m in (None, 4)}


def grid(m):
    return None if m is None else np.linspace(0, 3, m)


def same(a, b):
    np.testing.assert_array_equal(a.y, b.y)
    for name in ("t", "status", "steps"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert a.messages == b.messages
    assert a.status[7] == -4
    assert np.count_nonzero(a.status) == 1


@pytest.mark.parametrize("m", [None, 4])
@pytest.mark.parametrize("chunk", [None, 1, 7, 100])
def test_a_store_changes_nothing(problem, y0, whole, tmp_path, m, chunk):
    kept = problem.ensemble((0, 3), y0, ARGS, t_eval=grid(m), store=tmp_path / "runs", chunk=chunk)
    same(kept, whole[m])
    same(pickle.loads(pickle.dumps(kept)), whole[m])
    files = len(list((tmp_path / "runs").glob("*.npz")))
    parts = list(kept.parts())
    assert files == len(parts)
    np.testing.assert_array_equal(np.concatenate([y for _, y in parts]), kept.y)
    assert parts[-1][0].stop == N
    times = {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").iterdir()}
    same(problem.ensemble((0, 3), y0, ARGS, t_eval=grid(m), store=str(tmp_path / "runs")), whole[m])
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").iterdir()} == times


@pytest.mark.parametrize("m", [None, 4])
def test_an_interrupted_run_goes_on_where_it_ended(problem, y0, whole, tmp_path, m):
    told = []

    def enough(done):
        told.append(done)
        if done >= 20:
            raise KeyboardInterrupt

    begun = problem.ensemble((0, 3), y0, ARGS, t_eval=grid(m), store=tmp_path, chunk=10, progress=enough)
    assert begun.status[25] == -5
    assert not begun.success
    first = np.flatnonzero((begun.status == 0) | (begun.status == -4))
    np.testing.assert_array_equal(begun.y[first], whole[m].y[first])
    assert begun.y.shape == whole[m].y.shape
    files = {p: p.stat().st_mtime_ns for p in tmp_path.glob("*.npz")}
    assert 0 < len(files) < 6
    told.clear()
    same(problem.ensemble((0, 3), y0, ARGS, t_eval=grid(m), store=tmp_path, progress=told.append), whole[m])
    assert {p: p.stat().st_mtime_ns for p in files} == files
    assert told[0] == 10 * len(files)
    assert told[-1] == N


def test_a_damaged_or_half_written_file_is_made_anew(problem, y0, whole, tmp_path):
    problem.ensemble((0, 3), y0, ARGS, store=tmp_path, chunk=20)
    names = sorted(tmp_path.glob("*.npz"))
    names[0].write_bytes(names[0].read_bytes()[:-40])
    names[1].write_bytes(b"")
    (tmp_path / ".000002.npz.x.part").write_bytes(b"half")
    same(problem.ensemble((0, 3), y0, ARGS, store=tmp_path), whole[None])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"span": (0, 4)}, "span"),
        ({"args": (10.0, 28.0, 2.5)}, "args"),
        ({"t_eval": [1.0]}, "t_eval"),
        ({"max_steps": 10**6}, "max_steps"),
        ({"y0": np.ones((N, 3))}, "y0"),
        ({"y0": np.ones((3, 3))}, "y0"),
    ],
)
def test_the_store_of_another_call_is_refused(problem, y0, tmp_path, change, named):
    given = {"span": (0, 3), "y0": y0, "args": ARGS}
    problem.ensemble(**given, store=tmp_path, chunk=30)
    with pytest.raises(ta.DomainError, match=f"another call: not the same .*{named}"):
        problem.ensemble(**(given | change), store=tmp_path)


def test_the_store_of_another_problem_is_refused(problem, y0, tmp_path):
    problem.ensemble((0, 0.1), y0, ARGS, store=tmp_path)
    other = ta.compile_ode(lambda t, y, s, r, b: [s * y[1], r * y[2], b * y[0]], dim=3, rtol=1e-15, atol=1e-15)
    with pytest.raises(ta.DomainError, match=r"another call: not the same problem$"):
        other.ensemble((0, 0.1), y0, ARGS, store=tmp_path)


def test_a_folder_of_something_else_is_left_alone(problem, y0, tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(ta.DomainError, match="holds no results"):
        problem.ensemble((0, 1), y0, ARGS, store=tmp_path)
    (tmp_path / "request.json").write_text("{")
    with pytest.raises(ta.DomainError, match="cannot be read"):
        problem.ensemble((0, 1), y0, ARGS, store=tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "x"


def test_an_executor_of_threads(problem, y0, whole, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        same(problem.ensemble((0, 3), y0, ARGS, executor=pool, chunk=7), whole[None])
        same(problem.ensemble((0, 3), y0, ARGS, t_eval=grid(4), executor=pool, chunk=7, store=tmp_path), whole[4])


def test_no_members_over_an_executor(problem, tmp_path):
    with ThreadPoolExecutor(1) as pool:
        e = problem.ensemble((0, 3), np.zeros((0, 3)), ARGS, executor=pool, store=tmp_path)
    assert e.y.shape == (0, 3)


def test_what_is_no_executor(problem, y0):
    with pytest.raises(ta.DomainError, match="neither an executor"):
        problem.ensemble((0, 3), y0, ARGS, executor=4)
    with pytest.raises(ta.DomainError, match="chunk"):
        problem.ensemble((0, 3), y0, ARGS, chunk=0)


@pytest.fixture(scope="module")
def long(problem, y0):
    return problem.ensemble((0, 1500), y0, ARGS)


class Killer:
    """Kills a worker as soon as something is done, while most of the work is still to do."""

    def __init__(self, workers):
        self.workers, self.killed = workers, 0

    def __call__(self, done):
        if done and not self.killed:
            assert done < N // 2
            self.killed = next(iter(self.workers))
            os.kill(self.killed, signal.SIGKILL)


def test_a_killed_process_loses_nothing(problem, y0, long, tmp_path):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        pool.submit(os.getpid).result()
        kill = Killer(pool._processes)
        same(problem.ensemble((0, 1500), y0, ARGS, executor=pool, chunk=2, store=tmp_path, progress=kill), long)
    assert kill.killed
    assert len(list(tmp_path.glob("*.npz"))) == N // 2


class Mortal(Executor):
    """Workers die with a chunk that holds member 0, every time, or only the first times."""

    def __init__(self, lives):
        self.lives, self.given = lives, []

    def submit(self, work, shipped, part, threads):
        future = Future()
        self.given.append(len(part))
        if self.lives > 0 and np.any(part.y0 == 4711):
            self.lives -= 1
            future.set_exception(KilledWorker("gone"))
        else:
            future.set_result(work(shipped, part, threads))
        return future


class KilledWorker(Exception):
    """dask's exception has this name."""


def test_a_chunk_that_always_ends_its_worker_is_named(problem, y0):
    marked = y0.copy()
    marked[0, 0] = 4711
    e = problem.ensemble((0, 0.01), marked, ARGS, executor=Mortal(2), chunk=10)
    same_as = problem.ensemble((0, 0.01), marked, ARGS)
    np.testing.assert_array_equal(e.y, same_as.y)
    with pytest.raises(RuntimeError, match="5 times with the same 10 members"):
        problem.ensemble((0, 0.01), marked, ARGS, executor=Mortal(99), chunk=10)


def test_a_broken_executor_that_cannot_be_replaced(problem, y0):
    class Broken(Executor):
        def submit(self, *args):
            raise BrokenProcessPool("no more")

    with pytest.raises(RuntimeError, match="cannot be replaced"):
        problem.ensemble((0, 1), y0, ARGS, executor=Broken())


def test_an_error_in_the_work_is_told(problem, y0):
    class Wrong(Executor):
        def submit(self, *args):
            future = Future()
            future.set_exception(MemoryError("too small"))
            return future

    with pytest.raises(MemoryError, match="too small"):
        problem.ensemble((0, 1), y0, ARGS, executor=Wrong())


def test_a_killed_dask_worker_loses_nothing(problem, y0, long, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dask's own
        import distributed

        silent = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
        with (
            distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **silent) as cluster,
            distributed.Client(cluster) as client,
        ):
            kill = Killer(client.run(os.getpid).values())
            same(problem.ensemble((0, 1500), y0, ARGS, executor=client, chunk=2, store=tmp_path, progress=kill), long)
    assert kill.killed
    assert len(list(tmp_path.glob("*.npz"))) == N // 2


def test_a_rule_that_the_worker_does_not_know():
    lawful = textwrap.dedent(
        '''
        import taylorad as ta

        @ta.rule(value=lambda f, u: f.exp(2 * u))
        def twice(u, du, v):
            """e^(2u)."""
            return 2 * v * du
        '''
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "lawful_rule.py").write_text(lawful)
        sys.path.insert(0, folder)
        before = [(table, dict(table)) for table in (BOOK, ENTRIES)]
        try:
            rule = importlib.import_module("lawful_rule")
            p = ta.compile_ode(lambda t, y: [-rule.twice(y[0])], dim=1)
            letter, shipped = pickle.dumps(p), pickle.dumps(_Shipped(p))
            del sys.modules["lawful_rule"]
            _forget(before)
            assert np.isclose(pickle.loads(letter).propagate(0, 1, [0.0])[0], -np.log(3) / 2)
            del sys.modules["lawful_rule"]
            sys.modules["lawful_rule"] = ModuleType("lawful_rule")
            _forget(before)
            box = pickle.loads(shipped)  # a worker that is given this goes on
            with pytest.raises(ta.errors.UnsupportedFunctionError, match=r"has no 'twice'.* lawful_rule"):
                _ = box.problem
        finally:
            _forget(before)
            sys.modules.pop("lawful_rule", None)
            sys.path.remove(folder)


def _forget(before):
    for table, content in before:
        table.clear()
        table.update(content)
