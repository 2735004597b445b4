"""`python -m motiongpt` is `motiongpt`."""

import sys

from .backend.commands.cli import main

if __name__ == "__main__":
    sys.exit(main())
