import torch

from bgood_lib.networks.build import make_network
from bgood_lib.networks.resnet18 import ResNet18_32x32
from bgood_lib.training.checkpoint import load_network, weights_sha256
from bgood_lib.training.config import make_config
from bgood_lib.training.loop import train

CPU = torch.device("cpu")


def small(**settings):
    return make_config("scenes", **{"epochs": 3, "batch_size": 10, "background_start": 0, **settings})


def openood_state():
    """Names and shapes of the state dict of OpenOOD's ResNet18_32x32, written down from its architecture."""
    shapes = {}

    def batch_norm(name, channels):
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{name}.{part}"] = (channels,)
        shapes[f"{name}.num_batches_tracked"] = ()

    shapes["conv1.weight"] = (64, 3, 3, 3)
    batch_norm("bn1", 64)
    before = 64
    for layer, channels in enumerate((64, 128, 256, 512), 1):
        for block in (0, 1):
            name = f"layer{layer}.{block}"
            shapes[f"{name}.conv1.weight"] = (channels, before, 3, 3)
            batch_norm(f"{name}.bn1", channels)
            shapes[f"{name}.conv2.weight"] = (channels, channels, 3, 3)
            batch_norm(f"{name}.bn2", channels)
            if before != channels:
                shapes[f"{name}.shortcut.0.weight"] = (channels, before, 1, 1)
                batch_norm(f"{name}.shortcut.1", channels)
            before = channels
    shapes["fc.weight"], shapes["fc.bias"] = (10, 512), (10,)
    return shapes


def test_state_dict_is_openoods():
    state = ResNet18_32x32().state_dict()
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == openood_state()
    assert list(state) == list(openood_state())
    assert sum(p.numel() for p in ResNet18_32x32().parameters()) == 11_173_962


def test_map_pool_head():
    network, x = ResNet18_32x32(7).eval(), torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    feature_map = network.feature_map(x)
    assert feature_map.shape == (2, 512, 4, 4) and feature_map.min() >= 0
    torch.testing.assert_close(network(x), network.fc(feature_map.flatten(2).mean(2)))
    torch.testing.assert_close(network(x), network(x / 255))


def test_trains_and_comes_back_from_its_checkpoint(images, labels, tmp_path):
    config = small(network="resnet18_32x32", epochs=1, batch_size=20)
    assert config.stages is None and config.width is None
    network = make_network(config, images, labels)
    train(network, images, labels, config, CPU, checkpoint=tmp_path / "c.pt", report=str)
    loaded = load_network(tmp_path / "c.pt")
    assert weights_sha256(loaded) == weights_sha256(network)
    assert torch.equal(loaded.mean, network.mean) and torch.equal(loaded.std, network.std)
