# SPDX-License-Identifier: Apache-2.0
"""`edgeproof.toml`: a deployment's routes, and what it promises. What is wrong is said before anything is sent."""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from collections.abc import Collection, Mapping
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from attrs import evolve, frozen

from edgeproof.properties.strict_toml import strict_toml
from edgeproof.reports.errors import Unusable, one_line
from edgeproof.reports.files import read_bearer, read_text
from edgeproof.reports.target.tables import Table

if TYPE_CHECKING:
    from edgeproof.impl.target.extract import Extractor
    from edgeproof.impl.target.routes import Changelog, Read, Restore, Route, Target, Versions, Write
    from edgeproof.properties.traffic.promise import Promise

__all__ = ["Described", "check_base", "read_description"]

_LARGEST: Final = 2**18
_METHODS: Final = ("GET", "PUT", "POST", "PATCH", "DELETE")
_REQUEST: Final = re.compile(r"([A-Z]+) (/[!-~]*)")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_ITS_OWN: Final = ("content-length", "transfer-encoding", "connection", "expect")
"""Headers on how a request is sent."""
_BEARER: Final = re.compile(r"[A-Za-z0-9._~+/=-]{4,4096}")
"""As RFC 6750 has it. One of fewer letters could not be taken out of what is shown without taking out other things."""
_ROUTE: Final = ("request", "headers", "body", "bearer", "base")
_WRITES: Final = ("unit", "field", "value", "changes", "key", "expected")
_READS: Final = ("unit", "field")
_NUMBERS: Final = ("sync_delay", "put_timeout", "retry_delay", "cache_ttl", "memo_ttl", "heartbeat", "zombie_window")


@frozen
class Described:
    """A deployment and what it promises, as a file says it."""

    path: Path
    target: Target
    bearer: str | None
    bearer_file: Path | None
    promise: Promise

    @property
    def bound(self) -> float | None:
        """How stale a read may be (seconds), None where nobody says so."""
        return None if self.promise.bound_s == inf else self.promise.bound_s


def read_description(path: str | Path, hosts: Collection[str] = ()) -> Described:
    """Read the file. Raises Unusable for one that is not as it should be, and for a host that is neither on loopback
    nor among `hosts`.
    """
    text = read_text(path, _LARGEST)
    try:
        said = strict_toml(text)
    except ValueError as error:
        raise Unusable(one_line(f"{path}: not TOML: {error}")) from error
    root = Table(str(path), "", said)
    root.only("target", "write", "read", "changelog", "restore", "faults", "promise", "limits")
    target = _target(root, hosts)
    general = _needed(root, "target")
    name = general.text("bearer_file", "")
    file = Path(path).parent / name if name else None
    bearer = None if file is None else _bearer(file)
    return Described(Path(path), target, bearer, file, _promise(root.table("promise")))


def _bearer(file: Path) -> str:
    bearer = read_bearer(file)
    if not _BEARER.fullmatch(bearer):
        raise Unusable(f"{file}: a bearer is a word of four or more of A-Z, a-z, 0-9 and -._~+/=")
    return bearer


def check_base(base: str, hosts: Collection[str] = ()) -> str:
    """The address without its last slash. Raises Unusable for what is none, and for a host that nobody allowed."""
    try:
        parts = urlsplit(base)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise Unusable(f"{base!r} is no address: {error}") from error
    if not base.isprintable() or " " in base:
        raise Unusable(f"{base!r} is no address: it has a space, or a letter that cannot be seen")
    if parts.scheme not in ("http", "https") or not host:
        raise Unusable(f"{base!r} is no address: write http://HOST or https://HOST, with a port if need be")
    if (
        parts.username is not None
        or parts.password is not None
        or parts.query
        or parts.fragment
        or parts.path.strip("/")
    ):
        raise Unusable("an address has a host and a port, and nothing else: paths belong into the requests")
    if not _is_loopback(host) and host not in hosts:
        raise Unusable(
            f"{host} is not on this machine; to send it requests that change things, add --allow-host {host}"
        )
    return base.rstrip("/")


