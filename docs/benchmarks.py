"""The page of benchmarks, from what ``pytest -m benchmark tests/benchmarks`` measured; ``python docs/benchmarks.py``.

Reads ``derivatives``, ``eager``, ``ode``, ``peers`` and ``precision.json`` in ``build/benchmarks`` and writes
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


def problems(ode: dict[str, Any], peers: dict[str, Any], precision: dict[str, Any]) -> str:
    """Initial value problems: whole runs beside heyoka, and beside methods of Runge and Kutta; runs in many digits."""
    many = [
        f"- {row['digits']} digits: {short(row['s'])} s"
        + (f", heyoka with numbers of MPFR's kind {short(row['heyoka_s'])} s" if "heyoka_s" in row else "")
        for row in precision["rows"]
    ]
    newline = "\n"
    return (
        "## Initial value problems, ms for a whole run at tolerance 1e-15\n\n"
        "heyoka in the fastest of its four modes for each problem; the errors are those at the end, relative. The loop "
        f"alone:\n\n{runs(ode['rows'])}\n\n"
        "Another run, called from Python, beside DOP853 of CyRK (C++, right-hand sides made by numba; at 1e-13) and "
        f"of scipy (at 1e-12):\n\n{runs(peers['rows'])}\n\n"
        f"Lorenz' system to t = 20 in many digits, from Python:\n\n{newline.join(many)}"
    )


def runs(rows: list[dict[str, Any]]) -> str:
    """A table of whole runs, and what was lost in it."""
    times = list(dict.fromkeys(k for row in rows for k in row if k.endswith("_ms") and k != "construction_ms"))
    names = [k.removesuffix("_ms").replace("cyrk", "CyRK") for k in times]
    heads = [OURS, *names, "error", *(f"{name}'s" for name in names)]
    lines = [f"| | {' | '.join(heads)} |", "|---|" + "---|" * len(heads)]
    for row in rows:
        errors = [row.get(key) for key in ("error", *(k.replace("_ms", "_error") for k in times))]
        cells = [short(row["ms"]), *(short(row.get(k)) for k in times), *map(short, errors)]
        lines.append(f"| {row['name']} | {' | '.join(cells)} |")
    lost = [
        f"- {row['name']}: {name} is faster, {short(row[k])} ms against {short(row['ms'])}"
        for row in rows
        for k, name in zip(times, names, strict=True)
        if row.get(k) is not None and row[k] < row["ms"]
    ]
    lost += [
        f"- {row['name']}: our error is more than twice {name.removesuffix('_error')}'s"
        for row in rows
        for name in row
        if name.endswith("_error") and row["error"] > 2 * row[name]
    ]
    return "\n".join([*lines, "", "Lost:", "", *(lost or ["- nothing in this run."])])


def short(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(short, value))
    return "–" if value is None else str(value) if isinstance(value, (str, int)) else f"{value:.3g}"


def sheet(rows: list[dict[str, Any]]) -> str:
    """Rows of figures as they were measured, a column for each."""
    heads = list(dict.fromkeys(key for row in rows for key in row))
    lines = [f"| {' | '.join(head.replace('_', ' ') for head in heads)} |", "|---" * len(heads) + "|"]
    lines += [f"| {' | '.join(short(row.get(head)) for head in heads)} |" for row in rows]
    return "\n".join(lines)


def named(rows: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"": name, **row} for name, row in rows.items()]


def others(measured: dict[str, Any]) -> str:
    """Ensembles, events, many variables, gradients and enclosures: what was measured, as it was."""
    parts = [
        ("Ensembles, ms on one core at tolerance 1e-15", measured["ensemble"]),
        ("Events and dense output: times of a plain run from Python", measured["events"]["rows"]),
        ("Gradients and Hessians beside jitted jax", named(measured["gradient"]["rows"])),
        *(
            (f"Polynomials in several variables: {key}", rows)
            for key, rows in measured["multivariate"].items()
            if isinstance(rows, list)
        ),
        ("Solutions enclosed, beside CAPD 6.1's published figures", named(measured["validated"]["problems"])),
        ("Single operations on intervals, µs from Python", measured["enclosures"]["single"]),
        ("Coefficients of exp(sin x) over boxes: widths over FLINT's, and µs", measured["enclosures"]["coefficients"]),
        ("Ranges by Taylor models", measured["enclosures"]["models"]),
        ("Remainders of Taylor models over the true ones, and µs", measured["enclosures"]["remainders"]),
    ]
    return "\n\n".join(f"## {title}\n\n{sheet(rows)}" for title, rows in parts)


def page(data: dict[str, Any], eager: dict[str, Any], more: dict[str, Any], *ode: dict[str, Any]) -> str:
    """The text of the page."""
    versions = ", ".join(f"{name} {version}" for name, version in data["versions"].items())
    rows = data["rows"]
    return (
        f"{HEAD}{versions}; {data['machine']}.\n\n## Run, µs a call\n\n{table(rows, 'run_us')}\n\n"
        "## Single operations on series, µs: taylorad / python-flint at 53 bits\n\n"
        f"{operations(eager)}\n\n"
        f"## Make, ms to the first result\n\n{table(rows, 'make_ms')}\n\n"
        f"{problems(*ode)}\n\n"
        f"{others(more)}\n\n"
        f"## Where we lose with series and derivatives\n\n{lost(rows, eager)}\n\n{NOTES}"
    )


def read(name: str) -> Any:
    return json.loads((MEASURED / f"{name}.json").read_text())


if __name__ == "__main__":
    more = {name: read(name) for name in ("ensemble", "events", "gradient", "multivariate", "validated", "enclosures")}
    PAGE.write_text(page(read("derivatives"), read("eager"), more, *map(read, ("ode", "peers", "precision"))))
