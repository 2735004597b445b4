"""Files that are damaged or made to do harm: every reader returns, or raises the project's own error, in bounds.

`make fuzz` runs thousands of new inputs a reader; here they are few, and the same each time.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.fuzzing import READERS

INPUTS = os.environ.get("FUZZ_INPUTS", "")


@pytest.mark.parametrize("reader", sorted(READERS))
def test_any_file_is_read_or_refused(repo_root: Path, reader: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "support.fuzzing", reader, INPUTS or "40", *(["any"] if INPUTS else [])],
        cwd=repo_root / "tests",
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-4000:]
