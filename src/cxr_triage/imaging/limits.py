"""How large an image may be; checked before anything is decoded."""

from dataclasses import dataclass

from cxr_triage.errors import ImageTooLarge

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """max_inflated_bytes bounds what a deflated data set may grow to.

    max_elements bounds the attributes of one data set, items of sequences included.
    """

    max_file_bytes: int = 256 * MIB
    max_pixels: int = 40_000_000
    max_inflated_bytes: int = 256 * MIB
    max_elements: int = 100_000

    def check_file(self, size: int) -> None:
        """Raise ImageTooLarge if a file of `size` bytes is over the limit."""
        if size > self.max_file_bytes:
            raise ImageTooLarge(
                "file_too_large",
                measured=round(size / MIB, 1),
                limit=round(self.max_file_bytes / MIB, 1),
            )

    def check_pixels(self, rows: int, columns: int) -> None:
        """Raise ImageTooLarge if rows × columns is over the limit."""
        if rows * columns > self.max_pixels:
            raise ImageTooLarge(
                "too_many_pixels",
                rows=rows,
                columns=columns,
                limit=round(self.max_pixels / 1e6, 1),
            )
