"""Any classifier as a network of this package."""

import numpy as np
import pytest
import torch
from torch import nn

from bgood_lib.features import extract
from bgood_lib.networks.wrapped import Wrapped

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)


class Classifier(nn.Module):
    """Ends in average pooling, or in flattening, and a head with or without bias."""

    def __init__(self, flat=False, bias=True):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 5, 3, 4), nn.ReLU(), nn.Conv2d(5, 6, 3, 2), nn.ReLU())
        self.flat = flat
        self.fc = nn.Linear(54 if flat else 6, 4, bias=bias)

    def forward(self, x):
        z = self.body(x)
        return self.fc(z.flatten(1) if self.flat else z.mean((2, 3)))


@pytest.fixture(params=[True, False])
def classifier(request):
    torch.manual_seed(0)
    return Classifier(bias=request.param).eval()


def test_the_features_are_what_the_head_reads(classifier, images, labels):
    network = Wrapped(classifier, "fc", "body", MEAN, STD)
    got = extract(network, images, labels)
    with torch.no_grad():
        x = torch.as_tensor(images).permute(0, 3, 1, 2) / 255 - torch.tensor(MEAN)[:, None, None]
        x = x / torch.tensor(STD)[:, None, None]
        z = classifier.body(x)
        np.testing.assert_allclose(got.logits, classifier(x).numpy(), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(
            network(torch.as_tensor(images).permute(0, 3, 1, 2)), got.logits, rtol=1e-4, atol=1e-5
        )
    np.testing.assert_allclose(got.features, z.mean((2, 3)).numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(got.cell_norms, z.norm(dim=1).numpy(), rtol=1e-4, atol=1e-5)
    assert network.head.bias.shape == (4,)


def test_without_a_feature_layer_an_image_is_one_cell(images, labels):
    torch.manual_seed(0)
    classifier = Classifier(flat=True)
    got = extract(Wrapped(classifier, "fc", mean=MEAN, std=STD), images, labels)
    assert got.features.shape == (40, 54) and got.cell_norms.shape == (40, 1, 1)
    np.testing.assert_allclose(
        got.logits, got.features @ classifier.fc.weight.detach().numpy().T + classifier.fc.bias.detach().numpy(),
        rtol=1e-4, atol=1e-5,
    )  # fmt: skip


def test_no_hook_stays(classifier, images):
    network = Wrapped(classifier, "fc", "body")
    network(torch.as_tensor(images).permute(0, 3, 1, 2))
    assert not classifier.fc._forward_pre_hooks and not classifier.body._forward_hooks


def test_names_that_do_not_fit_are_refused(images):
    with pytest.raises(ValueError, match="no layer 'head'; it has body, body.0, .*, fc"):
        Wrapped(Classifier(), "head")
    with pytest.raises(ValueError, match="no layer 'layer4'"):
        Wrapped(Classifier(), "fc", "layer4")
    with pytest.raises(ValueError, match="body is a Sequential; the head must be a torch.nn.Linear"):
        Wrapped(Classifier(), "body")
    batch = torch.as_tensor(images).permute(0, 3, 1, 2)
    with pytest.raises(ValueError, match=r"the output of body, \[40, 6, 3, 3\], averaged .* fc reads, \[40, 54\]"):
        Wrapped(Classifier(flat=True), "fc", "body").feature_map(batch)
    with pytest.raises(ValueError, match="the output of body.1, .* name another feature_layer"):
        Wrapped(Classifier(), "fc", "body.1").feature_map(batch)
