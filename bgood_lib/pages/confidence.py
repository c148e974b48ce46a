"""Is a network less sure than a mere temperature would make it?"""

import numpy as np
import pandas as pd

from ..features import Bank
from ..metrics.calibration import matching_temperature, softmax
from ..metrics.paired import paired_difference
from ..utils.files import locate


def beside_temperature(folder, runs):
    """Mean confidence of networks on OOD images, beside that of plain networks with a temperature.

    A plain network's logits are divided by the temperature at which its mean confidence on ID test images is that of
    the network beside it: a training that only softened the softmax would be no better.

    Parameters
    ----------
    folder : path
        Of a study's runs, with their banks.
    runs : DataFrame
        Of :func:`bgood_lib.pages.changes.with_settings`.

    Returns
    -------
    DataFrame
        A row per run with background loss whose bank is there, as is that of the plain run of its family and seed:
        ``setting``, ``seed``, ``collapsed`` (one of the two), ``temperature``, and mean confidences over ID test
        images (``id``) and the OOD sets (``ood``; ``plain``, of the plain network; ``scaled``, of it with the
        temperature). Shares.
    """

    def bank(run):
        path = locate(folder) / run / "bank.npz"
        return Bank.load(path) if path.is_file() else None

    def over_sets(logits):
        return float(np.mean([softmax(values).max(-1).mean() for values in logits]))

    rows = []
    for _, pair in runs.groupby(["family", "seed"], sort=False):
        plain = pair[pair["plain"]]
        base = bank(plain["run"].iloc[0]) if len(plain) else None
        for _, run in pair[~pair["plain"]].iterrows() if base else ():
            if (ours := bank(run["run"])) is None:
                continue
            sets = [name for name in base.ood if name in ours.ood]
            sure = over_sets([ours["test"].logits])
            temperature = matching_temperature(base["test"].logits, sure)
            rows.append({
                "setting": run["setting"], "seed": run["seed"],
                "collapsed": run["collapsed"] or plain["collapsed"].iloc[0],
                "temperature": temperature, "id": sure, "ood": over_sets([ours[name].logits for name in sets]),
                "plain": over_sets([base[name].logits for name in sets]),
                "scaled": over_sets([base[name].logits / temperature for name in sets]),
            })  # fmt: skip
    columns = ["setting", "seed", "collapsed", "temperature", "id", "ood", "plain", "scaled"]
    return pd.DataFrame(rows, columns=columns)


def over_temperature(beside, setting):
    """Paired difference of a setting's mean confidence on OOD images to that of the plain network with a temperature.

    Parameters
    ----------
    beside : DataFrame
        Of :func:`beside_temperature`.
    setting : str

    Returns
    -------
    Difference or None : None where there is no bank.
    """
    rows = beside[beside["setting"] == setting]
    if rows.empty:
        return None
    ours, scaled = (dict(zip(rows["seed"], rows[name])) for name in ("ood", "scaled"))
    return paired_difference(ours, scaled, collapsed=set(rows.loc[rows["collapsed"], "seed"]))
