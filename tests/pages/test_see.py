import matplotlib.pyplot as plt

from bgood_lib.pages import see


def test_the_text_stands_under_the_figure_which_is_shown_once(monkeypatch):
    shown = []
    monkeypatch.setattr(see, "display", shown.append)
    figure = plt.figure()
    see.see(figure, "A line.")
    assert shown[0] is figure and not plt.fignum_exists(figure.number)
    assert shown[1].data == "*What to see:* A line."
