"""What the kubelet shows a container of a ConfigMap or a Secret."""

import os
import pathlib


class Folder:
    """A mounted ConfigMap or Secret: the files are links through `..data`, which is swapped as kubelet does it."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.mkdir()
        self.version = 0

    def publish(self, files):
        self.version += 1
        real = self.path / f"..version_{self.version}"
        real.mkdir()
        for name, text in files.items():
            (real / name).write_text(text)
        link = self.path / "..data_tmp"
        link.symlink_to(real.name)
        os.replace(link, self.path / "..data")
        for name in files:
            if not (self.path / name).is_symlink():
                (self.path / name).symlink_to(f"..data/{name}")
        for entry in self.path.iterdir():
            if entry.is_symlink() and not entry.name.startswith("..") and entry.name not in files:
                entry.unlink()
