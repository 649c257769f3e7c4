"""The dashboard: every query can be read, no panel lies on another, all ask the one source."""

import json
from itertools import combinations
from pathlib import Path

from deploy_files import DEPLOY, compose, read
from monitored import DASHBOARD, VARIABLES, panels, promtool, queries

PROVISIONING = DEPLOY / "grafana" / "provisioning"


def test_prometheus_reads_every_query(tmp_path: Path) -> None:
    asked = [query for _, query in queries(VARIABLES)]
    assert len(asked) >= len(panels()) > 10
    rules = [{"record": f"panel:{i}", "expr": query} for i, query in enumerate(asked)]
    file = tmp_path / "dashboard.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(asked)} rules found" in promtool("check", "rules", file)


def test_panels_lie_beside_one_another() -> None:
    places = []
    for panel in DASHBOARD["panels"]:
        x, y, w, h = (panel["gridPos"][side] for side in "xywh")
        assert x + w <= 24, panel["title"]
        places.append({(i, j) for i in range(x, x + w) for j in range(y, y + h)})
    assert [1 for one, other in combinations(places, 2) if one & other] == []
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)


def test_all_ask_the_source_that_is_provisioned() -> None:
    (source,) = read(PROVISIONING / "datasources" / "prometheus.yaml")["datasources"]
    used = {"type": source["type"], "uid": source["uid"]}
    variables = DASHBOARD["templating"]["list"]
    asking = [*panels(), *(t for p in panels() for t in p["targets"]), *variables]
    assert [one for one in asking if one["datasource"] != used] == []
    assert {variable["name"] for variable in variables} == VARIABLES.keys()
    services = compose()["services"]
    name, port = source["url"].removeprefix("http://").split(":")
    assert services[name]["ports"] == [f"${{BIND:-127.0.0.1}}:{port}:{port}"]
    config = read(DEPLOY / "prometheus" / "prometheus.yml")["global"]
    assert source["jsonData"]["timeInterval"] == config["scrape_interval"]
    (provider,) = read(PROVISIONING / "dashboards" / "files.yaml")["providers"]
    mounted = f"./grafana/dashboards:{provider['options']['path']}:ro"
    assert mounted in services["grafana"]["volumes"]
