"""A solution in a file: numpy's npz format, read without pickle.

>>> import tempfile, pathlib, taylorad as ta
>>> s = ta.solve_ivp(lambda t, y: -y, (0, 1), [1.0], dense_output=True)
>>> path = pathlib.Path(tempfile.mkdtemp()) / "run.npz"
>>> s.save(path)
>>> bool(ta.load_solution(path).sol(0.5) == s.sol(0.5))
True
"""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any, cast

import numpy as np

from taylorad.errors import DomainError, TayloradError
from taylorad.ode.dense import DenseSolution
from taylorad.ode.march import Piece
from taylorad.ode.solution import Solution, Status

__all__ = ["load_solution", "write"]

_FORMAT = "taylorad solution 1"


def write(s: Solution, path: str | os.PathLike[str]) -> None:
    """Everything in ``s`` at ``path``, complete or not at all; TayloradError where it cannot be written."""
    arrays: dict[str, np.ndarray] = {"t": s.t, "y": s.y, "rtol": np.asarray(s.rtol), "atol": np.asarray(s.atol)}
    if isinstance(s.sol, DenseSolution):
        arrays |= {"dense_times": s.sol.times, "dense_coefficients": s.sol.coefficients}
        arrays["dense_breaks"] = np.array(s.sol.breaks, np.int64)
    elif s.sol is not None:
        from taylorad.ode.exact_files import dense_arrays

        arrays |= dense_arrays(s.sol)
    for kind, found in (("t_events", s.t_events), ("y_events", s.y_events)):
        arrays |= {f"{kind}_{i}": rows for i, rows in enumerate(found or [])}
    arrays |= {f"arg_{i}": np.asarray(a) for i, a in enumerate(s.args.values())}
    facts = {
        "format": _FORMAT,
        "status": int(s.status),
        "message": s.message,
        "counts": [s.nfev, s.njev, s.nlu],
        "stats": {name: plain(x) for name, x in s.stats.items()},
        "names": s.names,
        "args": list(s.args),
        "events": None if s.t_events is None else len(s.t_events),
    }
    for name in [name for name, a in arrays.items() if a.dtype.kind in "OU"]:
        from taylorad.ode.exact_files import texts

        arrays[f"text_{name}"] = texts(arrays.pop(name).astype(object))
    arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    target = Path(path)
    fresh = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with fresh.open("wb") as file:
            cast(Any, np.savez)(file, **arrays)
        fresh.replace(target)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise TayloradError(f"no solution at {target}: {error}") from error


def plain(x: Any) -> Any:
    """Numbers and arrays of them, in lists, as json has them."""
    if isinstance(x, (list, tuple)):
        return [plain(item) for item in x]
    if isinstance(x, (np.ndarray, np.generic)):
        return x.tolist()
    return x if isinstance(x, (bool, int, float, str, type(None))) else str(x)


def load_solution(path: str | os.PathLike[str]) -> Solution:
    """The :class:`taylorad.ode.solution.Solution` that its method ``save`` wrote; nothing in the file is executed.

    The very numbers that were saved, to the last bit, with dense output where it was kept. Raises DomainError where the
    file is not such a solution, and FileNotFoundError.
    """
    try:
        with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
            arrays: dict[str, Any] = {name: file[name] for name in file.files}
        facts = json.loads(arrays["facts"].tobytes())
        if facts["format"] != _FORMAT:
            raise DomainError(f"{path} has the format {facts['format']!r}; this version reads {_FORMAT!r}")
        dense: Any = None
        if "exact_rows" in arrays:
            from taylorad.ode.exact_files import dense_of

            dense = dense_of(arrays)
        for name in [name for name in arrays if name.startswith("text_")]:
            from taylorad.ode.exact_files import exact_array

            arrays[name.removeprefix("text_")] = exact_array(arrays[name])
        if "dense_times" in arrays:
            dense = DenseSolution([Piece(arrays["dense_times"], arrays["dense_coefficients"])])
            dense.breaks = arrays["dense_breaks"].tolist()
        numbers = None if facts["events"] is None else range(facts["events"])
        return Solution(
            arrays["t"],
            arrays["y"],
            dense,
            None if numbers is None else [arrays[f"t_events_{i}"] for i in numbers],
            None if numbers is None else [arrays[f"y_events_{i}"] for i in numbers],
            nfev=facts["counts"][0],
            njev=facts["counts"][1],
            nlu=facts["counts"][2],
            status=Status(facts["status"]),
            message=facts["message"],
            stats=facts["stats"],
            args={name: arrays[f"arg_{i}"][()] for i, name in enumerate(facts["args"])},
            names=tuple(facts["names"]),
            rtol=arrays["rtol"],
            atol=arrays["atol"],
        )
    except (zipfile.BadZipFile, EOFError, KeyError, ValueError, TypeError, AttributeError) as error:
        if isinstance(error, DomainError):
            raise
        raise DomainError(f"{path} is not a solution that taylorad saved ({error})") from error
