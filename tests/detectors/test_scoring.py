"""Every score against its formula in plain NumPy, and what all of them must have in common."""

import itertools
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from scipy.interpolate import BSpline
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from small_bank import K, make_bank, make_features, make_maps, make_ood_head

from bgood_lib.detectors import scoring
from bgood_lib.detectors.registry import DETECTORS
from bgood_lib.detectors.scoring import fit, score, score_all, score_mixed
from bgood_lib.features import Bank
from bgood_lib.metrics.ood import ood_metrics
from bgood_lib.networks.small_resnet import SmallResNet

INDUCTIVE = [name for name, entry in DETECTORS.items() if not entry.transductive]
TRANSDUCTIVE = [name for name, entry in DETECTORS.items() if entry.transductive]


@pytest.fixture(scope="module")
def bank():
    return make_bank(ood_head=make_ood_head(), own=True)


# --- formulas: float64, from the papers, without a line of the library -------------------------


def lse(logits):
    return np.log(np.exp(logits).sum(1))


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(1, keepdims=True)


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


class Formulas:
    """One method a score; names as in DETECTORS with _ for what a name cannot hold."""

    def __init__(self, bank, features):
        train = bank["train"]
        self.W, self.b = bank.weight.astype(float), bank.bias.astype(float)
        self.z, self.train, self.y = features.features.astype(float), train.features.astype(float), train.labels
        self.logits, self.train_logits = self.head(self.z), self.head(self.train)
        self.p, self.predicted = softmax(self.logits), self.logits.argmax(1)
        self.means = np.array([self.train[self.y == c].mean(0) for c in range(K)])
        self.features, self.bank = features, bank

    def head(self, z):
        return z @ self.W.T + self.b

    def MSP(self):
        return -self.p.max(1)

    def MaxLogit(self):
        return -self.logits.max(1)

    def Energy(self):
        return -lse(self.logits)

    def TemperatureScaling(self):
        def loss(t):
            return -np.log(softmax(self.train_logits / t)[np.arange(len(self.y)), self.y]).mean()

        t = optimize.minimize_scalar(loss, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-7}).x
        return -softmax(self.logits / t).max(1)

    def ScaledMSP(self):
        return -softmax(2 * self.logits / np.mean([np.std(row) for row in self.train_logits])).max(1)

    def Entropy(self):
        return -(self.p * np.log(self.p)).sum(1)

    def GEN(self):
        return np.sum((self.p * (1 - self.p)) ** 0.1, axis=1)

    def KLMatching(self):
        p, predicted = softmax(self.train_logits), self.train_logits.argmax(1)
        typical = np.array([p[predicted == c].mean(0) for c in np.unique(predicted)])
        return (self.p[:, None] * np.log(self.p[:, None] / typical)).sum(2).min(1)

    def OpenMax(self):
        weights = np.empty_like(self.logits)
        for c in range(K):
            right = self.train_logits[(self.y == c) & (self.train_logits.argmax(1) == c)]
            centre = right.mean(0)
            tail = np.sort(np.linalg.norm(right - centre, axis=1))[-20:]
            shape, _, scale = stats.weibull_min.fit(tail - tail[0] + 1, floc=0)
            distance = np.linalg.norm(self.logits - centre, axis=1)
            weights[:, c] = stats.weibull_min.cdf(distance - tail[0] + 1, shape, scale=scale)
        revised = np.zeros((len(self.z), K + 1))
        for i, row in enumerate(self.logits):
            for rank, c in enumerate(np.argsort(-row)):
                lost = weights[i, c] * max(0, 3 - rank) / 3
                revised[i, 1 + c] = row[c] * (1 - lost)
                revised[i, 0] += row[c] * lost
        return softmax(revised)[:, 0]

    def ReAct(self):
        return -lse(self.head(np.minimum(self.z, np.percentile(self.train, 90))))

    def VRA(self):
        return -lse(self.head(np.clip(self.z, *np.percentile(self.train, [10, 90]))))

    def _kept(self, percent):
        k = self.z.shape[1] - round(self.z.shape[1] * percent / 100)
        return np.where(self.z >= np.sort(self.z, 1)[:, -k, None], self.z, 0), k

    def ASH_P(self):
        return -lse(self.head(self._kept(90)[0]))

    def ASH_B(self):
        kept, k = self._kept(90)
        return -lse(self.head((kept > 0) * self.z.sum(1, keepdims=True) / k))

    def ASH_S(self):
        kept, _ = self._kept(90)
        return -lse(self.head(kept * np.exp(self.z.sum(1) / kept.sum(1))[:, None]))

    def SCALE(self):
        kept, _ = self._kept(85)
        return -lse(self.head(self.z * np.exp(self.z.sum(1) / kept.sum(1))[:, None]))

    def DICE(self):
        contribution = self.train.mean(0) * self.W
        return -lse(self.z @ np.where(contribution > np.percentile(contribution, 90), self.W, 0).T + self.b)

    def _masked(self):
        thresholds = np.percentile(self.W, 60, axis=1)
        masks = self.W[self.predicted] >= thresholds[self.predicted][:, None]
        return self.head(np.minimum(self.z * masks, 1.6))

    def _cosines(self):
        return (unit(self.z) * unit(self.means)[self.predicted]).sum(1)

    def CFMPLS(self):
        return -lse(self._masked() * self._cosines()[:, None])

    def CFM(self):
        return -lse(self._masked())

    def PLS(self):
        return -lse(self.logits * self._cosines()[:, None])

    def KNN(self):
        return np.sort(np.linalg.norm(unit(self.z)[:, None] - unit(self.train), axis=2), axis=1)[:, 49]

    def NNGuide(self):
        guides = unit(self.train) * lse(self.train_logits)[:, None]
        return -lse(self.logits) * np.sort(unit(self.z) @ guides.T, axis=1)[:, -10:].mean(1)

    def Relation(self):
        edges = np.maximum(unit(self.z) @ unit(self.train).T, 0) * (self.p @ softmax(self.train_logits).T)
        return -np.where(edges > 0.03, edges, 0).sum(1)

    def _mahalanobis(self, z, train):
        means = np.array([train[self.y == c].mean(0) for c in range(K)])
        centred = train - means[self.y]
        precision = np.linalg.inv(centred.T @ centred + 1e-6 * np.eye(z.shape[1]))
        return np.array([np.einsum("ni,ij,nj->n", z - m, precision, z - m) for m in means]).min(0)

    def Mahalanobis(self):
        return self._mahalanobis(self.z, self.train) / 2

    def Mahalanobis__(self):
        return self._mahalanobis(unit(self.z), unit(self.train)) / 2

    def RMD(self):
        centred = self.train - self.train.mean(0)
        precision = np.linalg.inv(centred.T @ centred + 1e-6 * np.eye(self.z.shape[1]))
        z = self.z - self.train.mean(0)
        return self._mahalanobis(self.z, self.train) - (z @ precision * z).sum(1)

    def ViM(self):  # 16 features: half of them
        origin = -np.linalg.pinv(self.W) @ self.b
        _, _, directions = np.linalg.svd(self.train - origin)
        rest = directions[8:].T
        alpha = self.train_logits.max(1).mean() / np.linalg.norm((self.train - origin) @ rest, axis=1).mean()
        return alpha * np.linalg.norm((self.z - origin) @ rest, axis=1) - lse(self.logits)

    def SHE(self):
        right = self.train_logits.argmax(1) == self.y
        patterns = np.array([self.train[right & (self.y == c)].mean(0) for c in range(K)])
        return -(self.z * patterns[self.predicted]).sum(1)

    def fDBD(self):
        scores = []
        for z, logits, c in zip(self.z, self.logits, self.predicted):
            others = [j for j in range(K) if j != c]
            distances = [abs(logits[c] - logits[j]) / np.linalg.norm(self.W[c] - self.W[j]) for j in others]
            scores.append(-np.mean(distances) / np.linalg.norm(z - self.train.mean(0)))
        return np.array(scores)

    def NCI(self):
        centred = self.z - self.train.mean(0)
        proximity = (self.W[self.predicted] * centred).sum(1) / np.linalg.norm(centred, axis=1)
        return -proximity - 1e-4 * np.abs(self.z).sum(1)

    def GradNorm(self):  # the gradient itself: of mean_c -log p_c with respect to W
        gradients = (self.p - 1 / K)[:, :, None] * self.z[:, None, :]
        return -np.abs(gradients).sum((1, 2))

    def FeatureNorm(self):
        return -self.features.channel_norms.astype(float).mean(1)

    def MapNorm(self):
        return -self.features.cell_norms.astype(float).mean((1, 2))

    def NormContrast(self):
        norms = np.sort(self.features.cell_norms.astype(float).reshape(len(self.z), -1), axis=1)
        ratio = norms[:, -4:].mean(1) / norms[:, :4].mean(1)
        return -(ratio - 1) / (ratio + 1)

    def PooledNorm(self):
        return -np.sqrt((self.z**2).sum(1))

    def SSOD(self):  # the second head of `make_ood_head`
        hidden = np.maximum(self.z - 0.1, 0)
        inside = hidden[:, :K].sum(1) + 0.5 - (hidden[:, K:].sum(1) - 0.5)
        return 1 - self.p.max(1) / (1 + np.exp(-inside))

    def OODHead(self):
        hidden = np.maximum(self.z - 0.1, 0)
        inside = hidden[:, :K].sum(1) + 0.5 - (hidden[:, K:].sum(1) - 0.5)
        return 1 / (1 + np.exp(inside))

    def MECAM(self):  # what `make_bank` says a part beside the network said
        return -2 * self.logits.max(1)

    def ProoD(self):
        return -self.logits.max(1)

    def ProoD_certified(self):  # of images without a label the least nearby
        return -self.logits.max(1) - 0.01 * (self.features.labels < 0).all()

    def KAN(self):
        z, test = (np.hstack([f.stages, f.features]).astype(float) for f in (self.bank["train"], self.features))
        x, seen = np.empty_like(z), np.empty_like(test)
        for i, column in enumerate(z.T):
            counts, edges = np.histogram(column, 5)
            shares = np.cumsum(counts) / counts.sum()
            x[:, i], seen[:, i] = (np.interp(values, edges[:5], shares) for values in (column, test[:, i]))
        knots = np.arange(-3, 104) / 100

        def bases(inputs):  # [N, D, 103]
            flat = BSpline.design_matrix(inputs.ravel(), knots, 3).toarray()
            return flat.reshape(*inputs.shape, 103)

        centred = x - x.mean(0)
        components = centred @ np.linalg.svd(centred, full_matrices=False)[2][:16].T
        order = PCA(16, svd_solver="full").fit_transform(x)[:, 0].argsort()
        groups = KMeans(10, n_init=10, random_state=0).fit_predict(components[order])
        moved = []
        for group in range(10):
            rows = order[groups == group]
            # the splines are zero, so all classes are equally likely; Adam's first step has the gradient's sign
            gradient = np.einsum("nij,nc->ijc", bases(x[rows]), 1 / K - np.eye(K)[self.y[rows]]) / len(rows)
            coefficients = -0.1 * gradient / (np.abs(gradient) + 1e-8)
            change = np.abs(np.einsum("nij,ijc->nic", bases(seen), coefficients))
            moved.append(np.median(change, axis=(1, 2)))
        return 0.1 - np.max(moved, axis=0)

    def MOOD_reconstruction(self):
        return 3 - self.logits.max(1)

    def SkeletonOOD(self):
        return -self.logits.max(1) - 1

    def SkeletonOOD_S(self):
        return -3 * self.logits.max(1)

    def SkeletonOOD_B(self):
        return 2 - self.logits.max(1)

    def ETLT(self):
        inputs = np.column_stack([self.z, np.ones(len(self.z))])
        return inputs @ np.linalg.pinv(inputs) @ self.MSP()


