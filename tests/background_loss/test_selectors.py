import pytest
import torch

from bgood_lib.background_loss.selectors import SELECTORS, select

# One image, four patches in a row, three classes; the true class is 0.
LOGITS = torch.tensor([[[[5.0, 0, 0], [1.0, 2, 0], [0.0, 2, 1], [4.0, 5, 4.5]]]])
LABEL = torch.tensor([0])


def chosen(name, **options):
    return select(name, LOGITS, LABEL, **options).flatten().tolist()


def test_the_selectors_are_those_of_the_tutorial():
    choices = {"least_evidence", "rank", "low_confidence", "cam_threshold", "border"}
    assert set(SELECTORS) >= choices | {"random", "all", "oracle"}
    assert {name for name, selector in SELECTORS.items() if getattr(selector, "control", False)} == {
        "random",
        "all",
        "oracle",
    }


def test_low_confidence_bounds_the_probability_of_the_true_class():
    # Its probabilities: 0.99, 0.24, 0.09, 0.19.
    assert chosen("low_confidence", threshold=0.2) == [False, False, True, True]
    assert chosen("low_confidence") == [False] * 4  # the publication's 0.05


def test_cam_threshold_is_relative_to_the_image():
    # Activations 5, 1, 0, 4, from 0 to 1: 1, 0.2, 0, 0.8.
    assert chosen("cam_threshold") == [False, True, True, False]
    assert chosen("cam_threshold", threshold=0.8) == [False, True, True, True]
    shifted = select("cam_threshold", 10 * LOGITS - 3, LABEL).flatten().tolist()
    assert shifted == chosen("cam_threshold"), "scale and shift of the evidence do not matter"


def test_border_is_the_outer_ring():
    ring = select("border", torch.zeros(2, 4, 5, 3), torch.tensor([0, 1]))
    assert ring.sum().item() == 2 * (20 - 2 * 3) and not ring[:, 1:-1, 1:-1].any()


@pytest.mark.parametrize("threshold", [-0.1, 0.0, 1.0])
def test_a_threshold_out_of_range_is_named(threshold):
    with pytest.raises(ValueError, match=f"threshold is {threshold}"):
        chosen("cam_threshold", threshold=threshold)


def test_least_evidence_compares_probabilities_and_not_logits():
    # True-class logits are 5, 1, 0, 4; probabilities fall in the order 0, 1, 3, 2.
    assert chosen("least_evidence", n_patches=1) == [False, False, True, False]
    assert chosen("least_evidence", n_patches=2) == [False, False, True, True]


def test_rank_needs_the_true_class_outside_the_top():
    assert chosen("rank", top_k=1) == [False, True, True, True]
    assert chosen("rank", top_k=2) == [False, False, True, True]


@pytest.mark.parametrize("top_k", [0, 3])
def test_rank_refuses_a_top_that_excludes_nothing_or_everything(top_k):
    with pytest.raises(ValueError, match=f"top_k is {top_k}; with 3 classes"):
        chosen("rank", top_k=top_k)


def test_random_draws_the_number_asked_for_from_its_generator():
    logits, labels = torch.zeros(50, 4, 4, 3), torch.zeros(50, dtype=torch.int64)

    def draw(seed):
        return select("random", logits, labels, n_patches=5, generator=torch.Generator().manual_seed(seed))

    assert (draw(0).sum((1, 2)) == 5).all()
    assert torch.equal(draw(0), draw(0)) and not torch.equal(draw(0), draw(1))
    assert draw(0).any(0).all()  # every patch of the map has its turn


def test_all_and_oracle():
    assert chosen("all") == [True] * 4
    share = torch.tensor([[[0.0, 0.09, 0.11, 1.0]]])
    assert chosen("oracle", foreground=share) == [True, True, False, False]


def test_oracle_without_masks_says_what_it_needs():
    with pytest.raises(ValueError, match="foreground"):
        chosen("oracle", foreground=None)


@pytest.mark.parametrize("name", ["least_evidence", "rank", "random", "oracle"])
def test_a_missing_option_is_a_value_error(name):
    with pytest.raises(ValueError):
        chosen(name)


def test_unknown_selector():
    with pytest.raises(ValueError, match="unknown selector 'rang'.*rank"):
        chosen("rang")
