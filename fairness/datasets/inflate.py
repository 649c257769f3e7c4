"""CRC-32 and inflate: of ISA-L where it is installed, 13 and 2 times as fast, or else of zlib.

Both give the same numbers and bytes; what is inflated is held to its checksum by whoever asks.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zlib import crc32, decompressobj
    from zlib import error as InflateError
else:
    try:
        from isal.isal_zlib import IsalError as InflateError
        from isal.isal_zlib import crc32, decompressobj
    except ImportError:  # there is none for this kind of machine
        from zlib import crc32, decompressobj
        from zlib import error as InflateError

__all__ = ["InflateError", "crc32", "decompressobj"]
