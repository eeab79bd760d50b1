"""All real roots of many polynomials at once, multiple ones included, in machine code that knows no problem.

The polynomials are a function's Taylor polynomials along the steps of a solution, p(s) = Σ a_k s^k with s from 0 to
1 in each step. Most have no root in their step, which :func:`exclude` shows: the part of degree 4 lies in the hull of
its Bernstein coefficients (Farin, Curves and Surfaces for CAGD, §5), and the rest is at most Σ |a_k|. For the others
:func:`isolate` takes derivatives until one has no root; then the one below is monotone, its roots cut the interval
into pieces on which the next one is, and so down to p (Yuksel, High-Performance Polynomial Root Finding for
Graphics, 2022). On every such piece a root is found by Newton's method, and bisection where it leaves the piece.

A critical point where p vanishes up to rounding and truncation is one root, of even order where p does not change its
sign. How often a root is counted: m times, where the first m coefficients about a root of the (m−1)-th derivative are
zero up to rounding; then the root is that of the derivative, which is simple and therefore accurate.

Steps share their ends, where a root could be found twice or not at all. So a window that would begin where p is zero
up to rounding begins a little earlier, where it is not, on both sides of that end. Not rigorous.
"""

from __future__ import annotations

from taylorad.run.routine import Floats, Ints, fma, routine, wide

__all__ = ["ROOM", "exclude", "gather", "isolate"]

_EPS = 2.0**-52
_ROUNDING = 64.0 * _EPS  # of Σ |a_k|: what counts as zero
_CLOSEST = 2.0**-40  # of a step: the first look for a place that is clearly not a root, and the last
_FARTHEST = 0.25
_STRAY = 0.05  # of a window: how far a multiple root may be from where it was first seen
_FLAT = 1e-6  # of Σ |a_k|: a slope below which a root may be multiple
_HIGHEST = 8  # multiplicity that is looked for
_FLIPS = 100  # halvings of an interval, more than enough for all digits
_BLOCK = 64
_SHORT = 16

ROOM = 8  # rows of pairs (order + 6) that `isolate` needs beside one for each derivative


@routine
def gather(rows: Floats, count: int, order: int, stride: int, component: int, out: Floats) -> int:
    """Coefficient k of one component in every step, side by side: out[k, i] = rows[i, k, component]."""
    size = (order + 1) * stride
    for begin in range(0, count, _SHORT):  # in blocks, so that what is read and what is written stay close
        m = min(_SHORT, count - begin)
        for k in range(order + 1):
            at = begin * size + k * stride + component
            for j in range(m):
                out[k * count + begin + j] = rows[at + j * size]
    return 0


@wide
def exclude(g: Floats, n: int, order: int, h: Floats, size: Floats, near: Ints, work: Floats) -> int:
    """Scale g (order+1 ≥ 5, n) to steps of length 1; which of them may hold a root goes to ``near``; their number.

    size[i] and size[n+i] become Σ |a_k| and what truncation leaves open, twice the last two terms.
    """
    found = 0
    for begin in range(0, n, _BLOCK):
        m = min(_BLOCK, n - begin)
        for j in range(m):
            work[j] = 1.0
            work[_BLOCK + j] = 0.0
            work[2 * _BLOCK + j] = 0.0
            work[3 * _BLOCK + j] = 0.0
        for k in range(order + 1):
            at = k * n + begin
            if k < 5:
                for j in range(m):
                    a = g[at + j] * work[j]
                    g[at + j] = a
                    work[_BLOCK + j] += abs(a)
                    work[j] *= h[begin + j]
            else:
                for j in range(m):
                    a = g[at + j] * work[j]
                    g[at + j] = a
                    work[2 * _BLOCK + j] += abs(a)
                    work[j] *= h[begin + j]
        for k in range(order - 1, order + 1):
            for j in range(m):
                work[3 * _BLOCK + j] += 2.0 * abs(g[k * n + begin + j])
        for j in range(m):
            i = begin + j
            total = work[_BLOCK + j] + work[2 * _BLOCK + j]
            size[i] = total
            size[n + i] = work[3 * _BLOCK + j]
            rest = fma(_ROUNDING, total, work[2 * _BLOCK + j]) + work[3 * _BLOCK + j]
            a0, a1, a2, a3, a4 = g[i], g[n + i], g[2 * n + i], g[3 * n + i], g[4 * n + i]
            b1 = a0 + 0.25 * a1
            b2 = a0 + 0.5 * a1 + a2 / 6.0
            b3 = a0 + 0.75 * a1 + 0.5 * a2 + 0.25 * a3
            b4 = a0 + a1 + a2 + a3 + a4
            low = min(min(min(a0, b1), min(b2, b3)), b4)
            high = max(max(max(a0, b1), max(b2, b3)), b4)
            work[_BLOCK + j] = 1.0 if low > rest or high < -rest or total == 0.0 else 0.0
        for j in range(m):
            if work[_BLOCK + j] != 1.0:
                near[found] = begin + j
                found += 1
    return found


