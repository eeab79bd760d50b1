"""What a function of Python says, in bytes: compiled code that is kept must not outlive a function that changed."""

from __future__ import annotations

import os
import pickle
import sysconfig
from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

__all__ = ["names", "said"]


def said(thing: Any, home: str = "", known: frozenset[int] = frozenset()) -> bytes:
    """The code of a function, with all that it closes over or finds by name; of other objects what they are.

    Equal for functions that say the same, also in another process of the same Python. Classes, modules, and functions
    of installed packages other than the first function's (``home``) are no more than their names, and an object that
    cannot be pickled is like no other.
    """
    if id(thing) in known:
        return b"again"
    known |= {id(thing)}
    match thing:
        case FunctionType() if home and _elsewhere(thing, home):
            return f"{thing.__module__}.{thing.__qualname__}".encode()
        case FunctionType():
            home = home or _package(thing)
            held = [cell.cell_contents for cell in thing.__closure__ or () if _filled(cell)]
            found = [(name, thing.__globals__[name]) for name in names(thing) if name in thing.__globals__]
            more = [thing.__defaults__, thing.__kwdefaults__, held, found]
            return said(thing.__code__, home, known) + said(more, home, known)
        case CodeType():
            return thing.co_code + said([thing.co_names, thing.co_consts], home, known)
        case partial():
            return said([thing.func, thing.args, thing.keywords], home, known)
        case list() | tuple():
            return b"[" + b",".join(said(x, home, known) for x in thing) + b"]"
        case set() | frozenset():
            return b"{" + b",".join(sorted(said(x, home, known) for x in thing)) + b"}"
        case Mapping():
            return said(list(thing.items()), home, known)
        case None | bool() | int() | float() | complex() | str() | bytes() | Fraction():
            return repr(thing).encode()
        case ModuleType():
            return thing.__name__.encode()
        case type() | BuiltinFunctionType():
            return f"{thing.__module__}.{thing.__qualname__}".encode()
        case _:
            try:
                return pickle.dumps(thing, 4)
            except Exception:  # anything may happen in a method of somebody else's class
                return os.urandom(16)


def _package(function: FunctionType) -> str:
    return (function.__module__ or "").partition(".")[0]


def _elsewhere(function: FunctionType, home: str) -> bool:
    """Whether a function is of another package, and installed."""
    paths = sysconfig.get_paths()
    installed = tuple(paths[kind] for kind in ("stdlib", "purelib", "platlib"))
    return _package(function) != home and function.__code__.co_filename.startswith(installed)


def names(thing: Any) -> list[str]:
    """The names outside of functions that they, or functions inside of them, use: variables and attributes."""
    match thing:
        case CodeType():
            return sorted({*thing.co_names, *(name for c in thing.co_consts for name in names(c))})
        case FunctionType():
            return names(thing.__code__)
        case Mapping():
            return sorted({name for x in thing.values() for name in names(x)})
        case _:
            return []


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:  # not yet given a value
        return False
