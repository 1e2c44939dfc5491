# SPDX-License-Identifier: Apache-2.0
"""A store of one value, replaced by renaming a new file onto the old one: `setting.py work|check FOLDER [MISTAKE]`."""

import os
import sys
from pathlib import Path

_, task, folder, *mistakes = sys.argv
path = Path(folder, "setting")

if task == "work":
    place = os.open(folder, os.O_RDONLY)
    for line in sys.stdin:
        with open(f"{path}.tmp", "w") as file:
            file.write(line)
            file.flush()
            if "forgets-file" not in mistakes:
                os.fsync(file.fileno())
        os.rename(f"{path}.tmp", path)
        if "forgets-folder" not in mistakes:
            os.fsync(place)
        print("ACK", line.strip(), flush=True)
elif path.exists():
    print("HAS", path.read_text().strip())
