"""A disk that is full: what a training says then, what it leaves, and that it goes on where there is room."""

import contextlib
import os
import subprocess

from small_project import differences, read_bank, read_checkpoint

from bgood_lib.runs.record import read_record

READ = {"checkpoint.pt": read_checkpoint, "bank.npz": read_bank, "record.json": read_record}


@contextlib.contextmanager
def small_disk(folder, megabytes):
    """A folder that holds so many MB, while the block lasts.

    Raises
    ------
    PermissionError
        Where it cannot be mounted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PermissionError(f"no small disk can be mounted here ({done.stderr.strip()}); this needs root on Linux")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder, room):
    """A file that leaves so many bytes free on a folder's disk."""
    ballast = folder / "ballast"
    ballast.unlink(missing_ok=True)
    disk = os.statvfs(folder)
    with open(ballast, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, disk.f_bavail * disk.f_frsize - room))
    return ballast


def try_full_disk(project, undisturbed):
    """A training on a disk with room for nothing, then for its first file, and so on.

    Parameters
    ----------
    project : Project
    undisturbed : Path
        Folder of the training ``ONE``, finished.

    Yields
    ------
    str : one line per try, ending in ``ok`` or what is wrong.
    """
    checkpoint, bank, record = ((undisturbed / name).stat().st_size for name in READ)
    room = {  # so much is left that the file of this name is the first one with too little
        "checkpoint.pt": checkpoint // 2,
        "bank.npz": 2 * checkpoint + 2**16,  # a new checkpoint is written beside the old one
        "record.json": bank + record // 2,
    }
    expected = project.contents({"it": undisturbed})
    with small_disk(project.folder / "runs" / "full", (4 * checkpoint + bank) // 2**20 + 1) as disk:
        folder, files = disk / "it", list(READ)
        command = project.training("runs/full/it", "runs/full.ipynb")
        for number, name in enumerate(files):
            ballast = fill(disk, room[name])
            wrong = _refused(*project.run(command), name)
            wrong += [f"{file} is there" for file in files[number:] if (folder / file).exists()]
            for file in files[:number]:
                READ[file](folder / file)
            ballast.unlink()
            yield f"disk full at {name}: {'; '.join(wrong) or 'ok'}"
            if name == "bank.npz":
                trained = (folder / "checkpoint.pt").read_bytes()
        ballast = fill(disk, 0)
        wrong = _refused(*project.run(project.training("runs/full/it")), "train.ipynb")
        ballast.unlink()
        yield f"disk full at the notebook: {'; '.join(wrong) or 'ok'}"
        status, printed = project.run(command)
        wrong = differences(project.contents({"it": folder}), expected) if status == 0 else [printed]
        wrong += ["trained again"] * ((folder / "checkpoint.pt").read_bytes() != trained)
        yield f"room again: {'; '.join(wrong) or 'ok'}"


def _refused(status, printed, name):
    """What is wrong with how a command ended on a full disk."""
    wrong = [] if status == 1 else [f"status {status}"]
    wrong += [f"it does not say {word!r}" for word in ("the disk is full", name) if word not in printed]
    wrong += ["a traceback"] * ("Traceback" in printed)
    return [*wrong, printed] if wrong else []
