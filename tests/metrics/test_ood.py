import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from pytorch_ood.metrics import OODMetrics

from bgood_lib.metrics.calibration import calibration_error, overconfidence, softmax
from bgood_lib.metrics.ood import _resamples, bootstrap, fpr_at_tpr, ood_metrics

pass  # MOVED


def brute_force_fpr(positive, negative):
    """The highest threshold that keeps 95% of the positives, found by trying all."""
    for threshold in sorted(set(positive) | set(negative), reverse=True):
        if np.mean(np.asarray(positive) >= threshold) >= 0.95:
            return np.mean(np.asarray(negative) >= threshold)


def test_by_hand():
    got = ood_metrics([1, 2, 3], [2, 4])
    # Pairs (OOD, ID): 2 beats 1, draws with 2, loses to 3; 4 beats all: 4.5 of 6.
    assert got["auroc"] == pytest.approx(4.5 / 6)
    # Precision where recall rises: 1/1 at 4, then 2/4 at 2.
    assert got["aupr_ood"] == pytest.approx((1 + 2 / 4) / 2)
    # ID positive, lowest score first: 1/1 at 1, 2/3 at 2 (the tie), 3/4 at 3.
    assert got["aupr_id"] == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    # Both OOD images are caught at 2, which flags 2 and 3 of ID.
    assert got["fpr95_ood_positive"] == pytest.approx(2 / 3)
    # All ID images are accepted at 3, which accepts the OOD image at 2.
    assert got["fpr95_id_positive"] == pytest.approx(1 / 2)


def test_exactly_95_percent_is_enough():
    ood = np.r_[0, np.full(19, 10.0)]  # 19 of 20 are caught at 10
    assert ood_metrics([5, 5, 11], ood)["fpr95_ood_positive"] == pytest.approx(1 / 3)
    assert ood_metrics([5, 5, 11], ood[:-1])["fpr95_ood_positive"] == 1  # 18 of 19 are too few


@pytest.mark.parametrize("seed", range(5))
def test_both_conventions_with_many_ties(seed):
    rng = np.random.default_rng(seed)
    id_scores, ood_scores = rng.integers(0, 12, 43).astype(float), rng.integers(4, 16, 61).astype(float)
    got = ood_metrics(id_scores, ood_scores)
    assert got["fpr95_ood_positive"] == pytest.approx(brute_force_fpr(ood_scores, id_scores))
    assert got["fpr95_id_positive"] == pytest.approx(brute_force_fpr(-id_scores, -ood_scores))
    wins = (ood_scores[:, None] > id_scores) + 0.5 * (ood_scores[:, None] == id_scores)
    assert got["auroc"] == pytest.approx(wins.mean())


def test_pytorch_ood_agrees():
    rng = np.random.default_rng(0)
    id_scores, ood_scores = rng.normal(0, 1, 300), rng.normal(1, 1, 200)
    theirs = OODMetrics()
    theirs.update(torch.as_tensor(np.r_[id_scores, ood_scores]), torch.tensor([0] * 300 + [-1] * 200))
    theirs, ours = theirs.compute(), ood_metrics(id_scores, ood_scores)
    assert ours["auroc"] == pytest.approx(theirs["AUROC"], abs=1e-6)
    assert ours["aupr_ood"] == pytest.approx(theirs["AUPR-OUT"], abs=0.01)
    assert ours["aupr_id"] == pytest.approx(theirs["AUPR-IN"], abs=0.01)
    assert ours["fpr95_ood_positive"] == pytest.approx(theirs["FPR95TPR"], abs=1e-6)
    assert ours["fpr95_id_positive"] != pytest.approx(theirs["FPR95TPR"], abs=1e-3)


def test_the_conventions_swap_with_labels_and_signs():
    rng = np.random.default_rng(0)
    id_scores, ood_scores = rng.normal(0, 1, 50), rng.normal(1, 2, 70)
    a, b = ood_metrics(id_scores, ood_scores), ood_metrics(-ood_scores, -id_scores)
    assert a["fpr95_ood_positive"] == b["fpr95_id_positive"] != b["fpr95_ood_positive"]
    assert (a["aupr_ood"], a["auroc"]) == pytest.approx((b["aupr_id"], b["auroc"]))


