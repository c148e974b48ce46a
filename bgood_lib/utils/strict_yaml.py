"""YAML without its surprises: what a file seems to say is what is read, or it is refused with file and line."""

import json
import re
from pathlib import Path

import yaml

from .errors import InputError, system_words
from .kinds import UNKNOWN, kind_of

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_ALIASES = 100
MAX_VALUES = 100_000  # with what aliases stand for
MAX_DIGITS = 15
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)$")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?$")
# What YAML 1.1 reads as another number than it seems, or as one that it does not seem: 010, 0x1F, 1_000, 1:30, .inf.
_ODD = re.compile(
    r"[-+]?(0[0-9_]+|0[xob][0-9a-fA-F_]+|[0-9][0-9_]*_[0-9_]*|[0-9]+(:[0-9]+)+(\.[0-9]*)?|\.(inf|nan))$", re.IGNORECASE
)


class Mapping(dict):
    """A mapping of a file; ``lines`` says in which line each of its keys stands."""

    lines: dict

    def line(self, key):
        """``, line 3``, or nothing where it is not known."""
        return f", line {self.lines[key]}" if key in self.lines else ""


class Sequence(list):
    """A list of a file; ``lines`` says in which line each of its entries begins."""

    lines: list


class _Loader(yaml.SafeLoader):
    """Plain text, numbers, true and false, lists and mappings; each key once."""

    def __init__(self, stream):
        super().__init__(stream)
        self.depth = self.aliases = 0
        self.sizes = {}  # values below each node, aliases written out
        self.lines = {}  # of the keys of each mapping

    def refuse(self, mark, what):
        raise _Refused(f"line {mark.line + 1}: {what}")

    def compose_node(self, parent, index):
        alias = self.check_event(yaml.AliasEvent) and self.peek_event().anchor
        if alias:
            self.aliases += 1
            if self.aliases > MAX_ALIASES:
                self.refuse(
                    self.peek_event().start_mark, f"more than {MAX_ALIASES} aliases (*name); write the values out"
                )
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.refuse(
                self.peek_event().start_mark, f"more than {MAX_DEPTH} levels, one inside the other; take some away"
            )
        node = super().compose_node(parent, index)
        self.depth -= 1
        if id(node) not in self.sizes and isinstance(node, yaml.CollectionNode):
            if alias:
                self.refuse(
                    node.start_mark, f"*{alias} stands inside of what it stands for (&{alias}); write the values out"
                )
            parts = (part for entry in node.value for part in (entry if isinstance(entry, tuple) else [entry]))
            self.sizes[id(node)] = 1 + sum(self.sizes.get(id(part), 1) for part in parts)
            if self.sizes[id(node)] > MAX_VALUES:
                self.refuse(
                    node.start_mark,
                    f"more than {MAX_VALUES:,} values, with what aliases (*name) stand for; take some away",
                )
        return node

    def construct_mapping(self, node, deep=False):
        seen = {}
        for key, _ in node.value:
            name = self.construct_object(key, deep=True) if isinstance(key, yaml.ScalarNode) else None
            if not isinstance(name, str):
                shown = key.value or "nothing" if isinstance(key, yaml.ScalarNode) else "a list or mapping"
                self.refuse(key.start_mark, f"{shown} stands as a key; expected text, such as `seed: 0`")
            if name in seen:
                self.refuse(
                    key.start_mark, f"{name!r} stands there twice, first in line {seen[name]}; keep one of them"
                )
            seen[name] = key.start_mark.line + 1
        self.lines[id(node)] = seen
        return super().construct_mapping(node, deep)

    def mapping(self, node):
        found = Mapping()
        yield found
        found.update(self.construct_mapping(node))
        found.lines = self.lines[id(node)]

    def sequence(self, node):
        found = Sequence()
        yield found
        found.extend(self.construct_sequence(node))
        found.lines = [part.start_mark.line + 1 for part in node.value]

    def number(self, node):
        if len(node.value) > MAX_DIGITS + 10 or sum(map(str.isdigit, node.value)) > MAX_DIGITS:
            self.refuse(node.start_mark, f"{node.value[:20]}... is too long a number; at most {MAX_DIGITS} digits")
        return int(node.value) if _INT.match(node.value) else float(node.value)

    def tagged(self, node):
        tag = node.tag.replace("tag:yaml.org,2002:", "!!")
        self.refuse(node.start_mark, f"the tag {tag} is not used here; take it away")

    def text(self, node):
        if node.style is None and _ODD.match(node.value):
            self.refuse(
                node.start_mark, f"{node.value} is no plain decimal number; write it as one, or in quotes as text"
            )
        return node.value


