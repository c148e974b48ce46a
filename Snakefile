# From studies to the book: trainings, pages, records, html. Called by `make`.
#
#   snakemake --cores 2 --config studies=scenes,cifar10
#
# A step runs when its output is missing or older than what it reads. A training that is
# run again finds its own finished checkpoint and is not trained twice.

import shutil
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from bgood_lib import datasets
from bgood_lib.evaluation.protocols import PROTOCOLS
from bgood_lib.runs.identity import evaluation_fingerprint, training_fingerprint
from bgood_lib.studies.status import config_of
from bgood_lib.studies.study import read_study
from bgood_lib.utils import locks

FRESH = not Path(".snakemake/alone").exists()  # the first workflow in this folder

# One workflow at a time in a folder: two would write the same files. Where there is no other, what
# Snakemake takes for a lock was left by one that was killed.
if workflow.is_main_process and {"-n", "--dry-run", "--summary"}.isdisjoint(sys.argv):
    try:
        ALONE = locks.take(".snakemake/alone")
    except locks.Taken as other:
        raise WorkflowError(
            f"another workflow is at work in this folder ({other}). Wait until it has ended, or end it; "
            "to run several studies, name them all at once: studies=one,two"
        ) from None
    shutil.rmtree(".snakemake/locks", ignore_errors=True)

# The book always needs the scenes.
NAMED = [name for name in str(config.get("studies", "")).split(",") if name]
STUDIES = {name: read_study(f"studies/{name}.yaml") for name in dict.fromkeys(["scenes", *NAMED])}
DEVICE = config.get("device", "auto")
THREADS = int(config.get("threads", 1))
FORCE = config.get("force", False)

LIBRARY = sorted(map(str, Path("bgood_lib").rglob("*.py")))
PAGES = [f"book/results/{study.name}/{page}.ipynb" for study in STUDIES.values() for page in study.pages]
# Pages that read published results of several studies, and nothing else.
FINDINGS = [
    f"book/results/study/{path.stem}.ipynb"
    for path in sorted(Path("notebooks").glob("*.ipynb"))
    if path.stem != "train" and "runs_folder" not in path.read_text(encoding="utf-8")
]
PICTURES = [f"book/results/scenes/{name}" for name in ("idea.png", "idea.md", "scenes.png", "live.png")]
# Of all published results at once.
SAID = [f"book/results/study/{name}" for name in ("verdict.md", "landing.md", "relatives_found.md", "all_scores.csv")]
TABLES = [name for name, study in STUDIES.items() if study.publish == "tables"]
# What explorers on pages show; `python -m bgood_lib.pages.explorers.export` makes it from runs.
TOUCH = set(map(str, Path("results/touch").glob("*.json")))
PUBLISHED = [f"results/{name}/runs.csv" for name in TABLES] + [
    f"results/{study.name}/{run}.json" for study in STUDIES.values() if study.publish is True for run in study.runs
]

# In a fresh clone all files are of one moment. Its pages were made from the results beside them: newer ones make them again.
if FRESH:
    for path in map(Path, [*FINDINGS, *SAID]):
        if path.exists():
            path.touch()

RESULTS = {*map(str, Path("results").glob("*/*.[cj]s*")), *map(str, Path("results").glob("*.csv")), *PUBLISHED}
RESULTS = sorted(RESULTS - TOUCH)


def ood_sets(study, run):
    """The OOD sets a run is evaluated on: when one more is prepared, the run is evaluated again."""
    names = [ood.name for ood in PROTOCOLS[STUDIES[study].runs[run].get("dataset", "scenes")]]
    return [f"{name} {datasets.info(name).sha256}" for name in names if datasets.available(name, "test")]


# The longest trainings begin first, so that the short ones fill the gaps at the end.
LONG = [
    run
    for study in STUDIES.values()
    for run, values in study.runs.items()
    if values.get("dataset", "scenes") != "scenes" and not values.get("n_train")
]


def code_of(study, run):
    """What a training and its evaluation compute; a change elsewhere trains nothing, and scores nothing again."""
    return [training_fingerprint(config_of(STUDIES[study], run)), evaluation_fingerprint()]


wildcard_constraints:
    study="|".join(STUDIES),
    run="[^/]+",
    page="[^/]+",


# On a cluster these run where snakemake does.
localrules:
    publish,
    publish_tables,


# Trainings that were named run here, whatever is published of them already.
rule all:
    input:
        "_build/html/index.html",
        PUBLISHED,
        [f"runs/{name}/{run}/record.json" for name in NAMED for run in STUDIES[name].runs],


