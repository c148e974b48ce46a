"""How long the cells of a map are: on the object, off it, and step by step away from it."""

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt

from ..background_loss.patches import foreground_share


def on_and_off(cell_norms, masks):
    """Mean length of cells on the object and of cells off it, image by image.

    Parameters
    ----------
    cell_norms : ndarray of shape [N, h, w]
    masks : ndarray of shape [N, H, W], bool
        True where a pixel is foreground.

    Returns
    -------
    on, off : ndarrays of shape [N]
        Means over the cells with more than half, and with less than a tenth of their pixels on the object; NaN where
        an image has no such cell.
    """
    share = foreground_share(torch.as_tensor(masks), cell_norms.shape[1:]).numpy()
    return _means(cell_norms, share > 0.5), _means(cell_norms, share < 0.1)


def _means(values, chosen):
    count = chosen.sum((1, 2))
    return np.where(count > 0, (values * chosen).sum((1, 2)) / np.maximum(count, 1), np.nan)


def by_distance(cell_norms, masks, edges):
    """Mean length of cells by how far their block of pixels is from the object.

    Parameters
    ----------
    cell_norms : ndarray of shape [N, h, w]
    masks : ndarray of shape [N, H, W], bool
        Each with a pixel of foreground; H and W are multiples of h and w.
    edges : sequence of float
        Rising distances in pixels: between two of them, the first end included, lies one class of cells. The distance
        is that of the block's nearest pixel to the nearest pixel of the object, 0 where they touch.

    Returns
    -------
    list of float : one mean over cells per class; NaN where there is no such cell.
    """
    n, height, width = cell_norms.shape
    distance = np.stack([distance_transform_edt(~np.asarray(mask, bool)) for mask in masks])
    rows, columns = distance.shape[1] // height, distance.shape[2] // width
    nearest = distance.reshape(n, height, rows, width, columns).min((2, 4))
    classes = [(nearest >= low) & (nearest < high) for low, high in zip(edges, edges[1:])]
    return [float(cell_norms[chosen].mean()) if chosen.any() else float("nan") for chosen in classes]
