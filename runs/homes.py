"""In which shards the families of an origin live: in as few as possible.

Most single residents look for a partner of their own origin, and families join residents of
theirs. So families of one origin lie together, and only an origin that is larger than a shard is
divided among several.
"""

import heapq
from collections.abc import Sequence

Homes = tuple[tuple[int, ...], ...]


def homes_of(persons: Sequence[int], many: int) -> Homes:
    """Return the shards of each origin, given its persons, so that shards are about as large.

    An origin of more than an even share is cut into equal pieces; then the largest piece goes to
    the emptiest shard, and so on.
    """
    share = max(sum(persons) / many, 1.0)
    pieces = [(number / cut, origin) for origin, number in enumerate(persons)
              for cut in [max(-int(-number // share), 1)] for _ in range(cut)]  # fmt: skip
    held: list[list[int]] = [[] for _ in persons]
    shards = [(0.0, which) for which in range(many)]
    for size, origin in sorted(pieces, key=lambda piece: (-piece[0], piece[1])):
        filled, which = heapq.heappop(shards)
        held[origin].append(which)
        heapq.heappush(shards, (filled + size, which))
    return tuple(map(tuple, held))
