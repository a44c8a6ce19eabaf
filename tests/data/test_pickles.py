"""The pickles of CIFAR-10: what is read, what is refused and in which words, and that nothing is ever run."""

import copyreg
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from patchify.data.pickles import read_batch, read_class_names
from patchify.data.source import DataError

PATH = Path("somewhere/data_batch_3")
Batch = Callable[..., bytes]


@pytest.fixture(scope="module")
def entries() -> dict[str, object]:
    """A batch before it is pickled; its pixels are spaces, which all protocols write as they are."""
    images = np.full((10_000, 3072), ord(" "), np.uint8)
    images[:, :256] = np.arange(256)
    return {"data": images, "labels": [position % 10 for position in range(10_000)]}


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """A file that appears when a command in a pickle is run."""
    return tmp_path / "run"


def test_a_batch_of_python_2_is_read(python2_batch: Batch) -> None:
    images, labels = read_batch(python2_batch(), PATH)
    assert images.shape == (10_000, 3072)
    assert images.dtype == np.uint8
    assert not images.any()
    assert labels.dtype == np.int64
    assert labels.shape == (10_000,)
    assert (labels == 7).all()


@pytest.mark.parametrize(("protocol", "keys"), [*((protocol, str) for protocol in range(6)), (2, str.encode)])
def test_a_batch_pickled_again_by_python_3_is_read(
    entries: dict[str, object], protocol: int, keys: Callable[[str], object]
) -> None:
    content = pickle.dumps({keys(key): value for key, value in entries.items()}, protocol)
    images, labels = read_batch(content, PATH)
    np.testing.assert_array_equal(images, entries["data"])
    np.testing.assert_array_equal(labels, entries["labels"])


@pytest.mark.parametrize("protocol", [2, 5])
def test_a_batch_stored_column_by_column_is_read(entries: dict[str, object], protocol: int) -> None:
    columns = np.asfortranarray(entries["data"])
    images, _ = read_batch(pickle.dumps({**entries, "data": columns}, protocol), PATH)
    np.testing.assert_array_equal(images, entries["data"])


def test_both_spellings_of_numpys_core_are_read(python2_batch: Batch) -> None:
    renamed = python2_batch().replace(b"numpy.core.multiarray", b"numpy._core.multiarray")
    np.testing.assert_array_equal(read_batch(renamed, PATH)[0], read_batch(python2_batch(), PATH)[0])


