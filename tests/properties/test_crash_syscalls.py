# SPDX-License-Identifier: Apache-2.0
"""What a program does to a folder is recorded as it was, by whichever calls, threads and processes; or refused."""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

from edgeproof.properties.engines.crash.disk import (
    Create,
    Delete,
    Disk,
    Link,
    Operation,
    Rename,
    Sync,
    SyncFolder,
    Truncate,
    Write,
    whole_of,
)
from edgeproof.properties.engines.crash.syscalls import ptrace
from edgeproof.properties.engines.crash.syscalls.calls import Unsupported
from edgeproof.properties.engines.crash.syscalls.recording import Recording, record
from edgeproof.properties.engines.crash.syscalls.tracer import Program
from tests.ptraced import needs_ptrace

pytestmark = needs_ptrace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    return made


def run(code: str, folder: Path, seconds: float = 60) -> Recording:
    """Record a Python program that stands in the folder."""
    program = f"import os, sys\nos.chdir({str(folder)!r})\n{dedent(code)}"
    out = folder.parent / "out"
    with open(os.devnull) as nothing, out.open("wb") as stdout:
        words = [sys.executable, "-I", "-S", "-u", "-c", program]
        return record(Program(words, os.environ, nothing, stdout, stdout), folder, seconds)


def operations(recording: Recording) -> list[Operation]:
    return [*recording.operations[recording.first :]]


def everything(recording: Recording) -> dict[str, bytes]:
    """What a disk holds that was asked for all of it."""
    disk = Disk()
    for one in recording.operations:
        disk.do(one)
    moment = disk.now()
    return moment.left(map(whole_of, moment.pending))


def in_folder(path: Path) -> dict[str, bytes]:
    return {
        one.relative_to(path).as_posix() + "/" * one.is_dir(): b"" if one.is_dir() else one.read_bytes()
        for one in path.rglob("*")
    }


def test_every_way_to_write_is_seen_with_its_bytes_and_where_they_are(folder: Path) -> None:
    recording = run(
        """
        os.mkdir("in")
        a = os.open("in/a", os.O_CREAT | os.O_RDWR)
        os.write(a, b"0123456789")
        os.pwrite(a, b"x", 3)
        os.writev(a, [b"y", b"z"])
        os.pwritev(a, [b"!"], 20)
        os.ftruncate(a, 30)
        os.truncate("in/a", 25)
        os.posix_fallocate(a, 0, 28)
        b = os.open("b", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        os.write(b, b"end")
        os.pwrite(b, b"appended", 0)
        c = os.open("c", os.O_CREAT | os.O_RDWR)
        os.copy_file_range(a, c, 5, offset_src=0, offset_dst=2)
        os.sendfile(c, a, 0, 2)
        os.open("c", os.O_WRONLY | os.O_TRUNC)
        """,
        folder,
    )
    assert everything(recording) == in_folder(folder)
    assert operations(recording) == [
        *(Create("in/"), Create("in/a"), Write("in/a", 0, b"0123456789"), Write("in/a", 3, b"x")),
        *(Write("in/a", 10, b"yz"), Write("in/a", 20, b"!"), Write("in/a", 21, bytes(9)), Truncate("in/a", 25)),
        *(Write("in/a", 25, bytes(3)), Create("b"), Write("b", 0, b"end"), Write("b", 3, b"appended")),
        *(Create("c"), Write("c", 2, b"012x4"), Write("c", 0, b"01"), Truncate("c", 0)),
    ]


def test_every_way_to_make_sure_is_seen_and_what_one_call_writes_and_makes_sure(folder: Path) -> None:
    recording = run(
        """
        a = os.open("a", os.O_CREAT | os.O_WRONLY)
        os.fsync(a)
        os.fdatasync(a)
        os.fsync(os.open(".", os.O_RDONLY))
        os.write(os.open("a", os.O_WRONLY | os.O_DSYNC), b"1")
        os.pwritev(a, [b"2"], 0, os.RWF_DSYNC)
        os.mkdir("in")
        os.fsync(os.open("in", os.O_RDONLY))
        os.sync()
        """,
        folder,
    )
    assert operations(recording) == [
        *(Create("a"), Sync("a"), Sync("a"), SyncFolder()),
        *(Write("a", 0, b"1"), Sync("a"), Write("a", 0, b"2"), Sync("a")),
        *(Create("in/"), SyncFolder("in/"), Sync("a"), SyncFolder(), SyncFolder("in/")),
    ]


def test_a_file_is_followed_under_every_name_and_after_its_last_one(folder: Path) -> None:
    recording = run(
        """
        a = os.open("a", os.O_CREAT | os.O_WRONLY)
        os.rename("a", "b")
        os.write(a, b"1")
        os.link("b", "c")
        os.unlink("b")
        os.write(a, b"2")
        os.open("d", os.O_CREAT)
        os.rename("c", "d")
        os.write(os.dup(a), b"3")
        os.unlink("d")
        os.write(a, b"nobody finds this again")
        os.fsync(a)
        os.mkdir("in")
        os.rmdir("in")
        """,
        folder,
    )
    assert operations(recording) == [
        *(Create("a"), Rename("a", "b"), Write("b", 0, b"1"), Link("b", "c"), Delete("b"), Write("c", 1, b"2")),
        *(Create("d"), Rename("c", "d"), Write("d", 2, b"3"), Delete("d"), Create("in/"), Delete("in/")),
    ]


def test_what_was_there_before_is_sure_and_no_operation_of_the_program(folder: Path) -> None:
    (folder / "in").mkdir()
    (folder / "in" / "a").write_bytes(b"before")
    recording = run('os.write(os.open("in/a", os.O_WRONLY | os.O_APPEND), b" and after")', folder)
    assert operations(recording) == [Write("in/a", 6, b" and after")]
    assert everything(recording) == {"in/": b"", "in/a": b"before and after"}


