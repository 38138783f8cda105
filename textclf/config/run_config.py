"""The config of a run: written with its checksum in `run.json`, and read only if the checksum fits."""

import hashlib
from dataclasses import replace

from textclf.config.config import LARGEST_RUN_CONFIG, Config, load_config
from textclf.config.serialization import write_config
from textclf.core.errors import ConfigError, RunError
from textclf.core.files import checksum, read_untrusted
from textclf.core.run_folder import RunFolder, unusable
from textclf.preprocessing.options import NormalizedOptions

CHECKSUM = "config_sha256"  # in run.json


def write_run_config(run: RunFolder, config: Config, command: str) -> None:
    """Write `config.yaml` of a new run, and its checksum.

    Args:
        run: the run, whose `run.json` exists.
        config: the resolved config.
        command: the command that resolved it, for the first line.

    Raises:
        ConfigError: the file would be too large to be read again: aliases can repeat a long text.
        WriteError: the file cannot be written.
    """
    write_config(config, run.config, command)
    size = run.config.stat().st_size
    if size > LARGEST_RUN_CONFIG:
        raise ConfigError(
            f"config: expected at most {LARGEST_RUN_CONFIG:,} bytes with every default filled in, got {size:,}. "
            "Shorten its lists and texts."
        )
    run.update_metadata(**{CHECKSUM: checksum(run.config)})


def read_run_config(run: RunFolder) -> Config:
    """Return the config that a run was made with.

    Half of a file can be a valid config by chance, so the checksum decides.

    Raises:
        RunError: the file is missing, cannot be read, or has changed since; or `run.json` is damaged.
        ConfigError: the file is no valid config. Only runs of versions without checksums get that far.
    """
    expected = run.read_metadata().get(CHECKSUM)
    path = run.inside(run.config)
    try:
        content = read_untrusted(run.path, path.name, LARGEST_RUN_CONFIG)
    except (OSError, ValueError) as error:
        raise unusable(path, error, " Train again.") from None
    received = hashlib.sha256(content).hexdigest()
    if expected is not None and received != expected:
        raise RunError(
            f"{path}: damaged or changed: its SHA-256 is {received:.12}…, in run.json it is {expected!s:.12}…. "
            "Restore the file from a backup. To train with other settings, give textclf train a copy of it."
        )
    return _as_it_was(load_config(path, of_run=True), content)


def _as_it_was(config: Config, content: bytes) -> Config:
    """Return the config of a run with the settings that its version of textclf did not have as that version behaved."""
    options = config.preprocessing
    if not isinstance(options, NormalizedOptions) or b"remove_invisible" in content:
        return config
    return replace(config, preprocessing=replace(options, remove_invisible=False))
