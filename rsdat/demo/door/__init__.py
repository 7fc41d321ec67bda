"""A stand-in for dCache on loopback: REST frontend, two WebDAV doors, a pool, simulated tape.

It serves one folder, answers as a running dCache 11.2.5 was seen to answer, and has that
server's habits, the biting ones included. Tests and the demo use it; no code path of the
product does.
"""
