"""The manifests: of Kubernetes' schema, unprivileged, and they fit one another."""

import json
import re
import shutil
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
import yaml
from deploy_files import KUBERNETES, Document, everything, manifests, named, pod, pods, run

from audit.policy.policy import Policy

VERSIONS = ("1.33", "1.37")
"""The oldest in which all that is used is stable, and the newest that the package knows."""
OVERLAYS = ("base", "gpu", "sharded")


@cache
def built(folder: str) -> list[Document]:
    """What `kubectl kustomize` makes of a folder."""
    if shutil.which("kubectl", path="/usr/bin:/bin") is None:
        pytest.skip("needs kubectl")
    done = run("kubectl", "kustomize", KUBERNETES / folder)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def key(document: Document) -> tuple[str, str]:
    return document["kind"], document["metadata"]["name"]


def check_schema(documents: list[Document], *versions: str) -> None:
    for document in documents:
        for version in versions:
            kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("folder", ["base", "sharded"])
def test_manifests_are_of_the_schema(folder: str) -> None:
    found = [
        d
        for file, documents in manifests().items()
        if file.parent.name == folder
        for d in documents
    ]
    assert len(found) >= 2
    check_schema(found, *VERSIONS)


def test_the_check_of_the_schema_can_fail() -> None:
    document = deepcopy(named("Job", "audit-shards"))
    document["spec"]["backofLimitPerIndex"] = 1
    with pytest.raises(kubernetes_validate.ValidationError, match="backofLimitPerIndex"):
        check_schema([document], VERSIONS[0])


@pytest.mark.parametrize("folder", OVERLAYS)
def test_kustomizations_build_what_is_of_the_schema(folder: str) -> None:
    found = built(folder)
    check_schema(found, VERSIONS[0])
    of = "sharded" if folder == "sharded" else "base"
    files = {f: d for f, d in manifests().items() if f.parent.name == of}
    assert {key(d) for d in found} == {key(d) for documents in files.values() for d in documents}


def test_a_gpu_is_all_that_the_overlay_adds() -> None:
    plain, other = ({key(d): deepcopy(d) for d in built(f)} for f in ("base", "gpu"))
    changed = {name for name in plain if plain[name] != other[name]}
    assert changed == {("Deployment", "triton")}
    (container,) = other["Deployment", "triton"]["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"].pop("nvidia.com/gpu") == 1
    assert other == plain


@pytest.mark.parametrize("name", [name for name, _ in pods()])
def test_pods_fit_the_restricted_standard(name: str) -> None:
    # Pod Security Standards, profile "restricted".
    spec = pod(name)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC"}
    assert all(not v.keys() & {"hostPath"} for v in spec["volumes"])
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"].keys() == {"requests", "limits"}
        assert "memory" in container["resources"]["limits"]


def test_every_volume_is_there_and_mounted() -> None:
    for name, spec in pods():
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        mounted = {m["name"] for c in spec["containers"] for m in c["volumeMounts"]}
        assert mounted == volumes.keys(), name
    claims = {d["metadata"]["name"] for d in everything() if d["kind"] == "PersistentVolumeClaim"}
    assert set(values(everything(), "claimName")) == claims
    maps = {d["metadata"]["name"] for d in everything() if d["kind"] == "ConfigMap"}
    used = {v["configMap"]["name"] for _, s in pods() for v in s["volumes"] if "configMap" in v}
    assert used == maps == {"audit-policy"}


def values(thing: Any, name: str) -> Iterator[Any]:
    """Every value of a key, wherever it stands."""
    if isinstance(thing, dict):
        for inner, value in thing.items():
            if inner == name:
                yield value
            yield from values(value, name)
    elif isinstance(thing, list):
        for item in thing:
            yield from values(item, name)


