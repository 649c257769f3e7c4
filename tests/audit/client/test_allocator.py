"""The C library keeps the memory of messages: their pages are faulted in once, not each time."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
from audit.client.allocator import keep_memory
if sys.argv[1] == "kept":
    assert keep_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
bytes(40_000_000)
before = faults()
for _ in range(8):
    bytes(b"x" * 40_000_000)
print(faults() - before)
"""


def faults_of_eight_messages(how: str) -> int:
    command = [sys.executable, "-c", FAULTS, how]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries cannot be told")
def test_memory_of_messages_is_used_again() -> None:
    pages = 40_000_000 // 4096
    assert faults_of_eight_messages("kept") < 2 * pages
    assert faults_of_eight_messages("not kept") > 7 * pages
