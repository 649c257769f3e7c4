"""A split on disk and a real Triton server with small models, once for all tests here."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from onnx import TensorProto
from served import SPEC, mean_grey, with_probes, write_model
from served_by_group import write_group_models
from served_foreign import write_foreign_models
from served_masks import SIZE, write_mask_models
from served_several import write_several_models

from fairness.synthetic.fairseg import SegRecipe, write_fairseg
from fairness.synthetic.fairvlmed import write_fairvlmed
from fairness.synthetic.recipe import Recipe
from serving.launcher import TritonServer


@pytest.fixture(scope="session")
def split_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic data set whose test split has 90 images."""
    root = tmp_path_factory.mktemp("fairvlmed")
    write_fairvlmed(root, Recipe(train=2, val=2, test=90, seed=3))
    return root


@pytest.fixture(scope="session")
def masks_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic data set of masks whose test split has 80 images."""
    root = tmp_path_factory.mktemp("fairseg")
    write_fairseg(root, SegRecipe(train=2, val=2, test=80, seed=3, size=SIZE))
    return root


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One sound model and one model for each fault."""
    repository = tmp_path_factory.mktemp("repository")
    write_model(repository, "sound", with_probes(SPEC), mean_grey())
    write_model(repository, "not_the_exported_one", with_probes(SPEC, offset=0.1), mean_grey())
    write_model(repository, "without_description", None, mean_grey())
    write_model(repository, "infinite", SPEC, mean_grey(divisor=0.0))
    write_model(repository, "beyond_one", SPEC, mean_grey(divisor=1.0))
    write_model(
        repository, "float_input", SPEC, mean_grey(kind=TensorProto.FLOAT), float_input=True
    )
    write_mask_models(repository)
    write_group_models(repository)
    write_foreign_models(repository)
    write_several_models(repository)
    return repository


@pytest.fixture(scope="session")
def endpoint(repository: Path) -> Iterator[str]:
    """A real Triton server of these models; a test may load more of them."""
    flags = ["--model-control-mode=explicit", "--load-model=*"]
    with TritonServer(repository, arguments=flags) as server:
        yield server.grpc_endpoint
