"""The inference process: messages, connection, server and worker, and the client's side of them."""
