"""Work: floating-point operations of any JAX function, counted on its jaxpr, the same way for every model."""

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx


@dataclasses.dataclass(frozen=True)
class Work:
    """How much one call computes.

    Attributes:
        flops: Floating-point (and integer) operations; a multiply-add counts two.
        parts: The same, by name of the primitive.
    """

    flops: float
    parts: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def __add__(self, other: "Work") -> "Work":
        return Work(self.flops + other.flops, dict(Counter(self.parts) + Counter(other.parts)))

    def __mul__(self, times: float) -> "Work":
        return Work(self.flops * times, {name: part * times for name, part in self.parts.items()})


def count(function: Callable, *args: Any, trips: int | None = None) -> Work:
    """Count the work of `function(*args)` without running it.

    Matrix products and convolutions count 2 for each multiply-add; everything elementwise (also `exp`, `log`, `tanh`)
    1 for each element it makes; reductions 1 for each element they take; moving data 0; a `scan` its body times its
    length; a `cond` its dearest branch. Gradients count as what they compute: give `jax.grad(f)`.

    Args:
        function: Anything that JAX can trace.
        args: Arrays, modules, or `jax.ShapeDtypeStruct` in their place.
        trips: How often every `while_loop` inside goes round.

    Raises:
        ValueError: The function holds a `while_loop` and `trips` is not given.
    """
    jaxpr = eqx.filter_make_jaxpr(function)(*args)[0]
    parts = _Counter(trips).jaxpr(jaxpr.jaxpr)
    return Work(float(sum(parts.values())), dict(parts))


_FREE = frozenset(
    [
        "broadcast_in_dim",
        "reshape",
        "transpose",
        "squeeze",
        "expand_dims",
        "slice",
        "dynamic_slice",
        "dynamic_update_slice",
        "gather",
        "concatenate",
        "pad",
        "rev",
        "iota",
        "convert_element_type",
        "bitcast_convert_type",
        "copy",
        "copy_p",
        "device_put",
        "stop_gradient",
        "split",
        "select_and_gather_add",
        "random_wrap",
        "random_unwrap",
        "optimization_barrier",
        "scatter",
        "sharding_constraint",
        "reduce_precision",
        "empty",
        "name",
        "pvary",
    ]
)
_OVER_INPUT = ("reduce", "argmax", "argmin", "cum")


def _size(variable: Any) -> int:
    return math.prod(getattr(variable.aval, "shape", ()))


def _dot(equation: Any) -> float:
    (contracted, _), _ = equation.params["dimension_numbers"]
    shape = equation.invars[0].aval.shape
    return 2.0 * _size(equation.outvars[0]) * math.prod(shape[axis] for axis in contracted)


def _convolution(equation: Any) -> float:
    kernel, numbers = equation.invars[1].aval.shape, equation.params["dimension_numbers"]
    return 2.0 * _size(equation.outvars[0]) * math.prod(kernel) / kernel[numbers.rhs_spec[0]]


def _square(share: float) -> Callable[[Any], float]:
    """Work of a factorisation of (batches of) `m x n` matrices, as a share of `m n min(m, n)`."""

    def work(equation: Any) -> float:
        *_, m, n = equation.invars[0].aval.shape
        return share * _size(equation.invars[0]) * min(m, n)

    return work


def _triangular_solve(equation: Any) -> float:
    return float(_size(equation.outvars[0]) * equation.invars[0].aval.shape[-1])


def _sort(equation: Any) -> float:
    length = equation.invars[0].aval.shape[equation.params.get("dimension", -1)]
    return _size(equation.invars[0]) * max(1.0, math.log2(max(length, 1)))


def _updates(equation: Any) -> float:
    return float(_size(equation.invars[2]))


_OWN: dict[str, Callable[[Any], float]] = {
    "dot_general": _dot,
    "conv_general_dilated": _convolution,
    "cholesky": _square(1 / 3),
    "lu": _square(2 / 3),
    "geqrf": _square(4 / 3),
    "householder_product": _square(4 / 3),
    "eigh": _square(9.0),
    "svd": _square(12.0),
    "triangular_solve": _triangular_solve,
    "sort": _sort,
    "top_k": _sort,
    "scatter-add": _updates,
    "scatter_add": _updates,
    "scatter-mul": _updates,
    "scatter_mul": _updates,
}


@dataclasses.dataclass(frozen=True)
class _Counter:
    trips: int | None

    def jaxpr(self, jaxpr: Any) -> Counter:
        total: Counter = Counter()
        for equation in jaxpr.eqns:
            for name, part in self.equation(equation).items():
                total[name] += part
        return total

    def equation(self, equation: Any) -> Counter:
        name, params = equation.primitive.name, equation.params
        if name == "scan":
            return self._times(self.jaxpr(params["jaxpr"].jaxpr), params["length"])
        if name == "while":
            return self._while(params)
        if name == "cond":
            return max((self.jaxpr(branch.jaxpr) for branch in params["branches"]), key=lambda parts: parts.total())
        if name == "custom_linear_solve":
            return self.jaxpr(params["jaxprs"].solve.jaxpr)
        work = self._plain(equation)
        if work is not None:
            return Counter({name: work}) if work else Counter()
        inner: Counter = Counter()
        for jaxpr in _inner(params):
            inner.update(self.jaxpr(jaxpr))
        return inner

    def _plain(self, equation: Any) -> float | None:
        """Work of a primitive that calls no other; None for one that does."""
        name = equation.primitive.name
        if name in _FREE:
            return 0.0
        if name in _OWN:
            return _OWN[name](equation)
        if name.startswith(_OVER_INPUT):
            return float(_size(equation.invars[0]))
        if any(True for _ in _inner(equation.params)):
            return None
        return float(sum(_size(out) for out in equation.outvars))

    def _while(self, params: Mapping[str, Any]) -> Counter:
        if self.trips is None:
            raise ValueError("a while_loop has no known length: pass trips=, how often it goes round, or use a scan")
        once = self.jaxpr(params["body_jaxpr"].jaxpr) + self.jaxpr(params["cond_jaxpr"].jaxpr)
        return self._times(once, self.trips)

    @staticmethod
    def _times(parts: Counter, times: int) -> Counter:
        return Counter({name: part * times for name, part in parts.items()})


def _inner(params: Mapping[str, Any]) -> Any:
    """The jaxprs that an equation (jit, remat, custom derivatives) calls."""
    for value in params.values():
        value = getattr(value, "jaxpr", value)
        if hasattr(value, "eqns"):
            yield value
