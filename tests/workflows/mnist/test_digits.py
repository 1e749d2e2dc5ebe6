"""Reading the digits: right ones, damaged ones, none."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from screening.errors import UserError
from workflows.mnist import digits
from workflows.mnist.digits import FILES, TRAIN_LABELS, load_digits


def test_the_digits_of_the_checkout_are_those_of_mnist():
    found = load_digits(None, download=False)
    assert found.train.images.shape == (60_000, 784)
    assert found.test.images.shape == (10_000, 784)
    assert found.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert found.test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert found.train.labels.bincount().tolist()[:3] == [5923, 6742, 5958]
    assert float(found.train.images.min()) == 0
    assert float(found.train.images.max()) == 1
    assert float(found.train.images.mean()) == pytest.approx(0.1307, abs=1e-4)


def test_the_validation_part_is_the_end_and_nothing_is_lost():
    rows, held_out = load_digits(None, download=False).split()
    assert (len(rows), len(held_out)) == (50_000, 10_000)
    whole = load_digits(None, download=False).train.labels
    assert held_out.labels.equal(whole[50_000:])
    assert rows.labels.equal(whole[:50_000])


def test_files_that_are_not_packed_are_read_too(tmp_path: Path):
    for file in FILES:
        source = Path(digits.__file__).parents[2] / "data" / "mnist" / file.name
        (tmp_path / file.name.removesuffix(".gz")).write_bytes(gzip.decompress(source.read_bytes()))
    assert len(load_digits(tmp_path, download=False).test) == 10_000


def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path):
    with pytest.raises(UserError, match=r"train-images-idx3-ubyte\.gz is not in .*--download"):
        load_digits(tmp_path, download=False)


@pytest.mark.parametrize("damage", ["truncated", "foreign", "not gzip"])
def test_a_damaged_file_is_named(tmp_path: Path, damage: str):
    data = Path(digits.__file__).parents[2] / "data" / "mnist"
    for file in FILES:
        (tmp_path / file.name).write_bytes((data / file.name).read_bytes())
    victim = tmp_path / TRAIN_LABELS.name
    if damage == "truncated":
        victim.write_bytes(victim.read_bytes()[:1000])
    elif damage == "foreign":
        header = struct.pack(">HBBI", 0, 8, 1, 60_000)
        victim.write_bytes(gzip.compress(header + np.zeros(60_000, np.uint8).tobytes()))
    else:
        victim.write_text("<html>not found</html>")
    with pytest.raises(UserError, match=r"train-labels-idx1-ubyte\.gz"):
        load_digits(tmp_path, download=False)


def test_a_failed_download_names_the_mirrors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(digits, "MIRRORS", ("http://127.0.0.1:9/mnist/",))
    with pytest.raises(UserError, match=r"could not be fetched \(http://127\.0\.0\.1:9"):
        load_digits(tmp_path, download=True)


def test_a_download_is_checked_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Fetches through pooch from a folder, with the checksums of the files that lie there."""
    import dataclasses
    import hashlib

    data = Path(digits.__file__).parents[2] / "data" / "mnist"
    known = tuple(
        dataclasses.replace(
            file, download_md5=hashlib.md5((data / file.name).read_bytes()).hexdigest()
        )
        for file in FILES
    )
    served = {file.name: (data / file.name).read_bytes() for file in FILES}
    monkeypatch.setattr(digits, "FILES", known)
    with _server(served) as address:
        monkeypatch.setattr(digits, "MIRRORS", (address,))
        assert len(load_digits(tmp_path, download=True).test) == 10_000
    # The second time nothing is fetched: the server is gone.
    assert len(load_digits(tmp_path, download=True).test) == 10_000


def _server(files: dict[str, bytes]):
    import contextlib
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files[self.path.rsplit("/", 1)[-1]]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    @contextlib.contextmanager
    def serve():
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            server.server_close()

    return serve()