@pytest.mark.parametrize("name", DETECTORS)
def test_equals_its_formula(bank, name):
    fitted = fit(name, bank)
    for which in ("test", "ood"):
        got = fitted.score(bank[which])
        assert got.dtype == np.float64 and got.shape == (len(bank[which]),)
        expected = getattr(Formulas(bank, bank[which]), re.sub(r"\W", "_", name))()
        close = {"OpenMax": dict(rtol=1e-3), "KAN": dict(rtol=1e-4, atol=1e-12)}.get(name, {})
        np.testing.assert_allclose(got, expected, **{"rtol": 1e-5, "atol": 1e-6, **close})


def test_a_maps_norms_come_from_the_map_itself():
    rng = np.random.default_rng(3)
    maps = make_maps(rng, np.array([0, 1, -1]))
    bank = make_bank()
    features = make_features(maps, np.array([0, 1, -1]), bank.weight, bank.bias)
    channels = np.sqrt((maps.astype(float) ** 2).sum((2, 3)))
    np.testing.assert_allclose(fit("FeatureNorm", bank).score(features), -channels.mean(1), rtol=1e-6)


# --- what they have in common ------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in INDUCTIVE if name != "KAN"])  # its own images: test_kan.py
def test_larger_is_more_ood(bank, name):
    got = score(name, bank)
    assert ood_metrics(got["test"], got["ood"])["auroc"] > 0.5


