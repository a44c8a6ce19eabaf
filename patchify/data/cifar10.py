"""CIFAR-10: found in a folder, or unpacked, or downloaded; verified, and read without running any of its pickles."""

import gzip
import hashlib
import tarfile
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from patchify.core.axes import CHANNELS, PIXELS, SIDE
from patchify.data.pickles import BATCH, read_batch, read_class_names
from patchify.data.source import DataError, DataSource, RawData
from patchify.data.workplace import workplace

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
ARCHIVE = "cifar-10-python.tar.gz"
FOLDER = "cifar-10-batches-py"
TRAINING = [f"data_batch_{number}" for number in range(1, 6)]
MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
    "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
}
PATIENCE = 6.0
"""Seconds without an answer, or without a further byte, after which a download is given up: at most ten are promised,
and what a command imports first takes up to four."""


class UnofficialData(UserWarning):
    """Files stand where CIFAR-10's are expected, but their checksums are not the published ones."""


@dataclass(slots=True, kw_only=True)
class Cifar10(DataSource):
    """CIFAR-10 from a folder that holds `cifar-10-batches-py/`, `cifar-10-python.tar.gz`, or neither yet.

    root: that folder, `~` allowed; None or empty is the user's cache folder
    official_only: refuse files whose checksums are not the published ones, instead of warning
    """

    root: str | None
    official_only: bool

    @property
    def stored_training_images(self) -> int:
        """Five batches of 10,000."""
        return len(TRAINING) * BATCH

    @property
    def folder(self) -> Path:
        """The folder of the batches, there or not."""
        if not self.root:
            from platformdirs import user_cache_path  # noqa: PLC0415  # not for the help page

            return user_cache_path("patchify") / FOLDER
        try:
            return Path(self.root).expanduser().absolute() / FOLDER
        except RuntimeError as error:  # ~somebody
            raise DataError(f"data.root must name a folder: got {self.root} ({error}); write its full path") from error

    @property
    def files(self) -> list[Path]:
        """The batches and their class names."""
        return [self.folder / name for name in MD5]

    def fetch(self) -> None:
        """Find the batches, or unpack them, or download and unpack them.

        Several processes may do so at once: one works, the others wait. Raises DataError where that fails, without a
        network within ten seconds.
        """
        root = self.folder.parent
        try:
            if not _is_there(self.folder):
                with workplace(root, "cifar-10") as work:
                    if not _is_there(self.folder):  # another process may have been at it meanwhile
                        self._unpack(root, work)
        except OSError as error:
            raise DataError(
                f"CIFAR-10 is not in {root} and could not be fetched ({error}): put {FOLDER}/ or {ARCHIVE} there, "
                "or name the folder that holds one of them with data.root or PATCHIFY_DATA, "
                "or train on the embedded data set with data=textures"
            ) from error

    def verify(self) -> str:
        """One hash of all files; warns (UnofficialData) of those that are not the published ones.

        Raises DataError where one can't be read or, with `official_only`, is not the published one.
        """
        checksums = {name: self._content(name)[1] for name in MD5}
        if unofficial := [name for name, got in checksums.items() if got != MD5[name]]:
            files = f"{len(unofficial)} of {len(MD5)} files in {self.folder} are not the official ones"
            advice = "results are recorded as unofficial; data.official_only=true refuses such files"
            warnings.warn(f"{files} ({', '.join(unofficial)}): {advice}", UnofficialData, stacklevel=2)
        return hashlib.sha256("".join(checksums.values()).encode()).hexdigest()

    def read(self) -> RawData:
        """All images, labels and class names, about 185 MB.

        Raises DataError where a file is missing or damaged, holds something else, or asks for code to be run.
        """
        images = np.empty((len(TRAINING) + 1, BATCH, PIXELS), np.uint8)
        labels = np.empty((len(TRAINING) + 1, BATCH), np.int64)
        row_major = np.arange(PIXELS).reshape(CHANNELS, SIDE, SIDE).transpose(1, 2, 0).ravel()  # of planar images
        checksums = {}
        for index, name in enumerate([*TRAINING, "test_batch"]):
            content, checksums[name] = self._content(name)
            planar, labels[index] = read_batch(content, self.folder / name)
            np.take(planar, row_major, axis=1, out=images[index], mode="clip")  # mode "raise" would buffer `out`
        content, checksums["batches.meta"] = self._content("batches.meta")
        return RawData(
            name="cifar10",
            official=checksums == MD5,
            class_names=read_class_names(content, self.folder / "batches.meta"),
            train_images=images[:-1].reshape(-1, SIDE, SIDE, CHANNELS),  # batch, image -> image
            train_labels=labels[:-1].reshape(-1),
            test_images=images[-1].reshape(-1, SIDE, SIDE, CHANNELS),
            test_labels=labels[-1],
        )

    def _content(self, name: str) -> tuple[bytes, str]:
        """A file's bytes and their MD5."""
        path = self.folder / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error}): `patchify-data` fetches what is missing") from error
        got = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if self.official_only and got != MD5[name]:
            raise DataError(_not_official(path, f"MD5 {MD5[name]}, got {got}"))
        return content, got

    def _unpack(self, root: Path, work: Path) -> None:
        """Unpack the archive in `root`, or a downloaded one, within `work`; move it into place once complete."""
        archive = root / ARCHIVE
        if not archive.exists():
            from patchify.data.download import download  # noqa: PLC0415  # likewise

            download(URL, SHA256, work / ARCHIVE, PATIENCE)
            (work / ARCHIVE).replace(archive)
        with archive.open("rb") as file:
            got = hashlib.file_digest(file, "sha256").hexdigest()
        if self.official_only and got != SHA256:
            raise DataError(_not_official(archive, f"SHA-256 {SHA256}, got {got}"))
        try:
            _extract(archive, work)
        except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
            fault = f"{archive} cannot be unpacked ({error}): expected SHA-256 {SHA256}, got {got}"
            raise DataError(f"{fault}; delete it to have it downloaded again") from error
        (work / FOLDER).replace(root / FOLDER)


