"""The page of benchmarks, from what ``pytest -m benchmark tests/benchmarks`` measured; ``python docs/benchmarks.py``.

Reads ``derivatives.json``, ``eager.json``, ``ode.json`` and ``precision.json`` in ``build/benchmarks`` and writes
``docs/pages/reference/benchmarks.md``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MEASURED = HERE.parent / "build" / "benchmarks"
PAGE = HERE / "pages" / "reference" / "benchmarks.md"
OURS = "taylorad"

HEAD = """\
# Benchmarks

Made from a run of `pytest -m benchmark tests/benchmarks` by `python docs/benchmarks.py`. All columns ran in one
process, in turns; the figures are CPU time, the best of seven rounds, on a shared machine. Ratios below 1.5 are ties.

"""

NOTES = """\
## What they mean

- *run* is one call from Python, with its overhead. jax.jet's calls cost some 10 µs at least, whatever they compute;
  python-flint's series are balls, which also bound the rounding error, and ours here are not.
- *make* is the time to the first result, with the process warm: for taylorad with an empty cache of compiled code,
  and with a full one; for jax.jet with tracing and compilation, which it does anew in every process.
- numpy's row is a textbook recurrence written by hand for that one function, vectorised over the points.
"""


def table(rows: dict[str, Any], kind: str) -> str:
    """One table: a line for each row, a column for each peer."""
    columns = list(dict.fromkeys(name for row in rows.values() for name in row[kind]))
    lines = [f"| | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for name, row in rows.items():
        if row[kind]:
            lines.append(f"| {name} | {' | '.join(figure(row[kind].get(c)) for c in columns)} |")
    return "\n".join(lines)


def figure(value: float | None) -> str:
    return (
        "–" if value is None else f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    )


def operations(eager: dict[str, Any]) -> str:
    """One table: single operations from Python, ours and FLINT's microseconds at every order."""
    orders = {key.split()[-1]: rows for key, rows in eager.items() if key.startswith("order ")}
    names = [row["name"] for row in next(iter(orders.values()))]
    lines = [f"| order | {' | '.join(f'`{n}`' for n in names)} |", "|---|" + "---|" * len(names)]
    for order, rows in orders.items():
        cells = {row["name"]: f"{figure(row['us'])} / {figure(row['flint_us'])}" for row in rows}
        lines.append(f"| {order} | {' | '.join(cells.get(n, '–') for n in names)} |")
    return "\n".join(lines)


def lost(rows: dict[str, Any], eager: dict[str, Any]) -> str:
    """Where a peer is faster."""
    found = [
        f"- `{row['name']}` at {key}: python-flint is faster, {figure(row['flint_us'])} µs against {figure(row['us'])}"
        for key, measured in eager.items()
        if key.startswith("order ")
        for row in measured
        if row["ratio"] < 1
    ]
    for what, kind in (("run", "run_us"), ("make", "make_ms")):
        for name, row in rows.items():
            mine = [v for k, v in row[kind].items() if k == OURS or k.startswith(f"{OURS}, cold")]
            better = [k for k, v in row[kind].items() if not k.startswith(OURS) and mine and v < mine[0]]
            found += [f"- {name}, {what}: {k} is faster" for k in better]
    return "\n".join(found) or (
        "In no row of this run. FLINT needs no construction at all, so for a handful of calls it is the faster one: "
        "our code pays for itself after some thousand calls, or ten thousand for deep functions."
    )


def problems(ode: dict[str, Any], precision: dict[str, Any]) -> str:
    """Initial value problems: a table of whole runs, what was lost in it, and the runs in many digits."""
    rows = ode["rows"]
    times = list(dict.fromkeys(k for row in rows for k in row if k.endswith("_ms") and k != "construction_ms"))
    heads = [OURS, *(k.removesuffix("_ms") for k in times), "error", *(f"{k.removesuffix('_ms')}'s" for k in times)]
    lines = [f"| | {' | '.join(heads)} |", "|---|" + "---|" * len(heads)]
    for row in rows:
        errors = [row.get(key) for key in ("error", *(k.replace("_ms", "_error") for k in times))]
        cells = [short(row["ms"]), *(short(row.get(k)) for k in times), *map(short, errors)]
        lines.append(f"| {row['name']} | {' | '.join(cells)} |")
    lost = [
        f"- {row['name']}: {k.removesuffix('_ms')} is faster, {short(row[k])} ms against {short(row['ms'])}"
        for row in rows
        for k in times
        if row.get(k) is not None and row[k] < row["ms"]
    ]
    lost += [
        f"- {row['name']}: our error is more than twice heyoka's"
        for row in rows
        if row.get("heyoka_error") is not None and row["error"] > 2 * row["heyoka_error"]
    ]
    many = [
        f"- {row['digits']} digits: {short(row['s'])} s"
        + (f", heyoka with numbers of MPFR's kind {short(row['heyoka_s'])} s" if "heyoka_s" in row else "")
        for row in precision["rows"]
    ]
    newline = "\n"
    return (
        "## Initial value problems, ms for a whole run at tolerance 1e-15\n\n"
        "heyoka in the fastest of its four modes for each problem; the errors are those at the end, relative.\n\n"
        f"{newline.join(lines)}\n\nLost:\n\n{newline.join(lost) or '- nothing in this run.'}\n\n"
        f"Lorenz' system to t = 20 in many digits, from Python:\n\n{newline.join(many)}"
    )


def short(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def page(data: dict[str, Any], eager: dict[str, Any], ode: dict[str, Any], precision: dict[str, Any]) -> str:
    """The text of the page."""
    versions = ", ".join(f"{name} {version}" for name, version in data["versions"].items())
    rows = data["rows"]
    return (
        f"{HEAD}{versions}; {data['machine']}.\n\n## Run, µs a call\n\n{table(rows, 'run_us')}\n\n"
        "## Single operations on series, µs: taylorad / python-flint at 53 bits\n\n"
        f"{operations(eager)}\n\n"
        f"## Make, ms to the first result\n\n{table(rows, 'make_ms')}\n\n"
        f"{problems(ode, precision)}\n\n"
        f"## Where we lose with series and derivatives\n\n{lost(rows, eager)}\n\n{NOTES}"
    )


if __name__ == "__main__":
    names = ("derivatives", "eager", "ode", "precision")
    PAGE.write_text(page(*(json.loads((MEASURED / f"{name}.json").read_text()) for name in names)))
