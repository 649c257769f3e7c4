"""Prometheus with our configuration beside a real Triton and node exporter: every number is there.

The nightly audit of Kubernetes writes its numbers; then every query of the dashboard is asked.
"""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from deploy_files import DEPLOY, compose
from deployed import Volumes, fill_data, free_port, words_of
from monitored import DASHBOARD, VARIABLES, alerts, names_in, queries

pytest_plugins = ["deploy_fixtures"]
pytestmark = pytest.mark.further
PROMETHEUS, EXPORTER = "prometheus", "prometheus-node-exporter"


@contextmanager
def program(*words: object, log: Path) -> Iterator[None]:
    """A program that ends with the block."""
    with log.open("wb") as out:
        process = subprocess.Popen(list(map(str, words)), stdout=out, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)


def configuration(folder: Path, triton: str, exporter: str) -> Path:
    """Ours, with these addresses in the place of the services, and a scrape a second."""
    shutil.copytree(DEPLOY / "prometheus", folder)
    file = folder / "prometheus.yml"
    text = file.read_text().replace("15s", "1s")
    text = text.replace("triton:8002", triton)
    file.write_text(text.replace("audit-metrics:9100", exporter))
    return file


def data(base: str, path: str) -> Any:
    """What Prometheus answers."""
    with urlopen(f"{base}/api/v1/{path}", timeout=10) as answer:
        said = json.load(answer)
    assert said["status"] == "success"
    return said["data"]


def found(base: str, query: str) -> list[Any]:
    return list(data(base, f"query?query={quote(query)}")["result"])


def wait_for(base: str, query: str) -> None:
    """Until a query finds something; it fails after twenty seconds."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if found(base, query):
                return
        except OSError:  # not ready yet
            pass
        time.sleep(0.2)
    raise AssertionError(f"Prometheus finds nothing for {query}")


@pytest.fixture(scope="module")
def prometheus(
    volumes: Volumes, triton: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Its address, after two nightly audits, and when every part has been scraped."""
    if not all(shutil.which(name) for name in (PROMETHEUS, EXPORTER)):
        pytest.skip("needs apt-get install prometheus prometheus-node-exporter")
    logs = tmp_path_factory.mktemp("prometheus")
    exporter, own = (f"127.0.0.1:{free_port()}" for _ in range(2))
    exports = compose()["services"]["audit-metrics"]["command"]
    exports = [word.replace("=/metrics", f"={volumes.root}/metrics") for word in exports]
    config = configuration(logs / "config", triton[1], exporter)
    stored = f"--storage.tsdb.path={logs}/data"
    given = (f"--config.file={config}", stored, f"--web.listen-address={own}")
    listen = f"--web.listen-address={exporter}"
    with ExitStack() as running, pytest.MonkeyPatch.context() as patch:
        running.enter_context(program(EXPORTER, *exports, listen, log=logs / "exporter.log"))
        running.enter_context(program(PROMETHEUS, *given, log=logs / "prometheus.log"))
        base = f"http://{own}"
        wait_for(base, "nv_inference_request_success")
        nightly = (words_of("audit-nightly"), triton[0], patch)
        assert volumes.fair_audit(*nightly) == 1, "the model fails the policy"
        fill_data(volumes, earlier=94)  # the second night: other people, without whom no chart is
        assert volumes.fair_audit(*nightly) == 1
        wait_for(base, "fair_audit_change_points")
        wait_for(base, "rate(nv_inference_request_success[1m]) > 0")
        yield base


def test_every_number_of_the_dashboard_is_there(prometheus: str) -> None:
    assert [title for title, query in queries(VARIABLES) if not found(prometheus, query)] == []
    (verdict,) = found(prometheus, "fair_audit_verdict == 1")
    assert verdict["metric"]["verdict"] == "FAIL"


def test_every_number_of_an_alert_is_there(prometheus: str) -> None:
    names = {name for alert in alerts() for name in names_in(alert["expr"])}
    assert len(names) >= 8
    assert [name for name in sorted(names) if not found(prometheus, name)] == []
    groups = data(prometheus, "rules")["groups"]
    assert {rule["name"] for group in groups for rule in group["rules"]} == {
        alert["alert"] for alert in alerts()
    }
    assert {
        rule["lastError"] for g in groups for rule in g["rules"] if "lastError" in rule
    } == set()


def test_the_variables_of_the_dashboard_offer_what_there_is(prometheus: str) -> None:
    for variable in DASHBOARD["templating"]["list"]:
        asked = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
        assert asked is not None
        selector = asked[1]
        for name, value in VARIABLES.items():
            selector = selector.replace(f"${name}", value)
        values = data(prometheus, f"label/{asked[2]}/values?match[]={quote(selector)}")
        if pattern := variable.get("regex"):
            values = [
                m[1] for v in values if (m := re.fullmatch(pattern.strip("/").rstrip("$"), v))
            ]
        assert VARIABLES[variable["name"]] in values