def _is_there(folder: Path) -> bool:
    """Whether the folder of the batches is there; raises DataError where it is incomplete or in the wrong place."""
    root = folder.parent
    if root.exists() and not root.is_dir():
        raise DataError(f"data.root must be the folder that holds {FOLDER}/: {root} is a file; name another")
    if folder.exists():
        if missing := _missing(folder):
            raise DataError(f"{folder} lacks {missing}: add what is missing, or delete the folder to fetch it again")
        return True
    if not _missing(root):
        remedy = f"choose data.root={root.parent}" if root.name == FOLDER else f"move them into {folder}"
        raise DataError(f"data.root must be the folder that holds {FOLDER}/: {root} holds the batches; {remedy}")
    return False


def _missing(folder: Path) -> str:
    return ", ".join(name for name in MD5 if not (folder / name).is_file())


def _not_official(path: Path, checksums: str) -> str:
    return (
        f"{path} is not the official file: expected {checksums}; "
        "replace it, or accept it with data.official_only=false (results are then recorded as unofficial)"
    )


def _extract(archive: Path, folder: Path) -> None:
    """Unpack the archive into `folder`; raises TarError, also where it tries to leave the folder or lacks batches."""
    with tarfile.open(archive, "r:gz") as packed:
        packed.extractall(folder, filter=_plain_files)  # noqa: S202  # the filter is what S202 asks for
    if missing := _missing(folder / FOLDER):
        raise tarfile.ReadError(f"it lacks {missing} in {FOLDER}/")


def _plain_files(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """Tarfile's `data` filter without links, which no batch needs and which have got around that filter before."""
    if not (member.isfile() or member.isdir()):
        raise tarfile.ReadError(f"{member.name!r} is neither file nor folder")
    return tarfile.data_filter(member, folder)
