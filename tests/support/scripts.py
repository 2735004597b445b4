"""Scripts of the repository, run in this process: each command of `motiongpt` would otherwise load PyTorch anew."""

import importlib.util
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest
from support.import_graph import ROOT

from motiongpt.backend.commands import cli


def load_script(name: str) -> ModuleType:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    sys.modules[name] = script
    spec.loader.exec_module(script)
    return script


def run_script(name: str, *arguments: object) -> int:
    """The exit code of a script, whose commands of `motiongpt` run in this process."""
    script, real = load_script(name), subprocess.run

    def run(command: list[str], check: bool = False, **options: Any) -> subprocess.CompletedProcess[str]:
        if command[:3] != [sys.executable, "-m", "motiongpt"]:
            return real(command, check=check, **options)
        code = cli.main(command[3:])
        if check and code:
            raise subprocess.CalledProcessError(code, command)
        return subprocess.CompletedProcess(command, code)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(script.subprocess, "run", run)
        patch.setattr(sys, "argv", [name, *map(str, arguments)])
        return int(script.main())
