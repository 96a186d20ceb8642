"""What would be sent, and what it will take: the same for preview and call.

draft      the request of a turn
material   what the context is built from
limits     how much a model reads and writes
"""
