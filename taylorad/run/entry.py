"""The door from Python into kernels: one built-in function, written in LLVM IR, that takes numpy arrays.

``door(leaf, …, given, …, root, …)`` reads the addresses, shapes and flags out of the array objects itself, so a
call costs some tens of nanoseconds where ctypes and asking numpy for an address cost microseconds. It checks
everything it relies on: the type of every object, the dtype, contiguity, the number of rows and of points. It
returns its last argument when all points were computed, and None when anything does not fit or a point must be
redone; then the caller takes the slow road, which finds out what was wrong. Errors: none. It keeps the GIL.

The same code serves every kernel; what it must know of one stands in a bytes object, :func:`facts`, to which the
built-in function is bound. The layout of an array object is part of numpy's binary interface, that of bytes of
Python's; :func:`layout_holds` tests both on live objects before the door is used at all.
"""

from __future__ import annotations

import ctypes
import struct

import numpy as np

from taylorad.run.program import SHORT

__all__ = ["door", "facts", "layout_holds"]

_HEAD = object.__basicsize__  # reference count and type; the type stands last
_TYPE, _DATA, _RANK, _DIMS, _DESCR, _FLAGS = _HEAD - 8, _HEAD, _HEAD + 8, _HEAD + 16, _HEAD + 40, _HEAD + 48
_BYTES = bytes.__basicsize__ - 1
_READ, _WRITE = 0x101, 0x501  # C-contiguous and aligned; writeable too
_FEW = 8  # points that the code for single points takes one by one
_FIELDS = ("kernel", "none", "array", "dtype", "inputs", "count", "order", "lanes")


def layout_holds() -> bool:
    """Whether objects of this process look as the door expects."""
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
        and ctypes.c_void_p.from_address(at + _DESCR).value == id(probe.dtype) == id(np.dtype(np.float64))
        and flags & _WRITE == _READ
        and ctypes.c_int.from_address(at + _FLAGS).value & _WRITE == _WRITE
        and list((ctypes.c_int64 * 2).from_address(ctypes.c_void_p.from_address(at + _DIMS).value or 0)) == [3, 5]
        and ctypes.string_at(id(b"taylor") + _BYTES, 6) == b"taylor"
    )


def facts(
    kernel: int,
    dtype: np.dtype,
    degrees: tuple[int, ...],
    givens: tuple[bool, ...],
    roots: int,
    order: int | None,
    lanes: int,
    sizes: tuple[int, ...] | None = None,
) -> bytes:
    """What the door must know of the kernel at an address; ``givens`` says which of them have K+1 rows.

    ``sizes`` tells how many elements each argument has at a point (one, if it is not given).
    """
    # how many rows an argument needs: a number, 0 for K+1, −1 for exactly that in a root
    rows = [d + 1 if d <= SHORT else 0 for d in degrees] + [0 if whole else 1 for whole in givens] + [-1] * roots
    fixed = -1 if order is None else order
    head = (kernel, id(None), id(np.ndarray), id(dtype), len(rows) - roots, len(rows), fixed, lanes)
    needs = [x for pair in zip(rows, sizes or [1] * len(rows), strict=True) for x in pair]
    return struct.pack(f"<{len(head) + len(needs)}q", *head, *needs)


def _field(name: str, holder: str, kind: str, offset: int) -> str:
    return f"  %{name}_ = getelementptr i8, ptr %{holder}, i64 {offset}\n  %{name} = load {kind}, ptr %{name}_"


