# SPDX-License-Identifier: Apache-2.0
"""A store in SQLite: `table.py work|check FOLDER [PRAGMA=VALUE...]`."""

import sqlite3
import sys

_, task, folder, *pragmas = sys.argv
connection = sqlite3.connect(f"{folder}/table.sqlite", isolation_level=None)

if task == "work":
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE entries (number INTEGER PRIMARY KEY, token TEXT)")
    for line in sys.stdin:
        connection.execute("INSERT INTO entries (token) VALUES (?)", (line.strip(),))
        print("ACK", line.strip(), flush=True)
else:
    if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
        sys.exit("the file is not sound")
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() != (0,):
        for (token,) in connection.execute("SELECT token FROM entries ORDER BY number"):
            print("HAS", token)
