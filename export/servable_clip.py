"""What is served: stored uint8 images in, P(positive class) out, all between in one graph."""

from torch import Tensor, nn

from training.models.clip import Clip
from training.models.prompts import zero_shot_score

INPUT = "image"
OUTPUT = "probability"
COSINES = "cosines"


class Servable(nn.Module):
    """CLIP's image tower against two constant prompts, from raw pixels to a probability."""

    prompts: Tensor

    def __init__(self, clip: Clip, prompts: Tensor) -> None:
        """Args: a trained model; unit text features (2, E) of the negative and positive prompt."""
        super().__init__()
        self.clip = clip
        self.register_buffer("prompts", prompts.detach().clone())
        self.eval()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Answer (B, H, W) uint8 images.

        Returns:
            P(positive), (B, 1), by the rule that training scores with. And the cosines to the
            prompts, (B, 2), on which parity is judged; they are cut off the graph that is served.
        """
        features = self.clip.encode_image(image)  # (B, E)
        return zero_shot_score(features, self.prompts), features @ self.prompts.T
