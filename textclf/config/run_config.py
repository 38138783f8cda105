"""The config of a run: written with its checksum in `run.json`, and read only while it fits."""

import hashlib

from textclf.config.config import LARGEST_CONFIG, Config, load_config, write_config
from textclf.core.errors import RunError
from textclf.core.files import checksum, read_untrusted
from textclf.core.run_folder import RunFolder

CHECKSUM = "config_sha256"  # in run.json


def write_run_config(run: RunFolder, config: Config, command: str) -> None:
    """Write `config.yaml` of a run that is being made, and its checksum.

    Args:
        command: that resolved it, for the first line.

    Raises:
        WriteError: it cannot be written.
    """
    write_config(config, run.config, command)
    run.update_metadata(**{CHECKSUM: checksum(run.config)})


def read_run_config(run: RunFolder) -> Config:
    """The config that a run was made with. Half of a file may be a whole config by chance: only the checksum tells.

    Raises:
        RunError: it is missing, cannot be read, or is not the one that was written; or `run.json` is damaged.
        ConfigError: it is no config; only in runs without a checksum, from before there was one.
    """
    expected = run.read_metadata().get(CHECKSUM)
    path = run.inside(run.config)
    try:
        content = read_untrusted(run.path, path.name, LARGEST_CONFIG)
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: damaged: {getattr(error, 'strerror', None) or error}. Train again.") from None
    received = hashlib.sha256(content).hexdigest()
    if expected is not None and received != expected:
        raise RunError(
            f"{path}: expected the file that the run was made with, of SHA-256 {expected!s:.12}… in run.json, "
            f"received one of {received:.12}…: it is damaged or was changed. Bring it back from a copy; to train with "
            "other settings, give textclf train a copy of it."
        )
    return load_config(path)
