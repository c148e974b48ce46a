import pandas as pd

from bgood_lib.pages.folded import folded, table_html


def test_a_table_has_no_empty_header():
    for index in (["a", "b"], pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["one", None])):
        text = table_html(pd.DataFrame({"x": ["<b>1</b>", "2"]}, index=index), "what")
        assert "<th></th>" not in text and "what" in text and "<b>1</b>" in text


def test_a_constant_n_is_said_once():
    text = table_html(pd.DataFrame({"n": [3, 3], "x": [1, 2]}, index=["a", "b"]))
    assert "n = 3 in every row" in text and "<th>n</th>" not in text
    assert "<th>n</th>" in table_html(pd.DataFrame({"n": [3, 2]}, index=["a", "b"]))


def test_what_is_folded_is_there():
    text = folded("More & more", "a < b", pd.DataFrame({"x": [1]}, index=["r"])).data
    assert text.startswith("<details><summary>More &amp; more</summary><p>a &lt; b</p><table")
