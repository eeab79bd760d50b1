"""One node for each content: where nodes are made, and the names by which they are known.

The ``digest`` of a node is a hash of its kind and its parts, of which nodes count by their own digests. So it does not
depend on what was computed before or in which process, and nodes of one digest are one object. With 128 bits of
BLAKE2b (RFC 7693) two contents of one digest are not to be expected.
"""

from __future__ import annotations

import threading
import weakref
from fractions import Fraction
from hashlib import blake2b
from typing import Any

__all__ = ["intern", "said"]

_table: weakref.WeakValueDictionary[Any, Any] = weakref.WeakValueDictionary()
_lock = threading.RLock()


def intern(
    kind: type[Any],
    parts: tuple[Any, ...],
    operands: tuple[Any, ...],
    valuation: int,
    degree: int,
    size: int = 0,
    *,
    content: bytes | None = None,
    apart: Any = None,
) -> Any:
    """The one node of a kind with these parts, of the size of its operands unless another is given.

    ``content`` is :func:`said` of the parts, or anything else that tells parts of this kind from one another. Nodes
    whose content does not tell all, because a part is an object that only its identity names, differ by ``apart``.
    Raises ValueError where the sizes of the operands do not fit.
    """
    digest = blake2b(kind.mark + (said(parts) if content is None else content), digest_size=16).digest()
    key = digest if apart is None else (digest, apart)
    with _lock:
        found = _table.get(key)
        if found is None:
            found = object.__new__(kind)
            found.parts, found.operands, found.digest = parts, operands, digest
            found.valuation, found.degree, found.size = valuation, degree, size or _common(operands)
            _table[key] = found
    return found


def said(part: Any) -> bytes:
    """What tells a part from others: numbers in full, tuples by their elements, all else by its digest or its repr."""
    kind = type(part)
    if kind is int:
        return b"%d;" % part
    if kind is tuple:
        return b"(" + b"".join(map(said, part)) + b")"
    if kind is Fraction:
        return b"%d/%d;" % (part.numerator, part.denominator)
    digest = getattr(part, "digest", None)
    if digest is not None:
        return b"#" + digest
    text = repr(part).encode()
    return b"%s %d:%s" % (kind.__name__.encode(), len(text), text)


def _common(nodes: tuple[Any, ...]) -> int:
    """The size of what is made of ``nodes`` element by element."""
    size = 1
    for n in nodes:
        if n.size != size != 1 != n.size:
            raise ValueError(f"nodes of sizes {sorted({size, n.size})} do not go together element by element")
        size = max(size, n.size)
    return size
