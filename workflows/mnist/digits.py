"""The MNIST digits as tensors: from the checkout, from a folder, or fetched with checksums."""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from screening.errors import UserError

SIDE = 28
PIXELS = SIDE * SIDE
CLASSES = 10
VALIDATION_DIGITS = 10_000
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


@dataclass(frozen=True)
class IdxFile:
    """One of the four files: its name, the md5 of its content, and of the canonical download."""

    name: str
    content_md5: str
    download_md5: str


TRAIN_IMAGES = IdxFile(
    "train-images-idx3-ubyte.gz",
    "6bbc9ace898e44ae57da46a324031adb",
    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
)
TRAIN_LABELS = IdxFile(
    "train-labels-idx1-ubyte.gz",
    "a25bea736e30d166cdddb491f175f624",
    "d53e105ee54ea40749a09fcbcd1e9432",
)
TEST_IMAGES = IdxFile(
    "t10k-images-idx3-ubyte.gz",
    "2646ac647ad5339dbf082846283269ea",
    "9fb629c4189551a2d022fa330f9573f3",
)
TEST_LABELS = IdxFile(
    "t10k-labels-idx1-ubyte.gz",
    "27ae3e4e09519cfbb04c329615203637",
    "ec29112dd5afa0611ce80d1b7f02629c",
)
FILES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)


@dataclass(frozen=True)
class LabelledImages:
    """Images and their labels.

    Attributes
    ----------
    images : Tensor of shape (n, 784)
        Grey levels from 0 to 1.
    labels : Tensor of shape (n,), long
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int) -> LabelledImages:
        """Return the first `count` rows (all, when there are fewer)."""
        return LabelledImages(self.images[:count], self.labels[:count])

    def take(self, index: Tensor) -> LabelledImages:
        """Return the rows of an index."""
        return LabelledImages(self.images[index], self.labels[index])

    def to(self, device: torch.device) -> LabelledImages:
        """Return the same rows on a device."""
        return LabelledImages(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Digits:
    """The 60,000 training and 10,000 test digits, in the order of the files."""

    train: LabelledImages
    test: LabelledImages

    def reduced(self, train: int, test: int) -> Digits:
        """Return the first rows of both parts, for a quick look."""
        return Digits(self.train.first(train), self.test.first(test))

    def to(self, device: torch.device) -> Digits:
        """Return the same digits on a device."""
        return Digits(self.train.to(device), self.test.to(device))

    def split(self) -> tuple[LabelledImages, LabelledImages]:
        """Return training digits, and the last 10,000 (or sixth) of them, held out to choose by."""
        cut = len(self.train) - min(VALIDATION_DIGITS, len(self.train) // 6)
        images, labels = self.train.images, self.train.labels
        return LabelledImages(images[:cut], labels[:cut]), LabelledImages(
            images[cut:], labels[cut:]
        )


def load_digits(folder: Path | None, download: bool) -> Digits:
    """Read the digits.

    Parameters
    ----------
    folder : Path or None
        Where the four files are; None looks in the checkout's `data/mnist` and in the cache.
    download : bool
        Fetch what is missing from a public mirror (11 MB, once, into the user's cache).

    Raises
    ------
    UserError
        A file is missing, damaged, or cannot be fetched.
    """
    paths = [_find(file, folder, download) for file in FILES]
    arrays = [_read(path, file) for path, file in zip(paths, FILES, strict=True)]
    train = LabelledImages(_grey(arrays[0]), torch.from_numpy(arrays[1].astype(np.int64)))
    test = LabelledImages(_grey(arrays[2]), torch.from_numpy(arrays[3].astype(np.int64)))
    return Digits(train, test)


def _grey(array: np.ndarray) -> Tensor:
    return torch.from_numpy(array.reshape(-1, PIXELS).astype(np.float32) / 255)


def _find(file: IdxFile, folder: Path | None, download: bool) -> Path:
    cache = _cache()
    places = [folder] if folder else [Path(__file__).resolve().parents[2] / "data/mnist", cache]
    for place in places:
        for name in (file.name, file.name.removesuffix(".gz")):
            if (place / name).is_file():
                return place / name
    if download:
        return _fetch(file, folder or cache)
    raise UserError(
        f"{file.name} is not in {' or '.join(map(str, places))}. Add --download to fetch it from a "
        "public mirror (11 MB in all), or name the folder that has it with --mnist-dir."
    )


def _cache() -> Path:
    import pooch

    return Path(pooch.os_cache("ebmscreen")) / "mnist"


def _fetch(file: IdxFile, folder: Path) -> Path:
    import pooch

    failures = []
    for mirror in MIRRORS:
        try:
            path = pooch.retrieve(
                mirror + file.name,
                known_hash=f"md5:{file.download_md5}",
                fname=file.name,
                path=folder,
            )
        except (OSError, ValueError) as error:  # no network, or another file than the known one
            failures.append(f"{mirror}: {str(error).splitlines()[0]}")
        else:
            return Path(path)
    raise UserError(f"{file.name} could not be fetched ({'; '.join(failures)}).")


def _read(path: Path, file: IdxFile) -> np.ndarray:
    """Read an IDX file: two zero bytes, type, rank, sizes as big-endian integers, then bytes."""
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(
            f"{path} cannot be read as a gzip file ({error}); fetch it anew."
        ) from error
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != file.content_md5:
        raise UserError(
            f"{path} is not the {file.name.removesuffix('.gz')} of MNIST: its content has another "
            "checksum. Fetch it anew, or name another folder with --mnist-dir."
        )
    rank = content[3]
    shape = struct.unpack_from(f">{rank}I", content, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)
