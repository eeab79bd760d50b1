import numpy as np
from scipy import special
_REAL = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt, "pow": np.power, "sin": np.sin, "cos": np.cos, "tan": np.tan, "atan2": np.arctan2, "tanh": np.tanh, "sech": lambda u: 1/np.cosh(u), "erf": special.erf}
def lookup(name, complex): return _REAL.get(name)
