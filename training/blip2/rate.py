"""BLIP-2's learning rate: a warm-up by step in the first epoch, a cosine by epoch after it."""

import math

from training.blip2.config import Config


def learning_rate(config: Config, epoch: int, step: int) -> float:
    """The rate of a step, as the released code sets it.

    Its first epoch warms up by step and knows no cosine, its later ones follow the cosine and know
    no warm-up. With 5000 steps of warm-up and some 219 steps an epoch the rate therefore ends the
    first epoch at 5e-6 and jumps to nearly 1e-4 (docs/methods.md).

    Args:
        config: settings of the run.
        epoch: from 0 on.
        step: within the epoch, from 0 on.
    """
    if epoch == 0 and config.warmup_steps:
        risen = config.warmup_lr + (config.lr - config.warmup_lr) * step / config.warmup_steps
        return min(config.lr, risen)
    share = (1 + math.cos(math.pi * epoch / config.epochs)) / 2
    return config.min_lr + (config.lr - config.min_lr) * share
