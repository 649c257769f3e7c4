"""One file a client: each sends the same images to the same server, and says how long it took."""
