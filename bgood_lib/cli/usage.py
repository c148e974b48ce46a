"""A slip in a command, in our words: what is wrong, and what can be written in its place."""

import re

from ..utils.errors import nearest


def reword(error):
    """An error of the command line's library, with our words in the place of its own where we have some.

    Parameters
    ----------
    error : Exception
        Any; only one of usage changes.

    Returns
    -------
    Exception : the same one.
    """
    words = next(filter(None, (say(error) for say in _SAYINGS.get(type(error).__name__, ()))), None)
    if words:
        error.format_message = lambda: words
    return error


def empty_argument(group, ctx, args):
    """What is said of an argument without a word in it: ``RUN|BANK.npz is empty (folder of a run, or a bank)``."""
    command, rest = group, args
    while rest and hasattr(command, "commands"):
        command, rest = command.commands.get(rest[0]), rest[1:]
    if command is None or hasattr(command, "commands"):
        return "the name of a command is empty"
    inner = type(ctx)(command, parent=ctx, resilient_parsing=True)
    values, _, _ = command.make_parser(inner).parse_args(rest)
    for param in command.params:
        value = values.get(param.name)
        texts = value if isinstance(value, (list, tuple)) else [value]
        if any(isinstance(text, str) and not text.strip() for text in texts):
            return f"{param.metavar or param.name} is empty{_about(param)}"
    return "an argument is empty"


def _about(param):
    """What a parameter is, in brackets."""
    about = getattr(param, "help", None)
    return f" ({about})" if about else ""


def _missing(error):
    name = re.match(r"Missing \w+ '(.*?)'", error.format_message())
    return name and f"{name[1]} is missing{_about(error.param)}; write it where the usage above has it"


def _no_such_option(error):
    if error.ctx is None:
        return None
    known = [name for param in error.ctx.command.params for name in param.opts if name.startswith("-")] + ["--help"]
    return f"there is no option {error.option_name}; there are {', '.join(known)}{nearest(error.option_name, known)}"


def _value_of_option(error):
    if "not take" in error.message:
        return f"{error.option_name} takes no value; write it alone"
    return f"{error.option_name} has no value; write one behind it, or leave it out"


def _value(error):
    """Of a number out of its range: the value that was given, and what was expected."""
    if error.param is None:  # our own, which says all
        return error.message
    if not hasattr(error.__cause__, "errors"):
        return None
    value = error.__cause__.errors()[0]["input"]
    low, high = getattr(error.param, "min", None), getattr(error.param, "max", None)
    expected = "a whole number"
    if low is not None:
        expected += f" of at least {low:,}" if high is None else f" from {low:,} to {high:,}"
    return f"{error.param.opts[0]} is {value!r}; expected {expected}"


def _no_such_command(error):
    name = re.match("No such command '(.*?)'", error.message)
    known = getattr(error.cmd, "commands", ())
    return name and f"there is no command {name[1]!r}; there are {', '.join(known)}{nearest(name[1], known)}"


def _too_much(error):
    extra = re.search(r"unexpected extra argument(?:s|\(s\))? \((.*)\)$", error.message)
    return extra and f"too much is given: {extra[1]}; leave it out, or put a name that holds spaces in quotes"


_SAYINGS = {  # by the name of an error's class
    "MissingParameter": (_missing,),
    "NoSuchOption": (_no_such_option,),
    "BadOptionUsage": (_value_of_option,),
    "BadParameter": (_value,),
    "UsageError": (_no_such_command, _too_much),
}
