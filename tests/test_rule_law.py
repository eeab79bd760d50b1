"""The law of the book: a rule is one return, its mathematics is stated nowhere else, and every term has a factor du."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import taylorad
from taylorad.book.entry import BOOK, ENTRIES, Entry, Formula, Member, Rule, select
from taylorad.series.node import Constant, Leaf, Node, Theta

PACKAGE = Path(taylorad.__file__).parent


def bodies() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every function in which a rule, a formula or a step of a recurrence is written."""
    for name, entry in ENTRIES.items():
        for slot in ("differential", "body", "step"):
            written = getattr(entry, slot, None)
            if written is not None and not (isinstance(entry, Formula) and written.__name__ == "<lambda>"):
                yield name, written


BODIES = list(bodies())


# ---------------------------------------------------------------------- syntax
class Unlawful(AssertionError):
    """A piece of syntax that the law does not allow."""


def check(written: Callable[..., Any]) -> None:
    tree = ast.parse(textwrap.dedent(inspect.getsource(written))).body[0]
    if not isinstance(tree, ast.FunctionDef):
        raise Unlawful("a rule is a function")
    spec = tree.args
    if spec.vararg or spec.kwarg or spec.kwonlyargs or spec.posonlyargs:
        raise Unlawful("a rule has positional parameters only")
    known = {a.arg for a in spec.args}
    body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    for statement in body[:-1]:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                expression(value, known, written)
                known.add(name)
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Call() as value):  # an entry's several outputs
                expression(value, known, written)
                known.update(name.id for name in names if isinstance(name, ast.Name))
            case _:
                raise Unlawful(f"line {statement.lineno}: only named sub-expressions come before the return")
    if not isinstance(body[-1], ast.Return) or body[-1].value is None:
        raise Unlawful("a rule ends with its one return")
    returned = body[-1].value
    for part in returned.elts if isinstance(returned, ast.Tuple) else [returned]:
        expression(part, known, written)


def expression(tree: ast.expr, known: set[str], written: Callable[..., Any]) -> None:
    match tree:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), right=right):
            expression(left, known, written)
            expression(right, known, written)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            expression(operand, known, written)
        case ast.Name(id=name) if name in known:
            pass
        case ast.Name(id=name):
            if not isinstance(written.__globals__.get(name), Node | int | Fraction):
                raise Unlawful(f"{name} is no parameter, named sub-expression or constant of the book")
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            pass
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            called = written.__globals__.get(name)
            if not (isinstance(called, Entry | Member) or called is select or called is Fraction):
                raise Unlawful(f"{name} is not an entry of the book")
            for arg in args:
                expression(arg, known, written)
        case _:
            raise Unlawful(f"{ast.unparse(tree)} is not allowed in a rule")


@pytest.mark.parametrize(("name", "written"), BODIES, ids=[name for name, _ in BODIES])
def test_a_rule_is_one_return_of_arithmetic_and_entries(name: str, written: Callable[..., Any]) -> None:
    check(written)


def _branch(u: Any, du: Any, v: Any) -> Any:
    if u:
        return du
    return v * du


def _loop(u: Any, du: Any, v: Any) -> Any:
    return sum(v for _ in range(3)) * du


def _attribute(u: Any, du: Any, v: Any) -> Any:
    return u.real * du


def _float(u: Any, du: Any, v: Any) -> Any:
    return 0.5 * v * du


def _power(u: Any, du: Any, v: Any) -> Any:
    return u**2 * du


def _stranger(u: Any, du: Any, v: Any) -> Any:
    return len(v) * du


@pytest.mark.parametrize("written", [_branch, _loop, _attribute, _float, _power, _stranger])
def test_the_law_catches_what_it_forbids(written: Callable[..., Any]) -> None:
    with pytest.raises(Unlawful):
        check(written)


# ---------------------------------------------------------------------- what the rules record
RULES = [e for e in ENTRIES.values() if isinstance(e, Rule)]


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
def test_every_term_of_a_differential_has_a_factor_du(rule: Rule) -> None:
    """With du = 0 the whole differential folds to 0, and otherwise it starts with t¹; so v_k needs v below k only."""
    count = 3 if rule.variadic else rule.arity
    args = tuple(Leaf.of(i) for i in range(count))
    values = tuple(Leaf.of(10 + i) for i in range(len(rule.outputs)))
    params = tuple(Leaf.of(20 + i, 0) for i in range(len(rule.parameters)))
    moving = rule.differentials(args, tuple(map(Theta.of, args)), values, params)
    fixed = tuple(Leaf.of(i, 0) for i in range(count))
    still = rule.differentials(fixed, tuple(map(Theta.of, fixed)), values, params)
    assert len(moving) == len(rule.outputs)
    for differential in moving:
        assert differential.valuation >= 1 or differential is Constant.of(0)
    for differential in still:
        assert differential is Constant.of(0)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
def test_the_measure_of_a_domain_is_arithmetic(rule: Rule) -> None:
    """It runs on recording nodes, so that kernels can check it too."""
    args = [Leaf.of(i) for i in range(rule.arity + len(rule.outputs))]
    for domain in rule.domain:
        assert domain.measure is None or isinstance(domain.measure(*args), Node)


def test_every_entry_builds_a_graph() -> None:
    for name, member in BOOK.items():
        count = member.entry.arity + len(member.entry.parameters)
        assert isinstance(member(*([1, 2, 3, 4][:count])), Node), name
        assert inspect.getdoc(member.entry) or member.entry.doc, name


# ---------------------------------------------------------------------- stated once
GENERIC = {
    # Python's own functions of two numbers, used on orders and indices
    *("abs", "min", "max", "round", "pow", "divmod"),
    # what its operators abs(x), x % y and x // y are called in the book
    *("absolute", "remainder", "mod", "floor_divide"),
    # Python's and numpy's names of operators
    *("power", "float_power"),
    # words of every program: the sign or the square of a term, the degrees of polynomials, 1/k, the larger of two
    # tests for all points of a batch
    *("sign", "square", "degrees", "reciprocal", "maximum", "minimum"),
}
# folder or file: names that mean something else there
ALLOWED: dict[str, set[str]] = {
    "run/": {"i1"},  # LLVM's type of one bit
    "ode/": {"i1", "y0"},  # the same type, and scipy's name of the initial state
    "validated/ode.py": {"y0"},
    "rings/rounding.py": {"sqrt"},  # an operation of IEEE arithmetic, as + and · are
    "run/ctext.py": {"fmin", "fmax"},  # symbols of the C library, for LLVM's instructions of other names
}


def words(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The identifiers of a module and its strings that are one word; docstrings apart."""
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.arg(arg=word) | ast.keyword(arg=str(word)):
                yield word, line
            case ast.FunctionDef(name=word) | ast.ClassDef(name=word):
                yield word, line
            case ast.alias(name=word):
                yield word.rpartition(".")[2], line
            case ast.Constant(value=str(word)) if id(node) not in prose:
                yield word, line


def test_no_function_of_the_book_is_named_elsewhere() -> None:
    found: list[str] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE).as_posix()
        if inside.startswith(("book/", "rings/values/")):
            continue
        allowed = GENERIC.union(*(names for place, names in ALLOWED.items() if inside.startswith(place)))
        found += [
            f"{inside}:{line}: {word}"
            for word, line in words(ast.parse(path.read_text()))
            if word in BOOK and word not in allowed
        ]
    assert not found, "\n".join(found)
