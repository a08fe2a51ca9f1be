"""Imported last by the fork server, when everything that children need is there.

Children share its memory until they write to it, and looking for garbage writes to every object:
what is there now is taken out of the search, for good. None of it is garbage.
"""

from __future__ import annotations

import gc

gc.collect()
gc.freeze()
