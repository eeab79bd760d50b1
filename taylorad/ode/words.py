"""Small pieces of straight-line code that steps are made of: sizes, extremes, logarithms and powers of two."""

from __future__ import annotations

from collections.abc import Sequence

from taylorad.run.writer import Writer, double, same, vector

__all__ = ["Words"]


def _bits(width: int, kind: str) -> str:
    return kind if width == 1 else f"<{width} x {kind}>"


class Words(Writer):
    """On vectors of any width; what they hold stands in the name of the type."""

    def shuffle(self, width: int, a: str, b: str, lanes: Sequence[int]) -> str:
        kind = vector(width)
        if len(lanes) == 1:
            return self.put(f"extractelement {kind} {a}, i32 {lanes[0]}")
        mask = ", ".join(f"i32 {i}" for i in lanes)
        return self.put(f"shufflevector {kind} {a}, {kind} {b}, <{len(lanes)} x i32> <{mask}>")

    def joined(self, a: str, b: str, width: int) -> str:
        """Two vectors (or scalars) of ``width``, one after the other."""
        if width > 1:
            return self.shuffle(width, a, b, range(2 * width))
        one = self.put(f"insertelement <2 x double> poison, double {a}, i32 0")
        return self.put(f"insertelement <2 x double> {one}, double {b}, i32 1")

    def absolute(self, x: str, width: int) -> str:
        suffix = "f64" if width == 1 else f"v{width}f64"
        return self.call(vector(width), f"llvm.fabs.{suffix}", (vector(width), x))

    def chosen(self, test: str, a: str, b: str, width: int) -> str:
        """The larger (``ogt``) or the smaller (``olt``) of two; b where one is no number."""
        found = self.put(f"fcmp {test} {vector(width)} {a}, {b}")
        return self.put(f"select {_bits(width, 'i1')} {found}, {vector(width)} {a}, {vector(width)} {b}")

    def logarithm(self, x: str, width: int, slope: float, offset: str) -> str:
        """offset + slope·log2|x|, log2 to 0.09 and −1023 for 0: the bits of a double are nearly its logarithm.

        They are moved into the mantissa of a double of size 2^52, which leaves 2^52 + 2^41·(log2|x| + 1023).
        """
        whole, kind = _bits(width, "i64"), vector(width)

        def number(n: int) -> str:
            return str(n) if width == 1 else "<" + ", ".join([f"i64 {n}"] * width) + ">"

        bits = self.put(f"shl {whole} {self.put(f'bitcast {kind} {x} to {whole}')}, {number(1)}")
        bits = self.put(f"lshr {whole} {bits}, {number(12)}")
        bits = self.put(f"or {whole} {bits}, {number(0x4330000000000000)}")
        found = self.put(f"bitcast {whole} {bits} to {kind}")
        scale = same(slope * 2.0**-41, width)
        return self.fma(
            found, scale, self.arith("fadd", offset, same(-slope * (2.0**11 + 1023), width), kind), kind
        )

    def reduced(self, v: str, test: str, width: int) -> str:
        """The largest (``ogt``) or smallest (``olt``) lane; for ``fadd`` the sum of all."""
        while width > 1:
            half = width // 2
            if width == 2:
                a, b = self.shuffle(2, v, v, [0]), self.shuffle(2, v, v, [1])
            else:
                a, b = self.shuffle(width, v, v, range(half)), self.shuffle(width, v, v, range(half, width))
            v = self.arith("fadd", a, b, vector(half)) if test == "fadd" else self.chosen(test, a, b, half)
            width = half
        return v

    def power_of_two(self, x: str) -> str:
        """2^x to 0.2 %, for scalars; exponents beyond ±1000 stay there."""
        for test, bound in (("olt", 1000.0), ("ogt", -1000.0)):
            x = self.chosen(test, x, double(bound), 1)
        whole = self.call("double", "llvm.floor.f64", ("double", x))
        part = self.arith("fsub", x, whole, "double")
        inner = self.fma(part, double(0.3435), double(0.6565), "double")
        moved = self.arith("fadd", whole, double(2.0**52 + 2.0**51 + 1023), "double")
        bits = self.integer("shl", self.put(f"bitcast double {moved} to i64"), 52)
        exponent = self.put(f"bitcast i64 {bits} to double")
        return self.fma(self.arith("fmul", exponent, part, "double"), inner, exponent, "double")
