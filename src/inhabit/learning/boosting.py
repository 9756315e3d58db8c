"""Boosted trees for numbers: many small trees, each fitted to what those before it left unexplained.

Columns are cut into bins of equal counts once; a split is then found from sums over bins. Each tree sees a random part
of the rows and of the columns.

Source:
    Friedman (2001), Greedy function approximation; Friedman (2002), Stochastic gradient boosting.
"""

import dataclasses

import numpy as np
from jaxtyping import Float, Int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Growth:
    """How trees are grown.

    Attributes:
        rounds: Number of trees.
        depth: Splits on the way to a leaf.
        rate: Share of each leaf's mean residual that is taken.
        shrink: Rows of residual 0 added to every leaf.
        leaf: Rows at least on each side of a split.
        rows: Share of rows that a tree sees.
        columns: Share of columns that a tree sees.
        bins: Bins of a column.
    """

    rounds: int = 240
    depth: int = 3
    rate: float = 0.05
    shrink: float = 5.0
    leaf: int = 15
    rows: float = 0.7
    columns: float = 0.3
    bins: int = 16

    def __post_init__(self):
        if min(self.rounds, self.depth, self.leaf) < 1 or self.bins < 2:
            raise ValueError("rounds, depth and leaf must be at least 1 and bins at least 2")
        if self.shrink <= 0:
            raise ValueError(f"shrink {self.shrink} must be positive")
        if not (0 < self.rows <= 1 and 0 < self.columns <= 1):
            raise ValueError(f"rows {self.rows} and columns {self.columns} must lie in (0, 1]")


@dataclasses.dataclass(frozen=True)
class Trees:
    """Boosted trees.

    Attributes:
        start: Mean of the target.
        cuts: Edges of the bins of each column.
        feature: Column asked about at each inner node of each tree, heap order.
        bin: The last bin that goes left.
        value: What each leaf adds.
    """

    start: float
    cuts: tuple[np.ndarray, ...]
    feature: Int[np.ndarray, "rounds nodes"]
    bin: Int[np.ndarray, "rounds nodes"]
    value: Float[np.ndarray, "rounds leaves"]

    def path(self, table: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "rounds rows"]:
        """Predictions after one tree, two trees, ... ."""
        codes = _codes(table, self.cuts)
        added = [value[_fall(codes, feature, bin)] for feature, bin, value in zip(self.feature, self.bin, self.value)]
        return self.start + np.cumsum(added, axis=0)


def boost(
    table: Float[np.ndarray, "rows columns"], target: Float[np.ndarray, " rows"], growth: Growth, *, seed: int = 0
) -> Trees:
    """Grow trees on a table without NaN; same seed, same trees."""
    inner = np.linspace(0, 1, growth.bins + 1)[1:-1]
    cuts = tuple(np.unique(np.quantile(column, inner)) for column in table.T)
    codes, order = _codes(table, cuts), np.random.default_rng(seed)
    guess = np.full(len(target), target.mean())
    features, bins, values = [], [], []
    for _ in range(growth.rounds):
        rows = np.sort(order.permutation(len(target))[: max(1, round(growth.rows * len(target)))])
        columns = np.sort(order.permutation(table.shape[1])[: max(1, round(growth.columns * table.shape[1]))])
        residual = target - guess
        feature, bin = _grow(codes[np.ix_(rows, columns)], residual[rows], growth)
        feature = columns[feature]
        leaf = _fall(codes, feature, bin)
        total = np.bincount(leaf[rows], residual[rows], minlength=2**growth.depth)
        count = np.bincount(leaf[rows], minlength=2**growth.depth)
        value = growth.rate * total / (count + growth.shrink)
        guess = guess + value[leaf]
        features.append(feature)
        bins.append(bin)
        values.append(value)
    return Trees(float(target.mean()), cuts, np.stack(features), np.stack(bins), np.stack(values))


def _codes(table: np.ndarray, cuts: tuple[np.ndarray, ...]) -> np.ndarray:
    return np.stack([np.searchsorted(edges, column) for edges, column in zip(cuts, table.T)], axis=1)


def _fall(codes: np.ndarray, feature: np.ndarray, bin: np.ndarray) -> np.ndarray:
    """The leaf in which each row ends."""
    node, row = np.zeros(len(codes), int), np.arange(len(codes))
    while True:
        node = 2 * node + 1 + (codes[row, feature[node]] > bin[node])
        if node[0] >= len(feature):
            return node - len(feature)


def _grow(codes: np.ndarray, residual: np.ndarray, growth: Growth) -> tuple[np.ndarray, np.ndarray]:
    """Level by level, the best split of every node; a node that is not worth splitting sends all to the left."""
    feature, bin = np.zeros(2**growth.depth - 1, int), np.full(2**growth.depth - 1, growth.bins)
    place = np.zeros(len(codes), int)
    for level in range(growth.depth):
        nodes = 2**level
        best, cut = _best(codes, residual, place, nodes, growth)
        here = slice(nodes - 1, 2 * nodes - 1)
        feature[here], bin[here] = best, cut
        place = 2 * place + (codes[np.arange(len(codes)), best[place]] > cut[place])
    return feature, bin


def _best(
    codes: np.ndarray, residual: np.ndarray, place: np.ndarray, nodes: int, growth: Growth
) -> tuple[np.ndarray, np.ndarray]:
    """Column and last left bin of the best split of each node: the largest fall of the squared error."""
    columns, shape = codes.shape[1], (nodes, codes.shape[1], growth.bins)
    index = ((place[:, None] * columns + np.arange(columns)) * growth.bins + codes).ravel()
    count = np.bincount(index, minlength=int(np.prod(shape))).reshape(shape).cumsum(2)
    total = np.bincount(index, np.repeat(residual, columns), int(np.prod(shape))).reshape(shape).cumsum(2)
    left, sum_left = count[:, :, :-1], total[:, :, :-1]
    right, sum_right = count[:, :, -1:] - left, total[:, :, -1:] - sum_left
    gain = sum_left**2 / (left + growth.shrink) + sum_right**2 / (right + growth.shrink)
    gain = gain - total[:, :, -1:] ** 2 / (count[:, :, -1:] + growth.shrink)
    gain = np.where((left >= growth.leaf) & (right >= growth.leaf), gain, 0.0).reshape(nodes, -1)
    best = gain.argmax(1)
    worth = gain[np.arange(nodes), best] > 0
    return best // (growth.bins - 1), np.where(worth, best % (growth.bins - 1), growth.bins)
