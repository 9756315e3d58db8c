"""Sight in its native three dimensions: voxels around a body, in the body's own frame."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, UInt8

from inhabit.types import Key


class Window(eqx.Module):
    """What is seen around, `[ahead, right, up]`; codes, 0 for nothing. With leading axes, many.

    Attributes:
        material: Of each voxel.
        ripe: 1 + look of the fruit in it.
        person: 1 + who stands in it.
    """

    material: UInt8[Array, "*many ahead right up"]
    ripe: UInt8[Array, "*many ahead right up"]
    person: UInt8[Array, "*many ahead right up"]


class AbstractSight(eqx.Module):
    """Encodes many windows at once: outside of a scan one matrix product does for all of them."""

    @abc.abstractmethod
    def __call__(self, window: Window) -> Float[Array, "many width"]:
        """Encode windows with one leading axis."""


def one_hot(window: Window, materials: int, looks: int) -> Float[Array, "many ahead right up channels"]:
    """One channel a material, one a look, and one for somebody."""
    material = window.material[..., None] == jnp.arange(materials, dtype=jnp.uint8)
    ripe = window.ripe[..., None] == jnp.arange(1, looks + 1, dtype=jnp.uint8)
    return jnp.concatenate([material, ripe, window.person[..., None] > 0], -1).astype(float)


class VoxelSight(AbstractSight):
    """Native sight: each voxel is embedded, then mixed along one axis at a time - up, right, ahead.

    Each map keeps the other axes as they are, so what stands to the left is told from what stands ahead by where it is
    and by nothing else; a window of 405 voxels costs about 100,000 multiply-adds.

    Attributes:
        up: From a column of embedded voxels to a column's code.
        right: From a row of columns to a row's code.
        ahead: From all rows to the encoding.

    Source:
        Factorised (axial) mixing: Ho et al. (arXiv 1912.12180), Tolstikhin et al. (arXiv 2105.01601).
    """

    materials: int = eqx.field(static=True)
    looks: int = eqx.field(static=True)
    up: eqx.nn.Linear
    right: eqx.nn.Linear
    ahead: eqx.nn.Linear

    def __init__(
        self,
        shape: tuple[int, int, int],
        materials: int,
        looks: int,
        width: int,
        *,
        column: int = 12,
        row: int = 24,
        key,
    ):
        """Make a sight for windows of `shape` (ahead, right, up)."""
        ahead, right, up = shape
        first, second, third = jax.random.split(key, 3)
        self.materials, self.looks = materials, looks
        self.up = eqx.nn.Linear(up * (materials + looks + 1), column, key=first)
        self.right = eqx.nn.Linear(right * column, row, key=second)
        self.ahead = eqx.nn.Linear(ahead * row, width, key=third)

    def __call__(self, window: Window) -> Float[Array, "many width"]:
        """Encode."""
        seen = one_hot(window, self.materials, self.looks)
        many, ahead, right = seen.shape[:3]
        columns = jax.nn.relu(_mixed(self.up, seen.reshape(many, ahead, right, -1)))
        rows = jax.nn.relu(_mixed(self.right, columns.reshape(many, ahead, -1)))
        return jax.nn.relu(_mixed(self.ahead, rows.reshape(many, -1)))


class FlatSight(AbstractSight):
    """Sight without geometry: the voxels in one line, dense; put in its place to learn what geometry is worth."""

    materials: int = eqx.field(static=True)
    looks: int = eqx.field(static=True)
    within: eqx.nn.Linear
    out: eqx.nn.Linear

    def __init__(self, shape: tuple[int, int, int], materials: int, looks: int, width: int, *, hidden: int, key: Key):
        """Make a sight that forgets which voxel lies beside which."""
        first, second = jax.random.split(key)
        self.materials, self.looks = materials, looks
        self.within = eqx.nn.Linear(shape[0] * shape[1] * shape[2] * (materials + looks + 1), hidden, key=first)
        self.out = eqx.nn.Linear(hidden, width, key=second)

    def __call__(self, window: Window) -> Float[Array, "many width"]:
        """Encode."""
        seen = one_hot(window, self.materials, self.looks)
        flat = seen.reshape(seen.shape[0], -1)
        return jax.nn.relu(_mixed(self.out, jax.nn.relu(_mixed(self.within, flat))))


class Blind(AbstractSight):
    """No sight: the part that is put in its place to learn what it is worth."""

    width: int = eqx.field(static=True)

    def __call__(self, window: Window) -> Float[Array, "many width"]:
        """Zeros."""
        return jnp.zeros((window.material.shape[0], self.width))


def _mixed(linear: eqx.nn.Linear, inputs: Float[Array, "*many inputs"]) -> Float[Array, "*many outputs"]:
    return inputs @ linear.weight.T + linear.bias  # type: ignore[operator]
