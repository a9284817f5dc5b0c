"""Chaos: jobs of all kinds against a running platform while its parts are killed, frozen, cut off, filled and emptied.

load       clients that send jobs and write down what was promised to them
acts       what happens to the platform meanwhile
disks      small file systems that it lives on, which can be full
elsewhere  a second machine, whose clock is wrong
promises   what must hold afterwards (I1 to I10, the books, the hashes), each checked by itself
"""
