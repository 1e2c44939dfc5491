# SPDX-License-Identifier: Apache-2.0
"""`edgeproof.toml` as input: what is wrong with it is said in a line that names the place, before anything is sent."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from edgeproof.reports.errors import Unusable
from edgeproof.reports.target.draft import text_of
from edgeproof.reports.target.file import check_base, read_description
from edgeproof.reports.target.openapi import draft_from
from tests.target.driving import EXAMPLES, describe

DOCUMENTATION = Path(__file__).resolve().parents[2] / "docs" / "deployments.md"
WORKER = Path(__file__).resolve().parents[2] / "impl" / "worker" / "openapi.json"


@pytest.mark.parametrize("example", ["worker", "flags", "store"])
def test_the_examples_are_as_they_should_be(example: str, tmp_path: Path) -> None:
    assert read_description(describe(tmp_path, "http://127.0.0.1:8787", example)).target.reads


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[target]", "[target", "not TOML: Expected ']' at the end of a table declaration (at line 3, column 8)"),
        ("[target]", "[targets]", "targets is not known; did you mean target?"),
        ("[write]", "[wrote]", "wrote is not known"),
        ('base = "http://127.0.0.1:8787"', "", "target.base is missing"),
        ("http://127.0.0.1:8787", "127.0.0.1:8787", "is no address: write http://HOST"),
        ("http://127.0.0.1:8787", "http://u:p@127.0.0.1", "a host and a port, and nothing else"),
        ("http://127.0.0.1:8787", "http://127.0.0.1:8787/api", "paths belong into the requests"),
        ("http://127.0.0.1:8787", "http://127.0.0.1.example.com", "add --allow-host 127.0.0.1.example.com"),
        ("token.txt", "none.txt", "cannot read"),
        ('"PUT /units/{unit}/config"', '"FETCH /x"', "write.request is a method and a path, such as"),
        ('"PUT /units/{unit}/config"', '"PUT units"', "write.request is a method and a path"),
        ('"PUT /units/{unit}/config"', '"PUT /{flag}"', "write.request has {flag}, and what can be filled in here is"),
        ('changes = "{changes}"', "", "write.body says nothing of what is written: it needs {value} or {changes}"),
        ('version = "json:/version"', 'version = "/version"', "'/version' is no place in an answer; write json:"),
        ('version = "json:/version"', "version = 7", "write.version is a text"),
        ("[read.edge]", "[read.edge]\nbody = { at = 2026-01-01 }", "read.edge.body is no JSON: that has no dates"),
        ("[read.edge]", "[read.edge]\nbody = { limit = inf }", "read.edge.body is no JSON"),
        ("[read.edge]", "[read.edge]\nheaders = { Authorization = 'x' }", "does not belong here: name a bearer_file"),
        ("[read.edge]", "[read.edge]\nheaders = { X-A = \"a\\r\\nb\" }", "X-A is no header of printable ASCII"),
        ("[read.edge]", "[read.edge]\nbase = 'http://localhost'\nbearer = true", "goes to the host of [target]"),
        ('"3s"', '"3"', "promise.bound '3' has no unit; write it like 2s"),
        ('"3s"', '"3s"\ncache_ttl = "1s"', "promise.bound stands beside cache_ttl"),
        ('"guarded"', '"careful"', "promise.reader is one of plain, guarded, memo, not 'careful'"),
        ("[changelog]", "[faults]\nkill = 'rm'\n[changelog]", "faults.kill is a command as a list of words"),
        ("[changelog]", "[restore]\nrequest = 'POST /{key}'\n[changelog]", "restore.request has {key}, and what"),
        (
            "[read.edge]",
            "[restore]\nrequest = 'POST /{version}'\n[read.edge]\nera = 'json:/era'",
            "begins an era, which [read.edge] tells and another way of reading does not",
        ),
        (
            "[write]",
            "versions = 'opaque'\n[restore]\nrequest = 'POST /{version}'\n[write]",
            "restore.request takes versions back: who is told an old one again may be late or not",
        ),
        ("[target]", f"requests = {'9' * 5000}\n[target]", "not TOML: a number has too many digits"),
        ("http://127.0.0.1:8787", "http://127.0.0.1\\t:8787", "it has a space, or a letter that cannot be seen"),
        ("http://127.0.0.1:8787", "http://127.0.0.1 :8787", "it has a space, or a letter that cannot be seen"),
        ("[read.edge]", "[read.edge]\nheaders = { Content-Length = '9' }", "is said of each request by what sends it"),
        ('bound = "3s"', "retries = 3", "edgeproof.toml: promise: a bound takes sync_delay and put_timeout and"),
        ("[changelog]", "[limits]\ntimeout = '0s'\n[changelog]", "limits.timeout is a duration from 0.05 s to 120 s"),
        ("[changelog]", "[limits]\nanswers = '2d'\n[changelog]", "limits.answers is a duration from 1 s to 86400 s"),
        ("[changelog]", f"[limits]\ntimeout = '{'9' * 99}s'\n[changelog]", "99…' is not a duration; write it like 2s"),
        ("[changelog]", "[limits]\nper_second = 0\n[changelog]", "limits.per_second is a whole number from 1 to 1,000"),
    ],
)  # fmt: skip
def test_a_broken_file_says_where_and_how(old: str, new: str, says: str, tmp_path: Path) -> None:
    path = describe(tmp_path, "http://127.0.0.1:8787")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Unusable) as refused:
        read_description(path)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_numbers_of_the_pattern_make_the_proved_bound(tmp_path: Path) -> None:
    numbers = 'sync_delay = "2s"\nput_timeout = "5s"\nretries = 3\nretry_delay = "1s"\ncache_ttl = "60s"'
    described = read_description(describe(tmp_path, "http://127.0.0.1:8787", **{'bound = "3s"': numbers}))
    assert described.bound == 90
    assert described.promise.formula == "D + S + F*(D + R) + D + T"
    assert described.promise.assumptions[0] == "S = 2 s, D = 5 s, R = 1 s, T = 60 s, F = 3"
    assert (described.promise.cache_ttl, described.promise.failures) == (None, None), "which nobody sees from outside"


@pytest.mark.parametrize("bearer", ["", "abc", "two words", 'quo"ted', "näh-nicht", "\ufeffmarked-word"])
def test_a_bearer_is_one_word(bearer: str, tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"token\.txt") as refused:
        read_description(describe(tmp_path, "http://127.0.0.1:8787", bearer=bearer))
    assert not bearer or bearer not in str(refused.value).rpartition("token.txt")[2]


def test_lines_end_as_they_like_in_the_file_of_a_bearer(tmp_path: Path) -> None:
    assert read_description(describe(tmp_path, "http://127.0.0.1:8787", bearer="a-word\r\n")).bearer == "a-word"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "[::1]", "localhost"])
def test_this_machine_needs_no_leave(host: str) -> None:
    assert check_base(f"http://{host}:80/") == f"http://{host}:80"


def test_localhost_is_this_machine_only_where_it_resolves_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*to: str) -> None:
        found = [(0, 0, 0, "", (address, 0)) for address in to]
        monkeypatch.setattr("edgeproof.reports.target.file.socket.getaddrinfo", lambda *_, **__: found)

    resolve("127.0.0.1", "::1")
    assert check_base("http://localhost") == "http://localhost"
    resolve("127.0.0.1", "10.0.0.7")
    with pytest.raises(Unusable, match="localhost is not on this machine"):
        check_base("http://localhost")
    assert check_base("http://localhost", ["localhost"]) == "http://localhost"


def test_from_the_workers_openapi_document_comes_the_file_that_describes_it(tmp_path: Path) -> None:
    draft = draft_from("http://127.0.0.1:8787", json.loads(WORKER.read_text(encoding="utf-8")))
    assert draft is not None
    found, known = (tomllib.loads(text) for text in (text_of(draft), (EXAMPLES / "worker.toml").read_text("utf-8")))
    del known["changelog"], known["promise"], found["promise"]
    assert found == {**known, "target": {**known["target"], "versions": "counting"}}


@pytest.mark.parametrize("document", [None, 7, [], {}, {"paths": []}, {"paths": {"/a": {"get": {"responses": 1}}}}])
def test_of_another_document_nothing_is_made(document: Any) -> None:
    assert draft_from("http://127.0.0.1:8787", document) is None


def test_a_reference_to_itself_is_no_trap() -> None:
    loop = {"$ref": "#/components/schemas/A"}
    answer = {"responses": {"200": {"content": {"application/json": {"schema": loop}}}}}
    assert draft_from("http://a", {"paths": {"/a": {"put": answer}}, "components": {"schemas": {"A": loop}}}) is None


def test_the_file_in_the_documentation_is_one(tmp_path: Path) -> None:
    _, block = DOCUMENTATION.read_text(encoding="utf-8").split("```toml\n")
    (tmp_path / "edgeproof.toml").write_text(block.partition("```")[0], encoding="utf-8")
    (tmp_path / "token.txt").write_text("a-bearer", encoding="utf-8")
    described = read_description(tmp_path / "edgeproof.toml")
    assert (described.bound, described.promise.guarded) == (90, True)
    assert described.target.changelog is not None
