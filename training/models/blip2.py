"""BLIP-2's first stage: a Q-Former that reads a frozen image tower and the text beside it.

Li et al., ICML 2023; the parts are those of `transformers`. The Q-Former is a BERT with learned
queries, which look at the image in every second layer, and with a feed-forward network of their own
beside the one of the text.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import Blip2QFormerModel, CLIPVisionModel
from transformers.models.blip_2.modeling_blip_2 import Blip2TextEmbeddings

from training.checkpoint import Stored
from training.losses.blip2 import query_similarity
from training.models.blip2_sizes import Blip2Sizes, qformer_config, vision_config
from training.models.blip2_text import WordPieces
from training.models.preprocess import Preprocess


class Blip2(nn.Module):
    """Stored images and token ids in; unit features, captions and matches out."""

    def __init__(self, sizes: Blip2Sizes) -> None:
        """Draw all weights from torch's global generator."""
        super().__init__()
        self.sizes, self.pieces = sizes, WordPieces(sizes.vocabulary)
        self.squash = Preprocess(sizes.image_size, "squash")
        self.vision = CLIPVisionModel(vision_config(sizes))
        self.vision.post_layernorm = nn.Identity()  # type: ignore[assignment]  # not in BLIP-2
        self.vision.requires_grad_(False)
        self.ln_vision = nn.LayerNorm(sizes.vision_width)
        config = qformer_config(sizes)
        self.query_tokens = nn.Parameter(torch.randn(1, sizes.queries, sizes.width) * 0.02)
        self.embeddings = Blip2TextEmbeddings(config)  # type: ignore[no-untyped-call]
        self.qformer = Blip2QFormerModel(config)
        dense = nn.Linear(sizes.width, sizes.width)
        self.caption_transform = nn.Sequential(
            dense, nn.GELU(), nn.LayerNorm(sizes.width, eps=1e-12)
        )
        self.caption_bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.vision_projection = nn.Linear(sizes.width, sizes.embedding)
        self.text_projection = nn.Linear(sizes.width, sizes.embedding)
        self.match_head = nn.Linear(sizes.width, 2)
        self.temperature = nn.Parameter(torch.tensor(0.07))
        for table in (self.embeddings.word_embeddings, self.embeddings.position_embeddings):
            nn.init.normal_(table.weight, std=0.02)
        nn.init.normal_(dense.weight, std=0.02)

    @property
    def device(self) -> torch.device:
        """Device of the parameters."""
        return self.temperature.device

    def train(self, mode: bool = True) -> "Blip2":
        """Switch to training or evaluation; the frozen tower always evaluates."""
        super().train(mode)
        self.vision.eval()  # type: ignore[no-untyped-call]
        return self

    def patches(self, pixels: Tensor) -> Tensor:
        """Features (B, P, vision width) of pixels (B, 3, S, S): the class token, then patches."""
        with torch.no_grad():
            seen = self.vision(pixel_values=pixels).last_hidden_state
        normalised: Tensor = self.ln_vision(seen)
        return normalised

    def look(self, patches: Tensor) -> Tensor:
        """The queries (B, Q, width) after they have seen an image, without any text."""
        queries = self.query_tokens.expand(patches.shape[0], -1, -1)
        return self._run(queries, None, patches)

    def project_queries(self, queries: Tensor) -> Tensor:
        """Unit features (B, Q, E) of queries (B, Q, width)."""
        return functional.normalize(self.vision_projection(queries), dim=-1)

    def encode_image(self, images: Tensor) -> Tensor:
        """Unit features (B, Q, E) of images as stored, (B, H, W) uint8 of any size."""
        return self.project_queries(self.look(self.patches(self.squash(images))))

    def encode_text(self, tokens: Tensor) -> Tensor:
        """Unit features (B, E) of tokens (B, T): those of [CLS]."""
        hidden = self._run(self.embeddings(tokens), tokens != self.pieces.pad, None)
        return functional.normalize(self.text_projection(hidden[:, 0]), dim=-1)

    def match(self, patches: Tensor, tokens: Tensor) -> Tensor:
        """Logits (B, 2) of "does not belong" and "belongs": the mean over the queries' answers."""
        queries = self.query_tokens.expand(patches.shape[0], -1, -1)
        seen = torch.ones(queries.shape[:2], dtype=torch.bool, device=tokens.device)
        mask = torch.cat([seen, tokens != self.pieces.pad], dim=1)
        hidden = self._run(self.embeddings(tokens, query_embeds=queries), mask, patches)
        logits: Tensor = self.match_head(hidden[:, : self.sizes.queries]).mean(dim=1)
        return logits

    def caption(self, patches: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Queries as `look` answers them, and logits of each next token.

        One pass: the queries attend to each other alone, each token to the queries and to the
        tokens up to itself. The release keeps the queries' keys and values from a pass without
        text, and reads them in a second one, which comes to the same.

        Returns:
            Queries (B, Q, width), and logits (B, T, vocabulary) of the token behind each of
            `tokens` (B, T), whose first is replaced by [DEC].
        """
        started = torch.cat(
            [torch.full_like(tokens[:, :1], self.pieces.caption_start), tokens[:, 1:]], dim=1
        )
        queries = self.query_tokens.expand(patches.shape[0], -1, -1)
        mask = caption_mask(self.sizes.queries, tokens != self.pieces.pad)
        hidden = self._run(self.embeddings(started, query_embeds=queries), mask, patches)
        written = self.caption_transform(hidden[:, self.sizes.queries :])
        logits = written @ self.embeddings.word_embeddings.weight.T + self.caption_bias
        return hidden[:, : self.sizes.queries], logits

    def prompt_cosines(self, images: Tensor, prompts: Tensor) -> Tensor:
        """Similarity (B, 2) of stored images (B, H, W) to unit features (2, E) of two prompts."""
        return query_similarity(self.encode_image(images), prompts)

    def score(self, cosines: Tensor) -> Tensor:
        """P(positive), (B, 1): the softmax over two cosines (B, 2) by the temperature."""
        return torch.sigmoid((cosines[:, 1:] - cosines[:, :1]) / self.temperature)

    def _run(self, embedded: Tensor, mask: Tensor | None, patches: Tensor | None) -> Tensor:
        hidden: Tensor = self.qformer(
            query_embeds=embedded,
            query_length=0 if patches is None else self.sizes.queries,
            attention_mask=mask,
            encoder_hidden_states=patches,
        ).last_hidden_state
        return hidden


def caption_mask(queries: int, known: Tensor) -> Tensor:
    """Who attends to whom when captions are learned, (B, 1, Q + T, Q + T) bool.

    Args:
        queries: Q, the number of queries in front of the text.
        known: (B, T) bool, False where the text is padded.
    """
    length = queries + known.shape[1]
    order = torch.arange(length, device=known.device)
    visible = (order[None, :] < queries) | (order[None, :] <= order[:, None])
    visible = visible & ~((order[:, None] < queries) & (order[None, :] >= queries))
    real = torch.cat([known.new_ones(known.shape[0], queries), known], dim=1)
    return visible & real[:, None, None, :]


def restore(stored: Stored) -> Blip2:
    """The model of a checkpoint, on the CPU.

    Raises:
        DataError: the checkpoint's tensors do not fit its architecture.
    """
    sizes = stored.configuration(Blip2Sizes, "BLIP-2")
    with stored.building("BLIP-2"):
        model = Blip2(sizes)
    stored.fill(model)
    return model
