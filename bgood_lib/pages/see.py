"""A figure, and beneath it the sentence that says what to see."""

import matplotlib.pyplot as plt
from IPython.display import Markdown, display


def see(figure, text):
    """Show a figure and, beneath it, a text.

    Parameters
    ----------
    figure : matplotlib Figure or HTML
        A figure is closed, so that it is not shown a second time.
    text : str
        Markdown; *What to see* stands before it.
    """
    display(figure)
    if isinstance(figure, plt.Figure):
        plt.close(figure)
    display(Markdown(f"*What to see:* {text}"))
