"""The InferenceService: by hand, and by the fields of KServe's own package (marker `oip`)."""

import json
import re
import subprocess
from copy import deepcopy
from pathlib import Path

import pytest
from deploy_files import KUBERNETES, Document, named, read

FILE = KUBERNETES / "kserve" / "inference-service.yaml"


def test_it_serves_the_claim_by_triton_over_grpc() -> None:
    document = read(FILE)
    assert (document["apiVersion"], document["kind"]) == (
        "serving.kserve.io/v1beta1",
        "InferenceService",
    )
    model = document["spec"]["predictor"]["model"]
    assert model["modelFormat"] == {"name": "triton"}
    assert model["runtime"] == "kserve-tritonserver"
    # The runtime starts Triton with --grpc-port=9000; the name of the port is its protocol.
    assert model["ports"] == [{"name": "h2c", "containerPort": 9000, "protocol": "TCP"}]
    claim = re.fullmatch(r"pvc://([\w-]+)", model["storageUri"])
    assert claim is not None
    assert named("PersistentVolumeClaim", claim[1])
    triton = named("Deployment", "triton")["spec"]["template"]["spec"]["containers"][0]["image"]
    assert triton.endswith(f":{model['runtimeVersion']}")


def complaints(document: Document) -> list[str]:
    """What KServe's own package says of a manifest."""
    from oip_environments import environment, python_of

    done = subprocess.run(
        [python_of("kserve"), Path(__file__).parent / "kserve_shape.py"],
        input=json.dumps(document),
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-500:]
    return done.stdout.split("\n")[:-1]


@pytest.mark.oip
def test_it_has_the_fields_of_kserve_s_own_package() -> None:
    document = read(FILE)
    assert complaints(document) == [""]
    wrong = deepcopy(document)
    wrong["spec"]["predictor"]["model"]["storageURI"] = "pvc://models"
    wrong["spec"]["predictor"]["model"]["ports"][0]["containerPort"] = "9000"
    assert complaints(wrong) == [
        ".spec.predictor.model.ports[0].containerPort: no int",
        ".spec.predictor.model.storageURI: not a field of V1beta1ModelSpec",
    ]
