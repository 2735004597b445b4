"""The commands of `motiongpt`, one module each, with `declare(subparsers)`."""