@routine
def value(c: Floats, at: int, degree: int, u: float) -> float:
    total = c[at + degree]
    for k in range(degree - 1, -1, -1):
        total = fma(total, u, c[at + k])
    return total


@routine
def bound(c: Floats, at: int, degree: int, u: float) -> float:
    """Rounding of the value: units of Σ |c_k u^k|."""
    total = abs(c[at + degree])
    for k in range(degree - 1, -1, -1):
        total = fma(total, abs(u), abs(c[at + k]))
    return _ROUNDING * total


@routine
def column(g: Floats, n: int, i: int, order: int, s: float) -> float:
    """The value of polynomial i of many at s."""
    total = g[order * n + i]
    for k in range(order - 1, -1, -1):
        total = fma(total, s, g[k * n + i])
    return total


@routine
def edge(g: Floats, n: int, i: int, order: int, zero: float, farthest: float) -> float:
    """The s next to 0, on the side of ``farthest``, where |p_i(s)| > ``zero``; 2 where there is none up to there."""
    if abs(g[i]) > zero:
        return 0.0
    s = farthest * _CLOSEST
    while abs(s) <= abs(farthest) * _FARTHEST:
        if abs(column(g, n, i, order, s)) > zero:
            return s
        s *= 4.0
    return 2.0


@routine
def window(g: Floats, n: int, i: int, order: int, low: float, high: float, c: Floats) -> int:
    """c_k of p_i(low + (high − low)·u), and zeros after them."""
    for k in range(order + 1):
        c[k] = g[k * n + i]
    for k in range(order + 1, order + 6):
        c[k] = 0.0
    if low != 0.0:
        for j in range(order):
            for k in range(order - 1, j - 1, -1):
                c[k] = fma(low, c[k + 1], c[k])
    if low != 0.0 or high != 1.0:
        power = 1.0
        for k in range(order + 1):
            c[k] *= power
            power *= high - low
    return 0


@routine
def derive(c: Floats, order: int, d: int) -> int:
    """Row d+1 out of row d, where row d holds the coefficients of the d-th derivative over d!."""
    width = order + 6
    at = d * width
    for k in range(order - d):
        c[at + width + k] = c[at + k + 1] * (float(k + 1) / float(d + 1))
    for k in range(order - d, width):
        c[at + width + k] = 0.0
    return 0


@routine
def without(c: Floats, at: int, degree: int) -> int:
    """1 where the polynomial surely has no root in [0, 1]."""
    rest = 0.0
    for k in range(5, degree + 1):
        rest += abs(c[at + k])
    a0, a1, a2, a3, a4 = c[at], c[at + 1], c[at + 2], c[at + 3], c[at + 4]
    b1 = a0 + 0.25 * a1
    b2 = a0 + 0.5 * a1 + a2 / 6.0
    b3 = a0 + 0.75 * a1 + 0.5 * a2 + 0.25 * a3
    b4 = a0 + a1 + a2 + a3 + a4
    low = min(min(min(a0, b1), min(b2, b3)), b4)
    high = max(max(max(a0, b1), max(b2, b3)), b4)
    return 1 if low > rest or high < -rest else 0


