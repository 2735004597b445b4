"""Reading and writing weights without executing anything: torch files, safetensors, SentencePiece models."""
