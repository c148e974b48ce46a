import numpy as np
import pytest
import torch

from bgood_lib.networks.base import channel_statistics
from bgood_lib.networks.build import make_network
from bgood_lib.networks.residual_cnn import ResidualCNN, ShortcutBlock
from bgood_lib.networks.small_resnet import SmallResNet
from bgood_lib.networks.whitened_cnn import WhitenedCNN
from bgood_lib.training.config import make_config
from bgood_lib.training.loop import train


@pytest.mark.parametrize("stages, side", [(1, 16), (2, 8), (3, 4)])
def test_map_has_the_promised_size_and_is_not_negative(stages, side):
    feature_map = SmallResNet(3, stages, width=16).eval().feature_map(torch.rand(2, 3, 32, 32))
    assert feature_map.shape == (2, 16 * 2**stages, side, side)
    assert feature_map.min() >= 0


@pytest.mark.parametrize("stages", [0, 6])
def test_stages_out_of_range(stages):
    with pytest.raises(ValueError, match=f"stages is {stages}"):
        SmallResNet(3, stages)


def test_forward_is_head_of_mean_of_map():
    network, x = SmallResNet(3, 2, 16).eval(), torch.rand(2, 3, 32, 32)
    mean = network.feature_map(x).flatten(2).mean(2)
    torch.testing.assert_close(network(x), mean @ network.head.weight.T + network.head.bias)


def test_raw_bytes_and_shares_are_the_same_image():
    network = SmallResNet(3, 2, 16).eval()
    x = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    torch.testing.assert_close(network(x), network(x / 255))


def test_normalisation_is_applied_and_travels_with_the_weights():
    mean, std = (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)
    ours, plain = SmallResNet(3, 2, 16, mean, std).eval(), SmallResNet(3, 2, 16, (0, 0, 0), (1, 1, 1)).eval()
    x = torch.rand(2, 3, 32, 32)
    normalised = (x - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    plain.load_state_dict({**ours.state_dict(), "mean": plain.mean, "std": plain.std})
    torch.testing.assert_close(ours(x), plain(normalised))
    plain.load_state_dict(ours.state_dict())
    assert torch.equal(ours(x), plain(x))


def test_channel_statistics(images):
    mean, std = channel_statistics(images)
    shares = images.reshape(-1, 3).astype(np.float64) / 255
    np.testing.assert_allclose(mean, shares.mean(0), rtol=1e-12)
    np.testing.assert_allclose(std, shares.std(0), rtol=1e-9)


@pytest.mark.parametrize("stages, side", [(2, 8), (3, 4)])
def test_whitened_cnn_has_the_promised_map(stages, side):
    network, x = WhitenedCNN(3, stages, width=16).eval(), torch.rand(2, 3, 32, 32)
    feature_map = network.feature_map(x)
    assert feature_map.shape == (2, 16 * 2 ** (stages - 1), side, side) and feature_map.min() >= 0
    torch.testing.assert_close(network(x), network.head(feature_map.flatten(2).mean(2)))
    with pytest.raises(ValueError, match="stages is 6"):
        WhitenedCNN(3, 6)


@pytest.mark.parametrize("stages, side", [(2, 8), (3, 4)])
def test_residual_cnn_has_the_promised_maps(stages, side):
    network, x = ResidualCNN(3, stages, width=16).eval(), torch.rand(2, 3, 32, 32)
    previous, last = network.feature_maps(x)
    assert last.shape == (2, 16 * stages, side, side) and last.min() >= 0
    assert previous.shape == (2, 16 * (stages - 1), 2 * side, 2 * side) and previous.min() >= 0
    torch.testing.assert_close(network(x), network.head(last.flatten(2).mean(2)))
    for wrong in (1, 6):
        with pytest.raises(ValueError, match=f"stages is {wrong}"):
            ResidualCNN(3, wrong)


def test_a_block_begins_as_the_identity_of_its_first_channels():
    block, x = ShortcutBlock(8, 12), torch.rand(2, 8, 6, 6)
    assert torch.equal(block.conv1(x)[:, :8], x) and not block.bn1.weight.requires_grad
    inner = torch.rand(2, 12, 6, 6)
    assert torch.equal(block.conv2(inner), inner) and torch.equal(block.conv3(inner), inner)


def test_whitening_leaves_uncorrelated_filters_of_variance_one(images):
    smooth = np.repeat(np.repeat(images[:, ::4, ::4], 4, 1), 4, 2)  # neighbours are alike, as in photographs
    network = WhitenedCNN(3, 2, 16, *channel_statistics(smooth))
    network.whiten(smooth)
    answers = network.whitening(network.normalise(torch.as_tensor(smooth).permute(0, 3, 1, 2)))
    answers = answers.transpose(0, 1).flatten(1)
    torch.testing.assert_close(answers[12:], -answers[:12])
    second_moments = answers[:12] @ answers[:12].T / answers.shape[1]
    torch.testing.assert_close(second_moments, torch.eye(12), atol=0.05, rtol=0)
    assert not network.whitening.weight.requires_grad


def test_training_leaves_the_whitening_alone(images, labels):
    config = make_config("cpu", method="background", selector="rank", top_k=1, epochs=1, batch_size=20, width=16)
    network = make_network(config, images, labels)
    before = network.whitening.weight.clone()
    others = network.head.weight.clone()
    train(network, images, labels, config, torch.device("cpu"), report=str)
    assert torch.equal(network.whitening.weight, before)
    assert not torch.equal(network.head.weight, others)
