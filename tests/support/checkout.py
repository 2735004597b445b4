"""The files of this checkout, as git lists them."""

import subprocess

import pytest

from .import_graph import ROOT


def files_of_the_checkout() -> list[str]:
    """Paths of tracked and new files; without git, the test is skipped."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout", allow_module_level=True)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
