# SPDX-License-Identifier: Apache-2.0
"""A store that appends lines to a log: `log.py work|check FOLDER [MISTAKE]`."""

import os
import sys
from pathlib import Path

_, task, folder, *mistakes = sys.argv
path = Path(folder, "log")

if task == "work":
    log = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    if "forgets-folder" not in mistakes:
        os.fsync(os.open(folder, os.O_RDONLY))
    for line in sys.stdin:
        os.write(log, line.encode())
        if "acknowledges-early" in mistakes:
            print("ACK", line.strip(), flush=True)
        os.fsync(log)
        if "acknowledges-early" not in mistakes:
            print("ACK", line.strip(), flush=True)
else:
    content = path.read_bytes() if path.exists() else b""
    complete = content.split(b"\n") if "takes-torn" in mistakes else content.split(b"\n")[:-1]
    for one in complete:
        if one:
            print("HAS", one.decode())
