"""docs/deploy.md: its commands name files, services, jobs and variables; the map every file."""

import re
import shlex

from deploy_files import DEPLOY, ROOT, compose, everything

PAGE = (ROOT / "docs" / "deploy.md").read_text()
SHELL = "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.S))
COMMANDS = [shlex.split(line, comments=True) for line in SHELL.splitlines()]
INLINE = [shlex.split(code) for code in re.findall(r"`((?:docker|kubectl) [^`]+)`", PAGE)]


def of(program: str) -> list[list[str]]:
    found = [words for words in (*COMMANDS, *INLINE) if words and words[0] == program]
    assert len(found) >= 5
    return found


def test_every_file_that_a_command_names_is_there() -> None:
    paths = re.findall(r" -[fk] ([^\s`]+)", PAGE)
    assert len(set(paths)) >= 6
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_docker_compose_is_asked_for_its_services() -> None:
    services = compose()["services"]
    profiles = {name for service in services.values() for name in service.get("profiles", ())}
    lines = [" ".join(words) for words in of("docker")]
    asked = {name for line in lines for name in re.findall(r"--profile (\S+)", line)}
    assert asked == {"watch"} < profiles
    started = {name for line in lines for name in re.findall(r" run --rm (\S+)", line)}
    assert started == {"audit"} < services.keys()


def test_kubernetes_is_asked_for_what_was_applied() -> None:
    there = {f"{d['kind'].lower()}/{d['metadata']['name']}" for d in everything()}
    named = {w for words in of("kubectl") for w in words if re.fullmatch(r"(job|deployment)/.+", w)}
    made = re.findall(r"create job --from=(\S+) (\S+)", PAGE)
    assert [cron for cron, _ in made if cron not in there] == []
    assert {"job/audit-shards", "deployment/triton"} <= named
    assert named - there == {f"job/{name}" for _, name in made}


def test_every_variable_of_compose_is_in_its_table() -> None:
    table = {
        name
        for row in re.findall(r"^\| (`[A-Z].*?) \|", PAGE, re.M)
        for name in re.findall(r"`(\w+)`", row)
    }
    files = (ROOT / "deploy" / "compose.yaml").read_text()
    used = set(re.findall(r"\$\{(\w+)", files))
    assert used == table | {"GRAFANA_PASSWORD"}


def test_the_map_says_what_every_file_is_for() -> None:
    tree = (ROOT / "docs" / "map.md").read_text().split("```text\ndeploy/\n", 1)[1].split("```")[0]
    named = [line.split()[0] for line in tree.splitlines()]
    files = [str(f.relative_to(DEPLOY)) for f in DEPLOY.rglob("*") if f.is_file()]
    assert sorted(named) == sorted(name for name in files if name != ".env")
