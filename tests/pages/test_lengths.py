import numpy as np

from bgood_lib.pages.lengths import by_distance, on_and_off


def test_on_and_off_by_hand():
    masks = np.zeros((2, 8, 8), bool)
    masks[0, :4, :4] = True  # one cell of four
    norms = np.array([[[8.0, 1], [2, 3]], [[1, 1], [1, 5]]])
    on, off = on_and_off(norms, masks)
    assert on[0] == 8 and np.isnan(on[1])
    assert off.tolist() == [2, 2]


def test_a_cell_half_on_the_object_is_neither():
    masks = np.zeros((1, 8, 8), bool)
    masks[0, :4, :2] = True
    on, off = on_and_off(np.array([[[8.0, 1], [2, 3]]]), masks)
    assert np.isnan(on[0]) and off[0] == 2


def test_by_distance_by_hand():
    masks = np.zeros((1, 4, 16), bool)
    masks[0, :, 0] = True  # cells are 4 pixels wide: nearest pixels at distance 0, 4, 8, 12
    norms = np.array([[[9.0, 5, 3, 1]]])
    assert by_distance(norms, masks, (0, 1, 5, 13)) == [9, 5, 2]
    assert np.isnan(by_distance(norms, masks, (0, 1, 2))[1])
