"""Training and serving on this machine's GPU, written to benchmarks/gpu.md.

    make gpu

Every method is trained at full size; ViT-B/16 is served in fp32, fp16 and by TensorRT where that is
installed, audited as served, and timed by `fair-audit bench`. Random weights and random images:
speed, memory and agreement, not accuracy. A part that fails says so and the rest goes on; parts
that were not run keep what the page has of them. Where no GPU is found it says so, and changes
nothing. `--tiny` rehearses it with tiny networks on any machine.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import gpu_page
from fairness.atomic import write_atomically
from fairness.text import printable

PAGE = Path(__file__).parent / "gpu.md"
PATIENCE = 120
"""Seconds for the check of repeated bits."""
HEAD = """# On a GPU

Written by `make gpu`. Random weights and images; a part is one run. Training: after a warm-up, 20
steps or 3 seconds; fp32 has TF32 in convolutions alone, as torch has it by default; GiB is the most
that tensors held.

Never run on a GPU: several of them, TensorRT, a whole training, masks served.
"""


def main() -> None:
    """Measure, and write the page after each of its parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=PAGE, help="page to write")
    parser.add_argument("--tiny", action="store_true", help="tiny networks, on any machine")
    parser.add_argument("--only", choices=["training", "serving"], help="half of it")
    parser.add_argument("--models", type=Path, help="serve this repository of FairCLIP models")
    flags = parser.parse_args()
    if gpu_page.card() == gpu_page.NO_CARD and not flags.tiny:
        print("no GPU found: nothing was measured, and no page written")
        return
    known = gpu_page.sections_of(flags.out)
    parts = sections(flags.tiny, flags.models)
    for title, (half, make) in parts.items():
        if flags.only not in (None, half):
            continue
        print(f"\n{title}\n", flush=True)
        try:
            body = make()
        except Exception as error:  # a part that fails must not take the others with it
            body = printable(f"failed: {type(error).__name__}: {str(error)[:200]}")
            print(body, flush=True)
        known[title] = f"{gpu_page.machine()}\n\n{body.strip()}"
        write_atomically(flags.out, gpu_page.page_of(HEAD, known, list(parts)))


Part = tuple[str, Callable[[], str]]


def sections(tiny: bool, models: Path | None) -> dict[str, Part]:
    """Parts of the page by title: training or serving, and what makes it."""
    presets = ["tiny"] if tiny else ["vit-b16", "vit-l14"]
    return {
        "FairCLIP": ("training", lambda: fairclip(presets)),
        "FairCLIP with large batches": ("training", lambda: large_batches(tiny)),
        "FairSeg": ("training", lambda: fairseg("tiny" if tiny else "full")),
        "FairLoRA, one client": ("training", lambda: fairlora(tiny)),
        "One step on the CPU and on the GPU": ("training", parity),
        "Repeated with --deterministic": ("training", repeated),
        "Served": ("serving", lambda: serving(tiny, models)),
    }


def fairclip(presets: list[str]) -> str:
    """Table of speed, and the cost of the fair term."""
    from benchmarks import gpu_fairclip as clip
    from benchmarks.gpu_timing import Timed, guarded_rows, table

    found: dict[str, dict[tuple[str, str], Timed]] = {preset: {} for preset in presets}
    width = len(clip.HEAD)
    by_preset = (guarded_rows(p, width, clip.speed_rows(p, found[p])) for p in presets)
    body = table(clip.HEAD, (row for rows in by_preset for row in rows))
    lines = [line for preset in presets for line in clip.cost_lines(preset, found[preset])]
    print(*lines, sep="\n", flush=True)
    said = "A step with the fair term (a batch of 32 from each of 3 groups) over one without:"
    return "\n".join([body, said, "", *lines, ""])


def large_batches(tiny: bool) -> str:
    """Table of batches at once and in parts."""
    from benchmarks import gpu_fairclip as clip
    from benchmarks.gpu_timing import table

    if tiny:
        return table(clip.HEAD, clip.batch_rows("tiny", [(64, None), (64, 16)]))
    sizes = [(512, None), (512, 64), (4096, 256)]
    return table(clip.HEAD, clip.batch_rows("vit-b16", sizes))


def fairseg(preset: str) -> str:
    """Table of speed."""
    from benchmarks import gpu_fairseg as seg
    from benchmarks.gpu_timing import table

    return table(seg.HEAD, seg.speed_rows(preset))


def fairlora(tiny: bool) -> str:
    """Table of speed."""
    from benchmarks import gpu_fairlora as lora
    from benchmarks.gpu_timing import guarded_rows, table

    if tiny:
        return table(lora.HEAD, lora.speed_rows("tiny", (120, 100)))
    width = len(lora.HEAD)
    presets = ("vit-b16", "rn50")
    by_preset = (guarded_rows(p, width, lora.speed_rows(p, (664, 512))) for p in presets)
    return table(lora.HEAD, (row for rows in by_preset for row in rows))


def parity() -> str:
    """Table of losses and gradients."""
    import torch

    from benchmarks import gpu_parity
    from benchmarks.gpu_timing import table

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    body = table(gpu_parity.HEAD, gpu_parity.parity_rows(device))
    return f"{body}\nGradients: distance from the CPU's in fp32, as a share of it; no TF32.\n"


def repeated() -> str:
    """Table of repeated runs, from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.gpu_repeat"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.splitlines() or ["no output"])[-1])
    print(done.stdout, flush=True)
    return done.stdout


def serving(tiny: bool, models: Path | None) -> str:
    """Table of audits and of `fair-audit bench`."""
    from benchmarks import gpu_models, gpu_serving

    with tempfile.TemporaryDirectory() as folder:
        if models is None:
            models = Path(folder) / "models"
            gpu_models.export_models(models, tiny=tiny)
        if gpu_page.has_tensorrt():
            gpu_models.add_tensorrt(models)
        body = gpu_serving.served(models, 100 if tiny else 1000, 0.5)
    print(body, flush=True)
    return body


if __name__ == "__main__":
    main()