@pytest.mark.parametrize("name", INDUCTIVE)
def test_score_is_fit_and_score(bank, name):
    got = score(name, bank)
    assert set(got) == {"test", "ood"}
    assert np.array_equal(got["ood"], fit(name, bank).score(bank["ood"]))


@pytest.mark.parametrize("name", INDUCTIVE)
def test_scores_depend_on_nothing_but_the_image_and_the_train_set(bank, name):
    alone = Bank({k: bank[k] for k in ("train", "ood")}, bank.weight, bank.bias, {}, bank.ood_head)
    assert np.array_equal(score(name, alone)["ood"], score(name, bank)["ood"])


def some(features, rows):
    return features.take(rows)


@pytest.mark.parametrize("name", INDUCTIVE)
def test_neither_order_nor_company_nor_chunks_matter(bank, name, monkeypatch):
    fitted = fit(name, bank)
    whole = fitted.score(bank["test"])

    @settings(max_examples=10, deadline=None)
    @given(st.permutations(range(60)), st.integers(1, 60))
    def check(order, n):
        rows = np.array(order[:n])
        np.testing.assert_allclose(fitted.score(some(bank["test"], rows)), whole[rows], rtol=1e-5, atol=1e-6)

    check()
    monkeypatch.setattr(scoring, "CHUNK", 7)
    np.testing.assert_allclose(fitted.score(bank["test"]), whole, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", INDUCTIVE)
def test_the_order_of_the_training_images_does_not_matter(bank, name):
    order = np.random.default_rng(0).permutation(400)
    shuffled = Bank({**bank.sets, "train": some(bank["train"], order)}, bank.weight, bank.bias, {}, bank.ood_head)
    np.testing.assert_allclose(score(name, shuffled)["ood"], score(name, bank)["ood"], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", [n for n in DETECTORS if DETECTORS[n].grid])
def test_every_grid_is_of_known_parameters_and_a_sweep_changes_the_score(bank, name):
    entry = DETECTORS[name]
    assert set(entry.grid) <= set(entry.parameters)
    seen = set()
    for values in itertools.product(*entry.grid.values()):
        parameters = dict(zip(entry.grid, values))
        if parameters.get("k", 0) > 200 or parameters.get("d", 0) > 15:
            continue
        seen.add(tuple(score(name, bank, **parameters)["ood"].round(6)))
    assert len(seen) > 1 or max(map(len, entry.grid.values())) == 1 or name == "ViM"


def test_published_defaults():
    defaults = {name: entry.parameters for name, entry in DETECTORS.items()}
    assert defaults["KNN"] == {"k": 50} and defaults["NNGuide"] == {"k": 10, "alpha": 1.0}
    assert defaults["SCALE"] == {"percentile": 0.85} and defaults["ASH-S"] == {"percentile": 0.9}
    assert defaults["NCI"] == {"alpha": 1e-4} and defaults["GEN"] == {"gamma": 0.1, "M": 100}
    assert defaults["VRA"] == {"lower_percentile": 0.1, "upper_percentile": 0.9}
    assert defaults["ReAct"] == {"percentile": 0.9} and defaults["DICE"] == {"p": 0.9}
    assert defaults["OpenMax"] == {"tailsize": 20, "alpha": 3, "euclid_weight": 1.0}
    assert defaults["CFMPLS"] == {"p": 0.6, "threshold": 1.6}
    assert defaults["KAN"] == {"grid_size": 100, "partitions": 10, "bins": 5}


def test_thresholds_are_fitted_on_validation_images_if_there_are_any():
    bank = make_bank(ood_head=make_ood_head(), own=True, val=80)
    without = Bank({k: bank[k] for k in ("train", "ood")}, bank.weight, bank.bias, {}, bank.ood_head)
    differ = {n for n in INDUCTIVE if not np.array_equal(score(n, bank)["ood"], score(n, without)["ood"])}
    assert differ == {"TemperatureScaling", "ScaledMSP", "KLMatching", "ReAct", "VRA"}
    expected = np.percentile(bank["val"].features.astype(float), 90)
    assert fit("ReAct", bank).detector.threshold == pytest.approx(expected, rel=1e-6)


# --- many at once ------------------------------------------------------------------------------


def test_all_at_once_is_one_by_one(bank):
    results = score_all(bank)
    assert list(results) == INDUCTIVE
    for name, scores in results.items():
        for which, values in score(name, bank).items():
            np.testing.assert_allclose(scores[which], values, rtol=1e-6, atol=1e-7)


def test_one_that_fails_does_not_stop_the_others():
    bank = make_bank(n_train=40)  # too few for KNN
    bank["test"].logits[3] = np.nan
    results = score_all(bank, ["KNN", "Relation", "Energy", "nonsense", "ETLT", "PooledNorm"])
    assert results["KNN"] == "InputError: KNN: k=50 with 40 training features; choose 1 to 40"
    assert results["Energy"] == "InputError: Energy: 1 of 60 scores are not finite"
    assert results["nonsense"].startswith("InputError: unknown detector")
    assert results["ETLT"].startswith("InputError: ETLT is transductive")
    assert set(results["PooledNorm"]) == set(results["Relation"]) == {"test", "ood"}


def test_unknown_names(bank):
    with pytest.raises(
        ValueError, match=r"unknown detector 'Mahalanobi'; choose one of MSP, .*; did you mean 'Mahalanobis'"
    ):
        score("Mahalanobi", bank)
    with pytest.raises(
        ValueError, match="SCALE has no parameter percent; it has percentile; did you mean 'percentile'"
    ):
        fit("SCALE", bank, percent=0.9)
    with pytest.raises(ValueError, match="KNN has no parameter q; it has k"):
        fit("KNN", bank, q=1)
    with pytest.raises(ValueError, match="MSP has no parameter t; it has none"):
        fit("MSP", bank, t=1)


# --- mixed batches -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", TRANSDUCTIVE)
def test_a_transductive_score_needs_a_mixed_batch(bank, name):
    with pytest.raises(ValueError, match="transductive.*score_mixed"):
        score(name, bank)
    even = score_mixed(name, bank, "ood", 1)
    assert [len(part) for part in even] == [50, 50]
    rare = score_mixed(name, bank, "ood", 10)
    assert [len(part) for part in rare] == [60, 6]
    again = score_mixed(name, bank, "ood", 10)
    assert all(np.array_equal(a, b) for a, b in zip(rare, again))
    assert not np.allclose(np.sort(rare[1]), np.sort(even[1])[:6])


def test_a_mixed_batch_of_another_detector_holds_its_usual_scores(bank):
    usual = score("MSP", bank)
    known, unknown = score_mixed("MSP", bank, "ood", 2)
    assert [len(known), len(unknown)] == [60, 30]
    np.testing.assert_allclose(np.sort(known), np.sort(usual["test"]), rtol=1e-6)
    assert np.isin(unknown.round(6), usual["ood"].round(6)).all()


def test_a_mix_that_cannot_be(bank):
    with pytest.raises(ValueError, match="id_per_ood=100 from 60 ID and 50 OOD"):
        score_mixed("ETLT", bank, "ood", 100)


def test_odin_is_its_formula_through_the_network(images, labels):
    network = SmallResNet(4, 2, 16, (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)).eval()
    scores = scoring.score_images("ODIN", network, images[:6], batch_size=4)
    x = (torch.as_tensor(images[:6]).permute(0, 3, 1, 2).float() / 255).requires_grad_()
    logits = network(x) / 1000
    torch.nn.functional.cross_entropy(logits, logits.argmax(1), reduction="sum").backward()
    with torch.no_grad():
        moved = network(x - 0.0014 * x.grad.sign()) / 1000
    expected = -moved.softmax(1).max(1).values
    np.testing.assert_allclose(scores, expected, rtol=1e-6)
    assert not np.array_equal(scores, scoring.score_images("ODIN", network, images[:6], eps=0.1))
    with pytest.raises(ValueError, match="unknown detector 'MSP'; choose one of ODIN"):
        scoring.score_images("MSP", network, images)
    with pytest.raises(ValueError, match="ODIN has no parameter epsilon; it has temperature, eps"):
        scoring.score_images("ODIN", network, images, epsilon=0.1)
