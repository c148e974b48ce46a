"""A study of two small trainings, without and with background loss."""

import json

import pytest
import torch

from bgood_lib.background_loss.selectors import SELECTORS
from bgood_lib.runs.record import write_record


@pytest.fixture(scope="session")
def two_runs(small_run, tmp_path_factory):
    """Folder of a study: one network under two configurations; and the cache of its images, to be used."""
    folder = tmp_path_factory.mktemp("study")
    record = json.loads((small_run / "record.json").read_text())
    rows = [dict(zip(record["metrics"]["columns"], row)) | {"ood": "scenes_novel"} for row in record["metrics"]["rows"]]
    state = torch.load(small_run / "checkpoint.pt", weights_only=True)
    bank = (small_run / "bank.npz").read_bytes()
    for i, (name, settings) in enumerate({
        "cross_entropy-s0": {"method": "cross_entropy", "weight": 0.0, "selector": None, "patch_size": None},
        "background-s0": {"method": "background", "weight": 0.1, "selector": "cam_threshold", "penalty": "norm", "layer": "last"},
    }.items()):  # fmt: skip
        identity = f"{i:016x}"
        (folder / name).mkdir()
        (folder / name / "bank.npz").write_bytes(bank)
        torch.save({**state, "identity": identity}, folder / name / "checkpoint.pt")
        ood = {**record["data"]["ood"][0], "name": "scenes_novel", "title": "Scenes, novel textures"}
        shares = dict.fromkeys(SELECTORS, {"precision": 0.5, "recall": 0.5, "chance": 0.5, "chosen": 0.5})
        rest = {key: value for key, value in record.items() if key not in ("schema", "finished", "checksum")}
        write_record(folder / name / "record.json", {
            **rest, "identity": identity, "config": {**record["config"], **settings}, "metrics": [
                {**row, "detector": score} for row in rows[:1] for score in ("MSP", "Energy", "MapNorm")
            ], "data": {**record["data"], "ood": [ood]}, "weights_sha256": f"{i:064x}", "selection": shares,
        })  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BGOOD_DATA", str(small_run / "cache"))
        yield folder
