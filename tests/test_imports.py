"""What a process that only answers imports: never TensorFlow or Keras, and nothing slow without need."""

import ast
import inspect
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import textclf
from textclf.inference.classifier_files import classifier_files, write_classifier
from textclf.preprocessing.ngrams import NGRAM_ARRAYS
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers import TOKENIZERS

BLOCKED = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if {name, name.split(".")[0]} & {"tensorflow", "keras", *sys.argv[1].split(",")}:
            raise ImportError(f"{name} is blocked")
sys.meta_path.insert(0, Block())
from textclf.cli.main import main
sys.exit(main(sys.argv[2:]))
"""
# Besides TensorFlow and Keras: what each command must do without. pandas alone takes as long as an answer.
ANSWERING = "pandas,onnx,ruamel,rich,sklearn,scipy"
# What makes a Python function of each of pyarrow's takes a fifth of an answer, numpy.ma nearly as much, pydantic a
# third; and so do modules of ours that are only for files, configs and trainings.
OF_FILES = "textclf.data.readers,textclf.config.config,textclf.data.dataset,textclf.inference.text_source"
OF_TRAINING = "textclf.training.class_weights,textclf.training.fitting.losses,textclf.evaluation.metrics"
OTHER_TOKENIZERS = ",".join(
    f"textclf.preprocessing.tokenizers.{name}" for name in ("character", "jieba", "subword", "pretokenizer")
)
PYDANTIC = "pydantic,pydantic_core,annotated_types"
OF_PYTHON = "tempfile,shutil,concurrent.futures,difflib,csv"
OF_OURS = f"{OF_FILES},{OF_TRAINING},{OTHER_TOKENIZERS}"
FEW_TEXTS = f"{ANSWERING},{OF_PYTHON},pyarrow.compute,numpy.ma,tokenizers,{PYDANTIC},{OF_OURS}"
COMMANDS = {
    "help": (["--help"], "numpy,pandas,pyarrow,onnx,onnxruntime,pydantic,ruamel,rich"),
    "help of train": (["train", "--help"], "numpy,pandas,pyarrow,onnx,onnxruntime,pydantic,ruamel,rich"),
    "version": (["--version"], "numpy,pandas,pyarrow,onnx,onnxruntime,pydantic,ruamel,rich"),
    "predict": (["predict", "a wonderful film", "好", "", "\u0130"], FEW_TEXTS),
    "predict with n-grams": (["predict", "--run", "n_grams", "a wonderful film", "好", "", "\u0130"], FEW_TEXTS),
    "predict --explain": (["predict", "--explain", "a wonderful film"], FEW_TEXTS),
    "predict with the keras tokenizer": (["predict", "--run", "toy_keras", "a wonderful film"], ANSWERING),
    "predict a file of lines": (["predict", "--file", "texts.txt", "--format", "jsonl"], f"{ANSWERING},{PYDANTIC}"),
    "predict jsonl": (["predict", "--file", "texts.jsonl", "--format", "csv"], f"onnx,ruamel,rich,{PYDANTIC}"),
    "evaluate": (["evaluate"], "onnx,sklearn,scipy"),
    "schema": (["schema"], "pandas,onnx,onnxruntime,rich"),
    "list": (["list"], "pandas,onnx,onnxruntime"),
    "report": (["report"], "onnx"),
}


# What else may be imported at all: a package that is not named here takes time that nobody has decided to spend.
NAMED = """
import sys
from textclf.cli.main import main
try:
    main(sys.argv[1:])
finally:
    print(*{name.split(".")[0] for name in sys.modules} - sys.stdlib_module_names, file=sys.stderr)