# `make study`: every training of the studies that were named, and what is published of them; no book.
rule trained:
    input:
        [f"runs/{name}/{run}/record.json" for name in NAMED for run in STUDIES[name].runs],
        [file for file in PUBLISHED if Path(file).parts[1] in NAMED],


rule train:
    wildcard_constraints:
        run="(?!({})/)[^/]+".format("|".join(LONG) or "none"),
    input:
        notebook=lambda w: STUDIES[w.study].notebook,
    output:
        record="runs/{study}/{run}/record.json",
        bank="runs/{study}/{run}/bank.npz",
    log:
        notebook="runs/{study}/{run}/train.ipynb",
    params:
        values=lambda w: [f"-p{name}={value}" for name, value in STUDIES[w.study].runs[w.run].items()],
        sets=lambda w: ood_sets(w.study, w.run),
        code=lambda w: code_of(w.study, w.run),
    threads: THREADS
    resources:
        gpu=int(DEVICE == "cuda"),  # `--resources gpu=N`: so many trainings share the GPUs; on a cluster: one each
    shell:
        "bgood run {input.notebook:q} {log.notebook:q} {params.values:q} "
        "-p out=runs/{wildcards.study}/{wildcards.run} -p device={DEVICE:q} -p threads={threads} -p force={FORCE:q} -p overwrite=true"


use rule train as train_first with:
    wildcard_constraints:
        run="|".join(LONG) or "none",
    priority: 1


rule page:
    input:
        notebook="notebooks/{page}.ipynb",
        records=lambda w: expand("runs/{{study}}/{run}/record.json", run=STUDIES[w.study].runs),
        code=LIBRARY,
    output:
        "book/results/{study}/{page}.ipynb",
    log:
        notebook="runs/{study}/pages/{page}.ipynb",
    params:
        values=lambda w: [f"-p{name}={value}" for name, value in STUDIES[w.study].pages[w.page].items()],
    shell:
        "OMP_NUM_THREADS={threads} bgood run -q {input.notebook:q} {log.notebook:q} "
        "-p runs_folder=runs/{wildcards.study} {params.values:q} && python book/settle.py {log.notebook:q} {output:q}"


rule finding:
    input:
        notebook="notebooks/{page}.ipynb",
        code=LIBRARY,
        results=RESULTS,
    output:
        "book/results/study/{page}.ipynb",
    log:
        notebook="runs/study/{page}.ipynb",
    shell:
        "OMP_NUM_THREADS={threads} bgood run -q {input.notebook:q} {log.notebook:q} && python book/settle.py {log.notebook:q} {output:q}"


rule said:
    input:
        results=RESULTS,
        code=LIBRARY,
        script="book/from_results.py",
    output:
        SAID,
    shell:
        "python {input.script} results book/results/study"


rule publish:
    wildcard_constraints:
        study="|".join(name for name in STUDIES if name not in TABLES) or "none",
    input:
        "runs/{study}/{run}/record.json",
    output:
        "results/{study}/{run}.json",
    shell:
        "cp {input:q} {output:q}"


rule publish_tables:
    wildcard_constraints:
        study="|".join(TABLES) or "none",
    input:
        lambda w: expand("runs/{{study}}/{run}/record.json", run=STUDIES[w.study].runs),
    output:
        "results/{study}/runs.csv",
    shell:
        "bgood study publish {wildcards.study}"


rule pictures:
    input:
        "runs/scenes/cross_entropy-s0/record.json",
        "runs/scenes/background-rank-s0/record.json",
        "results/touch/live.json",
        code=LIBRARY,
        script="book/pictures.py",
    output:
        PICTURES,
    shell:
        "python {input.script} runs/scenes book/results/scenes"


rule book:
    input:
        PAGES,
        FINDINGS,
        PICTURES,
        SAID,
        "_config.yml",
        "_toc.yml",
        sorted(str(path) for path in Path("book/style").rglob("*") if path.is_file()),
        sorted(map(str, [*Path("book").glob("*.py"), *Path("book").glob("*.js")])),
        sorted(map(str, Path("book/touch").iterdir())),
        sorted(TOUCH),
        LIBRARY,
        sorted(map(str, [*Path("book").glob("*.md"), *Path("book").glob("library/*.md"), *Path("book").glob("*.bib")])),
        sorted(set(map(str, Path("book/results").glob("*/*.ipynb"))) - {*PAGES, *FINDINGS}),
    output:
        "_build/html/index.html",
    shell:
        "python book/build.py && touch {output}"