_INDENT = "it does not go on from the lines above; indent it as those that it belongs to"
_PLAIN = {  # what the parser says, the first that fits: what it means, and what to do
    r"'\\t'": "a tab; indent with spaces",
    "flow .*<stream end>": "a bracket that is never closed; close it",
    "unexpected end of stream": "a quote that is never closed; close it",
    "another document": "a second document begins (---); expected a single document",
    "document separator": "--- or ... stands in a text; put it elsewhere, or close the quote before it",
    "incompatible": "it asks for another version of YAML; take that line away",
    "undefined alias": "an undefined alias (*name); write the value out",
    "duplicate anchor": "a second anchor (&name) of that name; rename it",
    "scanning an (alias|anchor)": "a sign of YAML's own (* or &) without a name behind it; put the text in quotes",
    "tag": "a sign of YAML's own (!); put the text in quotes",
    "mapping values are not allowed": "a colon where none can stand; put text that holds one in quotes, or indent the line as those above",
    "mapping keys are not allowed": "a sign of YAML's own (?); put the text in quotes",
    "could not find expected ':'": "a name without a colon; write `name: value`",
    "cannot start any token": "a value that begins with a sign of YAML's own; put it in quotes",
    "escape": "a backslash in double quotes; use single quotes",
    "chomping": "text behind > or |; put it on the next lines, or all in quotes",
    "but found '[]}]'": "a bracket that closes nothing; take it away",
    "but got '[]}]'": "a bracket that another kind closes; close [ with ], and { with }",
    "expected ',' or": "no comma between two values, or a bracket that is not closed; put in what lacks",
    "node content": "a comma or bracket where a value is expected; put text that begins with one in quotes",
    "<block end>, but found '-'": "a dash among lines of `name: value`; take it away, or indent it below the name that it belongs to",
    "<block end>, but found '[?]'": "a line of `name: value` among those of a list; begin it with a dash, or indent it below one",
    "<block end>, but found ':'": "a colon without a name before it; write `name: value`",
    "entries are not allowed": "a dash where no list can begin; put it on a line of its own",
    "<document start>|<block end>": _INDENT,
    "directive": "a line that begins with %; put it in quotes",
}
_BEHIND = "more stands behind a quote that is closed; put all of it between two double quotes"


class _Refused(yaml.YAMLError):
    pass


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", re.compile(r"true$|false$"), "tf"),
    ("int", _INT, "-+0123456789"),
    ("float", _FLOAT, "-+.0123456789"),
    ("null", re.compile(r"null$|~$|$"), ["n", "~", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _pattern, list(_first))
_Loader.yaml_constructors = {
    f"tag:yaml.org,2002:{tag}": make
    for tag, make in {
        "null": _Loader.construct_yaml_null, "bool": _Loader.construct_yaml_bool, "int": _Loader.number,
        "float": _Loader.number, "str": _Loader.text, "seq": _Loader.sequence, "map": _Loader.mapping,
    }.items()
} | {None: _Loader.tagged}  # fmt: skip


def in_yaml(value):
    """A value for a message, as its writer would know it: ``null`` and ``true``, not None and True; a long one cut."""
    plain = value is None or isinstance(value, (bool, list, dict))
    shown = json.dumps(value, ensure_ascii=False) if plain else repr(value)
    return shown if len(shown) <= 100 else f"{shown[:100]}..."


def _in_words(error, text, line):
    """The line that a parser's error is about, as far as it can be shown, and what it means."""
    told = f"{getattr(error, 'context', '')} {getattr(error, 'problem', '')}"
    plain = next((plain for sign, plain in _PLAIN.items() if re.search(sign, told)), "it cannot be read")
    lines = text.splitlines()
    here = lines[line - 1] if line <= len(lines) else ""
    shown = "".join(filter(str.isprintable, here.strip()))
    if plain is _INDENT and here[: error.problem_mark.column].rstrip().endswith(("'", '"')):
        plain = _BEHIND
    if "<document start>" in told and lines[0].startswith("%"):
        line, shown, plain = 1, lines[0], "the file begins with %, a sign of YAML's own; put it in quotes"
    shown = shown if len(shown) <= 60 else f"{shown[:60]} ..."
    if isinstance(error, yaml.reader.ReaderError):
        plain = f"the control character {error.character:#04x}; take it away"
    return f"line {line}{f', `{shown}`' * bool(shown)}: {plain}"


def read_yaml(path, kind=InputError):
    """The mapping that a YAML file holds; nothing in it is executed.

    Parameters
    ----------
    path : path
        UTF-8, at most 1 MB. Refused are keys that stand there twice, more than 100 aliases or 20 levels,
        tags, and numbers that YAML reads differently than they look (``010``, ``1:30``).
    kind : type, default=InputError
        Of the error.

    Returns
    -------
    Mapping of str to value

    Raises
    ------
    Exception
        Of the ``kind``: with the file, the line and what is wrong there.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise kind("; ".join(system_words(error))) from None
    if len(content) > MAX_BYTES:
        raise kind(
            f"{path} holds {path.stat().st_size:,} bytes, more than {MAX_BYTES:,}; expected a few lines of parameters, so name another file"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if (what := kind_of(path)) != UNKNOWN:
            raise kind(f"{path} is {what}; expected a YAML file, lines of `key: value`") from None
        line = content[: error.start].count(b"\n") + 1
        raise kind(
            f"{path}, line {line}: byte {content[error.start]:#04x} is no text in UTF-8; save the file as UTF-8"
        ) from None
    loader = None
    try:
        loader = _Loader(text)
        found = loader.get_single_data()
    except yaml.YAMLError as error:
        told = f"{getattr(error, 'context', '')} {getattr(error, 'problem', '')}"
        began = re.search("simple key|flow .*<stream end>|end of stream", told)  # known at the end only
        mark = began and getattr(error, "context_mark", None) or getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else text[: getattr(error, "position", 0)].count("\n") + 1
        where = str(error) if isinstance(error, _Refused) else _in_words(error, text, line)
        way_out = "" if ";" in where else "; write plain `key: value` lines"
        raise kind(f"{path} is not YAML that can be used: {where}{way_out}") from None
    finally:
        if loader:
            loader.dispose()
    if not isinstance(found, dict):
        what = f"holds {in_yaml(found)}" if text.strip() else "is empty"
        spaces = ", with a space behind the colon" * (isinstance(found, str) and ":" in found)
        raise kind(f"{path} {what}; expected lines of `key: value`{spaces}")
    return found
