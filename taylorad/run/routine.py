"""Plain Python functions over numbers and arrays as machine code, for what no graph describes: searches, root finding.

A routine is an ordinary function with annotated parameters, written in a small part of Python: float and int
variables, arrays indexed by one integer, ``if``, ``while``, ``for … in range``, arithmetic, comparisons, ``abs``,
``min``, ``max`` of two, ``float``, ``fma``, ``enter``, and calls of other routines. It runs as it stands where there is
no code generator, so it is its own reference. Unlike kernels, which are generated as they are to run, it goes through
LLVM's optimiser; it does not depend on the problem, so that is paid once for all, and kept on disk.

The arrays of one call must not overlap where one is written to.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, final

import numpy as np

from taylorad.errors import CompilationError
from taylorad.run.writer import double

__all__ = ["Floats", "Ints", "Routine", "enter", "fma", "routine", "wide"]

Floats = Annotated[Any, "an array of float64"]
Ints = Annotated[Any, "an array of int64"]

_DATA = object.__basicsize__  # of an array object, see taylorad.run.entry, which also tests that it is so
_KINDS = {"float": "double", "int": "i64", "Floats": "double*", "Ints": "i64*"}
_FABS = "declare double @llvm.fabs.f64(double)"
_OPERATORS: dict[type, tuple[str, str]] = {
    ast.Add: ("fadd", "add"),
    ast.Sub: ("fsub", "sub"),
    ast.Mult: ("fmul", "mul"),
    ast.Div: ("fdiv", ""),
    ast.FloorDiv: ("", "sdiv"),
    ast.Mod: ("", "srem"),
}
_TESTS: dict[type, tuple[str, str]] = {
    ast.Lt: ("olt", "slt"),
    ast.LtE: ("ole", "sle"),
    ast.Gt: ("ogt", "sgt"),
    ast.GtE: ("oge", "sge"),
    ast.Eq: ("oeq", "eq"),
    ast.NotEq: ("une", "ne"),
}


def fma(a: float, b: float, c: float) -> float:
    """a·b + c, rounded once in machine code where the processor can."""
    return a * b + c


def enter(
    address: int, leaves: Ints, roots: Ints, order: int, n: int, start: int, stop: int, status: Ints
) -> int:
    """Call the kernel at an address (:mod:`taylorad.run.kernel`); only from machine code."""
    raise CompilationError("a kernel is entered from machine code")


def routine(function: Callable[..., Any]) -> Routine:
    """The function as a :class:`Routine`; nothing is compiled before the first call."""
    return Routine(function)


def wide(function: Callable[..., Any]) -> Routine:
    """The same, for loops over arrays that are worth vectors: they take LLVM five times as long."""
    return Routine(function, "wide")


@final
class Routine:
    """See the module. Call it with contiguous arrays of float64 or int64, floats and integers; not checked.

    Division of integers, ``//`` and ``%``, is for numbers ≥ 0. Raises SyntaxError for Python outside of the small part.
    """

    def __init__(self, function: Callable[..., Any], passes: str = "plain") -> None:
        self.__doc__ = function.__doc__
        self.function, self.name, self.passes = function, function.__name__, passes
        spec = inspect.signature(function, eval_str=False)
        self.names = tuple(spec.parameters)
        self.kinds = tuple(_kind(function, p.annotation) for p in spec.parameters.values())
        self.result = _kind(function, spec.return_annotation)
        self._call: Callable[..., Any] | None = None

    def __call__(self, *args: Any) -> Any:
        call = self._call
        if call is None:
            call = self._call = self._obtain()
        return call(*args)

    def _obtain(self) -> Callable[..., Any]:
        from ctypes import CFUNCTYPE, c_double, c_int64, py_object

        try:
            from taylorad.run.jit import obtain

            identity = ("routine", self.function.__module__, self.name, _source(inspect.getfile(self.function)))
            loaded, _ = obtain(identity, lambda: (self.text(), {"symbols": []}), self.name, self.passes)
        except CompilationError:
            return lambda *args: self.function(*map(_flat, args))  # the same thing, slower
        numbers = {"double": c_double, "i64": c_int64}
        return CFUNCTYPE(numbers[self.result], *(numbers.get(kind, py_object) for kind in self.kinds))(loaded.address)

    def text(self) -> str:
        """LLVM IR of this routine and those that it calls."""
        from taylorad.run.jit import host

        told: dict[str, Routine] = {self.name: self}
        parts: list[str] = []
        while len(parts) < len(told):  # a translation tells of the routines that it calls
            name = list(told)[len(parts)]
            parts.append(_Translation(told[name], told, host().target.fma).text())
        parts.append(self._door())
        return "\n".join(["declare double @llvm.fma.f64(double, double, double)", _FABS, *parts, ""])

    def _door(self) -> str:
        """The way in from Python: an array comes as the object, whose first word after its head points to the data."""
        lines: list[str] = []
        given: list[str] = []
        for name, kind in zip(self.names, self.kinds, strict=True):
            if kind.endswith("*"):
                lines.append(f"  %{name}.at = getelementptr i8, ptr %{name}, i64 {_DATA}")
                lines.append(f"  %{name}.data = load ptr, ptr %{name}.at")
                given.append(f"ptr %{name}.data")
            else:
                given.append(f"{kind} %{name}")
        params = ", ".join(
            f"{'ptr' if k.endswith('*') else k} %{n}" for n, k in zip(self.names, self.kinds, strict=True)
        )
        call = f"  %result = call {self.result} @{self.name}.inner({', '.join(given)})"
        start = f"define {self.result} @{self.name}({params}) nounwind {{"
        return "\n".join([start, *lines, call, f"  ret {self.result} %result", "}"])


def _flat(a: Any) -> Any:
    """An array as machine code sees it: all of its memory in one row."""
    if not isinstance(a, np.ndarray) or a.ndim == 1:
        return a
    kind = np.int64 if a.dtype.kind == "i" else np.float64
    size = sum(step * (n - 1) for step, n in zip(a.strides, a.shape, strict=True)) // 8 + a.itemsize // 8
    return np.lib.stride_tricks.as_strided(a.view(kind), (size if a.size else 0,), (8,))


@functools.cache
def _source(path: str) -> str:
    return hashlib.blake2b(Path(path).read_bytes(), digest_size=16).hexdigest()


def _kind(function: Callable[..., Any], annotation: Any) -> str:
    word = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    if word not in _KINDS:
        raise SyntaxError(f"routine {function.__name__}: {annotation!r} is not one of {', '.join(_KINDS)}")
    return _KINDS[word]


class _Translation:
    """One function. Variables live in memory; LLVM's optimiser puts them into registers."""

    def __init__(self, own: Routine, told: dict[str, Routine], fused: bool) -> None:
        self.own, self.told, self.fused = own, told, fused
        tree = ast.parse(textwrap.dedent(inspect.getsource(own.function))).body[0]
        assert isinstance(tree, ast.FunctionDef)
        self.body = tree.body
        self.lines: list[str] = []
        self.head: list[str] = []
        self.kinds: dict[str, str] = dict(zip(own.names, own.kinds, strict=True))
        self.count = 0
        self.loops: list[tuple[str, str]] = []  # where break and continue lead

    def refuse(self, node: ast.AST, why: str) -> SyntaxError:
        line = getattr(node, "lineno", 0)
        return SyntaxError(f"routine {self.own.name}, line {line}: {ast.unparse(node)}: {why}")

    # ------------------------------------------------------------------ text
    def put(self, text: str) -> str:
        self.count += 1
        self.lines.append(f"  %v{self.count} = {text}")
        return f"%v{self.count}"

    def do(self, text: str) -> None:
        self.lines.append(f"  {text}")

    def fresh(self) -> str:
        self.count += 1
        return f"b{self.count}"

    def begin(self, label: str) -> None:
        self.lines.append(f"{label}:")

    def text(self) -> str:
        for name, kind in zip(self.own.names, self.own.kinds, strict=True):
            if not kind.endswith("*"):
                self.head.append(f"  %{name}.at = alloca {kind}")
                self.head.append(f"  store {kind} %{name}, ptr %{name}.at")
        self.block(self.body)
        params = ", ".join(
            f"{'ptr noalias' if k.endswith('*') else k} %{n}"
            for n, k in zip(self.own.names, self.own.kinds, strict=True)
        )
        # not inlined: copies take LLVM longer than the calls cost
        start = f"define internal {self.own.result} @{self.own.name}.inner({params}) nounwind noinline {{"
        return "\n".join([start, "entry:", *self.head, *self.lines, "  unreachable", "}"])

    # ------------------------------------------------------------------ statements
    def block(self, statements: list[ast.stmt]) -> None:
        for s in statements:
            self.statement(s)

    def statement(self, s: ast.stmt) -> None:
        match s:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                found = [self.value(v) for v in values]
                for target, (value, kind) in zip(targets, found, strict=True):
                    self.assign(target, value, kind)
            case ast.Assign(targets=[target], value=value):
                self.assign(target, *self.value(value))
            case ast.AugAssign(target=target, op=op, value=value):
                self.assign(target, *self.binary(s, op, self.value(_read(target)), self.value(value)))
            case ast.If(test=test, body=body, orelse=other):
                yes, no, after = self.fresh(), self.fresh(), self.fresh()
                self.do(f"br i1 {self.test(test)}, label %{yes}, label %{no}")
                for label, part in ((yes, body), (no, other)):
                    self.begin(label)
                    self.block(part)
                    self.do(f"br label %{after}")
                self.begin(after)
            case ast.While(test=test, body=body, orelse=[]):
                self.loop(lambda: self.test(test), body, lambda: None)
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=args), body=body):
                self.counted(name, args, body)
            case ast.Return(value=ast.expr() as value):
                found, kind = self.value(value)
                if kind != self.own.result:
                    raise self.refuse(s, f"returns {kind}, not {self.own.result}")
                self.leave(f"ret {kind} {found}")
            case ast.Break():
                self.leave(f"br label %{self.loops[-1][0]}")
            case ast.Continue():
                self.leave(f"br label %{self.loops[-1][1]}")
            case ast.Expr(value=ast.Constant()):
                pass
            case ast.Expr(value=ast.Call() as call):
                self.value(call)
            case _:
                raise self.refuse(s, "is not a statement of routines")

    def leave(self, text: str) -> None:
        self.do(text)
        self.begin(self.fresh())

    def loop(self, test: Callable[[], str], body: list[ast.stmt], step: Callable[[], None]) -> None:
        top, inside, following, after = (self.fresh() for _ in range(4))
        self.do(f"br label %{top}")
        self.begin(top)
        self.do(f"br i1 {test()}, label %{inside}, label %{after}")
        self.begin(inside)
        self.loops.append((after, following))
        self.block(body)
        self.loops.pop()
        self.do(f"br label %{following}")
        self.begin(following)
        step()
        self.do(f"br label %{top}")
        self.begin(after)

    def counted(self, name: str, args: list[ast.expr], body: list[ast.stmt]) -> None:
        first, end = ast.Constant(0), args[0]
        if len(args) > 1:
            first, end = args[:2]
        by = 1
        if len(args) > 2:
            match args[2]:
                case ast.Name(id=word) if isinstance(self.own.function.__globals__.get(word), int):
                    by = self.own.function.__globals__[word]
                case _:
                    by = int(ast.literal_eval(args[2]))
        self.assign(ast.Name(id=name), *self.value(first))
        bound, _ = self.value(end)

        def on() -> None:
            after = self.put(f"add i64 {self.put(f'load i64, ptr %{name}.at')}, {by}")
            self.do(f"store i64 {after}, ptr %{name}.at")

        order = "slt" if by > 0 else "sgt"
        self.loop(lambda: self.put(f"icmp {order} i64 {self.put(f'load i64, ptr %{name}.at')}, {bound}"), body, on)

    def assign(self, target: ast.expr, value: str, kind: str) -> None:
        match target:
            case ast.Name(id=name):
                known = self.kinds.get(name)
                if known is None:
                    self.kinds[name] = kind
                    self.head.append(f"  %{name}.at = alloca {kind}")
                elif known != kind:
                    raise self.refuse(target, f"was {known} and becomes {kind}")
                self.do(f"store {kind} {value}, ptr %{name}.at")
            case ast.Subscript():
                place, element = self.place(target)
                if element != kind:
                    raise self.refuse(target, f"holds {element}, not {kind}")
                self.do(f"store {kind} {value}, ptr {place}, align 8")
            case _:
                raise self.refuse(target, "cannot be assigned to")

    def place(self, target: ast.Subscript) -> tuple[str, str]:
        assert isinstance(target.value, ast.Name)
        kind = self.kinds[target.value.id]
        if not kind.endswith("*"):
            raise self.refuse(target, "is not an element of an array")
        index, of = self.value(target.slice)
        if of != "i64":
            raise self.refuse(target, "needs an integer index")
        element = kind[:-1]
        return self.put(f"getelementptr inbounds {element}, ptr %{target.value.id}, i64 {index}"), element

    # ------------------------------------------------------------------ expressions
    def value(self, e: ast.expr) -> tuple[str, str]:
        match e:
            case ast.Constant(value=bool()):
                raise self.refuse(e, "write 1 or 0")
            case ast.Constant(value=int() as number):
                return str(number), "i64"
            case ast.Constant(value=float() as number):
                return double(number), "double"
            case ast.Name(id=name) if name in self.kinds:
                kind = self.kinds[name]
                return (f"%{name}", kind) if kind.endswith("*") else (self.put(f"load {kind}, ptr %{name}.at"), kind)
            case ast.Name(id=name):
                number = self.own.function.__globals__.get(name)
                if isinstance(number, (int, float)):
                    return self.value(ast.Constant(number))
                raise self.refuse(e, "is not known")
            case ast.Subscript():
                place, element = self.place(e)
                return self.put(f"load {element}, ptr {place}, align 8"), element
            case ast.UnaryOp(op=ast.USub(), operand=a):
                found, kind = self.value(a)
                return self.put(f"fneg double {found}" if kind == "double" else f"sub i64 0, {found}"), kind
            case ast.BinOp(left=a, op=op, right=b):
                return self.binary(e, op, self.value(a), self.value(b))
            case ast.IfExp(test=test, body=a, orelse=b):
                chosen, (x, kind), (y, other) = self.test(test), self.value(a), self.value(b)
                if kind != other:
                    raise self.refuse(e, "has branches of two kinds")
                return self.put(f"select i1 {chosen}, {kind} {x}, {kind} {y}"), kind
            case ast.Call(func=ast.Name(id=name), args=args):
                return self.call(e, name, [self.value(a) for a in args])
            case _:
                raise self.refuse(e, "is not an expression of routines")

    def binary(self, e: ast.AST, op: ast.operator, a: tuple[str, str], b: tuple[str, str]) -> tuple[str, str]:
        words = _OPERATORS.get(type(op))
        kind = a[1]
        word = "" if words is None or kind != b[1] else words[kind == "i64"]
        if not word:
            raise self.refuse(e, f"{a[1]} and {b[1]} do not go together like this")
        return self.put(f"{word} {kind} {a[0]}, {b[0]}"), kind

    def test(self, e: ast.expr) -> str:
        match e:
            case ast.Compare(left=a, ops=[op], comparators=[b]):
                (x, kind), (y, other) = self.value(a), self.value(b)
                if kind != other:
                    raise self.refuse(e, f"compares {kind} with {other}")
                word = _TESTS[type(op)][kind == "i64"]
                return self.put(f"{'icmp' if kind == 'i64' else 'fcmp'} {word} {kind} {x}, {y}")
            case ast.BoolOp(op=op, values=[first, *rest]):  # in turn, so that a later test may rely on an earlier one
                both = isinstance(op, ast.And)
                done = self.fresh()
                kept = f"%{done}.at"
                self.head.append(f"  {kept} = alloca i1")
                self.do(f"store i1 {self.test(first)}, ptr {kept}")
                for part in rest:
                    more = self.fresh()
                    here = self.put(f"load i1, ptr {kept}")
                    self.do(f"br i1 {here}, label %{more if both else done}, label %{done if both else more}")
                    self.begin(more)
                    self.do(f"store i1 {self.test(part)}, ptr {kept}")
                self.do(f"br label %{done}")
                self.begin(done)
                return self.put(f"load i1, ptr {kept}")
            case ast.UnaryOp(op=ast.Not(), operand=a):
                return self.put(f"xor i1 {self.test(a)}, true")
            case _:
                raise self.refuse(e, "is not a test")

    def call(self, e: ast.Call, name: str, args: list[tuple[str, str]]) -> tuple[str, str]:
        kinds = [kind for _, kind in args]
        values = [value for value, _ in args]
        match name, kinds:
            case "abs", ["double"]:
                return self.put(f"call double @llvm.fabs.f64(double {values[0]})"), "double"
            case (("min" | "max"), [kind, other]) if kind == other:
                word = _TESTS[ast.Lt if name == "min" else ast.Gt][kind == "i64"]
                chosen = self.put(f"{'icmp' if kind == 'i64' else 'fcmp'} {word} {kind} {values[1]}, {values[0]}")
                return self.put(f"select i1 {chosen}, {kind} {values[1]}, {kind} {values[0]}"), kind
            case "float", ["i64"]:
                return self.put(f"sitofp i64 {values[0]} to double"), "double"
            case "enter", ["i64", "i64*", "i64*", "i64", "i64", "i64", "i64", "i64*"]:
                code = self.put(f"inttoptr i64 {values[0]} to ptr")
                given = ", ".join(f"{'ptr' if k == 'i64*' else k} {v}" for v, k in args[1:])
                return self.put(f"call i64 {code}({given})"), "i64"
            case "fma", ["double", "double", "double"]:
                if self.fused:
                    return self.put(f"call double @llvm.fma.f64({', '.join(f'double {v}' for v in values)})"), "double"
                product = self.put(f"fmul double {values[0]}, {values[1]}")
                return self.put(f"fadd double {product}, {values[2]}"), "double"
            case _:
                called = self.own.function.__globals__.get(name)
                if not isinstance(called, Routine) or tuple(kinds) != called.kinds:
                    raise self.refuse(e, f"is not a call of a routine with {', '.join(kinds)}")
                self.told.setdefault(name, called)
                given = ", ".join(f"{'ptr' if k.endswith('*') else k} {v}" for v, k in args)
                return self.put(f"call {called.result} @{name}.inner({given})"), called.result


def _read(target: ast.expr) -> ast.expr:
    """A target as it is read."""
    match target:
        case ast.Subscript(value=value, slice=index):
            return ast.copy_location(ast.Subscript(value, index, ast.Load()), target)
        case _:
            return target
