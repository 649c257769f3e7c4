"""The audit over Flower: the apps in this process; separate processes under marker `flower`."""

from pathlib import Path

import pytest
from deployed_federation import ROOT, Federation, has_the_programs, wait_until
from flwr.app import Context, Message
from scored_files import document

from audit.pool.client_app import app
from audit.pool.server_app import PoolConfig, from_run_config, lead
from fairness.errors import DataError, UsageError
from training.fairlora.in_process import LocalGrid

pytest_plugins = ["two_sites"]


def sites_of(*files: Path) -> LocalGrid:
    """A node for each file."""

    def call(message: Message, context: Context) -> Message:
        place = int(context.node_config["partition-id"])
        context.node_config["summary"] = str(files[place])
        return app(message, context)

    return LocalGrid(call, len(files))


def test_the_apps_make_the_report_that_the_files_make(sites: Path, tmp_path: Path) -> None:
    files = [sites / "south.json", sites / "north.json"]
    lead(sites_of(*files), PoolConfig(sites=2, out=tmp_path))
    for part in ("rows", "contrasts", "beside"):
        assert document(tmp_path)[part] == document(sites / "pooled")[part]
    kept = [(tmp_path / "sites" / f"{k}.json").read_text() for k in (1, 2)]
    assert kept == [path.read_text() for path in reversed(files)]


def test_a_site_that_refuses_or_sends_another_file_ends_it(sites: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd.json"
    odd.write_text("{}")
    with pytest.raises(DataError, match=r"node \d+: .*odd.json: no summary of a site"):
        lead(sites_of(sites / "north.json", odd), PoolConfig(sites=2, out=tmp_path / "out"))
    with pytest.raises(UsageError, match="site north again"):
        lead(sites_of(*[sites / "north.json"] * 2), PoolConfig(sites=2, out=tmp_path / "out"))
    few = PoolConfig(sites=2, out=tmp_path / "out", connect_timeout=0)
    with pytest.raises(DataError, match="1 of 2 sites are connected"):
        lead(sites_of(sites / "north.json"), few)
    assert not (tmp_path / "out").exists()


def test_the_configuration_of_the_app_is_read() -> None:
    found = from_run_config({"sites": 3, "out": "here", "confidence": 0.9, "answer_timeout": 0})
    assert found == PoolConfig(3, Path("here"), 0.9)
    for wrong in ({"sites": 1}, {"sites": 2, "speed": 1.0}, {"sites": 2, "confidence": "high"}):
        with pytest.raises(UsageError):
            from_run_config(wrong)


@pytest.mark.flower
@pytest.mark.skipif(not has_the_programs(), reason="flower-superlink, flwr or openssl is absent")
def test_separate_processes_with_tls_make_the_same_report(sites: Path, tmp_path: Path) -> None:
    started = Federation(tmp_path, sites)
    try:
        for k, name in enumerate(("south", "north")):
            started.start_node(k, f'summary="{sites / name}.json"')
        out = tmp_path / "out"
        started.submit(out, ["sites=2"], ROOT / "audit" / "pool" / "app")
        wait_until((out / "binning.csv").exists, "binning.csv")
        for part in ("rows", "contrasts", "beside"):
            assert document(out)[part] == document(sites / "pooled")[part]
    finally:
        started.stop()
