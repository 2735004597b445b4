"""The release, in one place: the package, the extension and the handshake name the same."""

__version__ = "0.1.0"
