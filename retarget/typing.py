"""The array types of the whole project; shapes, units and axes are in the docstrings that use them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
"""Of any precision."""
Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]
Ints = NDArray[np.int64]
Indices = NDArray[np.intp]
"""As `np.flatnonzero` and `np.argsort` return them."""
Bools = NDArray[np.bool_]
Numbers = NDArray[Any]
"""Of any dtype."""
