import dataclasses
import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from pytorch_ood.loss import LogitNorm
from torch.nn import functional as F

from bgood_lib.networks.build import make_network
from bgood_lib.training import examples, loop, losses
from bgood_lib.training.checkpoint import load_network, weights_sha256
from bgood_lib.training.config import METHODS, make_config
from bgood_lib.training.loop import learning_rate_at, train
from bgood_lib.training.losses import CLASSIFICATION
from bgood_lib.utils.errors import TrainingDiverged

CPU = torch.device("cpu")


def small(**settings):
    return make_config("scenes", **{"epochs": 3, "batch_size": 10, "background_start": 0, **settings})


@pytest.fixture
def slow_clock(monkeypatch):
    """A clock on which two minutes pass between two looks, so that every epoch is saved."""
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=itertools.count(0, 120).__next__))


def fresh(config, images, labels):
    return make_network(config, images, labels)


def without_seconds(history):
    return [{k: v for k, v in epoch.items() if k != "seconds"} for epoch in history]


@pytest.mark.parametrize("settings", [{}, {"method": "logitnorm_background", "selector": "random"}])
def test_resuming_equals_not_having_stopped_bit_for_bit(images, labels, tmp_path, slow_clock, settings):
    config, checkpoint = small(**settings), tmp_path / "checkpoint.pt"
    whole = fresh(config, images, labels)
    expected = train(whole, images, labels, config, CPU, report=str)

    def kill(line):
        if "2/3" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(
            fresh(config, images, labels), images, labels, config, CPU, checkpoint=checkpoint, identity="r", report=kill
        )
    torch.rand(5)  # another process: the global generator is somewhere else
    resumed, lines = fresh(config, images, labels), []
    history = train(resumed, images, labels, config, CPU, checkpoint=checkpoint, identity="r", report=lines.append)
    assert len(lines) == 1 and "3/3" in lines[0]
    assert weights_sha256(resumed) == weights_sha256(whole)
    assert without_seconds(history) == without_seconds(expected)


def test_checkpoints_are_written_once_a_minute_and_at_the_end(images, labels, tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(loop, "save", lambda *args: saved.append(len(args[-1])))
    # Looks at the clock come before the first epoch and then three times an epoch.
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=itertools.count(0, 10).__next__))
    config = small(epochs=6)
    train(fresh(config, images, labels), images, labels, config, CPU, checkpoint=tmp_path / "c.pt", report=str)
    assert saved[-1] == 6 and 1 < len(saved) < 6


def test_a_finished_training_is_not_trained_again(images, labels, tmp_path):
    config, checkpoint, lines = small(epochs=1), tmp_path / "c.pt", []
    first = fresh(config, images, labels)
    expected = train(first, images, labels, config, CPU, checkpoint=checkpoint, identity="r", report=lines.append)
    content = checkpoint.read_bytes()
    again = fresh(config, images, labels)
    history = train(again, images, labels, config, CPU, checkpoint=checkpoint, identity="r", report=lines.append)
    assert len(lines) == 1 and history == expected
    assert weights_sha256(again) == weights_sha256(first)
    assert checkpoint.read_bytes() == content


def test_the_checkpoint_of_another_run_is_overwritten(images, labels, tmp_path):
    config, checkpoint, lines = small(epochs=1), tmp_path / "c.pt", []
    first, second = fresh(config, images, labels), fresh(config, images, labels)
    train(first, images, labels, config, CPU, checkpoint=checkpoint, identity="one", report=lines.append)
    train(second, images[::-1].copy(), labels, config, CPU, checkpoint=checkpoint, identity="two", report=lines.append)
    assert len(lines) == 2
    assert weights_sha256(load_network(checkpoint)) == weights_sha256(second) != weights_sha256(first)


def diverging_at(call, monkeypatch):
    calls, real = itertools.count(1), losses.CrossEntropy.loss
    monkeypatch.setattr(
        losses.CrossEntropy, "loss", lambda *args: real(*args) * (float("nan") if next(calls) == call else 1)
    )


