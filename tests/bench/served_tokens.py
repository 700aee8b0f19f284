"""The gateway as `pactgate serve` runs it, but for rates of tokens that a load generator does not reach."""

import sys
from functools import partial

from gateway.app import Bounds, create_app
from gateway.cli.serve import serve
from gateway.oauth.rates import Rate

_WIDE = Rate(1e6, 1e6)

if __name__ == "__main__":
    widened = partial(create_app, bounds=Bounds(address_rate=_WIDE, client_rate=_WIDE))
    setattr(sys.modules["gateway.cli.serve"], "create_app", widened)  # noqa: B010 - mypy refuses the assignment
    serve()
