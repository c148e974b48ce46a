import pandas as pd

from bgood_lib.pages.folded import folded, table_html


def test_a_table_has_no_empty_header():
    for index in (["a", "b"], pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["one", None])):
        text = table_html(pd.DataFrame({"x": ["<b>1</b>", "2"]}, index=index), "what")
        assert "<th></th>" not in text and "what" in text and "<b>1</b>" in text


def test_what_is_folded_is_there():
    text = folded("More & more", "a < b", pd.DataFrame({"x": [1]}, index=["r"])).data
    assert text.startswith("<details><summary>More &amp; more</summary><p>a &lt; b</p><table")
