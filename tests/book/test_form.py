"""The link to the repository is off until an address is set."""

from types import SimpleNamespace

import form
import pytest


@pytest.mark.parametrize("address, shown", [("", False), ("https://github.com/someone/bgood", True)])
def test_the_link_to_the_repository_waits_for_its_address(address, shown):
    config = SimpleNamespace(html_theme_options={"repository_url": address})
    form.link_repository(None, config)
    assert config.html_theme_options["use_repository_button"] is shown
