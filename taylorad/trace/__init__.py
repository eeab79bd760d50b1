"""Tracing: what a Python function computes, found by calling it with values that remember."""

from taylorad.trace.array import Traced, TracedArray
from taylorad.trace.graph import Graph, trace

__all__ = ["Graph", "Traced", "TracedArray", "trace"]
