"""pyproject.toml, constraints.txt and environment.yml tell one story."""

import tomllib
from importlib import metadata
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

TOP = Path(__file__).parent.parent
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]


def pins():
    lines = [line for line in (TOP / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert all(line.count("==") == 1 for line in lines)
    names = [canonicalize_name(line.split("==")[0]) for line in lines]
    assert len(set(names)) == len(names)
    return dict(zip(names, (line.split("==")[1] for line in lines)))


def test_every_dependency_is_pinned_within_its_range():
    pinned = pins()
    extras = PROJECT["optional-dependencies"]
    for text in [*PROJECT["dependencies"], *extras["book"], *extras["photos"], *extras["slurm"], *extras["test"]]:
        requirement = Requirement(text)
        version = pinned.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not in constraints.txt"
        assert requirement.specifier.contains(version), f"{text}, but constraints.txt has {version}"


def test_conda_installs_the_same():
    environment = yaml.safe_load((TOP / "environment.yml").read_text())
    [pip] = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pip == ["-c constraints.txt", "-e .[book,class,photos,test]"]
    [python] = [entry for entry in environment["dependencies"] if str(entry).startswith("python=")]
    assert SpecifierSet(PROJECT["requires-python"]).contains(python.removeprefix("python="))
    assert environment["name"] == PROJECT["name"]


def test_what_is_pinned_installs_on_the_oldest_python():
    """On Debian 12's too, not only on the newest 3.11."""
    oldest = "3.11.2"
    assert SpecifierSet(PROJECT["requires-python"]).contains(oldest)
    refusing = []
    for name, version in pins().items():
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # of an extra that is not installed here
        needs = found.metadata.get("Requires-Python")
        if found.version == version and needs and not SpecifierSet(needs).contains(oldest):
            refusing.append(f"{name}=={version} needs Python {needs}")
    assert not refusing, refusing
