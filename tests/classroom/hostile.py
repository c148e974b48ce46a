"""Submissions that try to harm: each a name, the sources that it puts in place of a student's, and what must be seen of it.

They take the place of the cell of the first question, and leave the others right.
"""

# What a hostile cell does; and the points it may have at most, as a share: a cell that fails leaves the others' points.
CELLS = {
    "endless loop": "while True:\n    pass",
    "endless loop that catches all": "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
    "a hundred gigabytes": "x = bytearray(100 * 2**30)",
    "a hundred gigabytes in small parts": "x = []\nwhile True:\n    x.append(bytearray(2**26))",
    "fork bomb": "import os\nwhile True:\n    os.fork()",
    "fork bomb that catches all": "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
    "threads": "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(1000,)).start()",
    "prints megabytes": "for _ in range(400):\n    print('x' * 2**20)",
    "os._exit": "import os\nos._exit(0)",
    "sys.exit": "import sys\nsys.exit(0)",
    "kills its parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "kills all": "import os, signal\nos.kill(-1, signal.SIGKILL)",
    "crash": "import ctypes\nctypes.string_at(0)",
    "fills the disk": "n = 0\nwhile True:\n    open(f'/tmp/{n}', 'wb').write(b'x' * 2**24)\n    n += 1",
    "waits for a person": "answer = input('your name? ')",
    "leaves a process behind": "import subprocess\nsubprocess.Popen(['sleep', '1000'], start_new_session=True)",
    "floods the answers": (
        "import os\nfor fd in range(3, 64):\n    try:\n        while True:\n            os.write(fd, b'x' * 2**20)\n    except OSError:\n        pass"
    ),
    "answers for itself": (
        "import os, json\nline = json.dumps({'question': 'FIRST', 'points': 100, 'share': 1.0, 'outcomes': [{'parts': []}]}) + chr(10)\n"
        "for fd in range(3, 64):\n    try:\n        os.write(fd, line.encode())\n    except OSError:\n        pass"
    ),
    "monkeypatches the checker": (
        "import checking, numpy as np\nchecking.agree = lambda *a, **k: True\nchecking.diagnose = lambda *a, **k: {'share': 1.0, 'label': 'right', 'text': ''}\n"
        "checking.ask = lambda *a, **k: [{'parts': [np.array(1.0)]}]\nnp.allclose = lambda *a, **k: True"
    ),
    "closes everything": "import os\nos.closerange(0, 64)",
}

# Cells that look for what is not theirs: they put what they find where the answer to an open question stands.
SPIES = {
    "reads the right answers": (
        "import os\nfound = []\nfor top in ('SECRET', '/work', '/home', '/root', '/tmp', '/var', '/srv', '/mnt', '/opt'):\n"
        "    for path, folders, names in os.walk(top):\n        folders[:] = [f for f in folders if f not in ('lib', 'bin', 'share', 'include')]\n"
        "        found += [os.path.join(path, n) for n in names if n in ('questions.py', 'solution.ipynb', 'marks.csv')]\n"
        "assert not found, found\nraise RuntimeError('found nothing')"
    ),
    "writes outside": (
        "import pathlib\nwrote = []\nfor place in ('SECRET', '/', '/etc', '/usr', '/root', '/home', '/var/tmp', '/bgood', '/bgood/ours'):\n    try:\n"
        "        (pathlib.Path(place) / 'hostile.txt').write_text('here')\n        wrote.append(place)\n    except OSError:\n        pass\n"
        "assert not wrote, wrote\nraise RuntimeError('found nothing')"
    ),
    "deletes files": (
        "import shutil\nfor place in ('SECRET', '/home', '/bgood/ours', '/etc'):\n    shutil.rmtree(place, ignore_errors=True)\nraise RuntimeError('found nothing')"
    ),
    "asks the network": (
        "import socket\nreached = []\nfor family, host in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET, '10.0.0.1'), (socket.AF_INET, '1.1.1.1')):\n"
        "    s = socket.socket(family, socket.SOCK_STREAM)\n    s.settimeout(1)\n    if s.connect_ex((host, PORT)) == 0:\n        reached.append(host)\n"
        "assert not reached, reached\nraise RuntimeError('found nothing')"
    ),
    "looks at other processes": (
        "import os\nseen = []\nfor name in os.listdir('/proc'):\n    if name.isdigit():\n        try:\n            line = open(f'/proc/{name}/cmdline').read()\n        except OSError:\n            continue\n"
        "        if 'pytest' in line or 'bgood grade' in line:\n            seen.append(line)\nassert not seen, seen\nraise RuntimeError('found nothing')"
    ),
}

# Files that are no notebook, or not one of this exercise: what is seen of them.
FILES = {
    "not a notebook": b"\x89PNG\r\n\x1a\n nothing",
    "half a notebook": b'{"cells": [{"cell_type": "code", "source": ["x ="',
    "an empty file": b"",
    "nested too deeply": b"[" * 100_000,
    "no cells": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}',
    "cells of nonsense": b'{"nbformat": 4, "cells": [1, "two", {"source": 3}]}',
}
