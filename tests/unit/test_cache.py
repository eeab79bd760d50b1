"""The disk cache of compiled code: private, checked, bounded, and safe with other processes, killed ones included."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from taylorad.book.entry import BOOK
from taylorad.run import cache, jit, kernel
from taylorad.series.node import Leaf
from taylorad.series.schedule import schedule


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "kept"
    monkeypatch.setenv("TAYLORAD_CACHE_DIR", str(place))
    monkeypatch.setattr(kernel, "_kernels", {})
    return place


def compute() -> np.ndarray:
    """A kernel made from scratch in this process (though perhaps not on this disk)."""
    kernel._kernels.clear()
    return kernel.compile_plan(schedule([BOOK["exp"](Leaf.of(0))]))([np.arange(1.0, 8.0)], 6)[0]


def only_file(home: Path) -> Path:
    (found,) = home.glob("*.kernel")
    return found


def test_what_is_put_can_be_got(home: Path) -> None:
    assert cache.get("ab") is None
    assert cache.put("ab", b"some code")
    assert cache.get("ab") == b"some code"
    state = cache.info()
    assert (state.directory, state.entries, state.problem) == (home, 1, "")
    assert state.bytes > len(b"some code")
    assert cache.clear() == 1
    assert cache.get("ab") is None


def test_only_the_owner_can_read_or_write(home: Path) -> None:
    cache.put("ab", b"x")
    assert home.stat().st_mode & 0o777 == 0o700
    assert only_file(home).stat().st_mode & 0o777 == 0o600


def test_a_second_process_image_loads_what_the_first_compiled(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = compute()

    def never(*_: object) -> bytes:
        raise AssertionError("compiled again")

    monkeypatch.setattr(jit, "compile_text", never)
    assert np.array_equal(compute(), first)


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: b"",
        lambda d: d[:20],
        lambda d: d[:-1],
        lambda d: d[:200] + bytes([d[200] ^ 1]) + d[201:],
        lambda d: b"x" * len(d),
    ],
    ids=["empty", "no header", "truncated", "one byte", "foreign"],
)
def test_damaged_files_are_ignored_and_rebuilt(home: Path, damage) -> None:
    first = compute()
    file = only_file(home)
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert cache.get(file.stem) is None
    assert np.array_equal(compute(), first)
    assert file.read_bytes()[:42] == whole[:42]


def test_files_that_others_could_write_are_ignored(home: Path) -> None:
    cache.put("ab", b"x")
    only_file(home).chmod(0o622)
    assert cache.get("ab") is None
    only_file(home).chmod(0o600)
    assert cache.get("ab") == b"x"
    home.chmod(0o777)
    assert cache.get("ab") is None
    assert not cache.put("cd", b"y")
    assert "other users" in cache.info().problem
    home.chmod(0o700)


def test_links_are_not_followed(home: Path, tmp_path: Path) -> None:
    cache.put("ab", b"x")
    elsewhere = tmp_path / "elsewhere"
    only_file(home).rename(elsewhere)
    (home / "ab.kernel").symlink_to(elsewhere)
    assert cache.get("ab") is None


def test_a_directory_that_cannot_be_used_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a file"
    file.write_text("not a directory")
    monkeypatch.setenv("TAYLORAD_CACHE_DIR", str(file))
    monkeypatch.setattr(kernel, "_kernels", {})
    assert compute()[0] == np.exp(1.0)
    assert "TAYLORAD_CACHE_DIR" in cache.info().problem
    assert cache.clear() == 0


def test_full_disk_leaves_no_half_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.put("ab", b"x")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert not cache.put("cd", b"y" * 1000)
    assert "No space left" in cache.info().problem
    assert sorted(p.name for p in home.iterdir()) == ["ab.kernel"]


def test_size_is_bounded_and_the_longest_unused_goes_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LIMIT", 10_000)
    for i in range(9):
        cache.put(f"a{i}", bytes(1000))
        os.utime(home / f"a{i}.kernel", (1e9 + i, 1e9 + i))
    assert cache.get("a0") is not None  # being used makes it young
    cache.put("b", bytes(1000))
    left = {p.stem for p in home.glob("*.kernel")}
    assert cache.info().bytes <= 10_000 * 3 // 4
    assert {"a0", "b"} <= left
    assert "a1" not in left


def test_small_objects_see_to_the_size_now_and_then() -> None:
    """Once for each 64th part of the limit: 1 MiB, which a thousand objects of 10 kB fill ten times."""
    objects = [i.to_bytes(8, "big") + bytes(10_240 - 8) for i in range(1000)]
    assert 3 <= sum(map(cache._due, objects)) <= 20


def test_strays_of_killed_writers_are_removed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.put("ab", b"x")
    monkeypatch.setattr(cache, "LIMIT", 0)  # so that this write sees to the directory
    stray, fresh = home / ".old.part", home / ".new.part"
    for path in (stray, fresh):
        path.write_bytes(b"half")
    os.utime(stray, (time.time() - 7200,) * 2)
    cache.put("cd", b"y")
    assert not stray.exists()
    assert fresh.exists()


WRITER = """
import hashlib, random, sys
from taylorad.run import cache
cache.LIMIT = 200_000
random.seed(int(sys.argv[1]))
print("ready", flush=True)
wrong = 0
for i in range(int(sys.argv[2])):
    key = f"{random.randrange(12):02x}"
    content = hashlib.sha256(key.encode()).digest() * 1000
    if random.random() < 0.4:
        cache.put(key, content)
    else:
        found = cache.get(key)
        wrong += found is not None and found != content
print("wrong", wrong, flush=True)
"""


def start(seed: int, rounds: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(seed), str(rounds)], stdout=subprocess.PIPE, text=True)


def test_many_processes_at_once_and_killed_ones(home: Path) -> None:
    """Writers, readers and evictions race; two are killed at work; nobody ever reads anything but a whole file."""
    steady = [start(i, 400) for i in range(2)]
    doomed = [start(10 + i, 10**9) for i in range(2)]
    for p in doomed:
        assert p.stdout is not None
        assert p.stdout.readline() == "ready\n"
    time.sleep(0.3)
    for p in doomed:
        p.send_signal(signal.SIGKILL)
        p.communicate()
    for p in steady:
        out, _ = p.communicate(timeout=60)
        assert out.split() == ["ready", "wrong", "0"]
        assert p.returncode == 0
    for file in home.glob("*.kernel"):
        assert cache.get(file.stem) is not None, "a file stands that no reader accepts"
    assert cache.info().bytes <= 300_000