"""
OF_PYDANTIC = {"annotated_types", "pydantic", "pydantic_core", "typing_extensions", "typing_inspection"}
OF_PYARROW = {"cloudpickle", "cython_runtime", "numpy", "pyarrow"}
ALLOWED = {
    "help": (["--help"], {"click"}),
    "predict": (["predict", "a wonderful film"], {"click", "onnxruntime", *OF_PYARROW}),
    "check": (
        ["check", "configs/toy_en.yaml"],
        {"click", "rich", "ruamel", "pandas", "dateutil", "pytz", "six", *OF_PYDANTIC, *OF_PYARROW},
    ),
}


@pytest.fixture
def workplace_with_runs(with_runs):
    """The finished runs, a classifier with the Keras-compatible tokenizer, one of n-grams, and files of texts."""
    classifier = textclf.load("toy_en")
    write_classifier(
        Path("n_grams"),
        classifier_files(
            graph_of_ngrams(),
            Preprocessor.fit(TOKENIZERS["word"].Options(), ["a film", "a waste", "a film"], NGRAM_ARRAYS),
            classifier.targets,
            classifier.decision,
            {"text_column": "text", "label_column": "label", "reading": {}},
        ),
    )
    options = TOKENIZERS["keras"].Options(vocabulary_size=50)
    write_classifier(
        Path("toy_keras"),
        classifier_files(
            Path("runs/toy_en/classifier/model.onnx").read_bytes(),
            Preprocessor.fit(options, ["a wonderful film", "awful"]),
            classifier.targets,
            classifier.decision,
            {"text_column": "text", "label_column": "label", "reading": {}},
        ),
    )
    Path("texts.txt").write_text("a wonderful film\n好\n", encoding="utf-8")
    Path("texts.jsonl").write_text('{"text": "a wonderful film"}\n', encoding="utf-8")
    return with_runs


def graph_of_ngrams():
    """Ids times weights, added up: a probability, if nothing more."""
    shape = ("rows", "ngrams")
    nodes = [
        helper.make_node("Cast", ["ngram_ids"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["numbers", "ngram_weights"], ["weighted"]),
        helper.make_node("ReduceSum", ["weighted", "axis"], ["logits"], keepdims=1),
        helper.make_node("Sigmoid", ["logits"], ["probabilities"]),
    ]
    inputs = [
        helper.make_tensor_value_info("ngram_ids", TensorProto.INT32, shape),
        helper.make_tensor_value_info("ngram_weights", TensorProto.FLOAT, shape),
    ]
    outputs = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ("rows", 1))]
    axis = numpy_helper.from_array(np.array([1]), "axis")
    graph = helper.make_graph(nodes, "n-grams", inputs, outputs, [axis])
    opset = helper.make_opsetid("", 20)
    return helper.make_model(graph, opset_imports=[opset], ir_version=9).SerializeToString()


@pytest.mark.parametrize(("arguments", "blocked"), COMMANDS.values(), ids=COMMANDS)
def test_commands_run_with_tensorflow_and_keras_blocked(workplace_with_runs, textclf_command, arguments, blocked):
    finished = textclf_command(blocked, *arguments, python=("-c", BLOCKED))
    assert finished.returncode == 0, finished.stderr.decode()
    assert finished.stdout.strip()


@pytest.mark.parametrize(("arguments", "allowed"), ALLOWED.values(), ids=ALLOWED)
def test_commands_import_only_what_is_allowed(with_runs, textclf_command, arguments, allowed):
    finished = textclf_command(*arguments, python=("-c", NAMED))
    assert finished.stdout.strip(), finished.stderr.decode()
    names = finished.stderr.decode().splitlines()[-1].split()
    # Those of the interpreter, of an editable installation, and of compiled modules begin with an underscore.
    assert {name for name in names if not name.startswith("_")} - {"textclf"} <= allowed


def test_a_library_that_loads_and_predicts_imports_little(with_runs, textclf_command):
    script = "import sys, textclf; textclf.load('toy_en').predict(['a wonderful film'])"
    shown = "print(*{name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
    names = textclf_command(python=("-c", f"{script}; {shown}")).stdout.decode().split()
    assert {name for name in names if not name.startswith("_")} == {"onnxruntime", "textclf", *OF_PYARROW}


def test_the_block_works(workplace_with_runs, textclf_command):
    finished = textclf_command("rich", "list", python=("-c", BLOCKED))
    assert finished.returncode != 0
    assert b"rich is blocked" in finished.stderr
    finished = textclf_command("x", "train", "configs/toy_en.yaml", python=("-c", BLOCKED))
    assert finished.returncode != 0
    assert b"keras is blocked" in finished.stderr


def test_texts_from_the_shell_start_no_threads_of_blas_and_a_library_leaves_them_alone(with_runs, textclf_command):
    said = "import os, sys; print(os.environ.get('OPENBLAS_NUM_THREADS'))"
    command = "from textclf.cli.main import main; main(['predict', 'a wonderful film'])"
    library = "import textclf; textclf.load('toy_en').predict(['a wonderful film'])"
    finished = textclf_command(python=("-c", f"{command}; {said}"))
    assert finished.stdout.split()[-1] == b"1", finished.stderr.decode()
    finished = textclf_command(python=("-c", f"import numpy; {command}; {said}"))
    assert finished.stdout.split()[-1] == b"None"
    finished = textclf_command(python=("-c", f"{library}; {said}"))
    assert finished.stdout.split()[-1] == b"None"


def test_importing_the_package_imports_nothing_else(textclf_command):
    script = "import sys, textclf; print(sorted(m for m in sys.modules if '.' not in m and not m.startswith('_')))"
    modules = textclf_command(python=("-c", script)).stdout.decode()
    assert "textclf" in modules
    assert not any(f"'{name}'" in modules for name in ("numpy", "click", "pydantic", "pyarrow", "onnxruntime"))


def test_the_public_names_are_there(textclf_command):
    script = "import textclf as t; print([t.train, t.evaluate, t.load, t.Classifier], set(t.__all__) <= set(dir(t)))"
    finished = textclf_command(python=("-c", script))
    assert finished.returncode == 0, finished.stderr.decode()
    assert finished.stdout.endswith(b"] True\n")


def test_type_checkers_see_the_public_names_where_they_are():
    """The block for type checkers is no second list that can go stale."""
    [block] = [node for node in ast.parse(Path(textclf.__file__).read_text()).body if isinstance(node, ast.If)]
    seen = {name.name: node.module for node in block.body for name in node.names}
    assert seen == {name: module for name, (module, _) in textclf._HOMES.items()}
    assert set(seen) == set(textclf.__all__)
    assert Path(textclf.__file__).with_name("py.typed").exists()


@pytest.mark.parametrize("name", textclf.__all__)
def test_every_public_name_can_be_called_in_strictly_typed_code(name):
    called = getattr(textclf, name)
    called = called.__init__ if isinstance(called, type) else called
    assert set(inspect.signature(called).parameters) - {"self"} <= set(called.__annotations__) - {"return"}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = textclf.trian
