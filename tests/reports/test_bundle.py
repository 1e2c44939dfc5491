# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from attrs import evolve

from edgeproof.model.trace import load_trace
from edgeproof.properties.catalogue import CATALOGUE
from edgeproof.properties.evidence import Ledger, Verdict
from edgeproof.reports.bundle import write_bundle
from edgeproof.reports.errors import Unusable
from edgeproof.reports.report import report_document
from edgeproof.reports.reported import as_reported
from edgeproof.reports.view import arrange
from tests.reports import examples


def schema(name: str) -> Any:
    document = json.loads((files("edgeproof.reports") / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(document)
    return document


def written(ledger: Ledger, out: Path) -> dict[str, str]:
    write_bundle(arrange(ledger, str(out)))
    return {str(p.relative_to(out)): p.read_text(encoding="utf-8") for p in sorted(out.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("ledger", [examples.ledger(), examples.good_ledger(), Ledger((), 0, 0.0)])
def test_report_json_is_what_its_schema_says(ledger: Ledger, tmp_path: Path) -> None:
    report = json.loads(written(ledger, tmp_path)["report.json"])
    jsonschema.validate(report, schema("report.schema.json"))
    assert report["exit_status"] == ledger.exit_status


def test_every_trace_file_is_what_its_schema_says_and_loads_again(tmp_path: Path) -> None:
    texts = {name: text for name, text in written(examples.ledger(), tmp_path).items() if name.startswith("traces/")}
    for text in texts.values():
        jsonschema.validate(json.loads(text), schema("trace.schema.json"))
    assert load_trace(texts["traces/inline.monotonic-kv.explore.itf.json"]) == examples.overtaken()


def test_there_is_one_trace_per_witness_and_the_report_names_each(tmp_path: Path) -> None:
    texts = written(examples.ledger(), tmp_path)
    report = json.loads(texts["report.json"])
    evidence = [e for case in report["cases"] for one in case["properties"] for e in one["evidence"]]
    named = {e["trace"] for e in evidence if e["trace"] is not None}
    assert named == {name for name in texts if name.startswith("traces/")}
    assert len(named) == 5


def test_the_shortest_trace_is_the_one_to_replay(tmp_path: Path) -> None:
    report = json.loads(written(examples.ledger(), tmp_path)["report.json"])
    (convergence,) = [one for one in report["cases"][0]["properties"] if one["id"] == "convergence"]
    assert convergence["trace"] == "traces/inline.convergence.fuzz.itf.json"
    assert convergence["replay"] == f"edgeproof replay {tmp_path}/traces/inline.convergence.fuzz.itf.json"


def test_the_same_ledger_gives_the_same_bytes(tmp_path: Path) -> None:
    first = written(examples.ledger(), tmp_path)
    assert written(examples.ledger(), tmp_path) == first


def test_witnesses_that_would_share_a_name_get_one_each(tmp_path: Path) -> None:
    conclusion = examples.ledger().conclusions[0]
    twice = evolve(conclusion, evidence=conclusion.evidence * 2)
    assert len([n for n in written(Ledger((twice,), 0, 0.0), tmp_path) if n.startswith("traces/")]) == 2


def test_a_case_name_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    conclusion = examples.ledger().conclusions[0]
    rude = evolve(conclusion, case=evolve(conclusion.case, name="../../x/.y\n"))
    names = written(Ledger((rude,), 0, 0.0), tmp_path / "a" / "b")
    assert "traces/x-y.monotonic-kv.explore.itf.json" in names


def test_stale_traces_go_and_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / "old.convergence.explore.itf.json").write_text("{}")
    (tmp_path / "traces" / "mine.txt").write_text("mine")
    names = written(examples.good_ledger(), tmp_path)
    assert "traces/old.convergence.explore.itf.json" not in names
    assert names["traces/mine.txt"] == "mine"


def test_what_cannot_be_written_is_said_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "report.json").mkdir()
    with pytest.raises(Unusable, match=r"cannot write .*report\.json"):
        write_bundle(arrange(examples.ledger(), str(tmp_path)))
    assert not list(tmp_path.rglob("*.tmp"))


def test_numbers_that_json_cannot_hold_become_text() -> None:
    conclusion = examples.ledger().conclusions[0]
    endless = evolve(conclusion, evidence=(evolve(conclusion.evidence[0], measures={"rate": float("inf")}),))
    report = report_document(arrange(Ledger((endless,), 0, 0.0), "out"))
    assert report["cases"][0]["properties"][0]["evidence"][0]["measures"] == {"rate": "inf"}


def junit(ledger: Ledger, tmp_path: Path) -> dict[tuple[str, str], ElementTree.Element]:
    root = ElementTree.fromstring(written(ledger, tmp_path)["junit.xml"])
    return {(str(t.get("classname")), str(t.get("name"))): t for t in root.iter("testcase")}


def test_junit_fails_on_violations_and_contradictions_and_errs_on_the_undecided(tmp_path: Path) -> None:
    tests = junit(examples.ledger(), tmp_path)
    kinds = {name: [child.tag for child in test if child.tag != "system-out"] for (_, name), test in tests.items()}
    odd = {name: [c.tag for c in t if c.tag != "system-out"] for (where, name), t in tests.items() if "odd" in where}
    assert odd == {
        "monotonic-kv": ["failure"],
        "never-ahead": ["failure"],
        "convergence": ["error"],
        "local-reads": ["error"],
        "monotonic-reads": ["failure"],
    }
    assert kinds["atomic-write"] == []
    root = ElementTree.fromstring((tmp_path / "junit.xml").read_text(encoding="utf-8"))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("8", "3", "2")


def test_an_expected_violation_passes_in_junit_and_names_its_trace(tmp_path: Path) -> None:
    test = junit(examples.ledger(), tmp_path)["do_kv.inline", "monotonic-kv"]
    assert test.find("failure") is None
    output = test.findtext("system-out") or ""
    path = tmp_path / "traces" / "inline.monotonic-kv.explore.itf.json"
    assert f"trace: {path}" in output
    assert f"replay: edgeproof replay {path}" in output


def test_junit_survives_what_xml_cannot_hold(tmp_path: Path) -> None:
    conclusion = examples.ledger().conclusions[5]
    assert junit(Ledger((evolve(conclusion, reason="\x00\x1b \ud800 <&>"),), 0, 0.0), tmp_path)


SUMMARY = """\
# edgeproof

✅ **all as expected** (exit status 0): 3 properties of 1 case, 1 proved, 0 hold to a bound, 2 violated, 0 undecided; \
2.0 s, seed 7.

<details><summary>✅ do_kv: 1 case, 1 proved, 0 hold to a bound, 2 violated, 0 undecided</summary>

| case | `monotonic-kv` | `convergence` | `atomic-write` |
|---|---|---|---|
| inline | ⚠️ | ⚠️ | ✅ |

</details>

✅ proved, ☑️ holds to a bound, ⚠️ violated as expected, ❔ undecided, ❌ not as expected. \
Every case in full: `out/cases.md`.
"""

CASES = f"""\
# edgeproof: every case

<details><summary>✅ inline (do_kv: publisher=inline)</summary>

two puts at once may land in either order

| property | says | explore | prove | fuzz | concluding |
|---|---|---|---|---|---|
| `monotonic-kv` | {CATALOGUE["monotonic-kv"].says} | VIOLATED in 4 steps, 0.25 s |  |  | violated as expected |
| `convergence` | {CATALOGUE["convergence"].says} | \
VIOLATED in 5 steps, 0.25 s |  | VIOLATED in 2 steps, 1.50 s | violated as expected |
| `atomic-write` | {CATALOGUE["atomic-write"].says} | HOLDS_TO_BOUND, 0.25 s | \
PROVED, 0.12 s | HOLDS_TO_BOUND, 1.50 s | as expected |

- explore: all 1,234 states with Pop=2
- explore assumes: time advances in whole ticks
- prove: any number of POPs
- fuzz: 20 runs
- `monotonic-kv` is broken by: write\\_inline(slot=0), write\\_inline(slot=1), stray\\_lands(slot=1), \
stray\\_lands(slot=0). `edgeproof replay out/traces/inline.monotonic-kv.explore.itf.json`
- `convergence` is broken by: write\\_inline(slot=0), crash (then nothing, for ever). \
`edgeproof replay out/traces/inline.convergence.fuzz.itf.json`

</details>

"""


def test_the_markdown_reports_read_like_this(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    texts = written(examples.good_ledger(), Path("out"))
    assert (texts["report.md"], texts["cases.md"]) == (SUMMARY, CASES)


def test_a_property_that_is_broken_as_it_begins_is_said_to_be(tmp_path: Path) -> None:
    good = examples.good_ledger()
    (found, *_), (broken, *_) = good.conclusions[0].evidence, good.conclusions
    at_once = evolve(found, witness=evolve(examples.overtaken(), states=examples.overtaken().states[:1], events=()))
    written(evolve(good, conclusions=(evolve(broken, evidence=(at_once,)),)), tmp_path)
    assert "- `monotonic-kv` is broken by: nothing, as it begins. " in (tmp_path / "cases.md").read_text()


def test_the_summary_says_what_is_other_than_in_a_base_report(tmp_path: Path) -> None:
    good = examples.good_ledger()
    base = as_reported(report_document(arrange(good, str(tmp_path))))
    write_bundle(arrange(good, str(tmp_path)), base)
    assert "No difference but times" in (tmp_path / "report.md").read_text(encoding="utf-8")
    proved = next(one for one in good.conclusions if one.property == "atomic-write")
    weaker = evolve(proved, verdict=Verdict.HOLDS_TO_BOUND, evidence=proved.evidence[:1])
    write_bundle(arrange(evolve(good, conclusions=(*good.conclusions[:2], weaker)), str(tmp_path)), base)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "- ❌ inline (do\\_kv), `atomic-write`: verdict PROVED → HOLDS\\_TO\\_BOUND" in text
    assert text.index("## Since the base report") < text.index("<summary>✅ do_kv")


def test_the_markdown_report_begins_with_what_is_not_as_expected(tmp_path: Path) -> None:
    text = written(examples.ledger(), tmp_path)["report.md"]
    assert text.index("## Not as expected") < text.index("| case |")
    assert "- ❌ odd &lt;&amp;&gt; one, `convergence`: undecided: explore: out of \\| memory" in text
