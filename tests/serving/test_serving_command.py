"""Which server runs, with which flags and environment; the exec itself with stand-in programs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from serving import cli, command
from serving.errors import ServingError
from serving.wheel import Wheel

WHEEL = Wheel(
    binary=Path("/wheel/bin/tritonserver"),
    libraries=Path("/wheel/libs"),
    python_backend=Path("/wheel/python"),
    stub=Path("/wheel/stub"),
    libpython=Path("/python/lib"),
)
ROOT = Path(command.__file__).parent.parent
# What pip and uv install for `tritonserver = "serving.cli:main"`.
PIP_SCRIPT = f"#!{sys.executable}\nimport sys\nfrom serving.cli import main\nsys.exit(main())\n"
UV_SCRIPT = f"#!/bin/sh\n'''exec' {sys.executable} \"$0\" \"$@\"\n' '''\n" + PIP_SCRIPT[2:]


def program(folder: Path, text: str, mode: int = 0o755) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tritonserver"
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.fixture
def wheel_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_wheel", lambda: WHEEL)
    monkeypatch.setattr(command, "backend_directory", lambda wheel, cache: Path("/backends"))


@pytest.mark.parametrize("ours", [PIP_SCRIPT, UV_SCRIPT])
def test_our_own_script_is_passed_over_in_every_environment(tmp_path: Path, ours: str) -> None:
    program(tmp_path / "venv", ours)
    program(tmp_path / "not-executable", "#!/bin/sh\n", mode=0o644)
    (tmp_path / "folder" / "tritonserver").mkdir(parents=True)
    real = program(tmp_path / "opt", "#!/bin/sh\n")
    names = ("missing", "venv", "not-executable", "folder", "opt")
    search_path = os.pathsep.join(str(tmp_path / name) for name in names)
    assert command.other_server(search_path) == real
    assert command.other_server(str(tmp_path / "venv")) is None


def test_ourselves_under_any_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = program(tmp_path / "venv", "#!/bin/sh\n# started some other way\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tritonserver").symlink_to(ours)
    monkeypatch.setattr(sys, "argv", [str(ours)])
    assert command.other_server(str(tmp_path / "bin")) is None


def test_another_server_gets_the_flags_and_nothing_else(tmp_path: Path) -> None:
    real = program(tmp_path, "#!/bin/sh\n")
    environment = {"PATH": str(tmp_path), "OMP_NUM_THREADS": "4"}
    chosen = command.server_command(["--model-repository", "m"], environment)
    assert chosen.arguments == (str(real), "--model-repository", "m")
    assert chosen.environment == {**environment, command.SEEN: "1"}


@pytest.mark.usefixtures("wheel_only")
def test_the_wheels_server_gets_our_backends(tmp_path: Path) -> None:
    chosen = command.server_command(["--model-repository", "m"], {"PATH": str(tmp_path)})
    assert chosen.arguments == (
        "/wheel/bin/tritonserver",
        "--model-repository",
        "m",
        "--backend-directory=/backends",
    )


@pytest.mark.usefixtures("wheel_only")
@pytest.mark.parametrize(
    "flags", [["--backend-directory", "/mine"], ["--backend-directory=/mine"], ["--backend-d=/m"]]
)
def test_a_given_backend_directory_stays(flags: list[str]) -> None:
    assert command.server_command(flags, {}).arguments == (str(WHEEL.binary), *flags)


@pytest.mark.usefixtures("wheel_only")
def test_a_detour_that_leads_back_here_ends_at_the_wheel(tmp_path: Path) -> None:
    program(tmp_path, "#!/bin/sh\nexec pyenv exec tritonserver\n")
    first = command.server_command([], {"PATH": str(tmp_path)})
    assert first.arguments[0] == str(tmp_path / "tritonserver")
    second = command.server_command([], first.environment)
    assert second.arguments[0] == str(WHEEL.binary)


def test_the_environment_of_the_wheels_server() -> None:
    made = command.wheel_environment(WHEEL, {"PATH": "/usr/bin", "LD_LIBRARY_PATH": "/cuda"})
    assert made["LD_LIBRARY_PATH"] == "/wheel/libs:/python/lib:/cuda"
    assert made["PATH"] == f"{Path(sys.executable).parent}:/usr/bin"
    assert made["OMP_NUM_THREADS"] == "1"
    assert made["OMP_WAIT_POLICY"] == "PASSIVE"
    assert made["ORT_DISABLE_TELEMETRY"] == "1"


def test_what_the_user_sets_stays() -> None:
    set_by_user = {
        "OMP_NUM_THREADS": "8",
        "OMP_WAIT_POLICY": "ACTIVE",
        "ORT_DISABLE_TELEMETRY": "0",
        "HOME": "/home/u",
    }
    made = command.wheel_environment(WHEEL, set_by_user)
    assert {key: made[key] for key in set_by_user} == set_by_user


def test_the_command_becomes_the_server_that_it_found(tmp_path: Path) -> None:
    program(tmp_path / "opt", '#!/bin/sh\necho "$$ $@"\nexit 7\n')
    script = program(tmp_path / "venv", PIP_SCRIPT)
    environment = {"PATH": f"{tmp_path / 'venv'}:{tmp_path / 'opt'}", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [script, "--help", "--log-info", "a b"], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        answer, _ = process.communicate(timeout=60)
    assert answer == f"{process.pid} --help --log-info a b\n"
    assert process.returncode == 7


@pytest.mark.parametrize(
    ("raised", "line"),
    [
        (ServingError("numpy 2.1 is installed"), "tritonserver: numpy 2.1 is installed\n"),
        (
            OSError(8, "Exec format error", "/opt/tritonserver"),
            "tritonserver: cannot run /opt/tritonserver: Exec format error\n",
        ),
        (
            ValueError("embedded\n\x1b[2Jnull byte"),
            "tritonserver: unexpected ValueError: embedded  [2Jnull byte; "
            "FAIR_AUDIT_DEBUG=1 shows where\n",
        ),
        (KeyboardInterrupt(), "tritonserver: interrupted\n"),
    ],
)
def test_a_failure_is_one_line(
    raised: BaseException,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr(cli, "server_command", fail)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == (130 if isinstance(raised, KeyboardInterrupt) else 3)
    assert capsys.readouterr().err == line
