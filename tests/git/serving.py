# SPDX-License-Identifier: Apache-2.0
"""The repositories behind their doors on loopback, and the stock Git client in front of them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

from edgeproof.impl.artifacts.http import ArtifactServer
from edgeproof.impl.artifacts.service import ArtifactOptions
from edgeproof.impl.edge.kv import Limits

BEARER = "the-control-plane"
API = "/v1/api/namespaces/default"
QUICK = Limits(write_spacing=0, min_cache_ttl=0)


@contextmanager
def serving(folder: Path, **options: Any) -> Iterator[Served]:
    given: dict[str, Any] = {"kv": QUICK, "cache_ttl": 0.2, "pops": ("ams", "gru"), "patience": 60.0, **options}
    with ArtifactServer(BEARER, ArtifactOptions(**given), folder) as server:
        yield Served(server.url)


@frozen
class Served:
    """A server, as whoever has the bearer token of its control plane sees it."""

    url: str

    def ask(self, method: str, path: str, body: Any = None, bearer: str = BEARER) -> tuple[int, Any]:
        """The status and the document of the control plane's answer."""
        data = None if body is None else json.dumps(body).encode()
        status, _, said = self.send(method, API + path, data, {"Authorization": f"Bearer {bearer}"})
        return status, json.loads(said)

    def repo(self, name: str) -> str:
        """A new repository; the token that came with it."""
        status, said = self.ask("POST", "/repos", {"name": name})
        assert status == 201
        token: str = said["result"]["token"]
        return token

    def mint(self, repo: str, scope: str = "write", ttl: int = 3600) -> str:
        status, said = self.ask("POST", "/tokens", {"repo": repo, "scope": scope, "ttl": ttl})
        assert status == 201
        token: str = said["result"]["plaintext"]
        return token

    def remote(self, name: str) -> str:
        return f"{self.url}/git/default/{name}.git"

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=120)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        said = response.read()
        connection.close()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, said


@frozen
class Git:
    """The stock client in one working folder, with nobody's settings but those given here."""

    folder: Path
    token: str = ""
    settings: tuple[str, ...] = ()

    def __call__(self, *arguments: str, fails: bool = False, stdin: bytes | None = None) -> str:
        """What a command says; with `fails`, what it complains of."""
        given = [word for one in (*self._header(), *self.settings) for word in ("-c", one)]
        done = subprocess.run(
            ["git", *given, *arguments],
            cwd=self.folder,
            env=self._environment(),
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stderr.decode(errors="replace")
        return (done.stderr if fails else done.stdout).decode(errors="replace").strip()

    def at(self, folder: Path) -> Git:
        return Git(folder, self.token, self.settings)

    def having(self, *settings: str) -> Git:
        return Git(self.folder, self.token, (*self.settings, *settings))

    def bearing(self, token: str) -> Git:
        return Git(self.folder, token, self.settings)

    def commit(self, content: str, name: str = "file") -> str:
        """A commit of one file's new content; its id."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(content)
        self("add", "-A")
        self("commit", "-q", "-m", content[:40])
        return self("rev-parse", "HEAD")

    def _header(self) -> list[str]:
        return [f"http.extraHeader=Authorization: Bearer {self.token}"] if self.token else []

    def _environment(self) -> dict[str, str]:
        who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in _WHO.items()}
        return {
            **who,
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
        }


_WHO = {"NAME": "A", "EMAIL": "a@example.org", "DATE": "1700000000 +0000"}


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
