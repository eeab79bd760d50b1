"""The Hessian as a linear operator: products, trace and largest eigenvalues, without its entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylorad.derive.hessian import hvp
from taylorad.errors import DomainError, ShapeError

__all__ = ["hessian_eigenvalues", "hessian_operator", "hessian_trace"]

Function = Callable[..., Any]


def hessian_operator(f: Function, p: Any, *, args: Sequence[Any] = ()) -> Any:
    """The Hessian of f at p as a ``scipy.sparse.linalg.LinearOperator`` of shape (n, n), n = p.size.

    f is a function of one array of floats that returns one number; see :func:`taylorad.gradient`. Its products are
    exact up to rounding. Raises ShapeError where p is no array of floats, and as the products do. Cost of a product: at
    most fifteen times the operations of f.

    >>> import numpy as np, taylorad as ta
    >>> H = ta.hessian_operator(lambda x: np.sum(x**3), np.array([1.0, 2.0]))
    >>> H @ np.array([1.0, 1.0])
    array([ 6., 12.])
    """
    from scipy.sparse import linalg

    operator: Any = linalg.LinearOperator  # made of functions, which scipy's stubs do not know
    point = _point(p)
    product = hvp(f)

    def many(v: np.ndarray) -> np.ndarray:
        columns = v.shape[1]
        moved = product.over(1)(
            np.broadcast_to(point[..., None], (*point.shape, columns)), v.reshape(*point.shape, columns), *args
        )
        return moved.reshape(point.size, columns)

    def one(v: np.ndarray) -> np.ndarray:
        return np.ravel(product(point, np.reshape(v, point.shape), *args))

    return operator((point.size,) * 2, matvec=one, rmatvec=one, matmat=many, dtype=point.dtype)


def _point(p: Any) -> np.ndarray:
    point = np.asarray(p)
    if point.dtype.kind not in "iuf" or point.size == 0:
        raise ShapeError(f"a Hessian operator needs a point of floats; got an array of {point.dtype}, {point.shape}")
    return point.astype(np.float64)


def hessian_trace(
    f: Function, p: Any, samples: int = 100, *, args: Sequence[Any] = (), seed: int = 0
) -> tuple[float, float]:
    """An estimate of the trace of the Hessian (the Laplacian of f), and its standard error.

    The mean of v·Hv over random vectors of signs, whose expectation is the trace (M. F. Hutchinson, A stochastic
    estimator of the trace of the influence matrix, Commun. Stat. Simul. Comput. 19, 1990); exact for a diagonal one.
    ``seed`` chooses the vectors: equal arguments give equal results. An estimate, no bound. Raises DomainError for
    fewer than two samples. Cost: ``samples`` products with the Hessian.

    >>> import numpy as np, taylorad as ta
    >>> ta.hessian_trace(lambda x: np.sum(x**2), np.ones(5), samples=4)
    (10.0, 0.0)
    """
    if samples < 2:
        raise DomainError(f"an estimate with an error needs at least two samples, got {samples}")
    H = hessian_operator(f, p, args=args)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (H.shape[0], samples))
    values = np.einsum("ij,ij->j", signs, H.matmat(signs))
    return float(np.mean(values)), float(np.std(values, ddof=1) / samples**0.5)


def hessian_eigenvalues(
    f: Function, p: Any, k: int = 1, *, which: str = "LA", args: Sequence[Any] = (), tol: float = 0.0
) -> np.ndarray:
    """The k largest eigenvalues of the Hessian, in falling order, by Lanczos' method (``scipy.sparse.linalg.eigsh``).

    ``which`` is "LA" (largest), "SA" (smallest, in rising order) or "LM" (largest in size), ``tol`` the relative
    accuracy (0: of the machine). The start is fixed, so equal arguments give equal results. Up to 8 variables, and for
    k ≥ n, all eigenvalues of the dense matrix are computed. Raises DomainError for k < 1 or another word; scipy's
    ArpackNoConvergence where it does not converge. Cost: some ten products with the Hessian for each eigenvalue.

    >>> import numpy as np, taylorad as ta
    >>> ta.hessian_eigenvalues(lambda x: np.sum(np.arange(12.0) * x**2), np.ones(12), 2).round(6)
    array([22., 20.])
    """
    if k < 1 or which not in _ORDER:
        raise DomainError(f"k ≥ 1 eigenvalues, which one of {sorted(_ORDER)}; got k={k}, which={which!r}")
    H = hessian_operator(f, p, args=args)
    n = H.shape[0]
    if n <= _SMALL or k >= n:
        dense = H.matmat(np.eye(n))
        found = np.linalg.eigvalsh((dense + dense.T) / 2)
    else:
        from scipy.sparse.linalg import eigsh

        start = np.random.default_rng(0).standard_normal(n)
        solve: Any = eigsh  # scipy's stubs take tol for an int
        found = solve(H, k, which=which, v0=start, tol=tol, return_eigenvectors=False)
    return np.array(sorted(found, key=_ORDER[which])[:k])


_SMALL = 8
_ORDER: dict[str, Callable[[float], float]] = {"LA": lambda x: -x, "SA": lambda x: x, "LM": lambda x: -abs(x)}
