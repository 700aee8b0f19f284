"""
The list of erased links, kept in a file outside the database: what a restored older copy has to forget again.

A line is a sealed link, 32 or 48 hexadecimal digits. It names nobody: the row that said whose it was is gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gateway.durable import alone_in, replace_file
from gateway.errors import GatewayError
from gateway.wrapping_keys import LINK_LENGTHS


class ErasuresUnusable(GatewayError):
    """The list of erased links cannot be read or written."""

    code = "erasures_unusable"
    public_detail = "The gateway is not configured for this."


@dataclass(frozen=True, slots=True)
class ErasedLinks:
    """The list. INVARIANT: it only grows."""

    file: Path

    def read(self) -> frozenset[bytes]:
        """Return the erased links; none if there is no file yet. Raises `ErasuresUnusable`."""
        try:
            lines = self.file.read_text("ascii").split()
            links = frozenset(bytes.fromhex(line) for line in lines)
        except FileNotFoundError:
            return frozenset()
        except OSError as error:
            raise ErasuresUnusable(
                f"{self.file} cannot be read: {error.strerror}.", remedy="Run pactgate as the account that owns it."
            ) from None
        except ValueError:
            links = frozenset({b""})
        if any(len(link) not in LINK_LENGTHS for link in links):
            raise ErasuresUnusable(
                f"{self.file} is damaged.",
                remedy="Put back a copy of it: without it a restored database would link whom it must not.",
            )
        return links

    def add(self, links: Iterable[bytes]) -> None:
        """Add to the list; on disk when this returns. Raises `ErasuresUnusable`."""
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with alone_in(self.file.parent):
                before = self.read()
                after = before.union(links)
                if after != before:
                    text = "".join(f"{link.hex()}\n" for link in sorted(after))
                    replace_file(self.file, text.encode(), mode=0o600)
        except OSError as error:
            raise ErasuresUnusable(
                f"The erasure cannot be kept in {self.file}: {error.strerror}.",
                remedy="Set PACTGATE_ERASURES to a file that this account may write, and erase again.",
            ) from None
