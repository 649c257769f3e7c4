"""What is logged to MLflow: the numbers that are shown, under names that it allows."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from scored_files import cohort, report, rows, write_csv

from audit.report.document import read_document
from audit.tracking import files_of, numbers_of, shown, told_of

pytest_plugins = ["scored_cohort"]

ALLOWED = re.compile(r"[/\w.\- ]+")
"""Names of metrics, as mlflow checks them."""


def test_every_shown_number_has_a_name_of_its_own(tmp_path: Path) -> None:
    columns = cohort(600)
    columns["race"] = [("a:b", "a;b")[i % 2] for i in range(600)]
    assert report(write_csv(tmp_path / "t.csv", columns), tmp_path / "run") == 0
    numbers = numbers_of(read_document(tmp_path / "run" / "report" / "report.json").report())
    assert all(ALLOWED.fullmatch(name) for name in numbers)
    expected = rows(tmp_path / "run")
    assert numbers["gender/Male/auc"] == expected["gender", "Male", "auc"]["value"]
    assert numbers["gender/Male/auc_low"] == expected["gender", "Male", "auc"]["low"]
    found = {v for k, v in numbers.items() if k.startswith("race/a_b") and k.endswith("/auc")}
    assert found == {expected["race", group, "auc"]["value"] for group in ("a:b", "a;b")}


def test_only_files_of_the_report_are_logged(source: Path, tmp_path: Path) -> None:
    assert report(source, tmp_path) == 0
    (tmp_path / "report" / "notes.txt").write_text("mine")
    names = {path.name for path in files_of(tmp_path / "report")}
    assert {"report.html", "report.json", "MANIFEST.sha256"} <= names
    assert "notes.txt" not in names


def test_without_mlflow_it_is_refused_before_the_analysis(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("audit.tracking.find_spec", lambda name: None)
    assert report(source, tmp_path / "run", "--mlflow", "store") == 2
    assert "--mlflow needs mlflow" in capsys.readouterr().err
    assert not (tmp_path / "run" / "report").exists()


def test_no_password_of_an_address_is_told() -> None:
    uri = "http://me:s3cret@host.org:5000"
    assert shown(uri) == "http://host.org:5000"
    assert "s3cret" not in told_of(uri, ValueError(f"no answer of {uri}/api"))


Told = tuple[Any, ...]
TOLD: dict[str, dict[str, Any]] = {}
"""Address to what was told to it."""


class Client:
    """In the place of MlflowClient: keeps what it is told."""

    def __init__(self, tracking_uri: str) -> None:
        self.told = TOLD.setdefault(tracking_uri, {"metrics": {}, "files": []})

    def get_experiment_by_name(self, name: str) -> None:
        assert name == "fair-audit"

    def create_experiment(self, name: str) -> str:
        return "7"

    def create_run(self, experiment: str, run_name: str) -> SimpleNamespace:
        self.told["run"] = (experiment, run_name)
        return SimpleNamespace(info=SimpleNamespace(run_id="r1", start_time=5))

    def log_batch(
        self, run_id: str, metrics: Sequence[Told] = (), params: Sequence[Told] = ()
    ) -> None:
        assert run_id == "r1"
        assert len(metrics) <= 1000  # a server refuses more
        self.told["metrics"] |= {name: value for name, value, *_ in metrics}
        self.told |= {"params": dict(params)} if params else {}

    def log_artifact(self, run_id: str, path: str, folder: str) -> None:
        self.told["files"].append((folder, Path(path).name, Path(path).read_bytes()))

    def set_terminated(self, run_id: str) -> None:
        self.told["ended"] = run_id


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module `mlflow`, as far as it is used, that records."""
    modules = {name: ModuleType(name) for name in ("mlflow", "mlflow.tracking", "mlflow.entities")}
    vars(modules["mlflow.tracking"])["MlflowClient"] = Client
    vars(modules["mlflow.entities"])["Metric"] = lambda *words: words
    vars(modules["mlflow.entities"])["Param"] = lambda *words: words
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr("audit.tracking.find_spec", lambda name: name)


@pytest.mark.usefixtures("recording")
def test_everything_that_is_shown_is_told_and_nothing_else(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(source, tmp_path / "run", "--mlflow", "http://x", "--name", "m" * 300) == 0
    told, shown_there = TOLD["http://x"], read_document(tmp_path / "run/report/report.json")
    assert told["metrics"] == numbers_of(shown_there.report())
    assert len(told["metrics"]) > 100
    assert told["run"] == ("7", "m" * 200)
    assert told["params"] == {
        "model": "m" * 300,
        "dataset": "file",
        "split": source.name,
        "split_sha256": shown_there.provenance["data"]["split_sha256"],
        "verdict": "no verdict",
    }
    written = {path.name: path.read_bytes() for path in (tmp_path / "run" / "report").iterdir()}
    assert {(folder, name) for folder, name, _ in told["files"]} == {
        ("report", name) for name in written
    }
    assert all(written[name] == content for _, name, content in told["files"])
    assert told["ended"] == "r1"
    assert "mlflow: run r1" in capsys.readouterr().out


def test_a_file_store_holds_numbers_and_page(source: Path, tmp_path: Path) -> None:
    tracking: ModuleType = pytest.importorskip("mlflow.tracking")
    assert report(source, tmp_path / "run", "--mlflow", tmp_path / "store") == 0
    client = tracking.MlflowClient(tracking_uri=str(tmp_path / "store"))
    experiment = client.get_experiment_by_name("fair-audit")
    (run,) = client.search_runs([experiment.experiment_id])
    expected = rows(tmp_path / "run")
    assert run.data.metrics["race/Black/auc"] == expected["race", "Black", "auc"]["value"]
    assert run.data.params["verdict"] == "no verdict"
    assert run.info.status == "FINISHED"
    paths = [one.path for one in client.list_artifacts(run.info.run_id, "report")]
    assert "report/report.html" in paths
