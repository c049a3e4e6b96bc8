"""Arrays by what they hold."""

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

F32: TypeAlias = NDArray[np.float32]
Weights: TypeAlias = Mapping[str, NDArray[Any]]
"""Arrays by their names in the state_dict."""

StoredValues: TypeAlias = (
    NDArray[np.uint8] | NDArray[np.int8] | NDArray[np.uint16] | NDArray[np.int16]
)

Array = TypeVar("Array", bound=np.ndarray[Any, Any])


def read_only(array: Array) -> Array:
    """The same array, marked read-only."""
    array.setflags(write=False)
    return array
