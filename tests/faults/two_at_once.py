"""Two at once in one folder: the second workflow refuses, the second `bgood run` waits."""

import time

from small_project import differences


def try_two_workflows(project, undisturbed):
    """A second workflow while the first one is at work; what is wrong, empty if nothing."""
    project.forget()
    first = project.start(log=project.folder / "first.log")
    alone = project.folder / ".snakemake" / "alone"
    while first.poll() is None and not (alone.is_file() and f"process {first.pid} " in alone.read_text()):
        time.sleep(0.1)
    status, printed = project.run()
    wrong = [] if status else ["the second one was not refused"]
    wrong += [] if "another workflow is at work" in printed and str(first.pid) in printed else [printed]
    wrong += ["the first one failed"] * (first.wait(timeout=7200) != 0)
    return wrong or differences(project.contents(), undisturbed)


def try_two_runs(project, undisturbed):
    """Two `bgood run` of one training into one folder; what is wrong, empty if nothing."""
    log, command = project.folder / "two.log", project.training("runs/two")
    both = [project.start(command, log) for _ in range(2)]
    wrong = ["one failed"] * any(process.wait(timeout=7200) for process in both)
    wrong += (
        []
        if log.read_text().count("waiting: runs/two/train.ipynb is being written by process") == 1
        else ["no waiting"]
    )
    if wrong:
        return [*wrong, log.read_text()]
    contents = [project.contents({"it": folder}) for folder in (project.folder / "runs" / "two", undisturbed)]
    return differences(*contents)
