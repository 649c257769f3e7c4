"""CLIP's ResNet under OpenAI's names: against torch's own attention, and loaded from a file."""

from pathlib import Path
from typing import cast

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from fairness.errors import UsageError
from training.models.clip_rn50 import RN50, TINY, AttentionPool, ModifiedResNet
from training.models.openai_clip import load_openai

ROWS = torch.tensor([0, 0])
WIDTH, LAYERS, FEATURES = 32, 2, 64


def test_attention_pools_as_torch_s_own_attention() -> None:
    torch.manual_seed(0)
    pool = AttentionPool(positions=9, width=32, heads=4, features=16)
    x = torch.randn(2, 32, 3, 3)
    tokens = x.flatten(2).permute(2, 0, 1)  # (9, B, width)
    tokens = torch.cat([tokens.mean(0, keepdim=True), tokens]) + pool.positional_embedding[:, None]
    biases = torch.cat([pool.q_proj.bias, pool.k_proj.bias, pool.v_proj.bias])
    expected, _ = functional.multi_head_attention_forward(
        tokens, tokens, tokens, 32, 4,
        in_proj_weight=None, in_proj_bias=biases,
        bias_k=None, bias_v=None, add_zero_attn=False, dropout_p=0.0,
        out_proj_weight=pool.c_proj.weight, out_proj_bias=pool.c_proj.bias,
        use_separate_proj_weight=True, q_proj_weight=pool.q_proj.weight,
        k_proj_weight=pool.k_proj.weight, v_proj_weight=pool.v_proj.weight, need_weights=False,
    )  # fmt: skip
    torch.testing.assert_close(pool(x, ROWS), expected.transpose(0, 1))


def test_rn50_has_openai_s_parameters() -> None:
    with torch.device("meta"):
        network = ModifiedResNet(RN50)
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert sum(p.numel() for p in network.parameters()) == 38_316_896  # the published image tower
    assert shapes["layer1.0.downsample.0.weight"] == (256, 64, 1, 1)
    assert shapes["layer1.0.downsample.1.running_mean"] == (256,)
    assert shapes["layer4.2.conv2.weight"] == (512, 512, 3, 3)
    assert shapes["attnpool.positional_embedding"] == (50, 2048)
    assert shapes["attnpool.c_proj.weight"] == (1024, 2048)
    assert not any("downsample" in name for name in shapes if name.startswith("layer1.1"))


def test_patches_are_a_32nd_of_the_pixels() -> None:
    network = ModifiedResNet(TINY).eval()
    assert network(torch.randn(2, 3, 96, 96), ROWS).shape == (2, 9, 64)


class OpenAIText(nn.Module):
    """A text tower with OpenAI's names, written with torch's own attention."""

    def __init__(self) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(60, WIDTH)
        self.positional_embedding = nn.Parameter(torch.randn(77, WIDTH))
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.ModuleList([self.block() for _ in range(LAYERS)])
        self.ln_final = nn.LayerNorm(WIDTH)
        self.text_projection = nn.Parameter(torch.randn(WIDTH, FEATURES))
        self.logit_scale = nn.Parameter(torch.tensor(4.6052))

    def block(self) -> nn.ModuleDict:
        mlp = nn.ModuleDict(
            {"c_fc": nn.Linear(WIDTH, 4 * WIDTH), "c_proj": nn.Linear(4 * WIDTH, WIDTH)}
        )
        attention = nn.MultiheadAttention(WIDTH, 2)
        norms = {"ln_1": nn.LayerNorm(WIDTH), "ln_2": nn.LayerNorm(WIDTH)}
        return nn.ModuleDict({"attn": attention, "mlp": mlp, **norms})

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.token_embedding(tokens) + self.positional_embedding[: tokens.shape[1]]
        future = torch.full((tokens.shape[1],) * 2, -torch.inf).triu(1)
        for block in self.transformer.resblocks:  # type: ignore[union-attr]  # a ModuleList
            y = block["ln_1"](x).transpose(0, 1)
            x = x + block["attn"](y, y, y, attn_mask=future)[0].transpose(0, 1)
            y = block["mlp"]["c_fc"](block["ln_2"](x))
            x = x + block["mlp"]["c_proj"](y * torch.sigmoid(1.702 * y))
        return cast(Tensor, self.ln_final(x)[:, -1] @ self.text_projection)


def empty_towers() -> tuple[ModifiedResNet, CLIPTextModelWithProjection, nn.Parameter]:
    config = CLIPTextConfig(
        vocab_size=60, hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=LAYERS,
        num_attention_heads=2, projection_dim=FEATURES, bos_token_id=58, eos_token_id=59,
    )  # fmt: skip
    return ModifiedResNet(TINY), CLIPTextModelWithProjection(config), nn.Parameter(torch.zeros(()))


def test_openai_s_state_dict_gives_the_same_features(tmp_path: Path) -> None:
    torch.manual_seed(0)
    image, words = ModifiedResNet(TINY), OpenAIText()
    state = {f"visual.{name}": value for name, value in image.state_dict().items()}
    state |= words.state_dict() | {"context_length": torch.tensor(77)}
    file = tmp_path / "rn50.safetensors"
    safetensors.torch.save_file({name: value.half() for name, value in state.items()}, file)
    visual, text, scale = empty_towers()
    load_openai(str(file), visual, text, scale)
    tokens = torch.tensor([[58, 3, 20, 41, 59]])
    with torch.no_grad():
        found = text(input_ids=tokens).text_embeds
        torch.testing.assert_close(found, words.half().float()(tokens), rtol=1e-4, atol=1e-4)
        pixels = torch.randn(2, 3, 96, 96)
        expected = image.half().float().eval()(pixels, ROWS)
        torch.testing.assert_close(visual.eval()(pixels, ROWS), expected)
    assert scale.item() == pytest.approx(4.6052, abs=1e-3)


@pytest.mark.parametrize("content", [None, b"junk", {"logit_scale": torch.zeros(())}, {}])
def test_other_files_are_refused_in_one_line(
    tmp_path: Path, content: bytes | dict[str, Tensor] | None
) -> None:
    file = tmp_path / "rn50.safetensors"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        safetensors.torch.save_file(content, file)
    with pytest.raises(UsageError, match="clip.load") as caught:
        load_openai(str(file), *empty_towers())
    assert "\n" not in str(caught.value)
