"""What decides how fast a model runs here: the processor with its instructions, the library, the memory."""

import functools
import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

HALF_INSTRUCTIONS = {
    "bfloat16": ("avx512_bf16", "amx_bf16", "avx_ne_convert", "bf16"),
    "float16": ("avx512_fp16", "amx_fp16", "asimdhp"),
}
"""Flags of Linux for processors that multiply a precision directly; without one of them it is slower than float32."""
CPUINFO = Path("/proc/cpuinfo")
_LIBRARIES = ("onnxruntime", "onnxruntime-gpu")


@functools.cache
def processor() -> str:
    """The processor's name, and a digest of its instructions where the system tells them: virtual machines give one
    name to different processors."""
    flags = " ".join(sorted(instructions()))
    digest = f", instructions {hashlib.sha256(flags.encode()).hexdigest()[:8]}" if flags else ""
    return f"{_name() or platform.machine() or 'unknown'}{digest}"


@functools.cache
def instructions() -> frozenset[str]:
    """Flags of the processor; empty where the system does not tell."""
    return frozenset(_cpuinfo("flags").split() or _cpuinfo("Features").split())


def library() -> str:
    """Name and version of the installed ONNX Runtime."""
    for name in _LIBRARIES:
        try:
            return f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            continue
    return "onnxruntime"


def memory_bytes() -> int:
    """All memory of the machine; 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return 0


def _name() -> str:
    if sys.platform == "darwin":
        try:
            asked = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(asked, capture_output=True, text=True, timeout=5.0, check=False).stdout.strip()
        except (OSError, subprocess.TimeoutExpired):
            return ""
    return _cpuinfo("model name") or platform.processor()


def _cpuinfo(field: str) -> str:
    """A field of the first processor in /proc/cpuinfo; "" where there is none."""
    try:
        with open(CPUINFO, encoding="utf-8", errors="replace") as lines:
            pairs = (line.partition(":")[::2] for line in lines)
            return next((value.strip() for name, value in pairs if name.strip() == field), "")
    except OSError:
        return ""
