"""What is reached over the network or a socket: servers, probes, messages."""
