"""``bgood evaluate``, ``tune`` and ``score``."""

from pathlib import Path
from typing import Annotated

import typer

from .common import Dataset, Detectors, Out, RunOrBank


def evaluate(
    run: RunOrBank,
    protocol: Annotated[str, typer.Option(help="all, openood15 or classic6")] = "all",
    detectors: Detectors = None,
    dataset: Dataset = None,
    out: Out = None,
    resamples: Annotated[int, typer.Option(min=0, help="of the bootstrap; 0: no intervals")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="of the bootstrap")] = 0,
    odin: Annotated[
        bool, typer.Option("--odin", help="also ODIN: passes all images through the network again")
    ] = False,
):
    """Every detector on every set of a protocol: AUROC, both FPR95, means; saved as csv, md and tex."""
    from ..evaluation import benchmark, report
    from ..evaluation.protocols import find_protocol
    from ..runs.run import complete, open_run

    opened = open_run(run, dataset)
    entries = benchmark.entries_of(opened.bank, find_protocol(protocol, opened.dataset), opened.dataset)
    bank = complete(opened, entries, say=typer.echo)
    names = detectors.split(",") if detectors else None
    more = odin and benchmark.score_sets_of_images(opened.network(), bank, entries, opened.dataset, typer.echo)
    found = benchmark.evaluate(bank, protocol, opened.dataset, names, resamples, seed, more_scores=more or None)
    typer.echo(report.to_markdown(found))
    for file in report.write(found, out or opened.folder):
        typer.echo(f"wrote {file}")


def tune(
    run: RunOrBank,
    protocol: Annotated[str, typer.Option(help="all, openood15 or classic6")] = "all",
    detectors: Detectors = None,
    dataset: Dataset = None,
    out: Out = None,
):
    """Hyper-parameters in three ways: published, by an OOD validation set, by shuffled ID images; saved as csv."""
    import pandas as pd

    from ..evaluation import benchmark, report, tuning
    from ..evaluation.protocols import find_protocol
    from ..runs.run import complete, open_run
    from ..utils.files import atomic_write

    opened = open_run(run, dataset)
    entries = benchmark.entries_of(opened.bank, find_protocol(protocol, opened.dataset), opened.dataset)
    bank = complete(opened, entries, validation=True, say=typer.echo)
    names = detectors.split(",") if detectors else None
    found = tuning.compare(bank, opened.dataset, protocol, names, say=typer.echo)
    for line in report.notes(found["default"]):
        typer.echo(f"- {line}")
    typer.echo(tuning.side_by_side(found).to_string())
    rows = pd.concat([found[way].rows.assign(way=way) for way in found])
    file = (out or opened.folder) / f"tuning-{protocol}.csv"
    with atomic_write(file) as temporary:
        rows.to_csv(temporary, index=False)
    typer.echo(f"wrote {file}")


def score(
    run: Annotated[Path, typer.Argument(help="folder of a run")],
    images: Annotated[list[Path], typer.Argument(help="images of any size, or folders of them")],
    detector: Annotated[str, typer.Option(help="one that is not transductive")] = "MSP",
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="also write the table there")] = None,
):
    """Your own pictures: class, score, and ID or OOD at a threshold that accepts 95% of the ID test images."""
    from ..datasets.images import find_images
    from ..evaluation import own_images
    from ..runs.run import open_run
    from ..utils.files import atomic_write

    opened = open_run(run)
    table = own_images.score_images(opened, find_images(images), detector)
    typer.echo(table.to_string(index=False))
    if csv is not None:
        with atomic_write(csv) as temporary:
            table.to_csv(temporary, index=False)
        typer.echo(f"wrote {csv}")
