# SPDX-License-Identifier: Apache-2.0
"""The explorer's answers and its door; what its pages are like is seen to in `tests/browser`."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import pytest

from edgeproof.model.designs import DESIGNS, load
from edgeproof.model.machine import Instance
from edgeproof.model.trace import load_trace
from edgeproof.properties.replay import replay
from edgeproof.reports.asked import Choices
from edgeproof.reports.commands.explore import walk_from
from edgeproof.reports.explorer.door import Door
from edgeproof.reports.explorer.pages import Answer, Explorer
from edgeproof.reports.explorer.place import LONGEST, address, place_in, place_of, reached
from tests.processes import started
from tests.reports import examples
from tests.reports.conftest import Keep, Run
from tests.reports.html_pages import elements
from tests.reports.test_escapes import HOSTILE

INLINE: Final = "set=publisher%3Dinline"
BROKEN: Final = "&do=".join(
    [INLINE, "write_inline(slot%3D0)", "write_inline(slot%3D1)", "stray_lands(slot%3D1)", "stray_lands(slot%3D0)"]
)


def asked(query: str = "", path: str = "", design: str = "do_kv") -> Answer:
    """What a server says that has never been asked for anything before."""
    return Explorer(load(design)).answer(path, query)


def links(answer: Answer) -> list[str]:
    return [link.removeprefix("?") for link in elements(answer.body).of("href") if link.startswith("?")]


def test_the_address_of_a_place_is_all_that_there_is_to_know_of_it(keep: Keep) -> None:
    trace = examples.overtaken()
    walk = walk_from(keep(trace), Choices())
    place = place_in(address(place_of(walk)))
    again, problem = reached(Instance.of(load("do_kv"), publisher="inline"), place)
    assert (again.states, again.events, problem) == (trace.states, trace.events, "")


def test_a_page_says_what_can_happen_what_cannot_and_which_part_of_its_guard_keeps_it_from_that() -> None:
    said = elements(asked("do=write").body).said
    assert "acknowledge The reply leaves the Durable Object" in said
    assert "put_lands sending = flying does not hold" in said
    assert "request stored (changed)" in said


@pytest.mark.parametrize("design", DESIGNS)
def test_every_link_of_a_first_page_is_a_page_on_which_nothing_is_wrong(design: str) -> None:
    explorer = Explorer(load(design))
    found = [link for link in links(explorer.answer("", "")) if "find=" not in link]
    assert len(found) > 3
    for link in found[:4]:
        answer = explorer.answer("", link)
        assert (answer.status, 'role="alert"' in answer.body) == ("200 OK", False), link


def test_the_step_that_breaks_a_property_is_marked_and_can_be_taken_back() -> None:
    answer = asked(BROKEN)
    assert "✗ breaks monotonic-kv" in elements(answer.body).said
    (back,) = [a["href"][1:] for _, a in elements(answer.body).found if a.get("aria-label") == "back to step 3"]
    assert "breaks" not in elements(asked(back).body).said


def test_the_same_steps_under_another_choice_go_as_far_as_they_can() -> None:
    said = elements(asked(BROKEN.replace("inline&", "outbox&", 1)).body).said
    assert "step 1, write_inline(slot=0), cannot happen here with this configuration" in said


def test_the_nearest_violation_and_the_nearest_state_of_a_condition_are_a_link_away() -> None:
    found = asked(f"{INLINE}&find=monotonic-kv")
    assert found.status == "303 See Other"
    said = elements(asked(found.location.removeprefix("?")).body).said
    assert "✗ breaks monotonic-kv" in said
    kept = asked(f"do=write&find={quote('kv > 0 and request == none')}")
    assert place_in(kept.location.removeprefix("?")).steps[0] == "write"
    nowhere = asked(f"find={quote('kv > 0 and config == 0')}&set=writes%3D1")
    assert "nowhere from here" in elements(nowhere.body).said


def test_a_walk_can_be_taken_away_as_what_replays_it() -> None:
    trace = load_trace(asked(BROKEN, "walk.itf.json").body)
    assert (trace.about, replay(trace).confirmed) == ("monotonic-kv", True)
    test = asked(BROKEN, "test_walk.py")
    compile(test.body, "test_walk.py", "exec")
    assert (test.file, "monotonic-kv" in test.body) == ("test_walk.py", True)
    assert asked(BROKEN, "walk.mmd").body.startswith("sequenceDiagram\n")


@pytest.mark.parametrize("name", ["do", "set", "from", "find", "x"])
def test_whatever_an_address_says_is_text_and_breaks_nothing(name: str) -> None:
    for text in (HOSTILE.replace("\ud800", ""), "<script>alert(1)</script>", "%ff", "9" * 5_000, "", "write(" * 500):
        answer = asked(f"{name}={quote(text)}")
        assert answer.status in ("200 OK", "400 Bad Request")
        assert answer.body.replace("\n", "").isprintable()
        if answer.kind.startswith("text/html"):
            assert not {tag for tag, _ in elements(answer.body).found} & {"script", "img"}
    assert asked("&".join(["do=write"] * (LONGEST + 1))).status == "400 Bad Request"
    assert asked("", "../../etc/passwd").status == "404 Not Found"


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with Door(Explorer(load("do_kv"))) as one:
        yield one


def get(url: str, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode("utf-8")
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def test_the_door_answers_nobody_who_does_not_know_the_token(door: Door) -> None:
    path = urlsplit(door.url).path
    assert get(door.url, path)[0] == 200
    for wrong in ("/", path[:-2] + "/", path.upper(), f"/x{path}", path[:-1], "/%00/", "/" + "x" * 5_000):
        status, _, body = get(door.url, wrong)
        assert (status, "edgeproof explore" in body) == (404, False)


def test_the_door_is_for_this_address_only_and_for_reading(door: Door) -> None:
    path = urlsplit(door.url).path
    assert get(door.url, path, Host="attacker.example")[0] == 421, "a name of somebody's that leads here"
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert get(door.url, path, method)[0] == 405
    status, headers, body = get(door.url, path, "HEAD")
    assert (status, body) == (200, "")
    assert {headers[name] for name in ("cache-control", "x-content-type-options", "referrer-policy")} == {
        "no-store",
        "nosniff",
        "no-referrer",
    }
    assert "server" not in headers
    # The other addresses of this machine have nobody listening.
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", urlsplit(door.url).port or 0), timeout=5)


def test_the_command_says_where_and_ends_when_it_is_interrupted(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "edgeproof.reports.cli", "explore", "do_kv", "--option", "publisher=inline")
    with started(command, cwd=tmp_path) as process:
        assert process.stdout is not None
        (url,) = re.findall(r"open (http://127\.0\.0\.1:\d+/\S+) \(Ctrl-C ends it\)", process.stdout.readline())
        there: Any = urlsplit(url)
        assert "write_inline(slot=0)" in get(url, f"{there.path}?{there.query}")[2]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", there.port), timeout=5)


def test_what_cannot_be_walked_through_is_said_in_a_line(cli: Run, keep: Keep) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = cli("explore", "do_kv", "--port", port)
    assert (refused.status, refused.err) == (2, f"edgeproof: cannot listen on port {port}: Address already in use\n")
    assert cli("explore", "do_kw").status == 2
    assert "a trace says its configuration itself" in cli("explore", keep(examples.delivered()), "--set", "Pop=1").err
