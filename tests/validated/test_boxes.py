"""What compiled enclosures are given: ends that are no doubles, and a processor that other code has set."""

from __future__ import annotations

import ctypes
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from taylorad import validated
from taylorad.errors import MixedRingError, UncertifiedError


@pytest.mark.parametrize(
    "end",
    [2**53 + 1, np.array([2**53 + 1]), [0.5, 2**53 + 1], [Fraction(1, 3)], ["0.1"], np.array([1], np.longdouble) / 3],
    ids=["int", "int64", "mixed", "fraction", "text", "longdouble"],
)
def test_ends_that_are_no_doubles_are_rounded_outward(end: Any) -> None:
    exact = [
        Fraction(*x.as_integer_ratio()) if hasattr(x, "as_integer_ratio") else Fraction(x)
        for x in np.asarray(end, object).flat
    ]
    low, high, proved = validated.compile(lambda x: 2 * x, 0)(end, end)
    assert proved.all()
    assert all(Fraction(a) <= 2 * x <= Fraction(b) for a, x, b in zip(low[0], exact, high[0], strict=True))
    with pytest.raises(MixedRingError, match="does not mix"):
        validated.compile(lambda x: 2 * x, 0)([1 + 2j], [1 + 2j])


def test_nothing_is_proved_where_small_numbers_are_flushed_to_0() -> None:
    """As libraries built with -ffast-math set the processor for everybody: 1e-155² would be in [0, 0]."""
    from taylorad.run.jit import compile_text, host, load

    arm = host().triple.startswith(("aarch64", "arm64"))
    write = "call void @llvm.aarch64.set.fpcr(i64 %x)"
    if not arm:
        write = """%p = alloca i64
          store i64 %x, ptr %p
          call void @llvm.x86.sse.ldmxcsr(ptr %p)"""
    declared = f"declare void @llvm.{'aarch64.set.fpcr(i64)' if arm else 'x86.sse.ldmxcsr(ptr)'}"
    text = f"{declared}\ndefine void @kernel(i64 %x) {{\n{write}\nret void\n}}"
    loaded = load(compile_text(text, host()), host())
    control = ctypes.CFUNCTYPE(None, ctypes.c_int64)(loaded.address)
    square = validated.compile(lambda x: x * x, 0)
    control(1 << 24 if arm else 0x1F80 | 0x8040)
    try:
        with pytest.raises(UncertifiedError, match="flushed to 0"):
            square([1e-155], [2e-155])
        with pytest.raises(UncertifiedError, match="flushed to 0"):
            validated.taylor(lambda x: x * x, (1e-155, 2e-155), 0)
    finally:
        control(0 if arm else 0x1F80)
    assert square([1e-155], [1e-155])[1][0, 0] > 0
