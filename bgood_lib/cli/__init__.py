"""The command line; its entry, ``bgood``, is light, so that Ctrl-C is one line from the first moment on."""

import os
import signal
import sys


def bgood():
    """``bgood`` as it is installed: the commands of :mod:`bgood_lib.cli.main`."""
    # Threads that wait for each other sleep: on a busy machine, spinning took five times the processor's time.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # jsonschema builds the grammar of IRIs where this package is installed: over a second, and nothing here checks one.
    sys.modules.setdefault("rfc3987_syntax", None)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)
    try:
        from .main import app

        app(prog_name="bgood")
    except KeyboardInterrupt:  # before a command has begun
        _stopped()
    except SystemExit as end:
        if end.code != 130:
            raise
        _stopped()


def _interrupted(number, frame):
    """What Python does, but while PyTorch is being loaded the end at once.

    An exception would fall through its C++ code, which ends a program with words of its own. Nothing is at work then.
    """
    parts = [module for name, module in [*sys.modules.items()] if name.partition(".")[0] in ("torch", "torchvision")]
    if any(getattr(getattr(module, "__spec__", None), "_initializing", False) for module in parts):
        _stopped()
    raise KeyboardInterrupt


def _stopped():
    """End at once, without a word of the threads and processes that are still at work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("stopped by Ctrl-C", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(130)
