# SPDX-License-Identifier: Apache-2.0
"""What pcapml raises. Failed system calls are OSError and its subclasses."""

from __future__ import annotations


class DataError(ValueError):
    """The data cannot become what was asked for: packets of a sample that lie apart, say."""


class UsageError(ValueError):
    """An argument or a label file is wrong. The message has one problem a line."""


class FormatError(ValueError):
    """A capture is damaged or against its format.

    `path` is the file, `offset` the byte in its uncompressed data. Packets before the damage were given out.
    """

    def __init__(self, message: str, path: str = "", offset: int = 0) -> None:
        super().__init__(message)
        self.path = path
        self.offset = offset

    def __reduce__(self) -> tuple[type[FormatError], tuple[str, str, int]]:
        return type(self), (str(self), self.path, self.offset)


class FormatWarning(UserWarning):
    """With on_error="warn": a capture is damaged, and was read up to the damage."""
