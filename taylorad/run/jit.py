"""Machine code in and out of this process. The only file that imports llvmlite."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.metadata
import json
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import llvmlite
import llvmlite.binding as llvm
import numpy as np

from taylorad.errors import CompilationError
from taylorad.run import cache
from taylorad.run.sources import sources
from taylorad.run.writer import Target

__all__ = ["Host", "Loaded", "assembly", "compile_text", "host", "load", "obtain"]

_lock = threading.RLock()
_WRITERS = ("run/*", "book/*", "rings/values/native", "series/recurrence")


@final
@dataclass(frozen=True, slots=True)
class Host:
    """The machine that code is generated for."""

    triple: str
    cpu: str
    features: str
    target: Target

    @property
    def identity(self) -> str:
        """What object code depends on beside its text."""
        return "|".join((self.triple, self.cpu, self.features, llvmlite.__version__))


@functools.cache
def host(triple: str = "", cpu: str = "", features: str = "") -> Host:
    """This machine, or another one by its triple; raises CompilationError where LLVM knows neither.

    Vectors hold as many doubles as a register: 8 with AVX-512, 4 with AVX, else 2. The processor's name and
    features are always given to LLVM: without them a fused multiply-add becomes a call into the C library.
    """
    try:
        if triple:
            llvm.initialize_all_targets()
            llvm.initialize_all_asmprinters()
        else:
            llvm.initialize_native_target()
            llvm.initialize_native_asmprinter()
            triple, cpu = llvm.get_process_triple(), llvm.get_host_cpu_name()
            features = llvm.get_host_cpu_features().flatten()
    except RuntimeError as problem:
        raise CompilationError(
            f"LLVM cannot generate code on this machine: {problem}; series are interpreted"
        ) from problem
    have = {f[1:] for f in features.split(",") if f.startswith("+")}
    arm = triple.startswith(("aarch64", "arm64"))
    lanes = 8 if "avx512f" in have else 4 if "avx" in have else 2
    return Host(triple, cpu, features, Target(lanes, arm or "fma" in have))


def _machine(where: Host, level: int = 2) -> Any:
    try:
        target = llvm.Target.from_triple(where.triple)
        return target.create_target_machine(
            cpu=where.cpu, features=where.features, opt=level, reloc="pic", codemodel="default"
        )
    except RuntimeError as problem:
        raise CompilationError(f"LLVM has no code generator for {where.triple}: {problem}") from problem


def _module(text: str, where: Host) -> Any:
    try:
        module = llvm.parse_assembly(f'target triple = "{where.triple}"\n{text}')
        module.verify()  # broken IR would end the process later, without a message
    except RuntimeError as problem:
        raise CompilationError(f"the generated code is not valid: {problem}") from problem
    return module


def compile_text(text: str, where: Host, passes: str = "", level: int = 2) -> bytes:
    """Object code for LLVM IR. No passes run unless asked for: kernels are already what they would make of them.

    ``passes`` is ``"plain"`` for LLVM's optimiser, or ``"wide"`` where it is to make vectors of loops, too. ``level``
    is the code generator's: long code is ready a tenth sooner at 1, and as fast.
    """
    with _lock:
        machine, module = _machine(where, level), _module(text, where)
        if passes:
            options = llvm.create_pipeline_tuning_options(speed_level=2)
            options.loop_vectorization = passes == "wide"
            # twice the time and twice the code, for next to nothing
            options.slp_vectorization = options.loop_unrolling = options.loop_interleaving = False
            builder = llvm.create_pass_builder(machine, options)
            builder.getModulePassManager().run(module, builder)
        return machine.emit_object(module)


def assembly(text: str, where: Host) -> str:
    """The same as assembly text."""
    with _lock:
        return _machine(where).emit_assembly(_module(text, where))


class _Method(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("method", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_FASTCALL = 0x80
_KERNEL = ctypes.CFUNCTYPE(
    ctypes.c_int64, *(ctypes.c_void_p,) * 2, *(ctypes.c_int64,) * 4, ctypes.c_void_p
)  # the GIL is released during a call


@final
class Loaded:
    """Machine code in memory: ``kernel`` is called through ctypes, without the GIL; see :meth:`door`."""

    __slots__ = ("_engine", "_kept", "address", "kernel")

    def __init__(self, engine: Any, name: str) -> None:
        self._engine = engine
        self.address: int = engine.get_function_address(name)
        self.kernel = _KERNEL(self.address)
        self._kept: list[Any] = []

    def find(self, name: str) -> int:
        """The address of another exported function."""
        return self._engine.get_function_address(name)

    def door(self, facts: bytes) -> Callable[..., Any]:
        """The way in for arrays: see :mod:`taylorad.run.entry`."""
        method = _Method(b"kernel", _door().address, _FASTCALL, b"See taylorad.run.entry.")
        self._kept.append(method)
        make = ctypes.pythonapi.PyCFunction_NewEx
        make.restype, make.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
        return make(ctypes.addressof(method), facts, None)


@functools.cache
def _door() -> Loaded:
    from taylorad.run.entry import door

    return obtain(("door",), lambda: (door(), {"symbols": []}), "door")[0]


@functools.cache
def _resolve(symbol: str) -> None:
    """Tell LLVM where a function of the C library is."""
    if symbol.startswith("llvm."):
        return
    library: Any = ctypes.cdll.ucrtbase if sys.platform == "win32" else ctypes.CDLL(None)
    function = getattr(library, symbol, None)
    if function is None:
        raise CompilationError(f"the C library of this machine has no {symbol}")
    llvm.add_symbol(symbol, ctypes.cast(function, ctypes.c_void_p).value)


_kept: list[Any] = []  # an entry may outlive its kernel, so code is never unloaded


def load(code: bytes, where: Host, symbols: Sequence[str] = (), name: str = "kernel") -> Loaded:
    """Put object code into this process; raises CompilationError when it is damaged or a symbol is missing."""
    with _lock:
        try:
            for symbol in symbols:
                _resolve(symbol)
            engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine(where))
            engine.add_object_file(llvm.ObjectFileRef.from_data(code))
            engine.finalize_object()
            loaded = Loaded(engine, name)
        except RuntimeError as problem:
            if isinstance(problem, CompilationError):
                raise
            raise CompilationError(f"machine code could not be loaded: {problem}") from problem
        _kept.append(loaded)
        return loaded


Facts = dict[str, Any]


def obtain(
    identity: tuple[object, ...],
    make: Callable[[], tuple[str, Facts]],
    name: str = "kernel",
    passes: str = "",
    level: int = 2,
) -> tuple[Loaded, Facts]:
    """The code called ``identity``, from the disk, or compiled from the text that ``make`` writes and then kept.

    ``make`` returns LLVM IR and facts about it (JSON, ``"symbols"`` among them), which are kept beside the code;
    ``passes`` and ``level`` are those of :func:`compile_text`.
    """
    where = host()
    key = hashlib.blake2b(repr((identity, where.identity, _generator(), _numpy())).encode(), digest_size=20).hexdigest()
    kept = cache.get(key)
    if kept is not None:
        head, _, code = kept.partition(b"\n")
        facts = json.loads(head)
        return load(code, where, facts["symbols"], name), facts
    text, facts = make()
    code = compile_text(text, where, passes, level)
    loaded = load(code, where, facts["symbols"], name)
    cache.put(key, json.dumps(facts).encode() + b"\n" + code)
    return loaded, facts


@functools.cache
def _generator() -> str:
    """Which code generator this is: the version, and what the files that decide the code say."""
    return f"{importlib.metadata.version('taylorad')}:{sources(*_WRITERS)}"


@functools.cache
def _numpy() -> str:
    """The layout of objects that the door relies on; CompilationError where it does not hold."""
    from taylorad.run.entry import layout_holds

    if not layout_holds():
        raise CompilationError("this Python lays out arrays in a way that kernels do not know; series are interpreted")
    return f"{object.__basicsize__}:{np.__version__.split('.')[0]}"
