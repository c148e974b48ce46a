import re

import numpy as np
import pytest
import torch

from bgood_lib.datasets import Description
from bgood_lib.features import Bank, Features, extract
from bgood_lib.networks.small_resnet import SmallResNet

FIELDS = ("logits", "features", "cell_norms", "channel_norms", "labels")


@pytest.fixture
def network():
    torch.manual_seed(0)
    return SmallResNet(4, stages=2, width=16)


@pytest.fixture
def bank(network, images, labels):
    sets = {"train": extract(network, images, labels), "svhn": extract(network, images[:5], [-1] * 5)}
    sets["test"] = extract(network, images[:8], labels[:8])
    head = (array.detach().numpy() for array in network.head.parameters())
    return Bank(sets, *head, {"train": Description("scenes", "é", "part", "first 40 images", 40)})


def test_extract_equals_direct_computation(network, images, labels):
    got = extract(network, images[:7], labels[:7], batch_size=3)  # the last batch is a short one
    with torch.no_grad():
        z = network.eval().feature_map(torch.as_tensor(images[:7]).permute(0, 3, 1, 2)).double().numpy()
    features = z.mean((2, 3))
    expected = {
        "features": features,
        "logits": features @ network.head.weight.detach().numpy().T + network.head.bias.detach().numpy(),
        "cell_norms": np.sqrt((z**2).sum(1)),
        "channel_norms": np.sqrt((z**2).sum((2, 3))),
        "labels": labels[:7],
    }
    assert len(got) == 7
    for name in FIELDS:
        assert getattr(got, name).dtype == (np.int64 if name == "labels" else np.float32)
        np.testing.assert_allclose(getattr(got, name), expected[name], rtol=1e-4, atol=1e-6, err_msg=name)


def test_extract_does_not_train(network, images, labels):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    extract(network.train(), images, labels)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_the_head_of_a_bank_gives_its_logits(bank):
    features = torch.as_tensor(bank["train"].features)
    for z in (features, features[:, :, None, None]):
        np.testing.assert_allclose(bank.head(z).numpy(), bank["train"].logits, rtol=1e-4, atol=1e-5)


def test_round_trip(bank, tmp_path):
    bank.save(tmp_path / "new" / "bank.npz")
    again = Bank.load(tmp_path / "new" / "bank.npz")
    assert list(again.sets) == ["train", "svhn", "test"] and again.descriptions == bank.descriptions
    assert again.descriptions["svhn"] == Description("svhn", "svhn", "own", "", 5)
    assert np.array_equal(again.weight, bank.weight) and np.array_equal(again.bias, bank.bias)
    for name in again.sets:
        assert isinstance(again[name], Features)
        for field in FIELDS:
            ours, theirs = getattr(again[name], field), getattr(bank[name], field)
            assert ours.dtype == theirs.dtype and np.array_equal(ours, theirs)


@pytest.mark.parametrize("damage", [
    lambda whole: whole[: len(whole) // 2], lambda whole: whole[:-1], lambda whole: b"", lambda whole: b"no bank",
    lambda whole: whole[:3000] + bytes(64) + whole[3064:],
])  # fmt: skip
def test_a_damaged_bank_is_refused_by_name(bank, tmp_path, damage):
    path = tmp_path / "bank.npz"
    bank.save(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=re.escape(str(path))):
        Bank.load(path)


def test_a_missing_array_is_refused_by_name(bank, tmp_path):
    arrays = {"weight": bank.weight, "bias": bank.bias, "train/logits": bank.weight}
    np.savez(tmp_path / "bank.npz", descriptions="{}", **arrays)
    with pytest.raises(ValueError, match="bank.npz is no feature bank that can be used"):
        Bank.load(tmp_path / "bank.npz")


def test_a_misnamed_array_is_refused_by_name(bank, tmp_path):
    bank.ood_head = [np.zeros(2)] * 4
    bank.save(tmp_path / "bank.npz")
    content = (tmp_path / "bank.npz").read_bytes()
    (tmp_path / "bank.npz").write_bytes(content.replace(b"ood_head0", b"ood_heid0"))
    with pytest.raises(ValueError, match="bank.npz is no feature bank that can be used .*ood_heid0"):
        Bank.load(tmp_path / "bank.npz")


def test_other_sets_keep_all_else(bank):
    bank.ood_head = [np.zeros(2)] * 4
    few, mine = bank["train"].take([0, 1]), Description("mnist", "MNIST", "whole", n=2)
    other = bank.with_sets({"svhn": few, "new": few}, {"new": mine})
    assert list(other.sets) == ["train", "svhn", "test", "new"] and other["svhn"] is few and len(bank["svhn"]) == 5
    assert other.weight is bank.weight and other.ood_head is bank.ood_head
    assert other.descriptions["train"] == bank.descriptions["train"] and other.descriptions["new"] == mine
    assert other.descriptions["svhn"] == Description("svhn", "svhn", n=2)  # it is no longer what it was
    part = other.take(["new", "train"])
    assert list(part.sets) == list(part.descriptions) == ["train", "new"] and part.ood_head is bank.ood_head


def test_a_missing_bank_is_not_called_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        Bank.load(tmp_path / "bank.npz")


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    features = {name: rng.normal(size=(n, 5)) for name, n in (("train", 20), ("test", 6), ("mine", 4), ("val_ood", 3))}
    return features, {"train": np.arange(20) % 3, "test": np.arange(6) % 3}, rng.normal(size=(3, 5)), rng.normal(size=3)


def test_a_bank_of_the_arrays_of_others(arrays, tmp_path):
    features, labels, weight, bias = arrays
    bank = Bank.from_arrays(features, labels, weight, bias, titles={"mine": "holidays"})
    assert bank.ood == ["mine"] and bank.descriptions["mine"] == Description("mine", "holidays", n=4)
    assert bank.descriptions["test"] == Description("test", "test", n=6)
    np.testing.assert_allclose(bank["mine"].logits, features["mine"] @ weight.T + bias, rtol=1e-4, atol=1e-5)
    assert bank["mine"].labels.tolist() == [-1] * 4 and bank["test"].labels.tolist() == labels["test"].tolist()
    np.testing.assert_allclose(bank["test"].cell_norms[:, 0, 0], np.linalg.norm(features["test"], axis=1), rtol=1e-5)
    bank.save(tmp_path / "bank.npz")
    assert np.array_equal(Bank.load(tmp_path / "bank.npz")["mine"].features, bank["mine"].features)
    few = bank["test"].take([0, 2])
    assert len(few) == 2 and np.array_equal(few.logits, bank["test"].logits[[0, 2]])


@pytest.mark.parametrize("change, message", [
    (lambda f, y, w, b: f.pop("train"), "features have no set 'train'"),
    (lambda f, y, w, b: y.pop("test"), "labels have no set 'test'"),
    (lambda f, y, w, b: f.update(mine=np.zeros((2, 4))), r"features of mine have shape \(2, 4\); expected \[N, 5\]"),
    (lambda f, y, w, b: y.update(test=np.zeros(5)), r"labels of test have shape \(5,\); expected \[6\]"),
    (lambda f, y, w, b: b.resize(2, refcheck=False), r"weight \(3, 5\) and bias \(2,\)"),
])  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(arrays, change, message):
    change(*arrays)
    with pytest.raises(ValueError, match=message):
        Bank.from_arrays(*arrays)
