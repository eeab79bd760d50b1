"""The door from Python into a kernel: a built-in function written in LLVM IR that takes numpy arrays.

``entry(leaf, …, given, …, root, …)`` reads the addresses, shapes and flags out of the array objects itself, so a
call costs some tens of nanoseconds where ctypes and asking numpy for an address cost microseconds. It checks
everything it relies on: the type of every object, the dtype, contiguity, the number of rows and of points. It
returns its last argument when all points were computed, and None when anything does not fit or a point must be
redone; then the caller takes the slow road, which finds out what was wrong. Errors: none. It keeps the GIL.

The layout of an array object is part of numpy's binary interface; :func:`layout_holds` tests it on a live array
before the door is used at all.
"""

from __future__ import annotations

import ctypes

import numpy as np

from taylorad.run.program import SHORT

__all__ = ["entry", "layout_holds"]

_HEAD = object.__basicsize__  # reference count and type; the type stands last
_TYPE, _DATA, _RANK, _DIMS, _DESCR, _FLAGS = _HEAD - 8, _HEAD, _HEAD + 8, _HEAD + 16, _HEAD + 40, _HEAD + 48
_READ, _WRITE = 0x101, 0x501  # C-contiguous and aligned; writeable too


def layout_holds() -> bool:
    """Whether array objects of this process look as the door expects."""
    probe = np.zeros((3, 5))
    at = id(probe)
    probe.flags.writeable = False
    flags = ctypes.c_int.from_address(at + _FLAGS).value
    probe.flags.writeable = True
    return (
        ctypes.sizeof(ctypes.c_void_p) == 8
        and type(probe).__basicsize__ >= _FLAGS + 4
        and ctypes.c_void_p.from_address(at + _TYPE).value == id(np.ndarray)
        and ctypes.c_void_p.from_address(at + _DATA).value == probe.__array_interface__["data"][0]
        and ctypes.c_int.from_address(at + _RANK).value == 2
        and ctypes.c_void_p.from_address(at + _DESCR).value == id(probe.dtype)
        and flags & _WRITE == _READ
        and ctypes.c_int.from_address(at + _FLAGS).value & _WRITE == _WRITE
        and list((ctypes.c_int64 * 2).from_address(ctypes.c_void_p.from_address(at + _DIMS).value or 0)) == [3, 5]
    )


