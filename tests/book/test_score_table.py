"""The table of all scores in a browser: it filters and sorts, without a kernel, a library or the net."""

import pandas as pd
import pytest

from bgood_lib.pages import score_table

pytestmark = pytest.mark.slow


@pytest.fixture
def page(browser, tmp_path):
    rows = [
        {
            "study": study, "training": training, "n": n, "id_accuracy": 90.0, "id_accuracy_sd": 0.5, "score": score,
            "ood": ood, "kind": "all" if ood == "all sets" else "group", "auroc": auroc + shift, "auroc_sd": 1.0,
            "fpr95_ood_positive": 30.0, "fpr95_ood_positive_sd": None, "fpr95_id_positive": 40.0,
            "fpr95_id_positive_sd": None, "change": change, "low": low, "high": high,
        }
        for study in ("one", "two")
        for training, n, auroc, change, low, high in (
            ("cross-entropy", 3, 80.0, None, None, None), ("cross-entropy + background (rank)", 3, 85.0, 5.0, 4.0, 6.0),
            ("cross-entropy + background (<b>all</b>)", 2, 79.0, -0.04, None, None),
        )
        for score, shift in (("MSP", 0.0), ("KNN", 3.0))
        for ood in ("all sets", "near")
    ]  # fmt: skip
    text = score_table.explorer(pd.DataFrame(rows), {"study": "two", "ood": "all sets", "score": "MSP"}).data
    (tmp_path / "page.html").write_text(f"<!doctype html><meta charset='utf-8'>{text}", encoding="utf-8")
    page, errors = browser.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((tmp_path / "page.html").as_uri())
    yield page
    page.close()
    assert not errors


def shown(page):
    return [row.replace("\u00a0", " ").split("\t") for row in page.locator("tbody tr").all_inner_texts()]


def test_it_begins_with_the_largest_figure(page):
    assert shown(page) == [
        ["rank, n = 3", "90.0 ± 0.5", "MSP", "85.0 ± 1.0", "+5.0 (4.0 to 6.0)"],
        ["cross-entropy, n = 3", "90.0 ± 0.5", "MSP", "80.0 ± 1.0", "–"],
        ["<b>all</b>, n = 2", "90.0 ± 0.5", "MSP", "79.0 ± 1.0", "−0.04"],
    ]


def test_it_filters_and_sorts(page):
    page.select_option("[name=study]", "one")
    page.select_option("[name=score]", "every one")
    assert page.locator("[role=status]").inner_text() == "6 rows"
    page.fill("[name=words]", "RANK")
    assert [row[2] for row in shown(page)] == ["KNN", "MSP"]
    page.fill("[name=words]", "")
    page.click("th:nth-child(5) button")
    assert shown(page)[0][4] == "+5.0 (4.0 to 6.0)"
    assert page.locator("th:nth-child(5)").get_attribute("aria-sort") == "descending"
    page.click("th:nth-child(5) button")
    assert shown(page)[0][4] == "–", "without a change comes first when smallest comes first"
    page.select_option("[name=figure]", "fpr95_id_positive")
    assert {row[3] for row in shown(page)} == {"40.0"}
