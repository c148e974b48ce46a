"""What comes back from the machine: packed there by `outgoing`, joined at home by this command.

python gpu/collect.py FOLDER...    # folders that came back, in order
"""

import argparse
import io
import json
import re
import shutil
import tarfile
import time
from pathlib import Path

FILES, FILE_BYTES, TOTAL_BYTES = 8, 15_000_000, 60_000_000  # of one call at most


def records_of(work):
    """All records so far, one a line: ``{"study": ..., "name": ..., "record": {...}}``, the oldest first."""
    files = sorted(Path(work).glob("runs/*/*/record.json"), key=lambda file: file.stat().st_mtime)
    lines = []
    for file in files:
        *_, study, name, _ = file.parts
        lines.append(json.dumps({"study": study, "name": name, "record": json.loads(file.read_text())}))
    return "".join(line + "\n" for line in lines)


def refresh(work, out):
    """Copy what is wanted most, records and log, so that it is there even if the call is cut short."""
    Path(out).mkdir(parents=True, exist_ok=True)
    (Path(out) / "records.jsonl").write_text(records_of(work))
    if (Path(work) / "log.txt").exists():
        text = (Path(work) / "log.txt").read_text(errors="replace")
        (Path(out) / "log.txt").write_text(text[-2_000_000:])


def outgoing(work, out, files=FILES, file_bytes=FILE_BYTES, total_bytes=TOTAL_BYTES):
    """Fill a folder with what the machine has made and no earlier call has taken along.

    Parameters
    ----------
    work, out : path
    files, file_bytes, total_bytes : int
        Limits. Records and log always come, then, in ``bundle-*.tar``, outputs, the picture of
        the losses, and weights, cut into pieces; what does not fit waits for the next call.

    Returns
    -------
    list of str : names of what came.
    """
    work, out = Path(work), Path(out)
    refresh(work, out)
    ledger = work / "sent.json"
    sent = json.loads(ledger.read_text()) if ledger.exists() else {}
    found = [(f"outputs/{'/'.join(p.parts[-3:-1])}.npz", p) for p in _oldest_first(work.glob("runs/*/*/outputs.npz"))]
    found += [("curves.png", work / "curves.png")] if (work / "curves.png").exists() else []
    found += [(f"weights/{'/'.join(p.parts[-3:-1])}.pt", p) for p in _oldest_first(work.glob("runs/*/*/weights.pt"))]
    used, tars, came = sum(p.stat().st_size for p in out.iterdir()), [], []
    files -= len(list(out.iterdir()))
    for name, path in found:
        content = path.read_bytes()
        size = file_bytes // 2 - 20_000
        pieces = [content[i : i + size] for i in range(0, len(content), size)]
        for i, piece in enumerate(pieces):
            key = name if len(pieces) == 1 else f"{name}.{i + 1}of{len(pieces)}"
            stamp = f"{path.stat().st_mtime_ns}"
            needs = len(piece) + 12_000  # tar's own blocks
            if sent.get(key) == stamp or used + needs > total_bytes:
                continue
            tar = next((tar for tar in tars if tar[0] + needs <= file_bytes), None)
            if tar is None:
                if len(tars) == files:
                    continue
                tar = [0, []]
                tars.append(tar)
            tar[0] += needs
            tar[1].append((key, piece))
            used += needs
            sent[key] = stamp
            came.append(key)
    for i, (_, members) in enumerate(tars, 1):
        with tarfile.open(out / f"bundle-{i}.tar", "w") as tar:
            for key, piece in members:
                member = tarfile.TarInfo(key)
                member.size, member.mtime = len(piece), int(time.time())
                tar.addfile(member, io.BytesIO(piece))
    ledger.write_text(json.dumps(sent))
    return came


def _oldest_first(paths):
    return sorted(paths, key=lambda path: path.stat().st_mtime_ns)


def join(folders, results, outputs):
    """Write records where the project keeps them, and put outputs and weights together again.

    Parameters
    ----------
    folders : list of path
        What came back, in order.
    results : path
        Becomes ``results/STUDY/NAME.json``; a record that does not follow the schema is refused.
    outputs : path
        Gets ``outputs/``, ``weights/`` and ``curves.png``.

    Returns
    -------
    list of str : ``STUDY/NAME`` of the records.
    """
    from bgood_lib.files import atomic_write
    from bgood_lib.records import read_record

    results, outputs, names = Path(results), Path(outputs), {}
    outputs.mkdir(parents=True, exist_ok=True)
    for folder in map(Path, folders):
        for line in (folder / "records.jsonl").read_text().splitlines():
            entry = json.loads(line)
            name = f"{entry['study']}/{entry['name']}"
            with atomic_write(inside(results, f"{name}.json")) as temporary:
                temporary.write_text(json.dumps(entry["record"], indent=1, allow_nan=False) + "\n", encoding="utf-8")
                read_record(temporary)
            names[name] = None
        for bundle in sorted(folder.glob("bundle-*.tar")):
            with tarfile.open(bundle) as tar:
                for member in tar:
                    if not member.isdir():
                        target = inside(outputs, member.name)
                        target.parent.mkdir(parents=True, exist_ok=True)
                        source = tar.extractfile(member) if member.isfile() else None
                        if source is None:
                            raise ValueError(f"{bundle} holds {member.name}, which is no plain file")
                        with source, open(target, "wb") as file:
                            shutil.copyfileobj(source, file)
    for first in sorted(outputs.rglob("*.1of*")):
        whole, n = re.fullmatch(r"(.*)\.1of(\d+)", str(first)).groups()
        pieces = [Path(f"{whole}.{i + 1}of{n}") for i in range(int(n))]
        if all(piece.exists() for piece in pieces):
            with open(whole, "wb") as file:
                for piece in pieces:
                    with open(piece, "rb") as part:
                        shutil.copyfileobj(part, file)
            for piece in pieces:
                piece.unlink()
    return list(names)


def inside(folder, name):
    """A path in a folder; refused if the name leads out of it."""
    path = (folder / name).resolve()
    if folder.resolve() not in path.parents:
        raise ValueError(f"{name!r} leads out of {folder}: nothing is written there")
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--results", default="results", type=Path)
    parser.add_argument("--outputs", default="runs/gpu", type=Path)
    options = parser.parse_args()
    for name in join(options.folders, options.results, options.outputs):
        print(options.results / f"{name}.json")
