"""All real roots of many polynomials at once, multiple ones included, in machine code that knows no problem.

The polynomials are a function's Taylor polynomials along the steps of a solution, p(s) = Σ a_k s^k with s from 0 to
1 in each step. Most have no root in their step, which :func:`scan` shows: the part of degree 4 lies in the hull of
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

from taylorad.run.routine import Floats, Ints, enter, fma, routine, wide

__all__ = ["BLOCK", "ROOM", "TAIL", "isolate", "scan"]

_EPS = 2.0**-52
_ROUNDING = 64.0 * _EPS  # of Σ |a_k|: what counts as zero
TAIL = 1e-10  # of Σ |a_k|: a truncation error that is never too large
_CLOSEST = 2.0**-40  # of a step: the first look for a place that is clearly not a root, and the last
_FARTHEST = 0.25
_STRAY = 0.05  # of a window: how far a multiple root may be from where it was first seen
_FLAT = 1e-6  # of Σ |a_k|: a slope below which a root may be multiple
_HIGHEST = 8  # multiplicity that is looked for
_FLIPS = 100  # halvings of an interval, more than enough for all digits
BLOCK = _BLOCK = 64
_SHORT = 16

ROOM = 8  # rows of pairs (order + 6) that `isolate` needs beside one for each derivative


@wide
def scan(
    rows: Floats,
    m: int,
    order: int,
    stride: int,
    columns: Ints,
    leaves: int,
    ends: Floats,
    code: int,
    inputs: Ints,
    outputs: Ints,
    status: Ints,
    functions: int,
    h: Floats,
    block: Floats,
    begin: Floats,
    size: Floats,
    near: Ints,
    counts: Ints,
    kept: Floats,
) -> int:
    """Expand functions along m steps, pick what may hold a root; 1: the kernel gives up, 2: truncation spoils one.

    ``rows`` (m, order+1, stride) are coefficients of the solution, ``ends`` (m, 2) the times. Leaf j of the kernel at
    ``code`` is component columns[j], the time for −1, or stands in the block already for −2; ``block`` holds
    (leaves + functions) × max(order+1, 5) × 64 numbers, whose addresses are ``inputs`` and ``outputs``, and 256 more
    before them. Without code function 0 is leaf 0. For function e and step i, i + e·m: ``begin`` is the value at the
    beginning, ``size`` Σ |a_k| with a_k = g_k h^k, and (functions·m further) twice the last two terms, what truncation
    leaves open. ``near`` are the steps that may hold a root, counts[e] of them, and ``kept`` their a_k, order + 1 or 5.
    """
    width = max(order + 1, 5)
    room, answer = width * _BLOCK, 0
    for e in range(functions):
        counts[e] = 0
    for first in range(0, m, _BLOCK):
        n = min(_BLOCK, m - first)
        for part in range(0, n, _SHORT):  # in parts, so that what is read and what is written stay close
            short = min(_SHORT, n - part)
            for c in range(leaves):
                if columns[c] >= 0:
                    at = 4 * _BLOCK + c * room + part
                    where = (first + part) * (order + 1) * stride + columns[c]
                    for k in range(order + 1):
                        for j in range(short):
                            block[at + k * _BLOCK + j] = rows[where + k * stride + j * (order + 1) * stride]
        for c in range(leaves):
            at = 4 * _BLOCK + c * room
            if columns[c] >= 0:
                for k in range(order + 1):
                    for j in range(n, _BLOCK):
                        block[at + k * _BLOCK + j] = block[at + k * _BLOCK + n - 1]
            elif columns[c] == -1:
                for j in range(_BLOCK):
                    i = min(first + j, m - 1)
                    block[at + j] = ends[2 * i] + ends[2 * i + 1]
        source = 4 * _BLOCK
        if code != 0:
            if enter(code, inputs, outputs, order, _BLOCK, 0, _BLOCK, status) != 0:
                return 1
            source += leaves * room
        for e in range(functions):
            at = source + e * room
            for j in range(n):
                begin[e * m + first + j] = block[at + j]
                block[j] = 1.0
                block[_BLOCK + j] = 0.0
                block[2 * _BLOCK + j] = 0.0
                block[3 * _BLOCK + j] = 0.0
            for k in range(order + 1, 5):
                for j in range(n):
                    block[at + k * _BLOCK + j] = 0.0
            for k in range(order + 1):
                sums = _BLOCK if k < 5 else 2 * _BLOCK
                for j in range(n):
                    a = block[at + k * _BLOCK + j] * block[j]
                    block[at + k * _BLOCK + j] = a
                    block[sums + j] += abs(a)
                    block[j] *= h[first + j]
            for k in range(order - 1, order + 1):
                for j in range(n):
                    block[3 * _BLOCK + j] += 2.0 * abs(block[at + k * _BLOCK + j])
            for j in range(n):
                total = block[_BLOCK + j] + block[2 * _BLOCK + j]
                size[e * m + first + j] = total
                size[(functions + e) * m + first + j] = block[3 * _BLOCK + j]
                rest = fma(_ROUNDING, total, block[2 * _BLOCK + j]) + block[3 * _BLOCK + j]
                a0, a1, a2 = block[at + j], block[at + _BLOCK + j], block[at + 2 * _BLOCK + j]
                a3, a4 = block[at + 3 * _BLOCK + j], block[at + 4 * _BLOCK + j]
                b1 = a0 + 0.25 * a1
                b2 = a0 + 0.5 * a1 + a2 / 6.0
                b3 = a0 + 0.75 * a1 + 0.5 * a2 + 0.25 * a3
                b4 = a0 + a1 + a2 + a3 + a4
                low = min(min(min(a0, b1), min(b2, b3)), b4)
                high = max(max(max(a0, b1), max(b2, b3)), b4)
                block[j] = 1.0 if low > rest or high < -rest or total == 0.0 else 0.0
            for j in range(n):
                if block[j] != 1.0:
                    found = counts[e]
                    near[e * m + found] = first + j
                    if block[3 * _BLOCK + j] > TAIL * size[e * m + first + j]:
                        answer = 2
                    for k in range(width):
                        kept[(e * m + found) * width + k] = block[at + k * _BLOCK + j]
                    counts[e] = found + 1
    return answer


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
def edge(c: Floats, at: int, order: int, zero: float, farthest: float) -> float:
    """The s next to 0, on the side of ``farthest``, where |p(s)| > ``zero``; 2 where there is none up to there."""
    if abs(c[at]) > zero:
        return 0.0
    s = farthest * _CLOSEST
    while abs(s) <= abs(farthest) * _FARTHEST:
        if abs(value(c, at, order, s)) > zero:
            return s
        s *= 4.0
    return 2.0


@routine
def departure(c: Floats, at: int, order: int) -> float:
    """The s > 0 next to 0 where p has clearly left its value at 0, which stands for zero; 2 if there is none."""
    s = _CLOSEST
    while s <= _FARTHEST:
        rounding, power = 8.0 * abs(c[at]), s
        for k in range(1, order + 1):
            rounding = fma(_ROUNDING * power, abs(c[at + k]), rounding)
            power *= s
        if abs(value(c, at, order, s)) > rounding:
            return s
        s *= 4.0
    return 2.0


@routine
def window(p: Floats, at: int, order: int, low: float, high: float, c: Floats) -> int:
    """c_k of p(low + (high − low)·u), and zeros after them."""
    for k in range(order + 1):
        c[k] = p[at + k]
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
    share = 1.0 / float(d + 1)
    for k in range(order - d):
        c[at + width + k] = c[at + k + 1] * (float(k + 1) * share)
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
def between(c: Floats, at: int, degree: int, low: float, high: float, first: float, last: float, slopes: int) -> float:
    """The root between two places where the values ``first`` and ``last`` have different signs; the slope there.

    That goes to c[slopes].
    """
    left, right = low, high
    u = left - first * ((right - left) / (last - first))
    if not (left < u and u < right):
        u = 0.5 * (left + right)
    rising = 1.0 if last > first else -1.0
    before = 0.0
    for _turn in range(_FLIPS):
        v, slope = c[at + degree], 0.0
        for k in range(degree - 1, -1, -1):
            slope = fma(slope, u, v)
            v = fma(v, u, c[at + k])
        c[slopes] = slope
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
        # Newton's next step is about step³/before²
        if step <= 2.0 * _EPS * abs(u) or (inside == 1 and step * step * step <= _EPS * abs(u) * before * before):
            return after
        if abs(v) <= _EPS * fma(abs(c[at + 1]), abs(u), abs(c[at])):  # rounding, and so may be the step
            return after if step * step <= _EPS else u
        before = step if inside == 1 else 0.0
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
                c[cuts + width + found] = (
                    between(c, at, degree, left, right, first, last, cuts - 1) if last != 0.0 else right
                )
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
    kept: Floats,
    near: Ints,
    count: int,
    offset: int,
    m: int,
    steps: int,
    functions: int,
    order: int,
    h: Floats,
    clock: Floats,
    begin: Floats,
    size: Floats,
    first: float,
    starts: int,
    ends: int,
    direction: float,
    step: Ints,
    part: Floats,
    after: Floats,
    when: Floats,
    rise: Ints,
    times: Ints,
    room: int,
    c: Floats,
    cell: Ints,
) -> int:
    """The roots of one function in the steps ``near``; how many, or −1 where there are more than ``room``.

    The arrays are as :func:`scan` leaves them, ``offset`` is the function's number times m; of the m expansions the
    first ``steps`` have a step of their own. The first window begins at ``first``, or, if ``starts``, at 0, where a
    root is told too; ``starts`` is 2 or 3 where the state was set there, 2 if that makes the function zero. The last
    window goes up to where the next polynomial begins, or, if ``ends``, to 1. ``part`` is s, ``after`` s·h and ``when``
    the time, with ``clock`` (m, 2) at the beginnings; ``rise`` is 1, −1, or 0 where p only touches; with a
    ``direction`` only crossings of that sign are told. ``times`` is the multiplicity, c[2] the highest. c[0] becomes
    the time, after the last end, from which the next window goes on, c[1] the sign of p just after the very beginning.
    """
    width, store = order + 6, max(order + 1, 5)
    cuts = (order + 2) * width
    found, highest = 0, 0
    beyond, opening = 0.0, 0
    for which in range(count):
        i = near[offset + which]
        if i >= steps:
            continue
        if found + order + 3 > room:
            return -1
        at = (offset + which) * store
        more = 0 if which + 1 == count else 1 if near[offset + which + 1] == i + 1 else 0
        here = offset + i
        zero = fma(_ROUNDING, size[here], size[functions * m + here])
        # ---------------------------------------------------------------- where the window begins
        low, sign = 0.0, 0
        if i > 0:
            before = fma(_ROUNDING, size[here - 1], size[functions * m + here - 1])
            reach = min(abs(h[i - 1]), abs(h[i])) / abs(h[i])
            low = edge(kept, at, order, max(zero, before), -reach)
        elif starts > 0:
            low = edge(kept, at, order, zero, 1.0)
            if starts > 1:  # the state was set here, so that small values are no rounding
                low = 0.0
                if kept[at] == 0.0 or (starts == 2 and not abs(kept[at]) > zero):
                    low = departure(kept, at, order)
            if low > 0.0:
                far = low if low <= 1.0 else _FARTHEST
                ahead, past = value(kept, at, order, far), value(kept, at, order, -far)
                step[found], part[found], times[found] = 0, 0.0, 1
                after[found], when[found] = 0.0, clock[0] + clock[1]
                rise[found] = (1 if ahead > 0.0 else -1) if ahead * past < 0.0 else 0
                if rise[found] == 0:
                    times[found] = 2
                highest = max(highest, times[found])
                found += 1
        else:
            low = first
        if low > 1.0:
            low = 0.0
        else:
            sign = 1 if (kept[at] if low == 0.0 else value(kept, at, order, low)) > 0.0 else -1
        if i == 0:
            opening = sign
        # ---------------------------------------------------------------- where it ends
        high, last = 1.0, 0
        if i + 1 < m and not (ends == 1 and i + 1 == steps):
            behind = max(zero, fma(_ROUNDING, size[here + 1], size[functions * m + here + 1]))
            reach = min(abs(h[i]), abs(h[i + 1])) / abs(h[i + 1])
            s = 0.0
            if more == 1 and not abs(begin[here + 1]) > behind:
                s = edge(kept, at + store, order, behind, -reach)
            if s == 0.0:
                last = 1 if begin[here + 1] > 0.0 else -1
            elif s <= 1.0:
                last = 1 if value(kept, at + store, order, s) > 0.0 else -1
                high = 1.0 + s * (h[i + 1] / h[i])
                if i + 1 == steps:
                    beyond = s * h[i + 1]
        else:
            s = 0.0
            if not abs(value(kept, at, order, 1.0)) > zero:
                s = _CLOSEST
                while s <= _FARTHEST and not abs(value(kept, at, order, 1.0 + s)) > zero:
                    s *= 4.0
            if s <= _FARTHEST:
                high = 1.0 + s
                last = 1 if value(kept, at, order, high) > 0.0 else -1
        # ---------------------------------------------------------------- what is in it
        window(kept, at, order, low, high, c)
        turns = critical(c, order, cuts, cell)
        rows = cell[1]
        if turns == 0 and (sign == last or (float(last) * direction < 0.0 and sign != 0 and last != 0)):
            continue
        left, at_left = sign, 0.0
        flat, best, least = 0, 0.0, 0.0  # a run of critical points where p is zero, and the one where it is least
        for j in range(turns + 1):
            u = c[cuts + j] if j < turns else 1.0
            v = value(c, 0, order, u)
            now = last
            if j < turns:
                flatness = zero
                if starts > 1 and i == 0:
                    flatness = bound(c, 0, order, u)
                now = 1 if v > flatness else -1 if v < -flatness else 0
                if now == 0:
                    if flat == 0 or abs(v) < least:
                        best, least = u, abs(v)
                    flat = 1
                    continue
            place, turn, seen = 0.0, 0, 0
            if flat == 1 or now == 0:
                if left != 0:  # what began before this window was told there
                    turn = 0 if now == left or now == 0 else now
                    seen = 1 if direction == 0.0 or float(turn) * direction > 0.0 else 0
                    if seen == 1:
                        place = settle(c, order, best if flat == 1 else 1.0, 2 if turn == 0 else 1, rows, cell)
            elif left != 0 and now != left:
                turn = now
                seen = 1 if float(turn) * direction >= 0.0 else 0
                if seen == 1:
                    start = value(c, 0, order, at_left)
                    place = u
                    cell[0] = 1
                    c[cuts - 1] = 0.0
                    if start * v < 0.0:
                        place = between(c, 0, order, at_left, u, start, v, cuts - 1)
                    if abs(c[cuts - 1]) <= _FLAT * size[here]:
                        place = settle(c, order, place, 1, rows, cell)
            if seen == 1:
                s = low + (high - low) * place
                if ends == 1 and i + 1 == steps:
                    s = min(s, 1.0)
                step[found], part[found], rise[found], times[found] = i, s, turn, cell[0]
                highest = max(highest, cell[0])
                after[found] = s * h[i]
                when[found] = clock[2 * i] + (clock[2 * i + 1] + s * h[i])
                found += 1
            left, at_left, flat = now, u, 0
    c[0], c[1], c[2] = beyond, float(opening), float(highest)
    return found
