"""The way from the interface to the manual's pages, which the extension brings."""
