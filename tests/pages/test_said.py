from bgood_lib.metrics.paired import paired_difference
from bgood_lib.pages import said


def over(*values):
    return paired_difference(dict(enumerate(values)), dict.fromkeys(range(len(values)), 0))


def test_numbers():
    assert said.number(0.0184) == "1.8" and said.number(0.0184, sign=True) == "+1.8"
    assert said.number(-0.00004) == "0.0", "nothing is -0.0"
    assert (said.number(0.0004), said.number(-0.0009, sign=True), said.number(0.00096)) == ("0.04", "−0.09", "0.10")
    assert (said.number(0), said.number(0.001), said.number(0.0004, 0)) == ("0.0", "0.1", "0")
    assert said.number(-0.02, sign=True) == "−2.0"


def test_one_has_no_plural():
    assert [said.several(n, "thread") for n in (0, 1, 2)] == ["0 threads", "1 thread", "2 threads"]


def test_differences():
    assert said.points(over(0.01, 0.02, 0.03)) == "+2.0 points (95% interval −0.5 to 4.5, n = 3)"
    assert said.points(over(0.01, 0.02)) == "+1.5 points (n = 2)"
    assert said.points(None) == "not measured"
    assert said.span(paired_difference({0: 1}, {0: 0}, collapsed=[0])) == "n = 1, 1 collapsed"
    assert (said.moves(over(0.02)), said.moves(over(-0.02))) == ("rises by 2.0 points", "falls by 2.0 points")


def test_means_and_lists():
    assert said.mean([0.1, 0.3]).replace("\xa0", " ") == "20.0 ± 14.1"
    assert (said.mean([0.5]), said.mean([])) == ("50.0", "–")
    assert [said.listed(list(names)) for names in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]
    assert (said.counted([3, 3]), said.counted([5, 3])) == ("3", "3 to 5")
    assert (said.counted_minutes([72, 73]), said.counted_minutes([72, 660])) == ("1.2", "1.2 to 11")
