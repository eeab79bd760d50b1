"""Constant tables in the text of a module, and sparse matrices times vectors that are read through them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from taylorad.run.writer import Writer, same, vector
from taylorad.series.matrix import Matrix

__all__ = ["SHORT_ROW", "long_rows", "short_rows", "table"]

SHORT_ROW = 8  # entries of a row that are written down one by one


def table(writer: Writer, numbers: np.ndarray) -> str:
    """The name of a table of 32-bit integers or doubles; its bytes stand in the text, which LLVM reads fast."""
    data = numbers.astype("<i4" if numbers.dtype.kind == "i" else "<f8").tobytes()
    name = f"@table{hashlib.blake2b(data, digest_size=8).hexdigest()}"
    text = "\\" + data.hex("\\").upper()
    writer.declared.add(f'{name} = private unnamed_addr constant [{len(data)} x i8] c"{text}", align 32')
    return name


def _numbers(writer: Writer, name: str, place: str, lanes: int) -> str:
    return writer.put(f"load {vector(lanes)}, ptr {writer.at(name, place, 1)}, align 8")


def _gathered(writer: Writer, source: str, places: str, place: str, lanes: int) -> str:
    """Elements of ``source`` whose numbers stand in a table from ``place`` on."""
    begin = writer.put(f"getelementptr i32, ptr {places}, i64 {place}")
    value = "poison"
    for lane in range(lanes):
        here = writer.put(f"getelementptr i32, ptr {begin}, i64 {lane}") if lane else begin
        index = writer.put(f"load i32, ptr {here}, align 4")
        address = writer.put(f"getelementptr double, ptr {source}, i32 {index}")
        one = writer.put(f"load double, ptr {address}, align 8")
        if lanes == 1:
            return one
        value = writer.put(f"insertelement {vector(lanes)} {value}, double {one}, i32 {lane}")
    return value


def short_rows(writer: Writer, matrix: Matrix, source: str, element: str, lanes: int, rows: int) -> str:
    """Elements ``element`` … of ``matrix`` times the vector at ``source``, summed from the first column to the last.

    No row may have more than ``SHORT_ROW`` entries. The tables have ``rows`` rows, of which those beyond the last
    repeat it; a row that is shorter than others has entries 0 more.
    """
    counts = matrix.counts
    most = int(counts.max())
    if most == 0:
        return same(0.0, lanes)
    column = np.arange(len(matrix.places)) - np.repeat(matrix.starts[:-1], counts)
    places, entries = np.zeros((most, rows), np.int32), np.zeros((most, rows))
    places[column, matrix.at], entries[column, matrix.at] = matrix.places, matrix.entries
    places[:, matrix.rows :], entries[:, matrix.rows :] = places[:, [matrix.rows - 1]], entries[:, [matrix.rows - 1]]
    where, kind, total = table(writer, places), vector(lanes), ""
    for c in range(most):
        shift = places[c] - np.arange(rows)
        if np.all(shift == shift[0]):
            x = _numbers(writer, source, writer.integer("add", element, int(shift[0])), lanes)
        else:
            x = _gathered(writer, source, where, writer.integer("add", element, c * rows) if c else element, lanes)
        first = float(entries[c, 0])
        if np.any(entries[c] != first):
            factor = _numbers(writer, table(writer, entries[c]), element, lanes)
            total = writer.fma(factor, x, total, kind) if total else writer.arith("fmul", factor, x, kind)
        elif total and abs(first) == 1:
            total = writer.arith("fadd" if first > 0 else "fsub", total, x, kind)
        elif total:
            total = writer.fma(same(first, lanes), x, total, kind)
        else:
            total = x if first == 1 else writer.arith("fmul", same(first, lanes), x, kind)
    return total


def long_rows(writer: Writer, matrix: Matrix, source: str, lanes: int, store: Callable[[str, str], None]) -> None:
    """A loop over all rows; ``store(row, value)`` writes what to do with each.

    A row is summed in ``lanes`` partial sums, every ``lanes``-th entry in each, which are added from first to last.
    """
    chunks = -(-matrix.counts // lanes)
    begins = np.concatenate([[0], np.cumsum(chunks)])
    rank = np.arange(len(matrix.places)) - np.repeat(matrix.starts[:-1], matrix.counts)
    place = np.repeat(begins[:-1] * lanes, matrix.counts) + rank
    places, entries = np.zeros(begins[-1] * lanes, np.int32), np.zeros(begins[-1] * lanes)
    places[place], entries[place] = matrix.places, matrix.entries
    names: list[Any] = [table(writer, x) for x in (begins.astype(np.int32), places)]
    factors = None if np.all(entries == 1) else table(writer, entries)
    kind, zero = vector(lanes), same(0.0, lanes)
    writer.names += 1
    loop, before = f"rows{writer.names}", writer.block
    writer.do(f"br label %{loop}")
    writer.label(loop)
    head = len(writer.lines)
    ends: list[str] = []
    for shift in (0, 1):
        here = writer.put(f"getelementptr i32, ptr {names[0]}, i64 %{loop}r")
        here = writer.put(f"getelementptr i32, ptr {here}, i64 {shift}")
        ends.append(writer.put(f"sext i32 {writer.put(f'load i32, ptr {here}, align 4')} to i64"))
    some = writer.put(f"icmp slt i64 {ends[0]}, {ends[1]}")
    writer.do(f"br i1 {some}, label %{loop}s, label %{loop}t")
    writer.label(f"{loop}s")
    inner = len(writer.lines)
    at = writer.integer("mul", f"%{loop}c", lanes)
    x = _gathered(writer, source, names[1], at, lanes)
    if factors is None:
        total = writer.arith("fadd", f"%{loop}a", x, kind)
    else:
        total = writer.fma(_numbers(writer, factors, at, lanes), x, f"%{loop}a", kind)
    after = writer.integer("add", f"%{loop}c", 1)
    more = writer.put(f"icmp slt i64 {after}, {ends[1]}")
    writer.lines[inner:inner] = [
        f"  %{loop}c = phi i64 [ {ends[0]}, %{loop} ], [ {after}, %{loop}s ]",
        f"  %{loop}a = phi {kind} [ {zero}, %{loop} ], [ {total}, %{loop}s ]",
    ]
    writer.do(f"br i1 {more}, label %{loop}s, label %{loop}t")
    writer.label(f"{loop}t")
    whole = writer.put(f"phi {kind} [ {zero}, %{loop} ], [ {total}, %{loop}s ]")
    if lanes > 1:
        parts = [writer.put(f"extractelement {kind} {whole}, i32 {lane}") for lane in range(lanes)]
        whole = parts[0]
        for part in parts[1:]:
            whole = writer.arith("fadd", whole, part, "double")
    store(f"%{loop}r", whole)
    nexts = writer.integer("add", f"%{loop}r", 1)
    again = writer.put(f"icmp slt i64 {nexts}, {matrix.rows}")
    writer.lines.insert(head, f"  %{loop}r = phi i64 [ 0, %{before} ], [ {nexts}, %{writer.block} ]")
    writer.do(f"br i1 {again}, label %{loop}, label %{loop}x")
    writer.label(f"{loop}x")
