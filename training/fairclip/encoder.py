"""Features of training pairs, in the precision and in as many parts and processes as a run has."""

from dataclasses import dataclass

from torch import Tensor

from fairness.arrays import IntArray
from training.fairclip.pairs import Pairs
from training.micro_batch import in_parts
from training.models.clip import Clip
from training.precision import autocast
from training.processes import Processes
from training.scale_settings import Precision


@dataclass(frozen=True)
class Encoder:
    """Numbers of samples to unit features, float32 in any precision."""

    model: Clip
    pairs: Pairs
    precision: Precision = "fp32"
    micro_batch: int | None = None
    """Pairs that pass the model at once; None: all."""
    processes: Processes = Processes()  # noqa: RUF009  # frozen

    def __call__(self, index: IntArray) -> tuple[Tensor, Tensor]:
        """Image and text features (N, E) of the samples with these numbers.

        Raises:
            DataError: an image is broken.
        """
        own = self.pairs.fetch(index[self.processes.rows(len(index))])
        images, texts = in_parts(self._encode, own, self.micro_batch, self.model)
        gather = self.processes.gather
        return gather(images, len(index)), gather(texts, len(index))

    def _encode(self, crops: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Features of crops (N, S, S) uint8 and tokens (N, 77)."""
        model = self.model
        with autocast(model.device, self.precision):
            pixels = model.preprocess.normalise(crops.to(model.device))
            images = model.encode_pixels(pixels)
            texts = model.encode_text(tokens.to(model.device))
        return images.float(), texts.float()