def test_divergence_names_place_and_values_and_leaves_the_checkpoint(images, labels, tmp_path, monkeypatch, slow_clock):
    config, checkpoint = small(weight=0.25), tmp_path / "c.pt"
    diverging_at(6, monkeypatch)  # four steps an epoch
    content = []
    with pytest.raises(TrainingDiverged) as caught:
        train(
            fresh(config, images, labels), images, labels, config, CPU, checkpoint=checkpoint, identity="r",
            report=lambda line: content.append(checkpoint.read_bytes()),
        )  # fmt: skip
    message = str(caught.value)
    for part in (
        "epoch 2, step 2 of 4",
        "classification nan, background ",
        "learning_rate (0.1)",
        "weight (0.25)",
        str(checkpoint),
    ):
        assert part in message
    assert [checkpoint.read_bytes()] == content


def test_divergence_promises_no_checkpoint_that_is_not_there(images, labels, tmp_path, monkeypatch):
    config, checkpoint = small(), tmp_path / "c.pt"
    diverging_at(6, monkeypatch)
    with pytest.raises(TrainingDiverged) as caught:
        train(
            fresh(config, images, labels), images, labels, config, CPU, checkpoint=checkpoint, identity="r", report=str
        )
    assert not checkpoint.exists()
    assert str(checkpoint) not in str(caught.value)


def test_an_infinite_loss_of_real_training_is_caught(images, labels):
    config = small(learning_rate=1e30, warmup=0.0)
    with pytest.raises(TrainingDiverged, match="epoch 1"):
        train(fresh(config, images, labels), images, labels, config, CPU, report=str)


def test_a_seed_pairs_methods(images, labels, monkeypatch):
    batches, real = {}, examples.augment

    def spy(*args):
        x = real(*args)
        batches[method].append(x.numpy().tobytes())
        return x

    monkeypatch.setattr(examples, "augment", spy)
    weights, trained = set(), set()
    common = [name for name, (loss, _) in METHODS.items() if not hasattr(CLASSIFICATION[loss], "steps")]
    for method in common:
        config = small(method=method, selector="random", epochs=2)
        batches[method] = []
        network = fresh(config, images, labels)
        weights.add(frozenset(p.detach().numpy().tobytes() for p in network.parameters()))  # whatever their names
        train(network, images, labels, config, CPU, report=str)
        trained.add(weights_sha256(network))
    assert len(weights) == 1  # equal at the start,
    assert all(value == batches["cross_entropy"] for value in batches.values())  # equal in what they see,
    assert len(trained) == len(common)  # and different in what they learn
    assert len(set(batches["cross_entropy"])) == 8


def test_another_seed_is_another_training(images, labels):
    a, b = (weights_sha256(fresh(small(seed=seed), images, labels)) for seed in (0, 1))
    assert a != b


def test_a_cosine_falls_from_the_full_rate():
    config = make_config("full", learning_rate=0.2)
    assert config.warmup is None
    rates = [learning_rate_at(step, 100, config) for step in range(101)]
    assert rates[0] == 0.2 and rates[50] == pytest.approx(0.1, rel=1e-4) and rates[100] == pytest.approx(1e-6)
    assert sorted(rates, reverse=True) == rates


@pytest.mark.parametrize("warmup, expected", [
    (0.2, [0.5, 1, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8]),
    (0.0, [1, 1, 8 / 9, 7 / 9, 6 / 9, 5 / 9, 4 / 9, 3 / 9, 2 / 9, 1 / 9]),
    (1.0, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]),
])  # fmt: skip
def test_learning_rate_climbs_and_falls(warmup, expected):
    config = make_config("scenes", learning_rate=2.0, warmup=warmup)
    assert [learning_rate_at(step, 10, config) for step in range(10)] == pytest.approx(
        [2 * value for value in expected]
    )


def test_classification_losses():
    logits, y = torch.randn(6, 4), torch.arange(6) % 4
    assert losses.CrossEntropy.loss(logits, y, small()) == F.cross_entropy(logits, y)
    log_p = logits.log_softmax(1).numpy()
    share = 0.2 / 4 + 0.8 * np.eye(4)[y]  # of each class in a label
    smoothed = losses.Smoothed.loss(logits, y, small(method="smoothed", label_smoothing=0.2))
    assert smoothed.item() == pytest.approx(-(share * log_p).sum(1).mean(), rel=1e-5)
    ours = losses.LogitNorm.loss(logits, y, small(method="logitnorm", logitnorm_temperature=0.1))
    torch.testing.assert_close(ours, LogitNorm(t=0.1)(logits, y))
    assert ours.item() == pytest.approx(
        F.cross_entropy(logits / (0.1 * logits.norm(dim=1, keepdim=True)), y).item(), rel=1e-5
    )