@routine
def between(c: Floats, at: int, degree: int, low: float, high: float, first: float, last: float) -> float:
    """The root between two places where the values ``first`` and ``last`` have different signs."""
    left, right = low, high
    u = left - first * ((right - left) / (last - first))
    if not (left < u and u < right):
        u = 0.5 * (left + right)
    noise = 0.25 * bound(c, at, degree, max(abs(left), abs(right)))  # some units in the last place
    rising = 1.0 if last > first else -1.0
    for _turn in range(_FLIPS):
        v, slope = c[at + degree], 0.0
        for k in range(degree - 1, -1, -1):
            slope = fma(slope, u, v)
            v = fma(v, u, c[at + k])
        if v == 0.0:
            return u
        if v * rising > 0.0:
            right = u
        else:
            left = u
        after = u - v / slope if slope != 0.0 else left - 1.0
        inside = 1 if left < after and after < right else 0
        if inside == 0:
            after = 0.5 * (left + right)
        step = abs(after - u)
        if step <= 2.0 * _EPS * abs(u) or (abs(v) <= noise * 0.015625 and inside == 1):
            return after
        u = after
    return u


@routine
def critical(c: Floats, order: int, cuts: int, cell: Ints) -> int:
    """The places in [0, 1] where row 0 turns, rising, to c[cuts], …; their number. cell[1]: the last row it needed."""
    width = order + 6
    derive(c, order, 0)
    d = 1
    while d < order and without(c, d * width, order - d) == 0:
        derive(c, order, d)
        d += 1
    cell[1] = d
    count = 0
    for level in range(d - 1, 0, -1):
        at, degree = level * width, order - level
        left, found = 0.0, 0
        first = value(c, at, degree, left)
        for j in range(count + 1):
            right = c[cuts + j] if j < count else 1.0
            last = value(c, at, degree, right)
            if (first < 0.0 and last >= 0.0) or (first >= 0.0 and last < 0.0):
                c[cuts + width + found] = between(c, at, degree, left, right, first, last) if last != 0.0 else right
                found += 1
            left, first = right, last
        count = found
        for j in range(count):
            c[cuts + j] = c[cuts + width + j]
    return count


@routine
def settle(c: Floats, order: int, u: float, least: int, known: int, cell: Ints) -> float:
    """The place of a root seen near u, of order ``least``, ``least`` + 2, …; the order goes to cell[0]."""
    width = order + 6
    rows = known
    for m in range(_HIGHEST - 1 + least % 2 - 1, 1, -1):
        if m % 2 == least % 2 and m <= order:
            while rows < m:
                derive(c, order, rows)
                rows += 1
            x, stray = u, 0
            for _turn in range(8):
                slope = float(m) * value(c, m * width, order - m, x)
                if slope == 0.0:
                    stray = 1
                    break
                x -= value(c, (m - 1) * width, order - m + 1, x) / slope
                if not abs(x - u) <= _STRAY:
                    stray = 1
                    break
            for j in range(m):
                if stray == 1:
                    break
                if abs(value(c, j * width, order - j, x)) > bound(c, j * width, order - j, x):
                    stray = 1
            if stray == 0:
                cell[0] = m
                return x
    cell[0] = least
    return u


