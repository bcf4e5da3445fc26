"""The initial weights: their distribution, and the generator that draws them.

They must differ: neurons of a layer that start the same get the same gradients, and stay the same.  The two papers
cited below choose their size so that signals and gradients keep their size from layer to layer.
"""

import operator
import random
from collections.abc import Callable
from functools import partial
from math import sqrt
from typing import Any

from ..numbers import as_number

Init = str | float | Callable[[], float]
Seed = int | random.Random | None

# By name: a function that draws a weight, for a layer of `nout` neurons with `nin` inputs each and the generator r.
INITS: dict[str, Callable[[Any, int, int], float]] = {
    "uniform": lambda r, nin, nout: r.uniform(-1, 1),  # as in micrograd
    "xavier": lambda r, nin, nout: r.uniform(-1, 1) * sqrt(6 / (nin + nout)),  # Glorot & Bengio 2010, eq. 16
    "he": lambda r, nin, nout: r.normalvariate(0, sqrt(2 / nin)),  # He et al. 2015, arXiv:1502.01852, eq. 10
    "zeros": lambda r, nin, nout: 0.0,
    "constant": lambda r, nin, nout: 0.5,
}


def generator(seed: Seed) -> random.Random | None:
    """The generator that draws the weights; None stands for the one of the module `random`."""
    if seed is None or isinstance(seed, random.Random):
        return seed
    try:
        return random.Random(operator.index(seed))
    except TypeError:
        raise TypeError(f"a seed is an int, a random.Random or None, not {seed!r}") from None


def weights(init: Init, nin: int, nout: int, generator: random.Random | None) -> Callable[[], float]:
    """A function that returns the next weight at each call.

    >>> weights("xavier", 3, 3, None)() ** 2 <= 1
    True
    >>> weights("xaver", 3, 3, None)
    Traceback (most recent call last):
    ValueError: init is 'uniform', 'xavier', 'he', 'zeros', 'constant', a number or a function, not 'xaver'
    """
    if callable(init):
        return init
    if not isinstance(init, str):
        constant = as_number(init, "init")
        return lambda: constant
    if init not in INITS:
        raise ValueError(f"init is {', '.join(map(repr, INITS))}, a number or a function, not {init!r}")
    return partial(INITS[init], generator or random, nin, nout)
