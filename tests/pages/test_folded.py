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


def test_a_difference_is_said_shortly_and_loses_nothing():
    one, other = "+0.4 points (95% interval −0.09 to 0.8, n = 5)", "−1.0 points (95% interval −3.3 to 0.7, n = 3)"
    bare, alone = "−82.2 points (n = 3, 3 collapsed)", "not measured"
    text = table_html(pd.DataFrame({"x": [one, one], "y": [one, alone]}))
    assert text.count("<td>+0.4 (−0.09 to 0.8)</td>") == 3 and alone in text
    assert text.endswith("<p>Points; in brackets the 95% interval, n = 5 everywhere.</p>")
    text = table_html(pd.DataFrame({"x": [one, other, bare]}))
    assert "<td>−1.0 (−3.3 to 0.7), n\u00a0=\u00a03</td>" in text and "interval.</p>" in text
    assert "<td>−82.2 (n\u00a0=\u00a03, 3 collapsed)</td>" in text
