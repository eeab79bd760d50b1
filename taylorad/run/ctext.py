"""C99 from a lowered program: the same operations in the same order as the machine code, for reading and for use
elsewhere.

The function has the interface of every kernel (:mod:`taylorad.run.kernel`). Compiled without contraction of
expressions (``-ffp-contract=off``) it differs from the machine code by the C library only: at most 2 ulp on the
values of functions, nothing otherwise.
"""

from __future__ import annotations

from taylorad.run.program import SHORT, Check, Op, Program

__all__ = ["ctext"]

_INSTRUCTIONS = {"llvm.minnum": "fmin", "llvm.maxnum": "fmax"}
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_PAD = SHORT + 1
_HEAD = """\
/* {title}
   leaves, roots: one array (K+1, n) for each series, points last{parts}; points start ... stop-1 are computed.
   status[i] = 1: point i is singular, out of a domain, or overflowed. Returns 1 if any is, -1 without memory. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {{ SKIP = {skip} }}; /* terms at each end that come after the loop: the newest factors last */

static double four(const double *p) {{ return (p[0] + p[2]) + (p[1] + p[3]); }}

/* sum of a[j] b[k-j], j = 1 ... k-1 */
static double old_part(const double *a, const double *b, int64_t k) {{
    double p[4] = {{0, 0, 0, 0}}, total;
    for (int64_t i = 0; i < k - 1 - 2 * SKIP; i++) p[i & 3] = fma(a[1 + SKIP + i], b[k - 1 - SKIP - i], p[i & 3]);
    total = four(p);
    if (SKIP) {{
        total = fma(a[1], b[k - 1], total);
        total = fma(a[k - 1], k > 2 ? b[1] : 0.0, total);
    }}
    return total;
}}

/* sum of (u j + w (k-j)) a[j] b[k-j], j = 1 ... k-1 */
static double scaled(double a, double u, double w, int64_t j, int64_t k) {{
    return fma(u, (double)j, w * (double)(k - j)) * a;
}}
static double weighted_part(double u, double w, const double *a, const double *b, int64_t k) {{
    double p[4] = {{0, 0, 0, 0}}, total;
    for (int64_t i = 0; i < k - 1 - 2 * SKIP; i++) {{
        const int64_t j = 1 + SKIP + i;
        p[i & 3] = fma(scaled(a[j], u, w, j, k), b[k - j], p[i & 3]);
    }}
    total = four(p);
    if (SKIP) {{
        total = fma(scaled(a[1], u, w, 1, k), b[k - 1], total);
        total = fma(scaled(a[k - 1], u, w, k - 1, k), k > 2 ? b[1] : 0.0, total);
    }}
    return total;
}}

/* the same as the first for a = b */
static double half_part(const double *a, int64_t k) {{
    double p[4] = {{0, 0, 0, 0}}, total, middle = k % 2 ? 0.0 : a[k / 2];
    const int64_t m = (k - 1) / 2;
    for (int64_t i = 0; i < m - SKIP; i++) p[i & 3] = fma(a[k - m + i], a[m - i], p[i & 3]);
    total = four(p);
    if (SKIP) total = fma(k > 2 ? a[1] : 0.0, a[k - 1], total);
    return fma(middle, middle, total + total);
}}
"""


def ctext(program: Program, name: str = "taylorad_kernel", title: str = "") -> str:
    """The text of a translation unit with one function ``name``."""
    return _Printer(program).text(name, title or f"Taylor coefficients of {len(program.roots)} series")