@routine
def isolate(
    g: Floats,
    n: int,
    steps: int,
    order: int,
    h: Floats,
    size: Floats,
    near: Ints,
    count: int,
    first: float,
    starts: int,
    ends: int,
    step: Ints,
    part: Floats,
    rise: Ints,
    times: Ints,
    room: int,
    c: Floats,
    cell: Ints,
) -> int:
    """The roots in the steps ``near``, ``count`` of them; how many, or −1 where there are more than ``room``.

    ``g``, ``size`` and ``near`` are as :func:`exclude` leaves them; of the n polynomials the first ``steps`` have a
    step of their own. The first window begins at ``first``, or, if ``starts``, at 0, where a root is told too; the
    last one goes up to where the next polynomial begins, or, if ``ends``, to 1. ``part`` is s; ``rise`` is 1, −1, or
    0 where p only touches; ``times`` is the multiplicity. c[0] becomes the time, after the last end, from which the
    next window goes on.
    """
    width = order + 6
    cuts = (order + 2) * width
    found = 0
    beyond = 0.0
    for which in range(count):
        i = near[which]
        if i >= steps:
            continue
        if found + order + 3 > room:
            return -1
        zero = fma(_ROUNDING, size[i], size[n + i])
        # ---------------------------------------------------------------- where the window begins
        low, sign = 0.0, 0
        if i > 0:
            before = fma(_ROUNDING, size[i - 1], size[n + i - 1])
            reach = min(abs(h[i - 1]), abs(h[i])) / abs(h[i])
            low = edge(g, n, i, order, max(zero, before), -reach)
        elif starts == 1:
            low = edge(g, n, 0, order, zero, 1.0)
            if not abs(g[0]) > zero:
                far = low if low <= 1.0 else _FARTHEST
                ahead, behind = column(g, n, 0, order, far), column(g, n, 0, order, -far)
                step[found], part[found], times[found] = 0, 0.0, 1
                rise[found] = (1 if ahead > 0.0 else -1) if ahead * behind < 0.0 else 0
                if rise[found] == 0:
                    times[found] = 2
                found += 1
        else:
            low = first
        if low > 1.0:
            low = 0.0
        else:
            sign = 1 if column(g, n, i, order, low) > 0.0 else -1
        # ---------------------------------------------------------------- where it ends
        high, last = 1.0, 0
        if i + 1 < n and not (ends == 1 and i + 1 == steps):
            after = fma(_ROUNDING, size[i + 1], size[n + i + 1])
            reach = min(abs(h[i]), abs(h[i + 1])) / abs(h[i + 1])
            s = edge(g, n, i + 1, order, max(zero, after), -reach)
            if s <= 1.0:
                last = 1 if column(g, n, i + 1, order, s) > 0.0 else -1
                high = 1.0 + s * (h[i + 1] / h[i])
                if i + 1 == steps:
                    beyond = s * h[i + 1]
        else:
            s = 0.0
            if not abs(column(g, n, i, order, 1.0)) > zero:
                s = _CLOSEST
                while s <= _FARTHEST and not abs(column(g, n, i, order, 1.0 + s)) > zero:
                    s *= 4.0
            if s <= _FARTHEST:
                high = 1.0 + s
                last = 1 if column(g, n, i, order, high) > 0.0 else -1
        # ---------------------------------------------------------------- what is in it
        window(g, n, i, order, low, high, c)
        turns = critical(c, order, cuts, cell)
        rows = cell[1]
        left, at_left = sign, 0.0
        flat, best, least = 0, 0.0, 0.0  # a run of critical points where p is zero, and the one where it is least
        for j in range(turns + 1):
            u = c[cuts + j] if j < turns else 1.0
            v = value(c, 0, order, u)
            now = last
            if j < turns:
                now = 1 if v > zero else -1 if v < -zero else 0
                if now == 0:
                    if flat == 0 or abs(v) < least:
                        best, least = u, abs(v)
                    flat = 1
                    continue
            place, turn, seen = 0.0, 0, 0
            if flat == 1 or now == 0:
                if left != 0:  # what began before this window was told there
                    seen = 1
                    turn = 0 if now == left or now == 0 else now
                    place = settle(c, order, best if flat == 1 else 1.0, 2 if turn == 0 else 1, rows, cell)
            elif left != 0 and now != left:
                turn, seen = now, 1
                begin = value(c, 0, order, at_left)
                place = u
                if begin * v < 0.0:
                    place = between(c, 0, order, at_left, u, begin, v)
                cell[0] = 1
                if abs(value(c, width, order - 1, place)) <= _FLAT * size[i]:
                    place = settle(c, order, place, 1, rows, cell)
            if seen == 1:
                s = low + (high - low) * place
                if ends == 1 and i + 1 == steps:
                    s = min(s, 1.0)
                step[found], part[found], rise[found], times[found] = i, s, turn, cell[0]
                found += 1
            left, at_left, flat = now, u, 0
    c[0] = beyond
    return found
