"""What a function of Python says, in bytes: compiled code that is kept must not outlive a function that changed."""

from __future__ import annotations

import os
import pickle
import sysconfig
from collections.abc import Mapping
from fractions import Fraction
from functools import cache, partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

__all__ = ["said"]

_Remembering = type(cache(len))  # a function with a memory of its results


def said(
    thing: Any,
    used: set[str],
    home: str = "",
    known: frozenset[int] = frozenset(),
    met: dict[int, int] | None = None,
) -> bytes:
    """The code of a function, with all that it closes over or finds by name; of other objects what they are.

    Equal for functions that say the same, also in another process of the same Python. Modules, classes of
    other packages than the first function's (``home``), and functions of those that are installed are no more than
    their names, and an object that cannot be pickled is like no other. Every name that the code takes from elsewhere,
    or as an attribute, goes to ``used``.
    """
    if id(thing) in known:
        return b"again"
    known |= {id(thing)}  # on the way here; functions and classes count once, wherever they are met
    met = {} if met is None else met
    if id(thing) in met:
        return b"met %d" % met[id(thing)]
    if isinstance(thing, (FunctionType, type)):
        met[id(thing)] = len(met)

    def also(*things: Any) -> bytes:
        return said(things, used, home, known, met)

    match thing:
        case FunctionType() if home and _elsewhere(thing, home):
            return f"{thing.__module__}.{thing.__qualname__}".encode()
        case FunctionType():
            home = home or _package(thing)
            held = [cell.cell_contents for cell in thing.__closure__ or () if _filled(cell)]
            found = [(name, thing.__globals__[name]) for name in _names(thing.__code__) if name in thing.__globals__]
            return also(thing.__code__, thing.__defaults__, thing.__kwdefaults__, held, found)
        case CodeType():
            used.update(thing.co_names)
            return thing.co_code + also(thing.co_names, thing.co_consts)
        case MethodType():
            return also(thing.__func__, thing.__self__)
        case partial():
            return also(thing.func, thing.args, thing.keywords)
        case list() | tuple():
            return b"[" + b",".join(said(x, used, home, known, met) for x in thing) + b"]"
        case set() | frozenset():
            return b"{" + b",".join(sorted(said(x, used, home, known, met) for x in thing)) + b"}"
        case Mapping():
            return also(*thing.items())
        case None | bool() | int() | float() | complex() | str() | bytes() | Fraction():
            return repr(thing).encode()
        case ModuleType():
            return thing.__name__.encode()
        case BuiltinFunctionType():
            return f"{thing.__module__}.{thing.__qualname__}".encode()
        case type():
            name = f"{thing.__module__}.{thing.__qualname__}"
            if _package(thing) != home or home == "taylorad":
                return name.encode()
            parts = [getattr(x, "__func__", getattr(x, "fget", x)) for x in vars(thing).values()]
            return also(name, [x for x in parts if isinstance(x, FunctionType)], thing.__bases__)
        case _ if isinstance(thing, _Remembering):
            return also(thing.__wrapped__)
        case _:
            home = home or _package(type(thing))
            try:
                return pickle.dumps(thing, 4) + also(type(thing))
            except Exception:  # anything may happen in a method of somebody else's class
                return os.urandom(16)


def _package(thing: Any) -> str:
    return (thing.__module__ or "").partition(".")[0]


def _elsewhere(function: FunctionType, home: str) -> bool:
    """Whether a function is of another package, and installed."""
    paths = sysconfig.get_paths()
    installed = tuple(paths[kind] for kind in ("stdlib", "purelib", "platlib"))
    return _package(function) != home and function.__code__.co_filename.startswith(installed)


def _names(code: CodeType) -> list[str]:
    """The names outside of a function that it, or functions inside of it, use: variables and attributes."""
    return sorted({*code.co_names, *(name for c in code.co_consts if isinstance(c, CodeType) for name in _names(c))})


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:  # not yet given a value
        return False
