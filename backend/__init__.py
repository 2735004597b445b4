"""The inference process, training, evaluation and the command line."""

import os

# ONNX Runtime's own builds report to Microsoft unless they are told before they are loaded not to. Nothing here uses
# the network unasked.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
