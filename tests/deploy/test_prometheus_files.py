"""Prometheus: its configuration, and what its alerts say of made series, by its own promtool."""

import pytest
from deploy_files import DEPLOY, ROOT, compose, read
from monitored import RULES, promtool

FOLDER = DEPLOY / "prometheus"


def test_the_configuration_is_one() -> None:
    said = promtool("check", "config", FOLDER / "prometheus.yml")
    assert f"{len(RULES)} rule files found" in said


def test_it_asks_services_of_the_compose_file() -> None:
    jobs = read(FOLDER / "prometheus.yml")["scrape_configs"]
    targets = [t for job in jobs for part in job["static_configs"] for t in part["targets"]]
    assert targets == ["triton:8002", "audit-metrics:9100"]
    assert {target.split(":")[0] for target in targets} <= compose()["services"].keys()


@pytest.mark.parametrize("name", [file.stem for file in RULES])
def test_alerts_fire_when_they_should_and_only_then(name: str) -> None:
    file = ROOT / "tests" / "deploy" / f"{name}.test.yml"
    assert "SUCCESS" in promtool("test", "rules", file)
    rules = [rule for group in read(FOLDER / f"{name}.yml")["groups"] for rule in group["rules"]]
    tested = file.read_text()
    assert [r["alert"] for r in rules if f"alertname: {r['alert']}\n" not in tested] == []