def test_equals_a_plain_loop(images, labels):
    # No augmentation and one batch an epoch: only the order of the images is left to chance.
    config = small(batch_size=40, epochs=3, crop_padding=0, weight=0.5, selector="all")
    ours, plain = fresh(config, images, labels), fresh(config, images, labels).train()
    history = train(ours, images, labels, config, CPU, report=str)
    x, y = torch.as_tensor(images).permute(0, 3, 1, 2), torch.as_tensor(labels)
    optimizer = torch.optim.SGD(plain.parameters(), lr=1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    for rate, epoch in zip([0.1, 0.1, 0.05], history):
        optimizer.param_groups[0]["lr"] = rate
        z = plain.feature_map(x)
        loss, background = F.cross_entropy(plain(x), y), z.norm(dim=1).mean()
        assert (epoch["loss"], epoch["background_loss"]) == pytest.approx((loss.item(), background.item()), rel=1e-3)
        optimizer.zero_grad()
        (loss + 0.5 * background).backward()
        optimizer.step()


def test_the_background_loss_shrinks_background_features(images, labels):
    last = {}
    for weight in (0.0, 2.0):
        config = small(weight=weight, selector="all", epochs=3)
        last[weight] = train(fresh(config, images, labels), images, labels, config, CPU, report=str)[-1][
            "background_loss"
        ]
    assert last[2.0] < 0.7 * last[0.0]


def test_masks_move_with_their_images(images, labels, monkeypatch):
    seen, real = [], losses.background_loss
    augmented, move = [], examples.augment

    def spy_loss(*args, masks, **kwargs):
        seen.append(masks)
        return real(*args, masks=masks, **kwargs)

    def spy_augment(*args):
        augmented.append(move(*args))
        return augmented[-1]

    monkeypatch.setattr(losses, "background_loss", spy_loss)
    monkeypatch.setattr(examples, "augment", spy_augment)
    masks = np.random.default_rng(1).random((40, 32, 32)) < 0.05
    images[..., 0] = 255 * masks
    config = small(selector="oracle", epochs=1, flip=True)
    train(fresh(config, images, labels), images, labels, config, CPU, masks=masks, report=str)
    assert len(seen) == 4
    for mask, x in zip(seen, augmented):
        assert mask.any() and torch.equal(mask.bool(), x[..., 0] == 255)


def test_oracle_without_masks_is_refused(images, labels):
    with pytest.raises(ValueError, match="oracle"):
        train(fresh(small(), images, labels), images, labels, small(selector="oracle"), CPU, report=str)


def test_a_loaded_network_is_the_trained_one(images, labels, tmp_path):
    config = small(epochs=1)
    network = fresh(config, images, labels)
    train(network, images, labels, config, CPU, checkpoint=tmp_path / "c.pt", report=str)
    loaded = load_network(tmp_path / "c.pt")
    assert not loaded.training and weights_sha256(loaded) == weights_sha256(network)


def test_weights_checksum_sees_values_and_not_their_layout(images, labels):
    a, b = fresh(small(), images, labels), fresh(small(), images, labels)
    b.to(memory_format=torch.channels_last)
    assert weights_sha256(a) == weights_sha256(b)
    b.head.bias.data[0] += 1e-6
    assert weights_sha256(a) != weights_sha256(b)
    c = fresh(small(), images, labels)
    c.stem[1].running_mean += 1  # a buffer counts too
    assert weights_sha256(a) != weights_sha256(c)


def test_the_background_loss_starts_late(images, labels):
    config = small(epochs=4, background_start=0.5)
    history = train(fresh(config, images, labels), images, labels, config, CPU, report=str)
    assert [epoch["background_loss"] > 0 for epoch in history] == [False, False, True, True]


def test_until_the_background_loss_begins_the_training_is_plain_cross_entropy(images, labels):
    weights = {}
    for method in ("background", "cross_entropy"):
        config = small(epochs=4, method=method, background_start=0.5)
        network, after = fresh(config, images, labels), weights.setdefault(method, [])
        train(
            network, images, labels, config, CPU, report=lambda _, of=network, to=after: to.append(weights_sha256(of))
        )
    same = [ours == plain for ours, plain in zip(weights["background"], weights["cross_entropy"], strict=True)]
    assert same == [True, True, False, False]


def test_a_shift_larger_than_the_image_is_refused(images, labels):
    with pytest.raises(ValueError, match="crop_padding is 32"):
        train(fresh(small(), images, labels), images, labels, small(crop_padding=32), CPU, report=str)


def test_a_checkpoint_of_another_version_is_named(tmp_path):
    torch.save({"identity": "r", "history": [], "network": {}}, tmp_path / "c.pt")
    with pytest.raises(ValueError, match="c.pt is of another version"):
        load_network(tmp_path / "c.pt")


def test_a_damaged_checkpoint_is_named(images, labels, tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"half of it")
    config = small(epochs=1)
    with pytest.raises(ValueError, match="checkpoint.pt is no checkpoint, or is damaged"):
        train(
            fresh(config, images, labels),
            images,
            labels,
            config,
            CPU,
            checkpoint=tmp_path / "checkpoint.pt",
            report=str,
        )


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "t2fnorm_background"},
        {"penalty": "ood_head", "selector": "low_confidence"},
        {"penalty": "objectosphere"},
        {"penalty": "relative_norm", "layer": "both"},
        {"layer": "previous", "judge": "own", "selector": "rank", "top_k": 1},
    ],
    ids=lambda settings: "-".join(settings.values() if len(settings) < 4 else ["own_judge"]),
)
def test_every_form_trains_and_comes_back_from_its_checkpoint(images, labels, tmp_path, settings):
    config = small(background_start=0.0, **{"method": "background", **settings})
    network = fresh(config, images, labels)
    before = [p.clone() for p in network.parameters()]
    train(network, images, labels, config, CPU, checkpoint=tmp_path / "checkpoint.pt", report=str)
    assert all((a != b).any() for a, b in zip(before, network.parameters())), "a part does not learn"
    again = load_network(tmp_path / "checkpoint.pt")
    x = torch.as_tensor(images[:8]).permute(0, 3, 1, 2)
    with torch.no_grad():
        assert torch.equal(again(x), network.eval()(x))


