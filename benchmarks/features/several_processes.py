"""Work shared by several processes

Can the package spread a gradient over processes or machines and add up the parts? Sending the parts out by other
means is `partly`.
"""

import pickle
from typing import Any

from benchmarks.features.common import Absent, ByHand, Documented, python, right


def autograd_mini() -> Any:
    import autograd_mini as ag

    w = ag.Value(2.0)
    compiled = ag.compile(lambda x: (w * x) ** 2, params=[w], reduce="sum")
    compiled([1.0])
    program = "import pickle, sys; print(pickle.load(sys.stdin.buffer).value_and_grad({})[1][0])"
    stored = pickle.dumps(compiled)
    return ByHand(sum(float(python(program.format(part), stdin=stored)) for part in ([1.0, 2.0], [3.0])))


def micrograd() -> Any:
    raise Absent("it is a program of one process")


def hips() -> Any:
    raise Absent("it is a program of one process")


def torch() -> Any:
    return Documented(
        "yes",
        "torch.distributed, with DistributedDataParallel, runs on many processes and machines.",
        "https://docs.pytorch.org/docs/stable/distributed.html",
    )


def jax() -> Any:
    return Documented(
        "yes",
        "Arrays are sharded over the devices of many processes; jit adds the communication.",
        "https://docs.jax.dev/en/latest/501/index.html",
    )


def casadi() -> Any:
    return Documented(
        "partly",
        "Function.map runs samples on threads; Functions are pickled to be sent to processes.",
        "https://web.casadi.org/docs/#for-loop-equivalents",
    )


def mygrad() -> Any:
    raise Absent("it is a program of one process")


def judge(got: Any) -> str:
    return right(got, 2.0 * 2.0 * (1.0 + 4.0 + 9.0))
