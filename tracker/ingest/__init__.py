"""Taking posts and videos in, one stage a file.

Every stage is *load → slow work outside any transaction → one short transaction* and safe to
repeat, so that a kill at any moment loses nothing and doubles nothing.
"""
