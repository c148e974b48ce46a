"""The kernel that ``bgood run`` starts: an IPython kernel that ends with the process that started it.

IPython's own looks once a second whether its parent is still there, which code that lets no
other thread run can put off for ever. Linux ends this one at once, whatever it is doing.
"""

import ctypes
import errno
import logging
import os
import runpy
import signal
import sys


def is_news(record):
    """Not that an idle kernel was interrupted, or ended before it could answer: that is how each of them ends."""
    error = record.exc_info and record.exc_info[1]
    closed = getattr(error, "errno", None) == errno.ENOTSOCK
    return not closed and "KeyboardInterrupt caught in kernel" not in record.getMessage()


if __name__ == "__main__":
    logging.getLogger("IPKernelApp").addFilter(is_news)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != int(os.environ["JPY_PARENT_PID"]):
            sys.exit("the process that started this kernel has ended")
    runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)