def entry(
    name: str,
    kernel: str,
    degrees: tuple[int, ...],
    givens: tuple[bool, ...],
    roots: int,
    order: int | None,
    lanes: int,
) -> str:
    """The text of the door ``name`` to the function ``kernel``; ``givens`` says which of them have K+1 rows."""
    # how many rows an argument needs: a number, or K+1 for 0
    rows = [d + 1 if d <= SHORT else 0 for d in degrees] + [0 if whole else 1 for whole in givens] + [-1] * roots
    inputs, count = len(rows) - roots, len(rows)
    lines = [_LOOK, f"define ptr @{name}(ptr %self, ptr %args, i64 %nargs) {{", "entry:"]
    lines += [f"  %in = alloca [{max(inputs, 1)} x ptr]", f"  %out = alloca [{roots} x ptr]", "  %status = alloca i64"]
    lines += [f"  %c = icmp eq i64 %nargs, {count}", "  br i1 %c, label %objects, label %no", "objects:"]
    for i in range(count):
        lines.append(f"  %p{i} = getelementptr ptr, ptr %args, i64 {i}")
        lines.append(f"  %o{i} = load ptr, ptr %p{i}")
        lines += _field(f"t{i}", f"o{i}", "ptr", _TYPE)
    last = count - 1
    same = "true"
    for i in range(last):
        lines += [f"  %s{i} = icmp eq ptr %t{i}, %t{last}", f"  %y{i} = and i1 {same}, %s{i}"]
        same = f"%y{i}"
    lines += [f"  br i1 {same}, label %shapes, label %no", "shapes:"]
    lines += _field("descr", f"o{last}", "ptr", _DESCR)
    lines += _field("dims", f"o{last}", "ptr", _DIMS)
    lines += [f"  %n = call i64 @look(ptr %o{last}, ptr %descr, i32 {_WRITE}, i64 1)", "  %some = icmp sge i64 %n, 1"]
    lines += [
        "  br i1 %some, label %sized, label %empty",
        "sized:",
        "  %rows = load i64, ptr %dims",
        "  %K = sub i64 %rows, 1",
    ]
    fits = "true"
    for i, need in enumerate(rows):
        wanted = "%rows" if need <= 0 else str(need)
        lines.append(
            f"  %n{i} = call i64 @look(ptr %o{i}, ptr %descr, i32 {_WRITE if need < 0 else _READ}, i64 {wanted})"
        )
        lines += [f"  %e{i} = icmp eq i64 %n{i}, %n", f"  %f{i} = and i1 {fits}, %e{i}"]
        fits = f"%f{i}"
        if need < 0 and i != last:
            lines += _field(f"d{i}", f"o{i}", "ptr", _DIMS)
            lines += [
                f"  %r{i} = load i64, ptr %d{i}",
                f"  %q{i} = icmp eq i64 %r{i}, %rows",
                f"  %g{i} = and i1 {fits}, %q{i}",
            ]
            fits = f"%g{i}"
    if order is not None:
        lines += [f"  %exact = icmp eq i64 %K, {order}", f"  %ordered = and i1 {fits}, %exact"]
        fits = "%ordered"
    lines += [f"  %wide = icmp sge i64 %n, {lanes}", f"  %narrow = icmp sle i64 %n, {8 if lanes == 1 else 1 << 62}"]
    lines += [
        "  %sizes = and i1 %wide, %narrow",
        f"  %go = and i1 {fits}, %sizes",
        "  br i1 %go, label %run, label %no",
        "run:",
    ]
    for i in range(count):
        lines += _field(f"a{i}", f"o{i}", "ptr", _DATA)
        where, j = ("in", i) if i < inputs else ("out", i - inputs)
        lines += [f"  %w{i} = getelementptr ptr, ptr %{where}, i64 {j}", f"  store ptr %a{i}, ptr %w{i}"]
    status = "%status" if lanes == 1 else "%flags"
    if lanes > 1:
        lines += [
            "  %flags = call ptr @malloc(i64 %n)",
            "  %none = icmp eq ptr %flags, null",
            "  br i1 %none, label %no, label %call",
            "call:",
        ]
    lines.append(f"  %bad = call i64 @{kernel}(ptr %in, ptr %out, i64 %K, i64 %n, i64 0, i64 %n, ptr {status})")
    if lanes > 1:
        lines.append("  call void @free(ptr %flags)")
    lines += ["  %fine = icmp eq i64 %bad, 0", "  br i1 %fine, label %yes, label %no"]
    lines += ["empty:", "  %zero = icmp eq i64 %n, 0", "  br i1 %zero, label %yes, label %no"]
    lines += ["yes:", f"  call void @Py_IncRef(ptr %o{last})", f"  ret ptr %o{last}"]
    lines += ["no:", "  call void @Py_IncRef(ptr %self)", "  ret ptr %self", "}"]
    return "\n".join(lines) + "\n"


def _field(name: str, holder: str, kind: str, offset: int) -> list[str]:
    return [f"  %{name}_ = getelementptr i8, ptr %{holder}, i64 {offset}", f"  %{name} = load {kind}, ptr %{name}_"]


# the number of points of an array (the product of all lengths but the first), or −1 when it does not fit
_LOOK = "\n".join(
    [
        "declare void @Py_IncRef(ptr)",
        "define internal i64 @look(ptr %o, ptr %wanted, i32 %need, i64 %least) {",
        "entry:",
        *_field("descr", "o", "ptr", _DESCR),
        *_field("flags", "o", "i32", _FLAGS),
        *_field("rank", "o", "i32", _RANK),
        *_field("dims", "o", "ptr", _DIMS),
        "  %a = icmp eq ptr %descr, %wanted",
        "  %m = and i32 %flags, %need",
        "  %b = icmp eq i32 %m, %need",
        "  %c = icmp sge i32 %rank, 1",
        "  %ab = and i1 %a, %b",
        "  %abc = and i1 %ab, %c",
        "  br i1 %abc, label %first, label %no",
        "first:",
        "  %rows = load i64, ptr %dims",
        "  %enough = icmp sge i64 %rows, %least",
        "  br i1 %enough, label %loop, label %no",
        "loop:",
        "  %i = phi i32 [ 1, %first ], [ %j, %more ]",
        "  %n = phi i64 [ 1, %first ], [ %m2, %more ]",
        "  %end = icmp sge i32 %i, %rank",
        "  br i1 %end, label %done, label %more",
        "more:",
        "  %p = getelementptr i64, ptr %dims, i32 %i",
        "  %d = load i64, ptr %p",
        "  %m2 = mul i64 %n, %d",
        "  %j = add i32 %i, 1",
        "  br label %loop",
        "done:",
        "  ret i64 %n",
        "no:",
        "  ret i64 -1",
        "}",
    ]
)
