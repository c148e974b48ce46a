"""The book's search finds the page that defines a term first."""

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("term, page", [
    ("FPR95", "measuring"), ("MSP", "scores"), ("KNN", "more_scores"), ("Energy", "scores"), ("Mahalanobis", "more_scores"),
    ("ReAct", "more_scores"), ("receptive field", "cells"), ("background loss", "background_loss"),
])  # fmt: skip
def test_a_term_is_found_where_it_is_defined(visit, term, page):
    with visit(f"search.html?q={term.replace(' ', '+')}", check=False) as opened:
        first = opened.page.locator("#search-results li a").first
        assert f"/{page}.html" in first.get_attribute("href")
