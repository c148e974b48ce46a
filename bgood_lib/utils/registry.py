"""Things that are known by name: a new one is a function or class with one line above it."""

from .errors import InputError, nearest


class Registry(dict):
    """Entries by name, in the order in which they were written.

    Parameters
    ----------
    what : str
        What an entry is, for messages: ``selector``.

    Examples
    --------
    >>> SELECTORS = Registry("selector")
    >>> @SELECTORS.register(title="border cells")
    ... def border(logits, labels): ...
    """

    def __init__(self, what):
        super().__init__()
        self.what = what

    def register(self, name=None, **facts):
        """A decorator that enters a function or class.

        Parameters
        ----------
        name : str, optional
            By default the name it is defined under.
        **facts
            What is known of it; they become its attributes.
        """

        def enter(entry):
            for fact, value in facts.items():
                setattr(entry, fact, value)
            self[name or entry.__name__] = entry
            return entry

        return enter

    def find(self, name):
        """The entry of a name.

        Raises
        ------
        InputError
            If there is none; the message lists those there are, and the nearest.
        """
        if name not in self:
            raise InputError(f"unknown {self.what} {name!r}; choose one of {', '.join(self)}{nearest(name, self)}")
        return self[name]
