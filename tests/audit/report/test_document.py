"""report.json read again: the same report, its schema, and refusals of what is none."""

import json
from pathlib import Path

import pytest
from scored_files import document, report

from audit.cli import run
from audit.report.document import read_document
from fairness.errors import DataError

pytest_plugins = ["scored_cohort"]


@pytest.fixture(scope="module")
def path(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("document")
    (folder / "policy.yaml").write_text("name: p\nrules: [{metric: auc, min: 0.1}]")
    assert report(source, folder / "run", "--policy", folder / "policy.yaml") == 0
    return folder / "run" / "report" / "report.json"


def test_what_was_written_is_read(path: Path) -> None:
    found = read_document(path)
    written = document(path.parent.parent)
    assert found.verdict == "PASS"
    again = json.loads(json.dumps(found.report().document()))
    assert again == {name: written[name] for name in again}


def test_the_schema_names_every_key_of_a_report(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    written = document(path.parent.parent)
    assert set(written) <= set(schema["properties"])
    assert set(written["rows"][0]) == set(schema["$defs"]["Row"]["properties"])
    assert set(written["contrasts"][0]) == set(schema["$defs"]["Contrast"]["properties"])
    assert set(written["checks"][0]) == set(schema["$defs"]["Check"]["properties"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "no object of JSON"),
        ("{}", "no report.json of this version"),
        ('{"schema_version": 1e999}', "too large"),
        ("\x00", "Expecting value"),
    ],
)
def test_what_is_no_report_is_one_line(text: str, said: str, tmp_path: Path) -> None:
    wrong = tmp_path / "report.json"
    wrong.write_text(text)
    with pytest.raises(DataError, match=said) as error:
        read_document(wrong)
    assert "\n" not in str(error.value)


def test_an_unknown_kind_is_refused(path: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "report.json"
    wrong.write_text(path.read_text().replace('"kind": "classification"', '"kind": "poetry"'))
    with pytest.raises(DataError, match=r"kind.*is none of classification"):
        read_document(wrong)
