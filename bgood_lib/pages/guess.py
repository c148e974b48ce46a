"""Pictures to guess at: each hides its answer in a drawer that opens without JavaScript."""

import base64
import html
import io

from IPython.display import HTML
from PIL import Image


def guess_cards(images, alts, answers, question="How sure is it?"):
    """Small pictures side by side, each above a question whose answer is shown on a click.

    Parameters
    ----------
    images : sequence of ndarray of shape [H, W, 3], uint8
        Enlarged without smoothing.
    alts : sequence of str
        What each picture shows, for those who cannot see it; not the answer.
    answers : sequence of str
        Text.
    question : str, default="How sure is it?"

    Returns
    -------
    IPython.display.HTML

    Raises
    ------
    ValueError
        If there is not one alternative text and one answer for each picture.
    """
    if not len(images) == len(alts) == len(answers):
        raise ValueError(f"{len(images)} pictures, {len(alts)} alternative texts, {len(answers)} answers: one of each")
    cards = "".join(
        '<figure style="margin: 0; width: 9rem">'
        f'<img src="data:image/png;base64,{_png(image)}" alt="{html.escape(alt)}" '
        'style="width: 9rem; image-rendering: pixelated">'
        f'<details style="margin-top: .3rem"><summary>{html.escape(question)}</summary>{html.escape(answer)}</details>'
        "</figure>"
        for image, alt, answer in zip(images, alts, answers)
    )
    return HTML(f'<div class="guess" style="display: flex; flex-wrap: wrap; gap: 1.2rem">{cards}</div>')


def _png(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "png")
    return base64.b64encode(buffer.getvalue()).decode()