def _is_loopback(host: str) -> bool:
    """Whether a host is this machine; what `localhost` is, is for its resolver to say."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" and all(map(_is_loopback, _addresses_of(host)))


def _addresses_of(host: str) -> list[str]:
    """None where it cannot be resolved: then nothing can be sent to it either."""
    try:
        return [str(address[0]) for *_, address in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except OSError:
        return []


def _target(root: Table, hosts: Collection[str]) -> Target:
    from edgeproof.impl.target.routes import Target, Versions

    general = _needed(root, "target")
    general.only("base", "bearer_file", "versions")
    base = check_base(general.text("base"), hosts)
    versions = Versions(general.choice("versions", Versions.COUNTING, [*Versions]))
    reads = {name: _read(name, one, base, hosts) for name, one in _needed(root, "read").tables()}
    if not reads:
        root.refuse("read", "has no way of reading: write [read.edge], say")
    write = _write(_needed(root, "write"), base, hosts)
    changelog, restore = root.table("changelog"), root.table("restore")
    return Target(
        base,
        versions,
        write,
        reads,
        None if changelog is None else _changelog(changelog, base, hosts),
        None if restore is None else _restore(restore, base, hosts, versions, reads),
        _faults(root.table("faults")),
        _limits(root.table("limits")),
    )


def _needed(root: Table, name: str) -> Table:
    found = root.table(name)
    if found is None:
        root.refuse(name, f"is missing: the file needs a table [{name}]")
    return found


def _write(said: Table, base: str, hosts: Collection[str]) -> Write:
    from edgeproof.impl.target.routes import Values, Write

    said.only(*_ROUTE, "version", "values")
    route = _route(said, base, hosts, _WRITES, bearer=True)
    if not route.places & {"value", "changes"}:
        said.refuse("body", "says nothing of what is written: it needs {value} or {changes}")
    return Write(route, _place(said, "version"), Values(said.choice("values", Values.TEXT, [*Values])))


def _read(name: str, said: Table, base: str, hosts: Collection[str]) -> Read:
    from edgeproof.impl.target.routes import STRONG, Read

    said.only(*_ROUTE, "version", "content", "value", "reader", "era")
    route = _route(said, base, hosts, _READS, bearer=name == STRONG)
    content = _place(said, "content") if "content" in said.said else None
    reader = _place(said, "reader") if "reader" in said.said else None
    era = _place(said, "era") if "era" in said.said else None
    return Read(name, route, _place(said, "version"), content, _pointer(said, "value", ""), reader, era)


def _restore(said: Table, base: str, hosts: Collection[str], versions: Versions, reads: Mapping[str, Read]) -> Restore:
    from edgeproof.impl.target.routes import Restore, Versions

    said.only(*_ROUTE)
    if versions is not Versions.COUNTING:
        said.refuse(
            "request",
            'takes versions back: who is told an old one again may be late or not, which only versions = "counting" '
            "tells apart; leave [restore] out, the rest is judged without it",
        )
    eras = [name for name, read in reads.items() if read.era is not None]
    if 0 < len(eras) < len(reads):
        said.refuse("request", f"begins an era, which [read.{eras[0]}] tells and another way of reading does not")
    return Restore(_route(said, base, hosts, ("unit", "version"), bearer=True))


def _changelog(said: Table, base: str, hosts: Collection[str]) -> Changelog:
    from edgeproof.impl.target.routes import Changelog

    said.only(*_ROUTE, "entries", "version", "field", "value")
    route = _route(said, base, hosts, ("unit", "since"), bearer=True)
    pointers = (_pointer(said, name, f"/{name}") for name in ("version", "field", "value"))
    return Changelog(route, _place(said, "entries"), *pointers)


def _route(said: Table, base: str, hosts: Collection[str], places: tuple[str, ...], *, bearer: bool) -> Route:
    from edgeproof.impl.target.routes import Route

    found = _REQUEST.fullmatch(said.text("request"))
    if found is None or found[1] not in _METHODS:
        said.refuse("request", f"is a method and a path, such as 'GET /config.json'; methods are {', '.join(_METHODS)}")
    own = check_base(said.text("base"), hosts) if "base" in said.said else base
    headers = said.table("headers") or Table(said.file, said.name, {})
    for name in headers.said:
        if name.lower() == "authorization":
            headers.refuse(name, "does not belong here: name a bearer_file in [target]")
        value = headers.text(name)
        if name.lower() in _ITS_OWN:
            headers.refuse(name, "is said of each request by what sends it")
        if not _HEADER.fullmatch(name) or not value.isprintable() or not value.isascii():
            headers.refuse(name, "is no header of printable ASCII")
    body = _json_body(said)
    sends = said.flag("bearer", bearer and own == base)
    if sends and own != base:
        said.refuse("bearer", "goes to the host of [target] and nowhere else")
    route = Route(found[1], own, found[2], headers.said, body, sends)
    for name in sorted(route.places - set(places)):
        said.refuse("request", f"has {{{name}}}, and what can be filled in here is {', '.join(places)}")
    return route


def _json_body(said: Table) -> Any:
    """What is sent, with its places; None for nothing."""
    body = said.said.get("body")
    try:
        json.dumps(body, allow_nan=False)
    except (TypeError, ValueError):
        said.refuse("body", "is no JSON: that has no dates, and neither inf nor nan")
    return "{value}" if body == "json" else body


def _place(said: Table, name: str) -> Extractor:
    from edgeproof.impl.target.extract import extractor

    try:
        return extractor(said.text(name))
    except ValueError as error:
        said.refuse(name, f"is wrong: {error}")


def _pointer(said: Table, name: str, default: str) -> str:
    pointer = said.text(name, default)
    if pointer and not pointer.startswith("/"):
        said.refuse(name, f"is a pointer within JSON, such as /{name}")
    return pointer


def _faults(said: Table | None) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, command in ({} if said is None else said.said).items():
        if not (isinstance(command, list) and command and all(isinstance(word, str) for word in command)):
            assert said is not None
            said.refuse(name, 'is a command as a list of words, such as ["systemctl", "restart", "store"]')
        found[name] = tuple(command)
    return found


def _limits(said: Table | None) -> Any:
    from edgeproof.impl.target.client import Limits

    if said is None:
        return Limits()
    said.only("timeout", "max_bytes", "requests", "per_second", "answers")
    plain = Limits()
    return evolve(
        plain,
        timeout=said.seconds_within("timeout", plain.timeout, 0.05, 120.0),
        answers=said.seconds_within("answers", plain.answers, 1.0, 86_400.0),
        max_bytes=said.whole("max_bytes", plain.max_bytes, 1, 64_000_000),
        requests=said.whole("requests", plain.requests, 1, 1_000_000),
        per_second=float(said.whole("per_second", int(plain.per_second), 1, 1_000)),
    )


def _promise(said: Table | None) -> Promise:
    """What is promised: a bound, or the numbers of the pattern, from which the proved formula makes one."""
    from edgeproof.properties.traffic.promise import Promise
    from edgeproof.reports.traffic.promises import Given, promised

    if said is None:
        return Promise(inf)
    said.only("bound", "reader", "retries", *_NUMBERS)
    reader = said.choice("reader", "plain", ["plain", "guarded", "memo"])
    numbers: dict[str, Any] = {n: value for n in _NUMBERS if (value := said.seconds(n)) is not None}
    if "retries" in said.said:
        numbers["retries"] = said.whole("retries", 0, 0, 1000)
    bound = said.seconds("bound")
    if bound is not None and numbers:
        said.refuse("bound", f"stands beside {next(iter(numbers))}: say how stale a read may be, or what makes it so")
    if bound is not None:
        return Promise(float(bound), guarded=reader == "guarded", assumptions=("all times are of one clock",))
    try:
        return _unwatched(promised(Given(**numbers, reader=reader)))
    except Unusable as error:
        # It was made for the command line, whose options have the same names.
        words = re.sub(r"--([a-z-]+)", lambda word: word[1].replace("-", "_"), str(error))
        raise Unusable(one_line(f"{said.file}: {said.name}: {words}")) from error


def _unwatched(promise: Promise) -> Promise:
    """The same bound. What it takes for granted of alarms, puts and caches cannot be watched from outside: it is named
    with the verdict, and excuses nothing.
    """
    alone = evolve(promise, sync_delay=None, put_timeout=None, retry_delay=None, cache_ttl=None, failures=None)
    return evolve(alone, may_be_late=False)
