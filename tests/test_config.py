"""Configs: what is accepted, and how everything that is not is named."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from textclf.config import Config, json_schema, load_config, write_config
from textclf.errors import ConfigError
from textclf.models import ARCHITECTURES
from textclf.preprocessing import TOKENIZERS

DATA = "data: {train: train.csv}\n"
CHOICE = ", ".join(TOKENIZERS)
FORM = "expected section.setting=value, such as training.epochs=3"

MANY_FAULTS = """\
seed: -1
data:
  train: 3
  validation: 2
  text_colum: body
targets:
  type: no
preprocessing:
  tokenizer: wrod
  vocabulary_size: 2
  lowercase: yes
model:
  architecture: lsmt
  units: 1.5
  num_layers: 9
training:
  epochs: 3
  clip_norm: off
  early_stopping:
    metric: f1
  epochs: 4
surplus: 1
"""

# Pieces of YAML: random ones meet more of its rules than random letters do.
PIECES = st.sampled_from(
    [
        *["data", "seed", "train", "training", "epochs", ": ", ":\n  ", "\n", "\n- ", "  ", "[", "]", "{", "}", ", "],
        *["&x ", "*x", "'", '"', "|", "> ", "#", "---\n", "%YAML 1.1\n", "? ", "<<", "~", "1e3", ".inf", "0x1F", "="],
        *["!!bool ", "!!int ", "!!float ", "!!set ", "!x ", "2001-01-01", "\\UFFFFFFFF", "\\ud800", "\t"],
    ]
)
YAML_TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join)

NAMES = st.sampled_from(["data", "train", "validation", "seed", "preprocessing", "tokenizer", "model", "training"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["word", "lstm"]),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), parts, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("configs") / "config.yaml"


@pytest.fixture
def load(path):
    def load_text(text, *overrides):
        path.write_text(text, encoding="utf-8")
        return load_config(path, overrides)

    return load_text


@pytest.fixture
def faults(load):
    """The rows of the message: place, path if there is one, what was expected and received."""

    def faults_in(text, *overrides):
        with pytest.raises(ConfigError) as caught:
            load(text, *overrides)
        heading, *rows, end = str(caught.value).split("\n")
        assert re.fullmatch(r".*config.yaml: \d+ problems?", heading)
        assert int(heading.split()[-2]) == len(rows)
        assert end == "Nothing was run."
        return [tuple(re.split(r" {2,}", row.strip())) for row in rows]

    return faults_in


def test_every_fault_is_named_at_once_in_the_order_of_the_file(faults):
    assert faults(MANY_FAULTS, "training.batch_size=0", "foo") == [
        ("line 1", "seed", "expected a whole number of at least 0 and below 4294967296, received -1"),
        ("line 3", "data.train", "expected text or a list of texts, received 3"),
        (
            "line 4",
            "data.validation",
            "expected a share above 0 and below 1, such as 0.1, or the path of a file, received 2",
        ),
        ("line 5", "data.text_colum", "unknown setting; did you mean 'text_column'?"),
        ("line 7", "targets.type", "expected one of auto, binary, multiclass, multilabel, received 'no'"),
        (
            "line 9",
            "preprocessing.tokenizer",
            f"expected one of {CHOICE}, received 'wrod'; did you mean 'word'?",
        ),
        (
            "line 10",
            "preprocessing.vocabulary_size",
            "expected a whole number of at least 3 and of at most 1000000, received 2",
        ),
        ("line 11", "preprocessing.lowercase", "expected true or false, received 'yes'"),
        (
            "line 13",
            "model.architecture",
            f"expected one of {', '.join(ARCHITECTURES)}, received 'lsmt'; did you mean 'lstm'?",
        ),
        ("line 14", "model.units", "expected a whole number of at least 1, received 1.5"),
        ("line 15", "model.num_layers", "expected a whole number of at least 1 and of at most 8, received 9"),
        ("line 18", "training.clip_norm", "expected a number above 0, or null, received 'off'"),
        (
            "line 20",
            "training.early_stopping.metric",
            "expected one of accuracy, f1_macro, loss, roc_auc, received 'f1'",
        ),
        ("line 21", "training.epochs", "expected every setting once, received it in line 17 too"),
        ("line 22", "surplus", "unknown setting"),
        ("--set foo", FORM),
        ("--set training.batch_size=0", "training.batch_size", "expected a whole number of at least 1, received 0"),
    ]


def test_a_list_of_names_says_which_there_are(faults):
    expected = "expected a list with any of mlflow, tensorboard, such as [mlflow], received"
    assert faults(f"{DATA}training:\n  log_to: [tensorbord]\n") == [
        ("line 3", "training.log_to", f"{expected} 'tensorbord'; did you mean 'tensorboard'?")
    ]
    assert faults(DATA, "training.log_to=mlflow") == [
        ("--set training.log_to=mlflow", "training.log_to", f"{expected} 'mlflow'")
    ]


def test_unknown_setting_gets_a_suggestion_from_its_own_section(faults):
    assert faults(DATA + "training: {epoch: 3, sead: 4}") == [
        ("line 2", "training.epoch", "unknown setting; did you mean 'epochs'?"),
        ("line 2", "training.sead", "unknown setting"),
    ]


def test_message_has_one_line_for_every_fault(faults):
    assert len(faults(DATA + '"a\\nb": 1\nseed: "c\\nd"\n', "model.e\nf=1", "model.units=g\nh", "i\nj")) == 5


def test_of_very_many_and_very_long_faults_the_message_stays_short(path):
    path.write_text(DATA + "".join(f"setting_{number}: 1\n" for number in range(1000)))
    with pytest.raises(ConfigError, match="1001 problems") as caught:
        load_config(path, ["model." + "x" * 10_000])
    assert len(str(caught.value)) < 10_000
    assert str(caught.value).splitlines()[-2] == "  … and 951 more"


def test_duplicate_section_is_refused_naming_both_lines(faults):
    text = DATA + "training: {epochs: 3}\nseed: 1\ntraining: {epochs: 4}\n"
    assert faults(text) == [("line 4", "training", "expected every setting once, received it in line 2 too")]


def test_missing_data_section_is_said(faults):
    [(*place, message)] = faults("seed: 1\n")
    assert place[-1] == "data"
    assert message == "expected settings (name: value), but the setting is missing"


def test_missing_setting_is_said_with_the_line_of_its_section(faults):
    assert faults("seed: 1\ndata:\n  test: a.csv\n") == [
        ("line 2", "data.train", "expected text or a list of texts, but the setting is missing")
    ]


@pytest.mark.parametrize("value", ["1e-3", "1E-3", "0.001", "1.0e-3"])
def test_number_may_be_written_in_any_form(load, value):
    assert load(f"{DATA}training: {{learning_rate: {value}}}").training.learning_rate == 0.001


@pytest.mark.parametrize("word", ["no", "yes", "on", "off", "y", "n", "NO", "1:30"])
def test_only_true_and_false_are_truth_values(load, word):
    assert load(f"data: {{train: {word}, text_column: a}}").data.train == word


def test_whole_number_is_accepted_where_a_number_is_expected(load):
    assert load(DATA + "training: {learning_rate: 1}").training.learning_rate == 1.0


@pytest.mark.parametrize("value", ["true", "'3'", "3.0", "null", "[3]"])
def test_nothing_is_converted_to_a_whole_number(faults, value):
    [(place, setting, message)] = faults(f"{DATA}training: {{epochs: {value}}}")
    assert (place, setting) == ("line 2", "training.epochs")
    assert message.startswith("expected a whole number of at least 1, received")


@pytest.mark.parametrize("value", ["0.0", "1.0", "1", "-0.1", ".nan", "''", "null", "true", "[0.1]"])
def test_validation_is_a_share_or_a_file(faults, value):
    [(place, setting, message)] = faults(f"data:\n  train: a\n  validation: {value}\n")
    assert (place, setting) == ("line 3", "data.validation")
    assert message.startswith("expected a share above 0 and below 1, such as 0.1, or the path of a file")


def test_null_switches_off_what_may_be_off(load):
    config = load(DATA + "training: {clip_norm: null, early_stopping: null}")
    assert config.training.clip_norm is None
    assert config.training.early_stopping is None


def test_defaults(load):
    assert load(DATA).model_dump() == {
        "seed": 42,
        "data": {
            "train": "train.csv",
            "validation": 0.1,
            "test": None,
            "split_column": None,
            "text_column": "text",
            "label_column": "label",
            "format": None,
            "encoding": "utf-8",
            "delimiter": None,
            "quoting": "minimal",
            "text_separator": " ",
        },
        "targets": {
            "type": "auto",
            "separator": "|",
            "class_weights": None,
            "label_smoothing": 0.0,
            "threshold": 0.5,
            "abstain_below": None,
        },
        "preprocessing": {
            "tokenizer": "word",
            "vocabulary_size": 20_000,
            "sequence_length": 256,
            "padding": "right",
            "truncating": "right",
            "ngrams": {
                "longest_words": 2,
                "shortest_characters": 2,
                "longest_characters": 5,
                "min_frequency": 2,
                "most_ngrams": 524_288,
                "most_per_text": 4096,
            },
            "min_frequency": 1,
            "normalization": "nfc",
            "lowercase": True,
            "turkish_i": False,
            "replace_urls": False,
            "replace_users": False,
            "replace_numbers": False,
        },
        "model": {
            "architecture": "lstm",
            "embedding_dim": 64,
            "units": 64,
            "pooling": "last",
            "num_layers": 1,
            "bidirectional": False,
            "dropout": 0.2,
            "recurrent_dropout": 0.0,
            "word_dropout": 0.0,
            "spatial_dropout": 0.0,
            "vectors": None,
            "l2": 0.0,
        },
        "training": {
            "epochs": 10,
            "batch_size": 32,
            "loss": "log_loss",
            "optimizer": "adam",
            "initial_accumulator": 0.1,
            "learning_rate": 0.001,
            "schedule": "constant",
            "warmup": 0.0,
            "clip_norm": 5.0,
            "weight_decay": 0.0,
            "ema_decay": None,
            "checkpoint_steps": 1000,
            "augmentation": None,
            "validations_per_epoch": 1,
            "early_stopping": {"metric": "loss", "patience": 3},
            "refit": False,
            "log_to": [],
        },
    }


def test_a_loaded_config_cannot_be_changed(load):
    with pytest.raises(ValueError, match="frozen"):
        load(DATA).seed = 3


@pytest.mark.parametrize("section", ["targets", "preprocessing", "model", "training"])
def test_section_without_settings_has_its_defaults(load, section):
    assert load(f"{DATA}{section}:\n").model_dump() == load(DATA).model_dump()


def test_settings_of_another_tokenizer_are_unknown(faults, load):
    text = DATA + "preprocessing: {tokenizer: %s, oov_token: null}"
    assert load(text % "keras").preprocessing.oov_token is None
    assert faults(text % "word") == [("line 2", "preprocessing.oov_token", "unknown setting")]


@pytest.mark.parametrize("name", ["null", "[word]", "3", "{}", "Word"])
def test_tokenizer_that_is_no_name_of_one_is_refused(faults, name):
    [(place, setting, message)] = faults(f"{DATA}preprocessing: {{tokenizer: {name}}}")
    assert (place, setting) == ("line 2", "preprocessing.tokenizer")
    assert message.startswith(f"expected one of {CHOICE}, received ")


def test_text_and_label_are_different_columns(faults, load):
    message = "expected another column than text_column"
    assert faults(DATA, "data.label_column=text") == [("--set data.label_column=text", "data.label_column", message)]
    assert faults("data:\n  train: a\n  text_column: x\n  label_column: x\n") == [
        ("line 4", "data.label_column", message)
    ]
    assert load("data: {train: a, text_column: label, label_column: text}").data.text_column == "label"


def test_overrides_win_over_the_file_and_the_last_one_over_all(load):
    config = load(DATA + "training: {epochs: 5}", "training.epochs=6", "training.epochs=7", "seed=1")
    assert config.training.epochs == 7
    assert config.seed == 1


def test_override_reaches_into_sections_that_are_missing_or_empty(load):
    config = load(DATA + "training:\n", "training.early_stopping.patience=9", "model.units=8")
    assert config.training.early_stopping.patience == 9
    assert config.training.early_stopping.metric == "loss"
    assert config.model.units == 8


def test_override_is_written_as_in_yaml(load):
    config = load(
        DATA,
        "training.learning_rate=1e-2",
        "training.clip_norm=null",
        "model.bidirectional=true",
        "data.test=a=b.csv",
        "data.text_column=[",
        "training.early_stopping={patience: 2}",
        "preprocessing.tokenizer=keras",
        "preprocessing.oov_token=",
    )
    assert config.training.learning_rate == 0.01
    assert config.training.clip_norm is None
    assert config.model.bidirectional is True
    assert config.data.test == "a=b.csv"
    assert config.data.text_column == "["
    assert config.training.early_stopping.patience == 2
    assert config.preprocessing.tokenizer == "keras"
    assert config.preprocessing.oov_token is None


def test_override_is_checked_as_the_file_is(faults):
    kera = "preprocessing.tokenizer=kera"
    assert faults(DATA, "training={epochs: 0}", kera, "model.unit=3", "data=3") == [
        (f"--set {kera}", kera.split("=")[0], f"expected one of {CHOICE}, received 'kera'; did you mean 'keras'?"),
        ("--set data=3", "data", "expected settings (name: value), received 3"),
        ("--set model.unit=3", "model.unit", "unknown setting; did you mean 'units'?"),
        ("--set training={epochs: 0}", "training.epochs", "expected a whole number of at least 1, received 0"),
    ]


@pytest.mark.parametrize("override", ["foo", "a.=1", "=3", ".=", "training..epochs=3", ".seed=1", ""])
def test_override_of_wrong_form_is_refused(faults, override):
    assert faults(DATA, override) == [(f"--set {override}".strip(), FORM)]


@pytest.mark.parametrize("override", ["data.train.x=1", "seed.x=1", "training.early_stopping.metric.x=1"])
def test_override_below_a_plain_value_is_refused(faults, override):
    [(place, *_)] = faults(DATA + "seed: 1\ntraining: {early_stopping: {metric: loss}}", override)
    assert place == f"--set {override}"


def test_override_mends_what_the_file_has_wrong(load):
    assert load(DATA + "training: {epochs: 0}", "training.epochs=1").training.epochs == 1


def test_mapping_and_config_are_sources_too_and_are_left_as_they_were():
    source = {"data": {"train": "a.csv"}, "training": None}
    config = load_config(source, ["training.epochs=3"])
    assert source == {"data": {"train": "a.csv"}, "training": None}
    again = load_config(config, ["training.epochs=4"])
    assert (config.training.epochs, again.training.epochs) == (3, 4)
    assert again.data == config.data
    with pytest.raises(ConfigError, match=r"^config: 1 problem\n +seed +expected a whole number"):
        load_config({"data": {"train": "a.csv"}, "seed": "x"})


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml: expected a config file, but there is none"):
        load_config(tmp_path / "none.yaml")


@pytest.mark.parametrize("name", ["", "file/below.yaml", "a\0b.yaml", "x" * 300])
def test_path_that_is_no_file_is_refused(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError):
        load_config(f"{tmp_path}/{name}")


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "gbk"])
def test_other_encodings_are_refused(path, encoding):
    path.write_bytes("data: {train: é.csv}".encode(encoding))
    with pytest.raises(ConfigError, match="expected a YAML file in UTF-8"):
        load_config(path)


def test_byte_order_mark_and_windows_line_ends_are_no_part_of_the_config(path):
    path.write_bytes(b"\xef\xbb\xbfdata:\r\n  train: a.csv\r\n")
    assert load_config(path).data.train == "a.csv"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("data: [", 1),
        (DATA + "training:\n  epochs: 3\n   batch_size: 4\n", 4),
        (DATA + "training:\n\tepochs: 3\n", 3),
        (DATA + "seed: *x\n", 2),
        (DATA + "seed: 'open\n", 2),
        (DATA + "---\n" + DATA, 2),
    ],
)
def test_line_of_invalid_yaml_is_named(faults, text, line):
    places = [fault[0] for fault in faults(text) if "expected YAML" in fault[-1]]
    assert places in ([f"line {line}"], [f"line {line + 1}"])  # an open bracket is noticed where it should have closed


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n"])
def test_empty_file_misses_its_data_and_nothing_else(faults, text):
    assert faults(text) == [("data", "expected settings (name: value), but the setting is missing")]


@pytest.mark.parametrize(("text", "shown"), [("- data\n- 1\n", '["data", 1]'), ("data\n", "'data'"), ("3\n", "3")])
def test_file_that_is_no_mapping_is_refused(faults, text, shown):
    assert ("line 1", f"expected settings (name: value), received {shown}") in faults(text)


@pytest.mark.parametrize("text", ["a: &x [*x]", "a: &x {b: *x}", "&x [*x]", "data: &x {train: *x}"])
def test_alias_within_itself_is_refused(faults, text):
    assert any(fault[-1].endswith("is nested without end") for fault in faults(text))


def test_alias_within_itself_twice_is_refused_once(faults):
    assert len(faults(DATA + "seed: &x " + "{a: *x, b: *x}")) < 10


def test_aliases_that_multiply_are_refused(faults):
    text = "a: &a 1\n"
    for one, ten in ["ab", "bc", "cd", "de", "ef"]:
        text += f"{ten}: &{ten} [{', '.join(10 * [f'*{one}'])}]\n"
    assert any("expected YAML" in fault[-1] for fault in faults(text))


def test_alias_stands_for_what_it_names(load):
    config = load("data: {train: &file a.csv, test: *file}")
    assert config.data.test == "a.csv"


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.mkdir [made]",
        "!!python/object/apply:os.mkdir {args: [made]}",
        "!!python/name:os.system ''",
        "!x 1",
    ],
)
def test_tags_make_no_objects(faults, tmp_path, monkeypatch, value):
    monkeypatch.chdir(tmp_path)
    assert faults(f"{DATA}seed: {value}")[0][:2] == ("line 2", "seed")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "value", ["!!int x", "!!int ''", "!!float ''", "!!bool x", "2001-99-99", "!!binary x", "=", "1" * 5000, "0x_"]
)
def test_value_that_is_none_of_its_kind_is_a_fault(faults, value):
    assert faults(f"{DATA}seed: {value}")[0][:2] == ("line 2", "seed")


@pytest.mark.parametrize("value", [r'"\UFFFFFFFF"', r'"\U00FFFFFF"', r'"\x"', "\x07", "[" * 1000, "{a: " * 1000])
def test_text_that_is_no_yaml_is_a_fault(faults, value):
    assert faults(f"{DATA}seed: {value}")


@settings(deadline=None)
@given(text=YAML_TEXTS | st.text())
@example("? [a]\n: 1\n")
@example("~: 1")
@example("<<: {a: 1}")
def test_any_text_is_a_config_or_a_config_error(path, text):
    path.write_text(text, encoding="utf-8", newline="")
    with suppress(ConfigError):
        assert isinstance(load_config(path), Config)


@settings(deadline=None)
@given(source=st.dictionaries(NAMES | st.text(max_size=5), VALUES, max_size=5))
def test_any_data_is_a_config_or_a_config_error(source):
    with suppress(ConfigError):
        assert isinstance(load_config(source), Config)


@settings(deadline=None)
@given(override=YAML_TEXTS | st.tuples(NAMES, YAML_TEXTS).map("=".join))
def test_any_override_is_a_setting_or_a_config_error(override):
    with suppress(ConfigError):
        assert isinstance(load_config({"data": {"train": "a.csv"}}, [override]), Config)


@pytest.mark.parametrize("key", [3, None, ("a",), 2.5, True])
def test_keys_of_a_mapping_may_be_anything_and_are_refused(key):
    for source in ({key: 1}, {"seed": {key: 1}}, {"model": {key: {key: 1}}}):
        with pytest.raises(ConfigError):
            load_config({"data": {"train": "a.csv"}, **source})


def test_mapping_within_itself_is_refused():
    endless: dict = {}
    endless["seed"] = endless
    with pytest.raises(ConfigError):
        load_config({"data": {"train": "a.csv"}, **endless})


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_written_config_gives_the_same_config(path, tokenizer):
    config = load_config(
        {
            "data": {"train": "训练.csv", "validation": 0.25, "test": " no "},
            "preprocessing": {"tokenizer": tokenizer, "padding": "left"},
            "training": {"learning_rate": 1e-7, "clip_norm": None, "early_stopping": None},
        }
    )
    write_config(config, path, "textclf train x")
    assert path.read_text(encoding="utf-8").startswith("# As resolved by `textclf train x`, every default filled in.\n")
    assert load_config(path).model_dump() == config.model_dump()


@settings(deadline=None)
@given(
    text=st.text(min_size=1) | YAML_TEXTS.filter(bool),
    number=st.floats(min_value=0, exclude_min=True, allow_infinity=False),
)
@example("no", 1e-5)
@example("=", 1.0)
@example("1e-3", 1e22)
@example("a" * 100 + " " * 30 + "b", 0.1)
@example("a\x85\xb6", 0.1)
@example("\u2028 \ufeff \x00 \x7f", 0.1)
def test_any_text_and_number_survives_writing(path, text, number):
    data = {"train": text, "validation": text, "test": text, "text_column": f"{text}1", "label_column": text}
    preprocessing = {"tokenizer": "keras", "filters": text, "oov_token": text}
    config = load_config({"data": data, "preprocessing": preprocessing, "training": {"learning_rate": number}})
    write_config(config, path, "test")
    assert load_config(path).model_dump() == config.model_dump()


def test_schema_describes_every_setting():
    schema = json_schema()
    for part in [schema, *schema["$defs"].values()]:
        assert part["additionalProperties"] is False
        assert part["description"]
        for name, field in part["properties"].items():
            assert "description" in {**_referenced(field, schema), **field}, name
    assert schema["required"] == ["data"]
    assert set(schema["properties"]) == set(Config.model_fields)


def test_schema_offers_every_tokenizer():
    schema = json_schema()
    parts = [_referenced(part, schema) for part in schema["properties"]["preprocessing"]["anyOf"]]
    assert [part["properties"]["tokenizer"]["const"] for part in parts] == list(TOKENIZERS)
    assert [part["properties"]["tokenizer"]["default"] for part in parts] == list(TOKENIZERS)


def _referenced(field, schema):
    return schema["$defs"][field["$ref"].rsplit("/", 1)[-1]] if "$ref" in field else {}


def test_shipped_configs_are_valid():
    paths = sorted((Path(__file__).parents[1] / "configs").glob("*.yaml"))
    assert paths
    for path in paths:
        assert load_config(path).data.train.startswith("data/")


def test_the_widths_of_a_cnn_are_checked_one_by_one():
    config = {"data": {"train": "a.csv"}, "model": {"architecture": "cnn", "widths": [3, 0]}}
    with pytest.raises(ConfigError, match=r"model.widths +expected a list of whole numbers, received 0"):
        load_config(config)
    with pytest.raises(ConfigError, match=r"model.widths +expected a list of whole numbers, received \[\]"):
        load_config({**config, "model": {"architecture": "cnn", "widths": []}})
