"""``bgood evaluate``, ``tune`` and ``score``."""

from pathlib import Path
from typing import Annotated

import typer

from .common import Dataset, Detectors, Out, RunOrBank, detector_names, output_file, output_folder


def evaluate(
    run: RunOrBank,
    protocol: Annotated[str, typer.Option(help="all, openood15 or classic6")] = "all",
    detectors: Detectors = None,
    dataset: Dataset = None,
    out: Out = None,
    resamples: Annotated[int, typer.Option(min=0, max=100_000, help="of the bootstrap; 0: no intervals")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="of the bootstrap")] = 0,
    odin: Annotated[
        bool, typer.Option("--odin", help="also ODIN: passes all images through the network again")
    ] = False,
    ood: Annotated[
        list[str] | None, typer.Option(metavar="NAME|FOLDER", help="also a prepared set, or a folder of pictures")
    ] = None,
):
    """Every detector on every set of a protocol: AUROC, both FPR95, means; saved as csv, md and tex."""
    folder = _place(run, out)
    from ..evaluation import benchmark, report
    from ..evaluation.protocols import find_protocol
    from ..runs.run import add_ood, complete, open_run

    names = detector_names(detectors)
    opened = open_run(run, dataset)
    found = find_protocol(protocol, opened.dataset)
    given = found, opened.dataset, opened.outliers
    known = {*opened.bank.sets, *(entry.name for entry in benchmark.entries_of(opened.bank, *given))}
    opened = add_ood(opened, ood or (), protocol, say=typer.echo)
    further = [name for name in opened.bank.sets if name not in known]
    entries = benchmark.entries_of(opened.bank, *given)
    bank = complete(opened, entries, say=typer.echo)
    more = odin and benchmark.score_sets_of_images(opened.network(), bank, entries, opened.dataset, typer.echo)
    found = benchmark.evaluate(
        bank, protocol, opened.dataset, names, resamples, seed, more_scores=more or None, outliers=opened.outliers
    )
    benchmark.refuse_if_all_failed(found)
    typer.echo(report.to_markdown(found))
    for file in report.write(found, folder, names, further):
        typer.echo(f"wrote {file}")


def _place(run, out):
    """Where the tables go; what can be said of the two places is said before anything slow is imported."""
    from ..runs.folder import bank_file

    return output_folder(out or bank_file(run).parent)


def tune(
    run: RunOrBank,
    protocol: Annotated[str, typer.Option(help="all, openood15 or classic6")] = "all",
    detectors: Detectors = None,
    dataset: Dataset = None,
    out: Out = None,
):
    """Hyper-parameters in three ways: published, by an OOD validation set, by shuffled ID images; saved as csv."""
    folder = _place(run, out)
    import pandas as pd

    from ..evaluation import benchmark, report, tuning
    from ..evaluation.protocols import find_protocol
    from ..runs.run import complete, open_run
    from ..utils.files import atomic_write

    names = detector_names(detectors)
    opened = open_run(run, dataset)
    given = find_protocol(protocol, opened.dataset), opened.dataset, opened.outliers
    entries = benchmark.entries_of(opened.bank, *given)
    bank = complete(opened, entries, validation=True, say=typer.echo)
    found = tuning.compare(bank, opened.dataset, protocol, names, say=typer.echo, outliers=opened.outliers)
    benchmark.refuse_if_all_failed(found["default"])
    for line in report.notes(found["default"]):
        typer.echo(f"- {line}")
    typer.echo(tuning.side_by_side(found).to_string())
    rows = pd.concat([found[way].rows.assign(way=way) for way in found])
    file = folder / f"{report.stem('tuning', protocol, names)}.csv"
    with atomic_write(file) as temporary:
        rows.to_csv(temporary, index=False)
    typer.echo(f"wrote {file}")


def score(
    run: Annotated[
        Path, typer.Argument(metavar="RUN|WEIGHTS.safetensors", help="folder of a run, or a published network")
    ],
    images: Annotated[list[Path], typer.Argument(help="images of any size, or folders of them")],
    detector: Annotated[str, typer.Option(help="one that is not transductive")] = "MSP",
    csv: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="also write the table there")] = None,
    cells: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="also draw there which cells of each picture spoke")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE.html", help="also write a page of all of them")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="stop at the first file that cannot be read")] = False,
):
    """Which of your pictures a network knows: for each the likeliest class, a score, and known or unknown.

    Known is what scores no higher than 95% of the images set aside for that
    or, where a run has none, of its test images.

    Files that cannot be read are listed at the end; the exit code is 1 then.
    """
    from ..datasets.images import find_images
    from ..runs.folder import bank_file

    csv = csv and output_file(csv, ".csv", "path,class,score,threshold,verdict\n")
    html = html and output_file(html, ".html", "<!doctype html>\n")
    cells = cells and output_folder(cells, "--cells")
    if run.suffix != ".safetensors":
        bank_file(run)  # refuses what is not there, before anything slow is done
    files, bad = find_images(images), None if strict else []
    from ..evaluation import own_images
    from ..runs.run import open_run, open_weights
    from ..utils.files import atomic_write

    if run.suffix == ".safetensors":
        opened = open_weights(run, detector)
    else:
        opened = open_run(run)
    judged = own_images.judge_files(opened, files, detector, bad=bad)
    table = judged.table
    typer.echo(table.to_string(index=False))
    if csv is not None:
        with atomic_write(csv) as temporary:
            table.to_csv(temporary, index=False, lineterminator="\n")
        typer.echo(f"wrote {csv}")
    if html is not None or cells is not None:
        _draw(judged, str(run), detector, html, cells)
    if bad:
        reasons = "\n".join(reason for _, reason in bad)
        typer.echo(f"error: {len(bad)} of {len(files)} files have no row:\n{reasons}", err=True)
        raise typer.Exit(1)


def _draw(judged, run, detector, html, cells):
    """The page, and the drawings, of ``bgood score``."""
    from ..pages.own_pictures import Group, draw_cells, html_page
    from ..utils.files import atomic_write

    group = Group("pictures", judged.table, judged.images, judged.features.cell_norms)
    if cells is not None:
        typer.echo(f"wrote {len(draw_cells(group, cells)):,} drawings into {cells}")
    if html is not None:
        with atomic_write(html) as temporary:
            temporary.write_text(html_page(f"Pictures, scored by {run}", [], [group], detector), encoding="utf-8")
        typer.echo(f"wrote {html}")
