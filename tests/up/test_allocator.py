from __future__ import annotations

import subprocess
import sys

import pytest

from cavendish.up.supervisor import python

PIECES = """
import resource, threading
from cavendish.up.allocator import keep_freed_memory
{before}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def pieces(count):
    for _ in range(count):
        kept = [bytes(bytearray(512 * 1024)) for _ in range(3)]
        del kept
pieces(20)
began = faults()
thread = threading.Thread(target=pieces, args=(100,))
thread.start()
thread.join()
pieces(100)
print(faults() - began)
"""


def faults(before: str) -> int:
    done = subprocess.run(python("-c", PIECES.format(before=before)), capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_memory_that_a_picture_took_is_taken_again_by_the_next() -> None:
    assert faults("keep_freed_memory()") * 5 < faults("")
