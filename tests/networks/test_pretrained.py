import numpy as np
import pytest
import torch
from torch import nn

from bgood_lib import trunk_maps as kept
from bgood_lib.features import extract
from bgood_lib.networks import pretrained
from bgood_lib.networks.pretrained import Pretrained
from bgood_lib.training.checkpoint import load_network, weights_sha256
from bgood_lib.training.config import make_config
from bgood_lib.training.loop import train
from bgood_lib.utils.errors import InputError, MissingExtra

pytest.importorskip("timm", reason="the extra `photos` is not installed")
IMAGES = np.random.default_rng(0).integers(0, 256, (8, 40, 40, 3), dtype=np.uint8)
LABELS = np.arange(8) % 2
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BGOOD_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache" / "trunks"


@pytest.fixture
def network(monkeypatch):
    torch.manual_seed(0)
    network = Pretrained(2)
    network.side = 64
    return network


@pytest.mark.parametrize("backbone", pretrained.PACKAGED)
def test_it_is_the_network_that_the_weights_belong_to(backbone):
    import timm

    theirs = timm.create_model(backbone, num_classes=1000)
    network = Pretrained(2, backbone=backbone)
    tensors = pretrained.packaged_weights(pretrained.PACKAGED[backbone])
    theirs.load_state_dict(dict(zip(theirs.state_dict(), tensors.values())))
    network.prepare(IMAGES)
    pixels = torch.rand(2, 3, 64, 64)
    x = network.normalise(pixels)
    assert torch.equal(network.eval().layers(x), theirs.eval().forward_features(x))
    assert torch.allclose(255 * pixels, 128 * x + 127, atol=1e-3)


@pytest.mark.parametrize(("trained", "cut"), [("head", 18), ("last_block", 16), ("last_stage", 12), ("all", 0)])
def test_what_is_trained(trained, cut):
    network = Pretrained(2, trained=trained).train()
    assert network.cut == cut
    moving = {name for name, parameter in network.named_parameters() if parameter.requires_grad}
    assert {int(name.split(".")[1]) for name in moving if name.startswith("layers")} == set(range(cut, 18))
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert norms and not any(module.training or module.weight.requires_grad for module in norms)


def test_a_resnet():
    network = Pretrained(3, backbone="resnet18", trained="last_block")
    network.side = 64
    assert network.cut == 8 and network(torch.zeros(1, 3, 64, 64)).shape == (1, 3)


def test_kept_maps_are_what_a_pass_gives_and_survive_damage(network, cache):
    passed, looked_up = (extract(network, IMAGES, LABELS, keep=keep) for keep in (False, True))
    [file] = cache.glob("*.safetensors")
    again = extract(network, IMAGES, LABELS, keep=True)
    for found in (looked_up, again):
        assert np.array_equal(found.logits, passed.logits)
    whole = network.head(network.pool(network.feature_map(torch.as_tensor(IMAGES).permute(0, 3, 1, 2))))
    assert np.allclose(whole.detach().numpy(), passed.logits, atol=1e-4)
    data = bytearray(file.read_bytes())
    data[-5] ^= 1
    file.write_bytes(data)
    assert np.array_equal(extract(network, IMAGES, LABELS, keep=True).logits, passed.logits)


def test_kept_maps_belong_to_network_and_images(network, cache):
    kept.trunk_maps(network, IMAGES)
    kept.trunk_maps(network, IMAGES[:, :, ::-1])
    with torch.no_grad():
        network.layers[0][0].weight += 0.1
    kept.trunk_maps(network, IMAGES)
    with torch.no_grad():
        network.layers[-1][0].weight += 0.1  # of the trained part
    kept.trunk_maps(network, IMAGES)
    assert len(list(cache.iterdir())) == 3


def config(**settings):
    return make_config(
        "photos", **{"dataset": "photos", "epochs": 2, "batch_size": 4, "background_start": 0.0, **settings}
    )


@pytest.mark.parametrize("selector", ["cam_threshold", "oracle"])
def test_only_the_rest_is_trained_and_a_checkpoint_gives_it_back(network, tmp_path, selector):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    masks, file = np.arange(40)[None, None] >= np.full((8, 40, 1), 20), tmp_path / "checkpoint.pt"
    history = train(network, IMAGES, LABELS, config(selector=selector), CPU, masks, file, "i", report=str)
    changed = {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed and all(name.startswith(("layers.16", "layers.17", "head")) for name in changed)
    assert history[0]["background_loss"] > 0
    assert weights_sha256(load_network(file)) == weights_sha256(network)


def test_a_mask_is_mirrored_with_its_map(network, monkeypatch):
    from bgood_lib.training import examples

    masks = np.zeros((8, 40, 40), bool)
    masks[:, :, :20] = True
    found = examples.examples_of(network, IMAGES, masks, config(selector="oracle"), CPU)
    found.begin(0, torch.Generator().manual_seed(0))
    maps, moved = found.batch(torch.arange(8))
    sides = [kept.trunk_maps(network, images) for images in (IMAGES, IMAGES[:, :, ::-1])]
    assert found.mirrored.any() and not found.mirrored.all()
    for i, mirrored in enumerate(found.mirrored.int()):
        assert torch.equal(maps[i], sides[mirrored][i].float())
        assert moved[i, :, :20].all() != bool(mirrored)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"trained": "head"}, "trained is head"),
        ({"trained": "tail"}, "tail"),
        ({"layer": "both"}, "layer is 'both'"),
        ({"crop_padding": 4}, "crop_padding 0"),
    ],
)
def test_what_cannot_be(settings, message):
    with pytest.raises(InputError, match=message):
        config(**settings)


def test_what_is_missing_is_named(monkeypatch):
    with pytest.raises(InputError, match="no network 'efficientnet_lite7'"):
        Pretrained(2, backbone="efficientnet_lite7")
    with pytest.raises(InputError, match="neither an EfficientNet nor a ResNet"):
        Pretrained(2, backbone="vit_tiny_patch16_224")
    monkeypatch.setattr(pretrained.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="photos"):
        Pretrained(2)
