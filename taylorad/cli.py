"""The command line: ``taylorad diff``, ``ode``, ``enclose``, ``integrate``, ``roots`` and ``functions``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from taylorad import __version__
from taylorad.errors import TayloradError

if TYPE_CHECKING:
    from taylorad.command.diff import Table

__all__ = ["main"]

_MISUSE = 2  # exit status of a command that was typed wrongly, or whose function has no series there


class _Parser(argparse.ArgumentParser):
    """Errors are one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(_MISUSE, f"{self.prog}: {message} (try {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="taylorad", description="Taylor series by computer.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"taylorad {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)

    def command(name: str, help: str, description: str, example: str) -> argparse.ArgumentParser:
        epilog = f"example: taylorad {name} {example}"
        return commands.add_parser(name, help=help, description=description, epilog=epilog, allow_abbrev=False)

    diff = command(
        "diff",
        "derivatives of any order of a function that you type",
        "Derivatives of any order of a function that you type, with the Taylor coefficients.",
        '"exp(sin(x))/(1+x**2)" --at 0.6 --order 20',
    )
    diff.add_argument("function", help='such as "exp(sin(x))/(1+x**2)", in one variable of any name')
    diff.add_argument("--at", default="0", metavar="POINT", help="0.6, 3/5, pi/4, 0.6+1j (default 0)")
    diff.add_argument("--order", type=int, default=10, metavar="K", help="the highest order (default 10)")
    diff.add_argument("--digits", type=int, metavar="N", help="N digits (mpmath), or with --rigorous certified ones")
    diff.add_argument("--rigorous", action="store_true", help="Arb balls: every digit shown is proven")
    diff.add_argument("--exact", action="store_true", help="fractions, where every value is rational")
    diff.add_argument("--series", action="store_true", help="the series c_0 + c_1 t + ... + O(t^(K+1)) as well")
    diff.add_argument("--plot", metavar="FILE", help="draw the function and its Taylor polynomials to FILE (.png)")
    ode = command(
        "ode",
        "solve differential equations that you type",
        "Solve differential equations by Taylor's method.",
        '"x\' = y; y\' = -sin(x)" --y0 0.5,0 --t 20 --csv out.csv',
    )
    ode.add_argument(
        "system", help="equations such as \"x' = y; y' = -x\" (t is the time), or a name: lorenz, two-body, chain …"
    )
    ode.add_argument("--y0", dest="start", metavar="VALUES", help="initial values, 0.5,0")
    ode.add_argument("--t", metavar="END", help="the end, or beginning,end (default 10)")
    ode.add_argument("--rtol", type=float, help="relative tolerance (default 1e-12)")
    ode.add_argument("--atol", type=float, help="absolute tolerance (default 1e-14)")
    ode.add_argument("--digits", type=int, metavar="N", help="compute in N digits, typed numbers taken exactly")
    ode.add_argument("--points", type=int, default=2001, metavar="N", help="rows of the table, points of the picture")
    ode.add_argument("--csv", metavar="FILE", help="write a table to FILE")
    ode.add_argument("--plot", metavar="FILE", help="draw the solution to FILE (.png)")
    enclose = command(
        "enclose",
        "proved bounds of a function and of its derivatives on an interval",
        "Bounds that are proved: of the values on an interval, and of f^(k)(x)/k! at all of its points.",
        '"exp(sin(x))" --on 0,1 --order 20',
    )
    enclose.add_argument("function", help='such as "exp(sin(x))"; decimals are exactly what is typed')
    enclose.add_argument("--on", required=True, metavar="A,B", help="the interval, 0,1 or -pi/2,1/3")
    enclose.add_argument("--order", type=int, default=5, metavar="K", help="the highest order (default 5)")
    integrate = command(
        "integrate",
        "a definite integral, enclosed",
        "A definite integral between two bounds that are proved.",
        '"exp(-x**2)" --from 0 --to 1 --tol 1e-15',
    )
    integrate.add_argument("function", help='such as "exp(-x**2)"')
    integrate.add_argument("--from", dest="start", required=True, metavar="A", help="0, 0.1, 1/3")
    integrate.add_argument("--to", dest="end", required=True, metavar="B", help="the other end")
    integrate.add_argument("--tol", type=float, default=1e-12, help="the width to reach (default 1e-12)")
    roots = command(
        "roots",
        "all zeros of a function on an interval, proved",
        "All zeros on an interval: each box holds exactly one, or is named undecided; elsewhere are none.",
        '"sin(x)-x/3" --on 1,4',
    )
    roots.add_argument("function", help='such as "sin(x)-x/3"')
    roots.add_argument("--on", required=True, metavar="A,B", help="the interval")
    for some in (diff, enclose, integrate, roots):
        some.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    commands.add_parser("functions", help="the functions that an expression may call", allow_abbrev=False)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0, or 2 for input that has no answer (with one message)."""
    given = sys.argv[1:] if argv is None else argv
    # "-x**2" and "-pi/4" are no options: all of ours but -h begin with two hyphens
    words = [f" {a}" if a[:1] == "-" and a[1:2] != "-" and a != "-h" else a for a in given]
    options = _parser().parse_args(words)
    try:
        if options.command == "functions":
            _functions()
        elif options.command == "ode":
            return _ode(options)
        elif options.command in ("enclose", "integrate", "roots"):
            _prove(options)
        else:
            _diff(options)
    except TayloradError as error:
        print(f"taylorad: {error}", file=sys.stderr)
        return _MISUSE
    except (OverflowError, MemoryError) as error:
        print(f"taylorad: a number is too large here ({error}); try --rigorous or a lower order", file=sys.stderr)
        return _MISUSE
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130
    return 0


def _functions() -> None:
    from taylorad.expression import functions

    found = list(functions())
    width = max(len(call) for call, _ in found)
    for call, doc in found:
        print(f"{call:<{width}}  {doc}")


def _diff(options: argparse.Namespace) -> None:
    from taylorad.command.diff import table

    if options.exact and (options.rigorous or options.digits is not None):
        raise TayloradError("--exact has all digits already: leave --digits and --rigorous out")
    if options.exact:
        mode = "exact"
    elif options.rigorous:
        mode = "rigorous"
    else:
        mode = "float" if options.digits is None else "digits"
    found = table(options.function, options.at, options.order, mode, 16 if options.digits is None else options.digits)
    print(found.json() if options.json else found.text())
    if options.series and not options.json:
        print(f"\nf({found.at} + t) = {found.series}")
    if options.plot is not None:
        _plot(found, options.plot)


def _prove(options: argparse.Namespace) -> None:
    from taylorad.command import proofs

    if options.command == "enclose":
        found = proofs.enclose(options.function, options.on, options.order)
        lines = [f"values   {_between(found['range'])}"]
        lines += [f"f^({k})/{k}!  {_between(c)}" for k, c in enumerate(found["coefficients"])]
    elif options.command == "integrate":
        found = proofs.integrate(options.function, options.start, options.end, options.tol)
        lines = [_between(found["integral"])]
    else:
        found = proofs.roots(options.function, options.on)
        lines = [f"{_between(zero['box'])}  {_proved(zero)}" for zero in found["zeros"]] or ["no zeros"]
        if not found["complete"]:
            lines.append("and part of the interval was not searched")
    if options.json:
        import json

        print(json.dumps(found))
    else:
        print("\n".join(lines))


def _proved(zero: dict[str, Any]) -> str:
    if zero["proved"] == "unique":
        many = zero["multiplicity"]
        return "exactly one zero" if many == 1 else f"exactly one zero of multiplicity {many}"
    words = {"everywhere": "zero everywhere", "exists": "at least one zero"}.get(zero["proved"], "undecided")
    return words if zero["at_most"] is None else f"{words}, at most {zero['at_most']}"


def _between(ends: Sequence[float]) -> str:
    return f"[{ends[0]!r}, {ends[1]!r}]"


def _ode(options: argparse.Namespace) -> int:
    from taylorad.command.ode import integrate

    if options.points < 2:
        raise TayloradError(f"--points {options.points} must be at least 2")
    answer = integrate(options.system, options.start, options.t, options.rtol, options.atol, options.digits)
    print(answer.text())
    if options.csv is not None:
        answer.save(options.csv, options.points)
    if options.plot is not None:
        answer.plot(options.plot, options.points)
    return 0 if answer.solution.success else 1


def _plot(found: Table, path: str) -> None:
    from taylorad.plot import polynomials

    try:
        polynomials(found.function, found.center, found.order, path, title=found.function.text)
    except (ImportError, OSError, ValueError) as error:
        if isinstance(error, TayloradError):
            raise
        raise TayloradError(f"no picture at {path}: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
