import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inhabit.speech.packing import Document, pack, pieces, unpack


def documents(lengths):
    rng = np.random.default_rng(0)
    return [Document.plain(rng.integers(1, 99, length).tolist()) for length in lengths]


@given(st.lists(st.integers(1, 70), min_size=1, max_size=30))
@settings(deadline=None, max_examples=20)
def test_every_token_comes_back_and_its_weight_counts_once(lengths):
    docs = documents(lengths)
    rows, placed = pack(docs, 16)
    for back, doc in zip(unpack(rows.tokens, placed), docs, strict=True):
        np.testing.assert_array_equal(back, doc.tokens)
    assert rows.weights.sum() == sum(doc.weights.sum() for doc in docs)


@given(st.lists(st.integers(1, 70), min_size=1, max_size=30))
@settings(deadline=None, max_examples=20)
def test_no_two_stretches_share_a_place(lengths):
    taken = np.zeros((200, 16), int)
    for piece in pieces(lengths, 16):
        stop = piece.column + piece.stop - piece.start
        assert stop <= 16
        taken[piece.row, piece.column : stop] += 1
    assert taken.max() == 1


def test_targets_segments_and_positions_by_hand():
    rows, _ = pack([Document.plain([5, 6, 7]), Document.plain([8, 9])], 6)
    np.testing.assert_array_equal(rows.tokens, [[5, 6, 7, 8, 9, 0]])
    np.testing.assert_array_equal(rows.targets[0, [0, 1, 3]], [6, 7, 9])
    np.testing.assert_array_equal(rows.weights, [[1, 1, 0, 1, 0, 0]])
    np.testing.assert_array_equal(rows.segments, [[1, 1, 1, 2, 2, 0]])
    np.testing.assert_array_equal(rows.positions, [[0, 1, 2, 0, 1, 0]])


def test_a_long_document_is_cut_with_half_a_row_of_context():
    found = sorted(pieces([22], 8), key=lambda piece: piece.start)
    assert [(p.start, p.fresh, p.stop) for p in found] == [
        (0, 0, 8),
        (4, 8, 12),
        (8, 12, 16),
        (12, 16, 20),
        (14, 20, 22),
    ]
