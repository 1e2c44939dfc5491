# SPDX-License-Identifier: Apache-2.0
"""A log that is written in an unusual way: `ways.py work|check FOLDER WAY [forgets-sync]`.

The folder is sure before the first line is. Whoever forgets to sync acknowledges what the system has only been told.
"""

import ctypes
import mmap
import os
import sys
import threading
from pathlib import Path

_, task, folder, *about = sys.argv
path = Path(folder, "log")
BLOCK = 4096


def appended(log: int, line: bytes) -> None:
    os.write(log, line)
    sync(log)


def vectors(log: int, line: bytes) -> None:
    os.pwritev(log, [line[:3], line[3:]], os.fstat(log).st_size)
    sync(log)


def flagged(log: int, line: bytes) -> None:
    os.pwritev(log, [line], os.fstat(log).st_size, 0 if FORGETS else os.RWF_DSYNC)


def opened_in_sync(log: int, line: bytes) -> None:
    os.write(os.open(path, os.O_WRONLY | os.O_APPEND | (0 if FORGETS else os.O_SYNC)), line)


def around_the_cache(log: int, line: bytes) -> None:
    direct = os.open(path, os.O_RDWR | os.O_DIRECT)
    block = mmap.mmap(-1, BLOCK)  # it is at the beginning of a page
    block.write(line.rstrip().ljust(BLOCK - 1) + b"\n")
    os.pwrite(direct, block, os.fstat(direct).st_size)
    sync(direct)


def by_a_child(log: int, line: bytes) -> None:
    if not (child := os.fork()):
        appended(os.open(path, os.O_WRONLY | os.O_APPEND), line)
        os._exit(0)
    os.waitpid(child, 0)


def by_a_thread(log: int, line: bytes) -> None:
    thread = threading.Thread(target=os.write, args=(log, line))
    thread.start()
    thread.join()
    sync(log)


def by_a_shell(log: int, line: bytes) -> None:
    os.system(f"printf '%s\\n' {line.decode().strip()} >> '{path}'")
    sync(log)


def staged(line: bytes) -> int:
    stage = os.memfd_create("stage")
    os.write(stage, line)
    os.lseek(stage, 0, os.SEEK_SET)
    return stage


def sent(log: int, line: bytes) -> None:
    plain = os.open(path, os.O_WRONLY)
    os.lseek(plain, 0, os.SEEK_END)
    os.sendfile(plain, staged(line), 0, len(line))
    sync(plain)


def copied(log: int, line: bytes) -> None:
    stage, plain = os.open(f"{path}.stage", os.O_RDWR | os.O_CREAT | os.O_TRUNC), os.open(path, os.O_WRONLY)
    os.write(stage, line)
    os.copy_file_range(stage, plain, len(line), 0, os.fstat(plain).st_size)
    sync(plain)


def allocated(log: int, line: bytes) -> None:
    plain, end = os.open(path, os.O_WRONLY), os.fstat(log).st_size
    os.posix_fallocate(plain, end, len(line))
    os.pwrite(plain, line, end)
    sync(plain)


def by_range(log: int, line: bytes) -> None:
    os.write(log, line)
    # It asks for the pages to be written, and makes nothing sure of a file that has grown.
    ctypes.CDLL(None).sync_file_range(log, ctypes.c_int64(0), ctypes.c_int64(0), 7)


def elsewhere(log: int, line: bytes) -> None:
    os.write(log, line)
    ctypes.CDLL(None).syncfs(os.open("/proc", os.O_RDONLY))  # another file system


def through_memory(log: int, line: bytes) -> None:
    both, end = os.open(path, os.O_RDWR), os.fstat(log).st_size
    os.truncate(path, end + len(line))
    with mmap.mmap(both, end + len(line)) as pages:
        pages[end:] = line
        pages.flush()


def named_late(log: int, line: bytes) -> None:
    whole = os.open(folder, os.O_RDWR | os.O_TMPFILE)
    os.write(whole, path.read_bytes() + line)
    os.fsync(whole)
    here, follow = -100, 0x400
    ctypes.CDLL(None).linkat(here, f"/proc/self/fd/{whole}".encode(), here, f"{path}.new".encode(), follow)
    os.rename(f"{path}.new", path)


def through_a_pipe(log: int, line: bytes) -> None:
    read, write = os.pipe()
    os.write(write, line)
    plain = os.open(path, os.O_WRONLY)
    os.splice(read, plain, len(line), offset_dst=os.fstat(plain).st_size)
    sync(plain)


def sync(file: int) -> None:
    if not FORGETS:
        os.fsync(file)


FORGETS = "forgets-sync" in about

if task == "work":
    log = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.fsync(os.open(folder, os.O_RDONLY))
    for line in sys.stdin.buffer:
        if about[0] == "vectors":
            log = os.open(path, os.O_WRONLY)
        globals()[about[0]](log, line)
        print("ACK", line.decode().strip(), flush=True)
else:
    content = path.read_bytes() if path.exists() else b""
    for one in content.split(b"\n")[:-1]:
        if token := one.strip(b" \0"):
            print("HAS", token.decode(errors="replace"))
