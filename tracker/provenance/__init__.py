"""From matches and dated posts to clips and chains: pure functions, no clock, no storage.

``footage`` groups videos into clips, ``order`` puts appearances into time order, ``parents``
names each appearance's most likely parent, ``chain`` puts the three together.
"""
