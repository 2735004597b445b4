"""The version of the package, the extension and the handshake, in one place."""

__version__ = "0.1.0"