def test_t2fnorm_trains_on_length_one_and_keeps_the_length_afterwards(images, labels):
    network = fresh(small(method="t2fnorm"), images, labels).eval()
    z = torch.rand(5, network.head.in_features)
    weight, bias = network.head.parametrizations.weight.original, network.head.bias
    expected = (z / z.norm(dim=1, keepdim=True) / 0.1) @ weight.T + bias
    assert torch.allclose(losses.T2FNorm.head(network)(z), expected, atol=1e-5)
    assert torch.allclose(network.head(z), (z / 0.1) @ weight.T + bias, atol=1e-5)


def test_an_own_judge_does_not_teach_the_network(images, labels):
    config = small(method="background", layer="previous", judge="own", weight=0.0)
    network = fresh(config, images, labels)
    x, y = torch.as_tensor(images[:16]).permute(0, 3, 1, 2), torch.as_tensor(labels[:16])
    gradients = {}
    for judged in (True, False):
        network.zero_grad()
        with_or_without = config if judged else dataclasses.replace(config, judge=None, layer="last")
        losses.losses(network, network.feature_maps(x), y, with_or_without, with_background=False)[0].backward()
        gradients[judged] = {n: p.grad.clone() for n, p in network.named_parameters() if p.grad is not None}
    early = {name for name in gradients[True] if name.startswith("early_head")}
    assert early and set(gradients[True]) - set(gradients[False]) == early
    assert all(torch.equal(gradients[True][name], gradients[False][name]) for name in gradients[False])


@pytest.mark.parametrize("capabilities, precision", [
    ({}, "float32"), ({"avx512_bf16": True}, "bfloat16"), ({"amx_bf16": True}, "bfloat16"),
])  # fmt: skip
def test_bfloat16_only_where_the_processor_computes_with_it(monkeypatch, capabilities, precision):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert loop.choose_precision(torch.device("cpu")) == precision