def test_threads_and_processes_write_in_one_order_and_what_they_say_has_its_place_in_it(folder: Path) -> None:
    recording = run(
        """
        import threading
        def work(name):
            file = os.open(name, os.O_CREAT | os.O_WRONLY)
            for _ in range(30):
                os.write(file, b"x")
                os.fsync(file)
                os.write(1, f"{name} {os.fstat(file).st_size}\\n".encode())
        child = os.fork()
        threads = [threading.Thread(target=work, args=(f"{name}{min(child, 1)}",)) for name in "ab"]
        [one.start() for one in threads]
        [one.join() for one in threads]
        if child:
            os.waitpid(child, 0)
        """,
        folder,
    )
    assert everything(recording) == in_folder(folder) == dict.fromkeys(("a0", "a1", "b0", "b1"), b"x" * 30)
    assert len(recording.lines) == 4 * 30
    for line in recording.lines:
        name, size = line.text.split()
        before = recording.operations[: line.done]
        assert before.count(Sync(name)) == before.count(Write(name, int(size) - 1, b"x")) + int(size) - 1
    assert [line.done for line in recording.lines] == sorted(line.done for line in recording.lines)


def test_what_somebody_else_has_written_meanwhile_is_noticed(folder: Path) -> None:
    (folder / "a").write_bytes(b"before")
    wait = "import time; open('here', 'w')\nwhile open('a').read() == 'before': time.sleep(0.01)"

    def meddle() -> None:
        while not (folder / "here").exists():
            time.sleep(0.01)
        (folder / "a").write_bytes(b"behind")

    with ThreadPoolExecutor(1) as other:
        other.submit(meddle)
        with pytest.raises(Unsupported, match="a is not what was recorded"):
            run(wait, folder)


def test_files_elsewhere_are_left_alone(folder: Path, tmp_path: Path) -> None:
    assert operations(run(f'open({str(tmp_path / "other")!r}, "w").write("x")', folder)) == []


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import mmap; f = open('a', 'wb+'); f.truncate(9); mmap.mmap(f.fileno(), 9)", "through memory"),
        ("os.symlink('a', 'b')", "b is a symbolic link"),
        ("os.mkdir('a'); open('a/b', 'w'); os.rename('a', 'c')", "several names at once"),
        ("open('../a', 'w').write('x'); os.rename('../a', 'a')", "a was moved into the folder from elsewhere"),
        ("open('a', 'w').truncate(1 << 30)", "more than 64 MB"),
        (
            "import ctypes; libc = ctypes.CDLL(None); libc.mmap.restype = ctypes.c_void_p\n"
            "a = os.open('a', os.O_CREAT | os.O_RDWR); os.truncate('a', 9)\n"
            "libc.mprotect(ctypes.c_void_p(libc.mmap(None, 9, 1, 1, a, 0)), 9, 3)",
            "through memory",
        ),
    ],
)
def test_what_no_call_shows_is_refused_and_not_left_out(folder: Path, code: str, why: str) -> None:
    with pytest.raises(Unsupported, match=why):
        run(code, folder)


def test_a_ring_of_writes_is_refused_where_the_machine_gives_one(folder: Path) -> None:
    ring = "import ctypes; print(ctypes.CDLL(None).syscall(425, 1, ctypes.create_string_buffer(120)))"
    refused, said = "", []
    try:
        said = [line.text for line in run(ring, folder).lines]
    except Unsupported as error:
        refused = str(error)
    assert (refused, said) in (
        ("it uses io_uring_setup: no system call shows what that does", []),
        ("", ["-1"]),
    )


@pytest.mark.parametrize("moment", range(5))
def test_what_a_process_has_done_when_it_is_killed_is_what_is_there(moment: int, folder: Path) -> None:
    recording = run(
        f"""
        import signal, time
        child = os.fork()
        while not child:
            os.pwrite(os.open("a", os.O_CREAT | os.O_WRONLY), os.urandom(1 << 16), 0)
            os.rename("a", "b")
        while not os.path.exists("b"):
            time.sleep(0)
        time.sleep({moment} / 1000)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        """,
        folder,
    )
    assert recording.status == 0
    assert everything(recording) == in_folder(folder)


def test_memory_that_is_only_read_or_that_sqlite_makes_anew_hides_nothing(folder: Path) -> None:
    recording = run(
        """
        import mmap
        for name in ("a", "b-shm"):
            with open(name, "wb+") as file:
                file.truncate(9)
                mmap.mmap(file.fileno(), 9, prot=mmap.PROT_READ if name == "a" else mmap.PROT_WRITE)
        """,
        folder,
    )
    assert operations(recording) == [Create("a"), Write("a", 0, bytes(9))]


def test_where_nobody_may_be_watched_that_is_the_reason(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(process: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(ptrace, "seize", refuse)
    with pytest.raises(Unsupported, match=r"allows no ptrace.*: Operation not permitted"):
        run("open('a', 'w')", folder)
    assert in_folder(folder) == {}


def test_a_program_that_does_not_end_is_ended(folder: Path) -> None:
    with pytest.raises(TimeoutError):
        run("import time; time.sleep(99)", folder, seconds=0.2)


def test_what_a_program_leaves_running_is_ended_with_it(folder: Path) -> None:
    run("import time; child = os.fork(); child or time.sleep(99); os.write(1, str(child).encode())", folder)
    process = Path("/proc", (folder.parent / "out").read_text(), "stat")
    deadline = time.monotonic() + 30
    while process.exists() and " Z " not in process.read_text():
        assert time.monotonic() < deadline, "it still runs"
        time.sleep(0.01)
