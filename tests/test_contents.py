import importlib.util
import shutil
from pathlib import Path

import yaml

TOP = Path(__file__).parent.parent
spec = importlib.util.spec_from_file_location("contents", TOP / "book" / "contents.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)


def test_pages_of_a_new_study_are_added_before_the_last_part(tmp_path):
    shutil.copy(TOP / "_toc.yml", tmp_path)
    shutil.copytree(TOP / "studies", tmp_path / "studies")
    plain = yaml.safe_load((TOP / "_toc.yml").read_text())
    assert module.contents(tmp_path) == plain
    study = "title: Mine\nnotebook: notebooks/train.ipynb\nruns: [{seed: 0}]\npages: {report: {}, ablation: {}}\n"
    (tmp_path / "studies" / "mine.yaml").write_text(study)
    assert module.contents(tmp_path) == plain  # no page yet
    (tmp_path / "book" / "results" / "mine").mkdir(parents=True)
    (tmp_path / "book" / "results" / "mine" / "report.ipynb").touch()
    parts = module.contents(tmp_path)["parts"]
    assert parts[-2] == {"caption": "Mine", "chapters": [{"file": "book/results/mine/report"}]}
    assert parts[:-2] + parts[-1:] == plain["parts"]
