"""How the cost of a sample falls with their number, from one option to a million: Black–Scholes prices and greeks."""

from functools import partial
from typing import Any

from compiled import black_scholes
from measure import Options, compare
from peers import COMPILED

PEERS = ("torch", "jax", "casadi", "autograd")
WORKLOADS = ("1", "10", "100", "1000", "10000", "100000", "1000000")
QUICK = 1000


def measure(name: str, options: Options) -> dict[str, Any]:
    """The entries of one number of samples; times are of them all."""
    samples = int(name)
    if options.quick and samples > QUICK:
        return {"entries": {}}
    entries = compare(partial(black_scholes, n=samples), COMPILED, PEERS, options, rounds=9)
    return {"title": f"{samples:,} sample{'s' * (samples > 1)}", "samples": samples, "entries": entries}
