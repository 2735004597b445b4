"""Exported characters, opened in programs that are not Blender: `python -m tests.support.exports.table`."""