class _Printer:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.parts = program.parts

    def text(self, name: str, title: str) -> str:
        p = self.program
        size = f"(K + {1 + 2 * _PAD})"
        note = ", real and imaginary parts in turn" if self.parts == 2 else ""
        lines = [
            _HEAD.format(title=title, parts=note, skip=int(p.near)),
            f"int64_t {name}(const double *const *leaves, double *const *roots, int64_t K, int64_t n,",
            "    int64_t start, int64_t stop, uint8_t *status)",
            "{",
            "    int64_t any = 0;",
        ]
        if p.buffers:
            lines += [
                f"    const size_t size = sizeof(double) * (size_t){size} * {len(p.buffers)};",
                "    double *const memory = malloc(size);",
                "    if (!memory) return -1;",
            ]
            lines += [f"    double *const b{i} = memory + {size} * {i} + {_PAD};" for i in range(len(p.buffers))]
        lines.append("    for (int64_t point = start; point < stop; point++) {")
        lines += [f"        {line}" for line in self._point()]
        lines += ["    }", *(["    free(memory);"] if p.buffers else []), "    return any;", "}"]
        return "\n".join(lines) + "\n"

    def _point(self) -> list[str]:
        p = self.program
        lines = ["double flag = 0.0;"]
        if p.buffers:
            lines.append("memset(memory, 0, size);")
        lines += [f"const double v{i} = {self._value(p.ops[i])};" for i in p.start]
        lines += [f"b{i}[{k}] = v{v};" for i, b in enumerate(p.buffers) for k, v in enumerate(b.start)]
        for i, root in enumerate(p.roots):
            for k in range(1 if p.order is None else p.order + 1):
                for part, row in enumerate(root):
                    lines.append(f"roots[{i}][{self._index(str(k), part)}] = v{row.start[k]};")
                    lines += [f"flag = fma(v{row.start[k]}, 0.0, flag);"] * (k > 0)
        if p.order is None:
            lines.append("for (int64_t k = 1; k <= K; k++) {")
            lines += [f"    {line}" for line in self._step()]
            lines.append("}")
        failed = " || ".join(["flag != 0.0", *(self._failed(c) for c in p.checks)])
        lines.append(f"if ({failed}) any = status[point] = 1;")
        return lines

    def _step(self) -> list[str]:
        p = self.program
        lines = [f"const double v{i} = {self._value(p.ops[i])};" for i in p.step]
        lines += [f"b{i}[k] = v{b.step};" for i, b in enumerate(p.buffers) if b.step is not None]
        for i, root in enumerate(p.roots):
            for part, row in enumerate(root):
                value = f"v{row.step}"
                if row.step is None:
                    value = "".join(f"k == {j} ? v{v} : " for j, v in enumerate(row.start[1:], 1)) + "0.0"
                lines.append(f"roots[{i}][{self._index('k', part)}] = {value};")
                lines += [f"flag = fma({value}, 0.0, flag);"] * (row.step is not None)
        return lines

    def _index(self, k: str, part: int) -> str:
        place = f"{k} * n + point"
        return place if self.parts == 1 else f"2 * ({place}) + {part}"

    def _value(self, op: Op) -> str:
        v = [f"v{a}" for a in op.args]
        match op.kind:
            case "number":
                return float(op.data).hex()
            case "leaf" | "given":
                number, k, part = op.data
                return self._input(op.kind, number, str(k), part)
            case "input" | "jet":
                return self._input("leaf" if op.kind == "input" else "given", op.data[0], "k", op.data[1])
            case "order":
                return "(double)k"
            case "reciprocal":
                return "1.0 / (double)k"
            case "coef":
                return f"b{op.data}[k]"
            case "back":
                return f"b{op.data[0]}[k - {op.data[1]}]"
            case "old":
                return f"old_part(b{op.data[0]}, b{op.data[1]}, k)"
            case "weighted":
                return f"weighted_part({v[0]}, {v[1]}, b{op.data[0]}, b{op.data[1]}, k)"
            case "half":
                return f"half_part(b{op.data[0]}, k)"
            case "neg":
                return f"-{v[0]}"
            case "fma":
                return f"fma({', '.join(v)})"
            case "call":
                symbol = _INSTRUCTIONS.get(op.data, op.data.removeprefix("llvm."))
                return f"{symbol}({', '.join(v)})"
            case "pick":
                return "".join(f"{v[0]} == {i}.0 ? {b} : " for i, b in enumerate(v[2:], 1)) + v[1]
            case _:
                return f"{v[0]} {_SIGNS[op.kind]} {v[1]}"

    def _input(self, kind: str, number: int, k: str, part: int) -> str:
        at = number if kind == "leaf" else len(self.program.degrees) + number
        real = kind == "given" and self.program.givens[number].role == "choice"
        return f"leaves[{at}][{k} * n + point]" if real else f"leaves[{at}][{self._index(k, part)}]"

    def _failed(self, check: Check) -> str:
        v = [f"v{i}" for i in check.values]
        if check.kind == "finite":
            return f"!isfinite({v[0]})"
        if check.kind == "nonzero":
            return "(" + " && ".join(f"{x} == 0.0" for x in v) + ")"
        bounds = [(b, sign) for b, sign in zip(check.data, (">", "<"), strict=True) if b is not None]
        return " || ".join(f"!({v[0]} {sign} {float(b).hex()})" for b, sign in bounds) or "0"
