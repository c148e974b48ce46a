import re

import numpy as np
import pytest

from bgood_lib.pages.guess import guess_cards


def test_every_picture_has_its_words_and_hides_its_answer():
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8)
    shown = guess_cards(images, ["a digit", "stripes"], ["a <3>, 99%", "a 4, 71%"], "How sure?").data
    assert re.findall(r'alt="([^"]*)"', shown) == ["a digit", "stripes"]
    assert re.findall(r"<details[^>]*><summary>How sure\?</summary>(.*?)</details>", shown) == [
        "a &lt;3&gt;, 99%",
        "a 4, 71%",
    ]
    assert "<script" not in shown and " open" not in shown
    with pytest.raises(ValueError, match="2 pictures, 2 alternative texts, 1 answers"):
        guess_cards(images, ["a", "b"], ["c"])
