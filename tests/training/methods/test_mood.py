"""MOOD: patches are hidden in blocks, only they count, and the classifier begins where filling in ended."""

import numpy as np
import pytest
import torch

from bgood_lib.detectors.scoring import fit, score
from bgood_lib.evaluation.bank import bank_from
from bgood_lib.features import extract
from bgood_lib.networks.build import make_network
from bgood_lib.networks.small_vit import token_features
from bgood_lib.training.config import make_config
from bgood_lib.training.equip import equip
from bgood_lib.training.methods.mood import LOOKS, FillThenClassify, block_masks, hidden_error, patches_of
from bgood_lib.training.steps import train_in_steps

pytest.importorskip("timm", reason="the extra `photos` is not installed")


CPU = torch.device("cpu")


def make(images, labels, **settings):
    config = make_config("vit", method="mood", width=32, batch_size=20, **settings)
    network = make_network(config, images, labels)
    equip(network, config)
    return network, config


@pytest.mark.parametrize("side, share, count", [(14, 75 / 196, 75), (8, 75 / 196, 24), (4, 0.5, 8)])
def test_masks_hide_the_published_share_in_blocks_that_a_seed_fixes(side, share, count):
    first, again, other = (block_masks(200, side, torch.Generator().manual_seed(seed), share) for seed in (0, 0, 1))
    assert first.shape == (200, side, side) and (first.sum((1, 2)) == count).all()
    assert torch.equal(first, again) and not torch.equal(first, other)
    single = torch.rand(200, side**2).argsort().argsort().unflatten(1, (side, side)) < count
    together = [(m[:, 1:] & m[:, :-1]).sum() / m.sum() for m in (first, single)]
    assert together[0] > 1.2 * together[1]  # neighbours are hidden together


def test_only_hidden_patches_count():
    rng = np.random.default_rng(0)
    x, filled = rng.normal(size=(5, 3, 32, 32)).astype("f4"), rng.normal(size=(5, 64, 48)).astype("f4")
    patches = patches_of(torch.as_tensor(x), 4).numpy()
    for row, column in ((0, 0), (2, 7)):
        there = x[:, :, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        np.testing.assert_array_equal(patches[:, 8 * row + column], there.reshape(5, 48))
    hidden = block_masks(5, 8, torch.Generator().manual_seed(0)).flatten(1)
    found = hidden_error(*(torch.as_tensor(part) for part in (filled, patches)), hidden).numpy()
    expected = [((filled[i] - patches[i])[hidden[i].numpy()] ** 2).mean() for i in range(5)]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    filled[~hidden.numpy()] = 99
    unmoved = hidden_error(*(torch.as_tensor(part) for part in (filled, patches)), hidden).numpy()
    np.testing.assert_array_equal(found, unmoved)


def test_what_is_hidden_is_not_seen(images, labels):
    network, _ = make(images, labels)
    filler, x = network.eval().beside, torch.rand(3, 3, 32, 32)
    hidden = torch.zeros(3, 8, 8, dtype=torch.bool)
    hidden[:, 1, 2] = True
    changed = x.clone()
    changed[:, :, 4:8, 8:12] = network.mean.flatten()[:, None, None]
    target = patches_of(network.normalise(x), 4)[:, 10]
    with torch.no_grad():  # what is filled in comes from the picture without the patch; that the patch is compared
        filled = filler.to_pixels(token_features(filler.vit, network.normalise(changed)))[:, 10]
        torch.testing.assert_close(filler.errors(network, x, hidden), (filled - target).square().mean(1))


def test_the_reconstruction_score_is_the_error_over_the_same_masks_for_all(images, labels):
    network, _ = make(images, labels)
    sets = {"train": extract(network, images, labels), "test": extract(network, images, labels)}
    sets["ood"] = extract(network, images[:7], [-1] * 7, batch_size=3)
    found = score("MOOD-reconstruction", bank_from(network, sets))
    mean, std = (part.flatten().numpy() for part in (network.mean, network.std))
    x = ((images / np.float32(255) - mean) / std).transpose(0, 3, 1, 2)
    patches = x.reshape(40, 3, 8, 4, 8, 4).transpose(0, 2, 4, 1, 3, 5).reshape(40, 64, 48)
    masks, filler, expected = block_masks(LOOKS, 8, torch.Generator().manual_seed(0)).numpy(), network.beside, 0
    for hidden in masks:
        seen = np.where(np.kron(hidden, np.ones((4, 4), bool)), np.float32(0), x)
        with torch.no_grad():
            tokens = token_features(filler.vit, torch.as_tensor(seen)).numpy()
        filled = tokens @ filler.to_pixels.weight.detach().numpy().T + filler.to_pixels.bias.detach().numpy()
        expected = expected + ((filled - patches)[:, hidden.ravel()] ** 2).mean((1, 2)) / LOOKS
    np.testing.assert_allclose(found["test"], expected, rtol=1e-4)
    np.testing.assert_allclose(found["ood"], expected[:7], rtol=1e-4)


def test_mahalanobis_on_normalised_features_against_numpy(images, labels):
    network, _ = make(images, labels)
    known = extract(network, images, labels)
    bank = bank_from(network, {"train": known, "test": known, "ood": extract(network, images[::-1].copy(), [-1] * 40)})
    fitted = fit("Mahalanobis++", bank)
    z, new = (
        (f := bank[name].features.astype(float)) / np.linalg.norm(f, axis=1, keepdims=True) for name in ("train", "ood")
    )
    means = np.stack([z[labels == c].mean(0) for c in range(4)])
    centred = z - means[labels]
    inverse = np.linalg.inv(centred.T @ centred + 1e-6 * np.eye(z.shape[1]))
    expected = [min((row - m) @ inverse @ (row - m) for m in means) / 2 for row in new]
    np.testing.assert_allclose(fitted.score(bank["ood"]), expected, rtol=1e-6)


def test_filling_in_leaves_the_classifier_alone_and_then_hands_over(images, labels):
    network, config = make(images, labels, epochs=4)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    seen = []

    class Watched(FillThenClassify):
        def begin(self, epoch, generator):
            super().begin(epoch, generator)
            seen.append({name: tensor.clone() for name, tensor in network.state_dict().items()})

        def step(self, *args):
            figures = super().step(*args)
            rates.append(self.optimizer.param_groups[0]["lr"])
            return figures

    rates = []
    history = train_in_steps(Watched, network, images, labels, config, CPU, report=str)
    after = network.state_dict()
    for name in before:
        own, vit = not name.startswith("beside."), name.removeprefix("beside.").startswith("vit.")
        if own and not vit:  # the head
            assert torch.equal(before[name], seen[2][name])
        elif own:
            assert torch.equal(before[name], seen[1][name]) and torch.equal(seen[2][name], seen[2][f"beside.{name}"])
        else:
            assert torch.equal(seen[2][name], after[name])  # the one that fills in stays
    assert not torch.equal(after["vit.norm.weight"], after["beside.vit.norm.weight"])
    assert rates[:4] == pytest.approx(rates[4:]) and history[0]["loss"] != history[1]["loss"]


def test_a_network_without_patches_is_refused(images, labels):
    config = make_config("scenes", method="mood")
    with pytest.raises(ValueError, match="small_resnet is none; use profile vit"):
        equip(make_network(config, images, labels), config)
