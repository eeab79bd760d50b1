"""Linear forms: how coefficients of order k hang on each other, with factors that are known at order 0.

At order k everything is linear: coefficients of order k enter with factors known at order 0, and sums over lower orders
as they are. So the coefficient of an operation is Σ T·k^p·a over *atoms* a: sums, the states, and other operations
whose values are wanted anyway. Replacing those by their own forms until only states are left gives a base, which needs
lower orders only, and the tangent, the part of the states' newest coefficients. A state's coefficient k+1 taken from
there waits for a multiply-add or two after those of order k, however deep the right-hand side is.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylorad.run.program import Op

__all__ = ["Form", "Forms"]

Form = dict[tuple[int, int], int]  # (atom, p): the operation that is the factor T


class Forms:
    """Of the operations of a step; factors are appended to ``ops`` as operations of order 0.

    ``keys`` are operations whose values are wanted. ``own[i]`` is the form of one of them over states, sums and other
    keys; ``tangent[i]`` over states alone, where there are ``most`` of them at most.
    """

    def __init__(self, ops: list[Op], moving: set[int], states: Sequence[int], keys: set[int], most: int) -> None:
        self.ops, self.moving, self.states, self.most = ops, moving, set(states), most
        self.numbers: dict[Op, int] = {op: i for i, op in enumerate(ops)}
        self.one, self.minus = self._op("number", (), 1.0), self._op("number", (), -1.0)
        self.power: dict[int, tuple[int, int]] = {}  # operations that are still·k^p
        self.keys = keys
        self.own: dict[int, Form] = {}
        self.tangent: dict[int, Form] = {}
        self._forms: dict[int, Form] = {}

    def form_of(self, i: int) -> Form:
        """Operation i itself, over other atoms; its own atom where it is no linear combination."""
        self._of(i)
        return self.own.get(i, self._forms[i])

    def tangent_of(self, i: int) -> Form:
        """What the states' newest coefficients add to operation i; empty where it is best taken as it is."""
        if i not in self.tangent:
            out: Form = {}
            for (a, p), t in self.form_of(i).items():
                if a in self.states:
                    out = self._sum(out, {(a, p): t})
                elif a != i and self.form_of(a) != {(a, 0): self.one}:
                    out = self._sum(out, self._scaled(self.tangent_of(a), t, p))
            self.tangent[i] = out if len({a for a, _ in out}) <= self.most else {}
        return self.tangent[i]

    def _op(self, kind: str, args: tuple[int, ...] = (), data: object = None) -> int:
        op = Op(kind, args, data)
        found = self.numbers.get(op)
        if found is None:
            found = self.numbers[op] = len(self.ops)
            self.ops.append(op)
        return found

    def _form(self, i: int) -> Form | None:
        """None for what is no linear combination."""
        op, args = self.ops[i], self.ops[i].args
        match op.kind:
            case "order" | "reciprocal":
                self.power[i] = (self.one, 1 if op.kind == "order" else -1)
                return None
            case "add":
                return self._sum(self._of(args[0]), self._of(args[1]))
            case "sub":
                return self._sum(self._of(args[0]), self._scaled(self._of(args[1]), self.minus, 0))
            case "neg":
                return self._scaled(self._of(args[0]), self.minus, 0)
            case "mul" | "fma":
                product = self._product(i, args[0], args[1])
                if product is None or op.kind == "mul":
                    return product
                return self._sum(self._of(args[2]), product)
            case _:
                return None

    def _of(self, i: int) -> Form:
        found = self._forms.get(i)
        if found is None:
            found = self._form(i) if i in self.moving and i not in self.states else None
            if found is None:
                found = {(i, 0): self.one}  # an atom
            elif i in self.keys:
                self.own[i], found = found, {(i, 0): self.one}
            self._forms[i] = found
        return found

    def _product(self, i: int, a: int, b: int) -> Form | None:
        for x in (a, b):
            self._of(x)
        powers = [self.power.get(x) if x in self.moving else (x, 0) for x in (a, b)]
        first, second = powers
        if first is not None and second is not None:
            self.power[i] = (self._times(first[0], second[0]), first[1] + second[1])
            return None
        if first is not None:
            return self._scaled(self._of(b), *first)
        return self._scaled(self._of(a), *second) if second is not None else None

    def _scaled(self, form: Form, factor: int, p: int) -> Form:
        return {(atom, q + p): self._times(t, factor) for (atom, q), t in form.items()}

    def _sum(self, a: Form, b: Form) -> Form:
        out = dict(a)
        for key, t in b.items():
            out[key] = self._plus(out[key], t) if key in out else t
        return out

    def _value(self, i: int) -> float | None:
        return self.ops[i].data if self.ops[i].kind == "number" else None

    def _times(self, a: int, b: int) -> int:
        x, y = self._value(a), self._value(b)
        if x is not None and y is not None:
            return self._op("number", (), x * y)
        if x == 1 or y == 1:
            return b if x == 1 else a
        return self._op("mul", (min(a, b), max(a, b)))

    def _plus(self, a: int, b: int) -> int:
        x, y = self._value(a), self._value(b)
        if x is not None and y is not None:
            return self._op("number", (), x + y)
        return self._op("add", (min(a, b), max(a, b)))
