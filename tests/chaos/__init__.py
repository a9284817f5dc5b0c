"""Chaos: jobs of all kinds against a running platform while its parts are killed, frozen, cut off and emptied.

load      clients that send jobs and write down what was promised to them
acts      what happens to the platform meanwhile
promises  what must hold afterwards (I1 to I10, the books, the hashes), each checked by itself
"""
