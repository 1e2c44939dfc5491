# SPDX-License-Identifier: Apache-2.0
"""What a client hears first: the refs and the capabilities of a service, or of protocol version 2."""

from __future__ import annotations

from collections.abc import Iterator

from dulwich.protocol import pkt_line

from edgeproof.impl.git.repository import Repository
from edgeproof.impl.git.updates import NONE
from edgeproof.impl.git.wire import AGENT, flush

__all__ = ["advertise", "ls_refs", "version_of"]

_UPLOAD = (
    b"multi_ack_detailed no-done side-band-64k thin-pack ofs-delta no-progress shallow deepen-relative"
    b" object-format=sha1 " + AGENT
)
_RECEIVE = b"report-status delete-refs side-band-64k quiet atomic ofs-delta push-options object-format=sha1 " + AGENT
_VERSION_2 = (b"version 2", AGENT, b"ls-refs=unborn", b"fetch=shallow", b"object-format=sha1")


def version_of(header: str) -> int:
    """The protocol version that a request's header Git-Protocol asks for; 0 where it asks for none that there is."""
    asked = [word.removeprefix("version=") for word in header.split(":") if word.startswith("version=")]
    return max((int(word) for word in asked if word in ("1", "2")), default=0)


def advertise(repository: Repository, service: str, version: int) -> Iterator[bytes]:
    """The answer to `info/refs` for a service. Pushes know no version 2, and get version 0."""
    upload = service == "git-upload-pack"
    if upload and version == 2:
        yield b"".join(pkt_line(line + b"\n") for line in _VERSION_2) + flush
        return
    yield pkt_line(f"# service={service}\n".encode()) + flush
    if version == 1:
        yield pkt_line(b"version 1\n")
    with repository.view() as view:
        refs, head = view.refs(), view.head()
    current = next((one for one in refs if one.name == head), None)
    lines = [(one.id, one.name) for one in refs]
    said = _RECEIVE
    if upload:
        said = _UPLOAD
        if current is not None:
            lines.insert(0, (current.id, b"HEAD"))
            said += b" symref=HEAD:" + head
        peeled = {one.name: one.peeled for one in refs if one.peeled is not None}
        lines = [pair for one in lines for pair in _with_peeled(one, peeled)]
    (id, name), *others = lines or [(NONE, b"capabilities^{}")]
    yield pkt_line(id.hex().encode() + b" " + name + b"\0" + said + b"\n")
    for id, name in others:
        yield pkt_line(id.hex().encode() + b" " + name + b"\n")
    yield flush


def ls_refs(repository: Repository, arguments: list[bytes]) -> Iterator[bytes]:
    """The answer to the command ls-refs of version 2."""
    prefixes = tuple(one.removeprefix(b"ref-prefix ") for one in arguments if one.startswith(b"ref-prefix "))
    with repository.view() as view:
        refs, head = view.refs(), view.head()
    current = next((one for one in refs if one.name == head), None)
    symref = b" symref-target:" + head if b"symrefs" in arguments else b""
    if not prefixes or b"HEAD".startswith(prefixes):
        if current is not None:
            yield pkt_line(current.id.hex().encode() + b" HEAD" + symref + b"\n")
        elif b"unborn" in arguments:
            yield pkt_line(b"unborn HEAD" + symref + b"\n")
    for one in refs:
        if not prefixes or one.name.startswith(prefixes):
            peeled = b"" if one.peeled is None or b"peel" not in arguments else b" peeled:" + one.peeled.hex().encode()
            yield pkt_line(one.id.hex().encode() + b" " + one.name + peeled + b"\n")
    yield flush


def _with_peeled(line: tuple[bytes, bytes], peeled: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    name = line[1]
    return [line, (peeled[name], name + b"^{}")] if name in peeled else [line]
