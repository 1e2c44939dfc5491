# SPDX-License-Identifier: Apache-2.0
"""`git-receive-pack` over stateless HTTP, versions 0 and 1 (gitprotocol-pack): the updates, the pack, the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import define, field
from dulwich.protocol import pkt_line

from edgeproof.impl.durable.storage_errors import StorageError
from edgeproof.impl.git.blobs import Spool
from edgeproof.impl.git.limits import Refused
from edgeproof.impl.git.repository import Repository
from edgeproof.impl.git.updates import NONE, Update
from edgeproof.impl.git.wire import Reader, band, capabilities, flush, id_of

__all__ = ["Pushed", "receive_pack"]

_OPTIONS = 100


@define
class Pushed:
    """What a push said, and what became of it."""

    updates: list[Update] = field(factory=list)
    options: list[bytes] = field(factory=list)
    problems: dict[bytes, str] = field(factory=dict)
    """By ref; those that are not here were made."""
    failure: str = ""
    """Why the pack was not taken."""


def receive_pack(
    repository: Repository, reader: Reader, *, actor: str = "", allow: Callable[[], bool] = lambda: True
) -> tuple[Pushed, Iterator[bytes]]:
    """Take a push in; what became of it, and the report for the client. Raises Refused for no push at all.

    `allow` is asked in the moment in which the push is to count.
    """
    pushed, said = _commands(repository, reader)
    if not pushed.updates:
        return pushed, iter(())
    if b"push-options" in said:
        pushed.options = _push_options(reader)
    try:
        pack = _take(repository, reader) if any(update.new != NONE for update in pushed.updates) else None
        pushed.problems = repository.push(pushed.updates, pack, atomic=b"atomic" in said, actor=actor, allow=allow)
    except Refused as refused:
        pushed.failure = str(refused)
    except (StorageError, OSError) as error:
        pushed.failure = error.says if isinstance(error, StorageError) else "the pack cannot be kept"
    if pushed.failure:
        pushed.problems = {update.ref: "unpacker error" for update in pushed.updates}
    return pushed, _report(pushed, said)


def _take(repository: Repository, reader: Reader) -> Spool:
    pack = repository.spool()
    try:
        for piece in reader.rest():
            pack.write(piece)
            if pack.size > repository.limits.pack:
                raise Refused(f"a pack has at most {repository.limits.pack} bytes")
    except BaseException:
        pack.close(needed=False)
        raise
    return pack


def _commands(repository: Repository, reader: Reader) -> tuple[Pushed, dict[bytes, bytes]]:
    pushed, said = Pushed(), dict[bytes, bytes]()
    while isinstance(line := reader.text(), bytes):
        if b"\0" in line:
            line, _, words = line.partition(b"\0")
            said = capabilities(words)
        if line.startswith(b"shallow "):
            continue  # what it lacks is missed when the objects are taken
        parts = line.split(b" ", 2)
        if len(parts) != 3:
            raise Refused("the push has a line that is no update of a ref")
        pushed.updates.append(Update(parts[2], id_of(parts[0]), id_of(parts[1])))
        if len(pushed.updates) > repository.limits.refs:
            raise Refused(f"a push has at most {repository.limits.refs} updates")
    return pushed, said


def _push_options(reader: Reader) -> list[bytes]:
    options: list[bytes] = []
    while isinstance(line := reader.text(), bytes):
        options.append(line)
        if len(options) > _OPTIONS:
            raise Refused(f"a push has at most {_OPTIONS} options")
    return options


def _report(pushed: Pushed, said: dict[bytes, bytes]) -> Iterator[bytes]:
    lines = [b"unpack " + (pushed.failure.encode() or b"ok") + b"\n"]
    for update in pushed.updates:
        problem = pushed.problems.get(update.ref)
        lines.append(b"ok " + update.ref + b"\n" if problem is None else b"ng %s %s\n" % (update.ref, problem.encode()))
    banded = b"side-band-64k" in said
    if banded and pushed.failure:
        yield from band(2, [b"error: " + pushed.failure.encode() + b"\n"])
    if b"report-status" in said:
        report = b"".join(map(pkt_line, lines)) + flush
        yield from band(1, [report]) if banded else [report]
    if banded:
        yield flush