def test_triton_is_probed_and_has_shared_memory() -> None:
    spec = pod("triton")
    (container,) = spec["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": 8000, "grpc": 8001, "metrics": 8002}
    probes = {"startup": "ready", "readiness": "ready", "liveness": "live"}
    for kind, path in probes.items():
        asked = container[f"{kind}Probe"]["httpGet"]
        assert asked == {"path": f"/v2/health/{path}", "port": "http"}
    (shm,) = (v for v in spec["volumes"] if v["name"] == "shm")
    assert shm["emptyDir"] == {"medium": "Memory", "sizeLimit": "1Gi"}
    assert {"name": "shm", "mountPath": "/dev/shm"} in container["volumeMounts"]
    service = named("Service", "triton")["spec"]
    labels = named("Deployment", "triton")["spec"]["template"]["metadata"]["labels"]
    assert service["selector"].items() <= labels.items()
    assert {port["port"]: ports[port["targetPort"]] for port in service["ports"]} == {
        8000: 8000, 8001: 8001, 8002: 8002,
    }  # fmt: skip


def test_only_pods_that_ask_triton_may_reach_it() -> None:
    rule, metrics = named("NetworkPolicy", "triton")["spec"]["ingress"]
    (allowed,) = (f["podSelector"]["matchLabels"] for f in rule["from"])
    assert metrics == {"ports": [{"port": "metrics"}]}
    asking = {}
    for document in everything():
        for template in values(document, "template"):
            words = json.dumps(template["spec"])
            asking[document["metadata"]["name"]] = "--endpoint=triton:" in words
            labelled = allowed.items() <= template["metadata"]["labels"].items()
            assert labelled == asking[document["metadata"]["name"]], document["metadata"]["name"]
    assert sorted(name for name, asks in asking.items() if asks) == [
        "audit-nightly",
        "audit-shards",
    ]


def test_the_shards_are_as_many_everywhere() -> None:
    shards = named("Job", "audit-shards")["spec"]
    assert shards["completionMode"] == "Indexed"
    n = shards["completions"]
    assert f"--shard=auto/{n}" in pod("audit-shards")["containers"][0]["args"]
    (out,) = (a for a in pod("audit-shards")["containers"][0]["args"] if a.startswith("--out="))
    folder = out.removeprefix("--out=")
    merge = pod("audit-merge")["containers"][0]["args"]
    assert merge[:3] == ["merge", folder, f"--out={folder}/whole"]
    assert named("Job", "audit-merge")["spec"]["suspend"] is True


def test_what_cannot_help_is_not_tried_again() -> None:
    # Exit codes of fair-audit: 1 policy failed, 2 usage, 3 data or server, 4 inconclusive.
    nightly = named("CronJob", "audit-nightly")["spec"]["jobTemplate"]["spec"]
    shards, merge = (named("Job", f"audit-{which}")["spec"] for which in ("shards", "merge"))
    for spec, wanted in ((nightly, [1, 2, 4]), (merge, [1, 2, 4]), (shards, [2])):
        assert spec["template"]["spec"]["restartPolicy"] == "Never"
        rules = spec["podFailurePolicy"]["rules"]
        (codes,) = (rule["onExitCodes"] for rule in rules if rule["action"] == "FailJob")
        assert codes == {"containerName": "audit", "operator": "In", "values": wanted}


def test_the_policy_is_one() -> None:
    text = named("ConfigMap", "audit-policy")["data"]["policy.yaml"]
    policy = Policy.model_validate(yaml.safe_load(text))
    assert "not for use" in policy.name
    assert len(policy.rules) == 3


def test_images_have_the_tags_of_compose() -> None:
    tags = set()
    for file in sorted(KUBERNETES.rglob("kustomization.yaml")):
        tags |= {
            f"{i['name']}:{i['newTag']}" for i in yaml.safe_load(file.read_text()).get("images", ())
        }
    compose = (KUBERNETES.parent / "compose.yaml").read_text()
    ours = {
        f"{image}:{tag}" for image, tag in re.findall(r"image: (\S+):\$\{\w+:-([\w.-]+)\}", compose)
    }
    assert tags < ours
    assert set(values([list(d) for d in manifests().values()], "image")) == tags
