"""The example configs and toy data that come with textclf: `textclf configs` lists them and copies them out.

They are `configs/` and `data/toy_*` of the repository. The wheel holds them in `textclf/examples/`.
"""

import shlex
from pathlib import Path

from textclf.core.errors import ConfigError, WriteError, did_you_mean
from textclf.core.files import atomic_file, make_folder
from textclf.core.formatting import escape_control
from textclf.core.output_file import output_file, would_replace

PACKAGE = Path(__file__).parent.parent
SCHEMA_LINE = "# yaml-language-server:"  # names a file beside the config, which a copy has not


def examples_folder() -> Path:
    """Return the folder that holds `configs/` and `data/`: in an installed package, or else the checkout."""
    installed = PACKAGE / "examples"
    return installed if installed.is_dir() else PACKAGE.parent


def example_configs() -> dict[str, str]:
    """Return name -> summary of each example config; the summary is the first line of its comment."""
    paths = sorted((examples_folder() / "configs").glob("*.yaml"))
    return {path.stem: _summary(path.read_text(encoding="utf-8")) for path in paths}


def copy_example(name: str, output: Path | None = None, *, force: bool = False) -> list[Path]:
    """Copy an example config, and the toy data that it names into `data/` unless the files are there.

    Args:
        name: one of `example_configs`.
        output: path of the copy; by default `<name>.yaml` in the working folder.
        force: whether an existing config is replaced. Existing data never is.

    Returns:
        The files that were written, the config last.

    Raises:
        ConfigError: there is no such example.
        WriteError: the config exists, or a file cannot be written.
    """
    names = list(example_configs())
    if name not in names:
        known = f". The examples are: {', '.join(names)}."
        raise ConfigError(f"'{name}': no such example config{did_you_mean(name, names, known)}")
    output = output or Path(f"{name}.yaml")
    if would_replace(output) and not force:
        raise WriteError(f"{output} exists. Replace it with --force, or choose another name with --output.")
    text = (examples_folder() / "configs" / f"{name}.yaml").read_text(encoding="utf-8")
    lines = text.replace(f"configs/{name}.yaml", escape_control(shlex.quote(str(output)))).splitlines(keepends=True)
    written = _copy_data(text)
    with output_file(output) as stream:
        stream.writelines(line for line in lines if not line.startswith(SCHEMA_LINE))
    return [*written, output]


def _copy_data(config: str) -> list[Path]:
    """Copy the toy data named in the text of a config to the working folder; return the files that were missing."""
    root = examples_folder()
    folders = [folder for folder in sorted(root.glob("data/toy_*")) if f"data/{folder.name}/" in config]
    written = []
    for source in (file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()):
        copy = source.relative_to(root)
        if not copy.exists():
            make_folder(copy.parent)
            with atomic_file(copy, "wb") as stream:
                stream.write(source.read_bytes())
            written.append(copy)
    return written


def _summary(text: str) -> str:
    comments = (line for line in text.splitlines() if line.startswith("#") and not line.startswith(SCHEMA_LINE))
    return next(comments, "").removeprefix("#").strip()
