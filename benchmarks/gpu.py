"""Training on this machine's GPU: every method at full size, written to benchmarks/gpu.md.

    make gpu

Random weights and random images: speed, memory and agreement, not accuracy. A part that fails says
so in its row and the rest goes on. Where no GPU is found it says so, and changes nothing.
`--tiny` rehearses it with tiny networks on any machine.
"""

import argparse
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fairness.atomic import write_atomically
from fairness.text import printable
from training.gpu import has_gpu

PAGE = Path(__file__).parent / "gpu.md"
LIBRARIES = ("torch", "transformers", "numpy")
PATIENCE = 120
"""Seconds for the check of repeated bits."""
NEVER_RUN = """
Never run on a GPU: several of them, TensorRT. Models served on one: gpu_served.md.
"""


def main() -> None:
    """Measure, and write the page after each of its parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=PAGE, help="page to write")
    parser.add_argument("--tiny", action="store_true", help="tiny networks, on any machine")
    flags = parser.parse_args()
    if not has_gpu() and not flags.tiny:
        print("no GPU found: nothing was measured, and no page written")
        return
    parts = [f"# Training on a GPU\n\n{machine()}\n"]
    for title, make in sections(flags.tiny):
        print(f"\n{title}\n", flush=True)
        try:
            body = make()
        except Exception as error:  # a part that fails must not take the others with it
            body = printable(f"failed: {type(error).__name__}: {str(error)[:200]}")
            print(body, flush=True)
        parts.append(f"## {title}\n\n{body}")
        write_atomically(flags.out, "\n".join([*parts, NEVER_RUN]))


def machine() -> str:
    """Card, driver and versions, in lines."""
    import torch

    card = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU: a rehearsal"
    known = ", ".join(f"{name} {installed(name)}" for name in LIBRARIES)
    return (
        f"Written by `make gpu`, on: {card}.\n\nPython {platform.python_version()}, {known}, "
        f"CUDA {torch.version.cuda}.\n\nRandom weights and images. A row is one run: after a "
        "warm-up, 20 steps or 3 seconds. fp32 has TF32 in convolutions alone, as torch has it by "
        "default. GiB is the most that tensors held."
    )


def installed(name: str) -> str:
    """Version of a library."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def sections(tiny: bool) -> Iterator[tuple[str, Callable[[], str]]]:
    """Titles of the page's parts, and what makes each."""
    yield "FairCLIP", lambda: fairclip(["tiny"] if tiny else ["vit-b16", "vit-l14"])
    yield "FairCLIP with large batches", lambda: large_batches(tiny)
    yield "FairSeg", lambda: fairseg("tiny" if tiny else "full")
    yield "FairLoRA, one client", lambda: fairlora(tiny)
    yield "One step on the CPU and on the GPU", parity
    yield "Repeated with --deterministic", repeated


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


if __name__ == "__main__":
    main()