class _Command:
    """Pickled, this is a call of os.system."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.marker}",)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_would_run_a_command_is_refused_and_not_run(
    entries: dict[str, object], marker: Path, protocol: int
) -> None:
    content = pickle.dumps({"labels": _Command(marker)}, protocol)
    with pytest.raises(DataError, match=r"data_batch_3: expected NumPy's array .* got a call for (posix|nt)\.system"):
        read_batch(content, PATH)
    assert not marker.exists()
    pickle.loads(content)  # the trap was real
    assert marker.exists()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"cbuiltins\neval\n(V1\ntR.", r"builtins\.eval"),
        (b"c__builtin__\neval\n(V1\ntR.", r"__builtin__\.eval"),  # Python 2's name for it
        (b"(V1\nibuiltins\nexec\n.", r"builtins\.exec"),  # INST
        (b"(cos\nsystem\nV1\no.", r"os\.system"),  # OBJ
        (b"\x80\x02csubprocess\nPopen\n)\x81.", r"subprocess\.Popen"),  # NEWOBJ
        (b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93.", r"numpy\.ndarray\.tofile"),  # a way into attributes
        (b"cnumpy\nload\n(V1\ntR.", r"numpy\.load"),
        (b"cnumpy.core.multiarray\nscalar\n.", r"numpy\.core\.multiarray\.scalar"),
        (b"cnumpy._core.multiarray\nfromfile\n.", r"numpy\._core\.multiarray\.fromfile"),
        (b"c_codecs\ndecode\n.", r"_codecs\.decode"),
        (b"ccopyreg\n_reconstructor\n.", r"copyreg\._reconstructor"),
    ],
)
def test_every_other_global_is_refused_by_name(content: bytes, named: str) -> None:
    with pytest.raises(DataError, match=f"somewhere/data_batch_3: .* got a call for {named}, which was not run"):
        read_batch(content, PATH)


def test_a_registered_extension_is_refused_even_when_pickle_has_it_cached(marker: Path) -> None:
    copyreg.add_extension("os", "system", 0xE1)
    try:
        assert pickle.loads(b"\x80\x02\x82\xe1.") is os.system  # now pickle would hand it out unasked
        command = f"touch {marker}".encode()
        with pytest.raises(DataError, match=r"got a call for os\.system"):
            read_batch(b"\x80\x02\x82\xe1X" + len(command).to_bytes(4, "little") + command + b"\x85R.", PATH)
    finally:
        copyreg.remove_extension("os", "system", 0xE1)
    assert not marker.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"Pname\n.",  # a persistent id
        b"\x80\x02\x82\xfe.",  # an extension that nobody registered
        b"cnumpy\nndarray\n(K\x01tR.",  # ndarray, called
        b"cnumpy\nndarray\n)\x81.",  # ndarray, as a class
        b"cnumpy\ndtype\n}(V__code__\nK\x01ub.",  # a stand-in, given a state
        b"cnumpy\ndtype\nN}(V__code__\nK\x01u\x86b.",  # a stand-in, given attributes
        b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01K\x02tb.",  # an array whose state is too short
        b"cnumpy.core.multiarray\n_reconstruct\n)RK\x01a.",  # an array, appended to
        b"\x80\x05\x97.",  # an out-of-band buffer
    ],
)
def test_tricks_of_the_format_end_in_an_error_that_names_the_file(content: bytes) -> None:
    with pytest.raises(DataError, match="somewhere/data_batch_3"):
        read_batch(content, PATH)


def test_a_stand_in_that_one_file_has_changed_is_fresh_for_the_next(python2_batch: Batch) -> None:
    with pytest.raises(DataError, match="data_batch_3"):
        read_batch(b"cnumpy\ndtype\nN}V__defaults__\nK\x01\x85s\x86b.", PATH)
    assert read_batch(python2_batch(), PATH)[1][0] == 7


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is damaged or no pickle: .* EOFError"),
        (b"\x1f\x8b\x08\x00 not a pickle", "is damaged or no pickle: .* UnpicklingError"),
        (b"<!DOCTYPE html>", "is damaged or no pickle"),
        (pickle.dumps([1, 2]), "expected a pickled dict, got list"),
        (pickle.dumps({"data": 1}), "expected the keys data, labels, got no labels"),
        (pickle.dumps({1: 1}), "expected the keys data, labels, got no data, labels"),
    ],
)
def test_what_is_no_batch_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(
        DataError, match=f"somewhere/data_batch_3:? ?{words}.*; replace it with the file of the official"
    ):
        read_batch(content, PATH)


@pytest.mark.parametrize("kept", [1, 100, 20_000, 1_000_000, -4, -1])
def test_a_truncated_batch_is_refused(python2_batch: Batch, kept: int) -> None:
    with pytest.raises(DataError, match=r"data_batch_3 is damaged or no pickle: .*(truncated|EOFError|Unpickling)"):
        read_batch(python2_batch()[:kept], PATH)


@pytest.mark.parametrize(
    ("changed", "got"),
    [
        ({"rows": 9_999}, r"\(9999, 3072\) and dtype\(b'u1'\)"),
        ({"code": b"i1"}, r"\(10000, 3072\) and dtype\(b'i1'\)"),
        ({"code": b"f8"}, r"dtype\(b'f8'\)"),
        ({"code": b"O8", "fields": b"NNN"}, r"dtype\(b'O8'\)"),
        ({"fields": b"N(U\x01xt}"}, r"dtype\(b'u1'\)"),  # named fields
        ({"size": 3072 * 9_999}, "30720000 bytes, got 30716928 bytes"),
    ],
)
def test_pixels_of_another_shape_or_dtype_are_refused(
    python2_batch: Batch, changed: dict[str, object], got: str
) -> None:
    with pytest.raises(
        DataError, match=rf"data_batch_3: expected data of shape \(10000, 3072\) and dtype uint8.*{got}"
    ):
        read_batch(python2_batch(**changed), PATH)


def test_an_array_of_objects_is_refused() -> None:
    content = pickle.dumps({"data": np.empty((1, 0), object), "labels": []})
    with pytest.raises(DataError, match=r"dtype uint8, got \(1, 0\) and dtype\('O8'\)"):
        read_batch(content, PATH)


@pytest.mark.parametrize("data", [None, [0] * 10, b"\0" * 30_720_000])
def test_pixels_that_are_no_array_are_refused(data: object) -> None:
    with pytest.raises(DataError, match=f"dtype uint8, got {type(data).__name__}; replace it"):
        read_batch(pickle.dumps({"data": data, "labels": []}), PATH)


@pytest.mark.parametrize(
    ("labels", "got"),
    [
        (b"K\x07" * 9_999, "got 9999;"),
        (b"K\x07" * 9_999 + b"K\x0a", "got 10 at position 9999"),
        (b"J\xff\xff\xff\xff" + b"K\x07" * 9_999, "got -1 at position 0"),
        (b"G\x3f\xf0\x00\x00\x00\x00\x00\x00" + b"K\x07" * 9_999, r"got 1\.0 at position 0"),
        (b"\x88" + b"K\x07" * 9_999, "got True at position 0"),
        (b"U\x01x" + b"K\x07" * 9_999, "got b'x' at position 0"),
    ],
)
def test_labels_other_than_0_to_9_are_refused(python2_batch: Batch, labels: bytes, got: str) -> None:
    with pytest.raises(DataError, match=f"data_batch_3: expected 10000 labels, integers from 0 to 9, {got}"):
        read_batch(python2_batch(labels=labels), PATH)


def test_class_names_are_read_as_bytes_or_text() -> None:
    names = [f"class {number}" for number in range(10)]
    assert read_class_names(pickle.dumps({"label_names": names}), PATH) == names
    assert read_class_names(pickle.dumps({b"label_names": [name.encode() for name in names]}, 2), PATH) == names


@pytest.mark.parametrize("names", [["cat"] * 9, ["cat"] * 9 + [1], "cat"])
def test_class_names_other_than_ten_strings_are_refused(names: object) -> None:
    with pytest.raises(DataError, match="data_batch_3: expected 10 strings in label_names, got"):
        read_class_names(pickle.dumps({"label_names": names}), PATH)