def test_constant_scores_tell_nothing():
    assert ood_metrics(np.zeros(6), np.zeros(2)) == pytest.approx(
        {"auroc": 0.5, "aupr_ood": 0.25, "aupr_id": 0.75, "fpr95_ood_positive": 1, "fpr95_id_positive": 1}
    )


def test_perfect_and_perfectly_wrong_scores():
    assert ood_metrics([0, 1], [2, 3]) == {
        "auroc": 1, "aupr_ood": 1, "aupr_id": 1, "fpr95_ood_positive": 0, "fpr95_id_positive": 0,
    }  # fmt: skip
    wrong = ood_metrics([2, 3], [0, 1])
    assert (wrong["auroc"], wrong["fpr95_ood_positive"], wrong["fpr95_id_positive"]) == (0, 1, 1)


def test_fpr_at_another_rate():
    assert fpr_at_tpr(np.array([1.0, 2, 3, 4]), np.array([2.5, 0]), tpr=0.5) == 0
    assert fpr_at_tpr(np.array([1.0, 2, 3, 4]), np.array([2.5, 0]), tpr=0.75) == 0.5


@pytest.mark.parametrize("id_scores, ood_scores, message", [
    ([1, np.nan], [1.0], "KNN: 1 of 2 in-distribution scores are not finite"),
    ([1.0], [np.inf, 2, -np.inf], "KNN: 2 of 3 OOD scores are not finite"),
    ([], [1.0], r"KNN: in-distribution scores have shape \(0,\)"),
    ([1.0], [[1.0]], r"KNN: OOD scores have shape \(1, 1\)"),
])  # fmt: skip
def test_bad_scores_name_the_detector(id_scores, ood_scores, message):
    with pytest.raises(ValueError, match=message):
        ood_metrics(id_scores, ood_scores, "KNN")


def logits_of(*probabilities):
    """Logits of two classes whose softmax has these first entries."""
    return np.log([[p, 1 - p] for p in probabilities])


def test_softmax_of_huge_logits():
    np.testing.assert_allclose(softmax(np.float32([[1e4, 1e4], [-1e4, 0]])), [[0.5, 0.5], [0, 1]])


def test_overconfidence_by_hand():
    assert overconfidence(logits_of(0.6, 0.05, 0.995, 0.8)) == pytest.approx(
        {"mean_confidence": (0.6 + 0.95 + 0.995 + 0.8) / 4, "above_0.9": 0.5, "above_0.99": 0.25}
    )


def test_calibration_error_by_hand():
    # Ten bins. (0.6, 0.7]: confidences 0.65 and 0.69, one right. (0.9, 1]: 0.95, wrong.
    logits, labels = logits_of(0.65, 0.31, 0.95), np.array([0, 0, 1])
    assert calibration_error(logits, labels, bins=10) == pytest.approx(2 / 3 * abs(1 / 2 - 0.67) + 1 / 3 * 0.95)


def test_calibration_error_at_its_ends():
    sure = np.array([[50.0, 0], [0, 50]])
    assert calibration_error(sure, np.array([0, 1])) == pytest.approx(0)
    assert calibration_error(sure, np.array([1, 0])) == pytest.approx(1)
    assert calibration_error(np.zeros((2, 2)), np.array([0, 1])) == pytest.approx(0)


def test_the_example_of_the_book():
    found = ood_metrics([1, 2, 3, 4], [2, 5, 6, 7])
    assert (found["auroc"], found["fpr95_id_positive"], found["fpr95_ood_positive"]) == (13.5 / 16, 0.25, 0.75)


# --- properties, on scores with many ties and with none ------------------------------------------

whole_numbers = st.lists(st.integers(-6, 6).map(float), min_size=1, max_size=40)
numbers = st.lists(st.floats(-10, 10).map(lambda x: round(x, 3)), min_size=1, max_size=40)
sides = st.tuples(whole_numbers, whole_numbers) | st.tuples(numbers, numbers)


