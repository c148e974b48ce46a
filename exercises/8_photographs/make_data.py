"""Makes data/: 48 pictures of cats and dogs in folders, squares of them beside the animal, and a record of trainings.

Pictures: Oxford-IIIT Pet (Parkhi et al. 2012), CC BY-SA 4.0, of the prepared set `photos_show`. Squares: see
`bgood_lib.datasets.photos`, kind "bare"; a square is called like the picture that it is from.
Record: the published study `photos_blind_choice`, scores ScaledMSP.

    bgood data prepare photos_show --from FOLDER
    python exercises/8_photographs/make_data.py
"""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from bgood_lib import datasets
from bgood_lib.datasets.photos import generate
from bgood_lib.studies.results import read_results

DATA = Path(__file__).parent / "data"
NO_OBJECT = ["photos_bare", "photos_places", "photos_textures"]
OTHER = ["photos_unseen", "photos_unseen_moved", "photos_objects"]
CREDIT = """# Pictures

Oxford-IIIT Pet (Parkhi, Vedaldi, Zisserman and Jawahar, "Cats and Dogs", CVPR 2012), licence CC BY-SA 4.0; brought to 128 x 128
pixels and saved as JPEG. `unknown/` holds squares of them beside the animal, enlarged. A picture's name is that of the data set:
breed and number.
"""


def save(image, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, quality=88, optimize=True)


def pictures():
    images, labels = datasets.load("photos_show", "test")
    breeds = datasets.extra("photos_show", "test", "classes")[labels]
    about = {key: datasets.extra("photos_show", "test", key) for key in ("names", "foreground", "object")}
    for image, name, breed in zip(images, about["names"], breeds):
        save(image, DATA / "pictures" / ("cats" if breed[0].isupper() else "dogs") / f"{name}.jpg")
    bare = generate("bare", {"images": images, "labels": labels, **about})
    for image, name in zip(bare["images"], bare["names"]):
        save(image, DATA / "unknown" / f"{name}.jpg")
    (DATA / "CREDITS.md").write_text(CREDIT, encoding="utf-8")


def record():
    runs = read_results("results/photos_blind_choice").runs.fillna({"selector": "none"})
    runs = runs[(runs["epochs"] == 6) & (runs["learning_rate"] == 0.005) & runs["selector"].isin(["none", "border"])]
    auroc = pd.read_csv("results/photos_blind_choice/auroc.csv").query("detector == 'ScaledMSP'").set_index("run")
    auroc = auroc.loc[runs["run"]]
    columns = {
        "weight": runs["weight"],
        "seed": runs["seed"],
        "validation_accuracy": runs["validation_accuracy"],
        "validation_jigsaw": auroc["val_jigsaw"],
        "validation_bare": auroc["val_ood"],
        "no_object": auroc[NO_OBJECT].mean(axis=1),
        "other_objects": auroc[OTHER].mean(axis=1),
    }
    return {name: np.asarray(values) for name, values in columns.items()}


shutil.rmtree(DATA, ignore_errors=True)
pictures()
np.savez_compressed(DATA / "record.npz", **record())
