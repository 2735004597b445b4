#!/bin/sh
# Makes sure that the system has what `make venv` needs and pip can't install: the shared libraries that bpy loads, and
# Python's venv module, a package of its own on Debian. As root on Debian it installs what is missing; otherwise it
# prints the command that does, and fails.
#
# With "tests" it also installs, as root, the program that reads FBX files for the tests, which are skipped without it.
#
# usage: system-packages.sh [PYTHON [tests]]
set -eu
python=${1:-python3}

[ "$(uname -s)" = Linux ] || exit 0

# Debian's packages and the library that each provides. libgomp1 is for bpy 4.2; without libegl1 the Workbench and EEVEE
# engines abort the process.
libraries="
libxrender1 libXrender.so.1
libxi6 libXi.so.6
libxkbcommon0 libxkbcommon.so.0
libsm6 libSM.so.6
libgl1 libGL.so.1
libgomp1 libgomp.so.1
libegl1 libEGL.so.1
"

ldconfig=$(PATH="$PATH:/usr/sbin:/sbin" command -v ldconfig)
cache=$("$ldconfig" -p)
missing=$(echo "$libraries" | while read -r package library; do
  case "$cache" in
    *"$library"*) ;;
    *) echo "$package" ;;
  esac
done)
"$python" -c "import ensurepip, venv" 2>/dev/null || missing="$missing python3-venv"
if [ "${2:-}" = tests ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1 && ! command -v assimp >/dev/null 2>&1; then
  missing="$missing assimp-utils"
fi
missing=$(echo "$missing" | tr '\n' ' ' | sed 's/^ *//; s/ *$//')

[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "These Debian packages, or their counterparts on this system, are missing: $missing" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "System packages are missing. Install them with this command, then run make again:" >&2
  echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing" >&2
  exit 1
fi

# Package servers fail now and then: three attempts, each with fresh lists.
echo "Installing system packages: $missing"
export DEBIAN_FRONTEND=noninteractive
for attempt in 1 2 3; do
  # shellcheck disable=SC2086 # one word per package
  if apt-get update -q >/dev/null && apt-get install -y -q --no-install-recommends $missing </dev/null >/dev/null; then
    exit 0
  fi
  echo "apt-get failed (attempt $attempt of 3)." >&2
  [ "$attempt" -eq 3 ] || sleep $((attempt * 10))
done
echo "apt-get could not install: $missing. Check the network and the package sources, then run make again." >&2
exit 1