@given(sides, st.sampled_from([np.arctan, lambda x: x**3 + x, lambda x: 5 * x - 2, lambda x: np.exp(x / 5)]))
def test_a_strictly_monotone_map_changes_nothing(both, change):
    before = ood_metrics(*both)
    mapped = [change(np.asarray(scores)) for scores in both]
    assume(len(np.unique(np.concatenate(mapped))) == len(np.unique(np.concatenate(both))))  # strict in floats too
    assert ood_metrics(*mapped) == pytest.approx(before)


@given(sides)
def test_swapping_sides_and_signs_swaps_the_conventions(both):
    before = ood_metrics(*both)
    after = ood_metrics(-np.asarray(both[1]), -np.asarray(both[0]))
    swapped = {"fpr95_ood_positive": "fpr95_id_positive", "aupr_ood": "aupr_id"}
    swapped |= {b: a for a, b in swapped.items()}
    for name, value in before.items():
        assert after[swapped.get(name, name)] == pytest.approx(value), name


@given(sides)
def test_a_turned_sign_turns_auroc(both):
    turned = ood_metrics(-np.asarray(both[0]), -np.asarray(both[1]))
    assert turned["auroc"] == pytest.approx(1 - ood_metrics(*both)["auroc"])


@given(sides, st.randoms())
def test_the_order_of_images_is_irrelevant(both, random):
    before = ood_metrics(*both)
    for scores in both:
        random.shuffle(scores)
    assert ood_metrics(*both) == pytest.approx(before)


@given(sides)
def test_all_figures_are_shares_and_a_higher_threshold_lets_fewer_pass(both):
    positive, negative = map(np.asarray, both)
    assert all(0 <= value <= 1 for value in ood_metrics(*both).values())
    rates = [fpr_at_tpr(positive, negative, tpr) for tpr in (0.1, 0.5, 0.95, 1)]
    assert rates == sorted(rates)


@pytest.mark.parametrize("draw", [
    lambda rng: (rng.integers(0, 9, 57), rng.integers(3, 12, 41)), lambda rng: (rng.normal(0, 1, 40), rng.normal(1, 1, 60)),
])  # fmt: skip
def test_bootstrap_equals_metrics_of_drawn_images(draw):
    known, unknown = (np.sort(scores.astype(float)) for scores in draw(np.random.default_rng(0)))
    of_id, of_ood = (np.diff(_resamples(len(s), 30, 0, which)) for which, s in enumerate((known, unknown)))
    each = [ood_metrics(np.repeat(known, i), np.repeat(unknown, o)) for i, o in zip(of_id, of_ood)]
    got = bootstrap(known, unknown, 30)
    assert set(got) == {"auroc", "fpr95_ood_positive", "fpr95_id_positive"}
    for name, ends in got.items():
        assert ends == pytest.approx(np.quantile([found[name] for found in each], (0.025, 0.975)))


def test_bootstrap_is_seeded_and_holds_the_figure():
    rng = np.random.default_rng(0)
    known, unknown = rng.normal(0, 1, 300), rng.normal(1, 1, 200)
    got, point = bootstrap(known, unknown), ood_metrics(known, unknown)
    assert got == bootstrap(rng.permutation(known), unknown) != bootstrap(known, unknown, seed=1)
    for name, (low, high) in got.items():
        assert low < point[name] < high and high - low < 0.3
    narrow = bootstrap(known, unknown, level=0.5)["auroc"]
    assert got["auroc"][0] < narrow[0] < narrow[1] < got["auroc"][1]
    # the textbook's standard error of AUROC (Hanley and McNeil, 1982) for these sizes
    a = point["auroc"]
    q1, q2 = a / (2 - a), 2 * a**2 / (1 + a)
    error = np.sqrt((a * (1 - a) + 199 * (q1 - a**2) + 299 * (q2 - a**2)) / (300 * 200))
    assert np.diff(got["auroc"])[0] == pytest.approx(2 * 1.96 * error, rel=0.25)


def test_bootstrap_names_the_detector():
    with pytest.raises(ValueError, match="KNN: 1 of 1 OOD scores are not finite"):
        bootstrap([1.0], [np.nan], name="KNN")