def door() -> str:
    """The text of the door."""
    fields = "\n".join(_field(name, "facts", "i64", 8 * i) for i, name in enumerate(_FIELDS))
    return f"""
declare void @Py_IncRef(ptr)
declare ptr @malloc(i64)
declare void @free(ptr)

; the number of points of an array: the product of all lengths but the first
define internal i64 @points(ptr %dims, i32 %rank) {{
entry:
  br label %loop
loop:
  %i = phi i32 [ 1, %entry ], [ %j, %more ]
  %n = phi i64 [ 1, %entry ], [ %m, %more ]
  %end = icmp sge i32 %i, %rank
  br i1 %end, label %done, label %more
more:
  %p = getelementptr i64, ptr %dims, i32 %i
  %d = load i64, ptr %p
  %m = mul i64 %n, %d
  %j = add i32 %i, 1
  br label %loop
done:
  ret i64 %n
}}

define ptr @door(ptr %self, ptr %args, i64 %nargs) {{
entry:
  %facts = getelementptr i8, ptr %self, i64 {_BYTES}
{fields}
  %needs = getelementptr i64, ptr %facts, i64 {len(_FIELDS)}
  %status = alloca [{_FEW} x i8]
  %table = alloca ptr, i64 %count
  %counted = icmp eq i64 %nargs, %count
  br i1 %counted, label %last, label %no
last:
  %final = sub i64 %count, 1
  %outp = getelementptr ptr, ptr %args, i64 %final
  %out = load ptr, ptr %outp
{_field("outtype", "out", "i64", _TYPE)}
  %known = icmp eq i64 %outtype, %array
  br i1 %known, label %shape, label %no
shape:
{_field("outrank", "out", "i32", _RANK)}
{_field("outdims", "out", "ptr", _DIMS)}
  %some = icmp sge i32 %outrank, 1
  br i1 %some, label %sized, label %no
sized:
  %rows = load i64, ptr %outdims
  %outpoints = call i64 @points(ptr %outdims, i32 %outrank)
  %outneed = mul i64 %final, 2
  %outsizeat = add i64 %outneed, 1
  %outsizep = getelementptr i64, ptr %needs, i64 %outsizeat
  %outsize = load i64, ptr %outsizep
  %n = sdiv i64 %outpoints, %outsize
  %K = sub i64 %rows, 1
  %any = icmp slt i64 %order, 0
  %same = icmp eq i64 %order, %K
  %ordered = or i1 %any, %same
  %filled = icmp sge i64 %rows, 1
  %wanted = and i1 %ordered, %filled
  br i1 %wanted, label %each, label %no
each:
  %i = phi i64 [ 0, %sized ], [ %after, %fits ]
  %op = getelementptr ptr, ptr %args, i64 %i
  %o = load ptr, ptr %op
{_field("type", "o", "i64", _TYPE)}
  %array_like = icmp eq i64 %type, %array
  br i1 %array_like, label %look, label %no
look:
{_field("descr", "o", "i64", _DESCR)}
{_field("flags", "o", "i32", _FLAGS)}
{_field("rank", "o", "i32", _RANK)}
{_field("dims", "o", "ptr", _DIMS)}
{_field("data", "o", "ptr", _DATA)}
  %place = mul i64 %i, 2
  %needp = getelementptr i64, ptr %needs, i64 %place
  %need = load i64, ptr %needp
  %sizep = getelementptr i64, ptr %needp, i64 1
  %size = load i64, ptr %sizep
  %root = icmp slt i64 %need, 0
  %fixed = icmp sgt i64 %need, 0
  %least = select i1 %fixed, i64 %need, i64 %rows
  %mask = select i1 %root, i32 {_WRITE}, i32 {_READ}
  %have = and i32 %flags, %mask
  %t1 = icmp eq i32 %have, %mask
  %t2 = icmp eq i64 %descr, %dtype
  %t3 = icmp sge i32 %rank, 1
  %t12 = and i1 %t1, %t2
  %t123 = and i1 %t12, %t3
  br i1 %t123, label %lengths, label %no
lengths:
  %length = load i64, ptr %dims
  %m = call i64 @points(ptr %dims, i32 %rank)
  %enough = icmp sge i64 %length, %least
  %exact = icmp eq i64 %length, %rows
  %free = xor i1 %root, true
  %e = or i1 %exact, %free
  %all_of = mul i64 %n, %size
  %t4 = icmp eq i64 %m, %all_of
  %t45 = and i1 %t4, %enough
  %t456 = and i1 %t45, %e
  br i1 %t456, label %fits, label %no
fits:
  %slot = getelementptr ptr, ptr %table, i64 %i
  store ptr %data, ptr %slot
  %after = add i64 %i, 1
  %more = icmp slt i64 %after, %count
  br i1 %more, label %each, label %all
all:
  %roots = getelementptr ptr, ptr %table, i64 %inputs
  %function = inttoptr i64 %kernel to ptr
  %empty = icmp eq i64 %n, 0
  br i1 %empty, label %yes, label %width
width:
  %one = icmp eq i64 %lanes, 1
  br i1 %one, label %single, label %batch
single:
  %few = icmp sle i64 %n, {_FEW}
  br i1 %few, label %alone, label %no
alone:
  %bad1 = call i64 %function(ptr %table, ptr %roots, i64 %K, i64 %n, i64 0, i64 %n, ptr %status)
  br label %ran
batch:
  %many = icmp sge i64 %n, %lanes
  br i1 %many, label %room, label %no
room:
  %marks = call ptr @malloc(i64 %n)
  %none_left = icmp eq ptr %marks, null
  br i1 %none_left, label %no, label %together
together:
  %bad2 = call i64 %function(ptr %table, ptr %roots, i64 %K, i64 %n, i64 0, i64 %n, ptr %marks)
  call void @free(ptr %marks)
  br label %ran
ran:
  %bad = phi i64 [ %bad1, %alone ], [ %bad2, %together ]
  %fine = icmp eq i64 %bad, 0
  br i1 %fine, label %yes, label %no
yes:
  call void @Py_IncRef(ptr %out)
  ret ptr %out
no:
  %nothing = inttoptr i64 %none to ptr
  call void @Py_IncRef(ptr %nothing)
  ret ptr %nothing
}}
"""
