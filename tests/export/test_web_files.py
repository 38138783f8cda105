"""The form `web`: JavaScript gives the numbers of Python, in Node and in a browser; the page asks nobody else."""

import gzip
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import textclf
from tests.browser import BROWSER, FLAGS, chromium, file_server, needs_browser
from textclf.cli.main import main
from textclf.core.errors import RunError
from textclf.export.export import export
from textclf.export.web_files import SCRIPTS, TOKENIZERS, unicode_tables, web_files
from textclf.preprocessing.options import NgramOptions
from textclf.preprocessing.preprocessor import Preprocessor
from textclf.preprocessing.tokenizers import TOKENIZERS as ALL_TOKENIZERS

TEXTS = [
    "a wonderful film, isn't it?", "HTTP://A.B/c?d=e. mail me@b.c @user_1 3.14 1,000 mp3", "很好看的电影。www.x.com好",
    "İSTANBUL Iı STRASSE Straße ς Σ", "é e\u0301 ﬁ ３ Å ｶﾀｶﾅ 漢字 ひらがな", "مرحبا بالعالم، فيلم جيد", "हिन्दी में लिखा",
    "ภาษาไทย\u200bไม่มี\u200bเว้นวรรค", "a\u200bb \u00adc \ufeff", "👍🏽 👨‍👩‍👧 ☺️ ☺︎ x\ufe0fy", "", " \t\n",
    "\ud83d x", "좋은 영화 " * 30, "x" * 300, "Привет, мир! " * 4, "\ufdd0 \ufdd1@a 1\ufdd2",
    "a\u0378\u0301b", "K ſ WWW.ſ.com",
]  # fmt: skip
NAMES = ("token_ids", "ngram_ids", "ngram_weights")
NGRAMS = NgramOptions(longest_words=3, shortest_characters=1, longest_characters=3, min_frequency=1, most_per_text=60)
CASES = {
    "word": ("word", {"ngrams": NGRAMS}, NAMES),
    "word with everything": (
        "word",
        {"normalization": "nfkc", "replace_urls": True, "replace_users": True, "replace_numbers": True,
         "truncating": "left", "sequence_length": 7, "ngrams": NGRAMS},
        NAMES,
    ),
    "word as it is": ("word", {"normalization": "none", "turkish_i": True, "remove_invisible": False}, NAMES[:1]),
    "character": ("character", {"lowercase": False}, NAMES[:1]),
    "byte_pair": ("byte_pair", {"vocabulary_size": 150, "min_frequency": 1}, NAMES[:1]),
    "unigram": ("unigram", {"vocabulary_size": 150, "min_frequency": 1, "replace_numbers": True}, NAMES[:1]),
    "n-grams only": ("word", {"ngrams": NgramOptions(min_frequency=1)}, NAMES[1:]),
}  # fmt: skip
ENCODE = """
import { readFileSync, writeFileSync } from "node:fs";
const { makeEncoder } = await import(process.argv[1]);
const { cases, unicode, texts } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const found = {};
for (const [name, tokenizer] of Object.entries(cases)) found[name] = texts.map(await makeEncoder(tokenizer, unicode));
writeFileSync(process.argv[2], JSON.stringify(found));
"""


LOAD = """
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const [script, folder, path] = process.argv.slice(1);
const { loadClassifier } = await import(script);
const { encode } = await loadClassifier(pathToFileURL(folder), { InferenceSession: { create: () => null } });
writeFileSync(path, JSON.stringify(JSON.parse(readFileSync(path, "utf8")).map(encode)));
"""

# A cache without room, and a worker that asks for a file.
FULL_CACHE = """
import { readFileSync } from "node:fs";
const handlers = {}, full = () => Promise.reject(new Error("QuotaExceededError"));
globalThis.self = { addEventListener: (name, handler) => { handlers[name] = handler; }, location: { origin: "x:" } };
globalThis.caches = { open: async () => ({ put: full, match: async () => undefined }) };
globalThis.fetch = async () => new Response("the file");
(0, eval)(readFileSync(process.argv[1], "utf8"));
const respondWith = async (answer) => console.log(await (await answer).text());
handlers.fetch({ request: { method: "GET", url: "x:/model.onnx" }, respondWith });
"""
# A page whose first prediction fails.
FAILED_ONCE = """
const elements = { text: { value: "", addEventListener: (name, ask) => { elements.text.ask = ask; } } };
const element = () => ({ className: "", textContent: "", append() {}, replaceChildren() {} });
globalThis.document = { getElementById: (id) => (elements[id] ??= element()), createElement: element };
Object.defineProperty(globalThis, "navigator", { value: {} });
globalThis.fetch = async () => ({ json: async () => ({}) });
await import(process.argv[1]);
for (const word of ["fails", "works"]) {
  elements.text.value = word;
  elements.text.ask();
  await new Promise((done) => setTimeout(done, 20));
  console.log(`${elements.state.className}: ${elements.state.textContent}`);
}
"""
NO_TEXTS = """
const { Classifier } = await import(process.argv[1]);
const classifier = new Classifier(null, { labels: [] }, null, null);
for (const texts of ["a text", [5], [null], [undefined], [["a"]]])
  console.log(await classifier.predict(texts).catch((error) => `${error.name}: ${error.message}`));
"""
STUBS = {
    "index.js": """export const loadClassifier = async () => ({ labels: ["a"], predict: async ([text]) => {
      if (text === "fails") throw new Error("no memory");
      return [{ labels: ["a"], probabilities: { a: 1 } }];
    } });""",
    "node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs": "export const env = { wasm: {} };",
    "package.json": '{"type": "module"}',
}


@pytest.fixture(scope="module")
def tables():
    return unicode_tables()


def preprocessors(texts: list[str]) -> dict[str, Preprocessor]:
    return {
        name: Preprocessor.fit(ALL_TOKENIZERS[tokenizer].Options(**options), texts, names)
        for name, (tokenizer, options, names) in CASES.items()
    }


def assert_the_same(learned: dict[str, Preprocessor], tables: dict, texts: list[str], folder: Path) -> None:
    """Compare the arrays of all texts."""
    if not shutil.which("node"):
        pytest.skip("Node is not installed")
    cases = {name: json.loads(made.to_json()) for name, made in learned.items()}
    path = folder / "encoded.json"
    path.write_text(json.dumps({"cases": cases, "unicode": tables, "texts": texts}))
    script = ["--input-type=module", "-e", ENCODE, str(SCRIPTS / "index.js"), str(path)]
    subprocess.run(["node", *script], check=True, timeout=600)
    found = json.loads(path.read_text())
    for name, made in learned.items():
        arrays = made.encode_arrays(texts)
        for array, rows in arrays.items():
            expected = np.split(np.asarray(rows.values), rows.offsets[1:-1])
            for text, row, by_javascript in zip(texts, expected, found[name], strict=True):
                if array == "ngram_weights":
                    np.testing.assert_allclose(by_javascript[array], row, atol=1e-6, err_msg=f"{name}: {text!r}")
                else:
                    assert by_javascript[array] == row.tolist(), f"{name}: {text!r}"


def test_javascript_gives_the_numbers_of_python(tables, tmp_path):
    assert {"pretrained", *(tokenizer for tokenizer, *_ in CASES.values())} == set(TOKENIZERS)
    learned = preprocessors([*TEXTS, *TEXTS[:5]])
    for made in learned.values():  # else all could be unknown
        assert len({tuple(made.encode_arrays([text])[made.names[0]].values.tolist()) for text in TEXTS}) > 6
    assert_the_same(learned, tables, TEXTS, tmp_path)


@pytest.mark.slow
def test_javascript_gives_the_numbers_of_python_for_every_character(tables, tmp_path):
    characters = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    texts = ["".join(f"{one} a{one}b" for one in characters[start : start + 4]) for start in range(0, 0x10F800, 4)]
    learned = preprocessors([*TEXTS, *texts[::37]])
    for start in range(0, len(texts), 50_000):
        assert_the_same(learned, tables, texts[start : start + 50_000], tmp_path)


def test_a_web_folder_is_a_classifier_folder_with_a_package(with_runs):
    made = export("toy_topics", format="web").path
    assert made.name == "toy_topics-int8-web"
    assert textclf.load(made).labels == textclf.load("toy_topics").labels
    package = json.loads((made / "package.json").read_text())
    assert (made / package["main"]).exists()
    assert (made / package["types"]).exists()
    assert "loadClassifier" in (made / "README.md").read_text()
    for script in made.glob("*.js"):
        assert "http://" not in script.read_text().replace("http://localhost", "")


@pytest.mark.parametrize("form", ["float32", "int8", "int8 that a browser has unpacked"])
def test_javascript_reads_the_tokenizer_of_each_form(with_runs, form):
    if not shutil.which("node"):
        pytest.skip("Node is not installed")
    folder = export("toy_zh", format="web", precision=form.split()[0], output="web").path
    if "unpacked" in form:  # as from a server that declares the file as compressed
        path = folder / "tokenizer.json.gz"
        path.write_bytes(gzip.decompress(path.read_bytes()))
    Path("texts.json").write_text(json.dumps(TEXTS))
    script = ["--input-type=module", "-e", LOAD, str(folder.resolve() / "index.js"), str(folder), "texts.json"]
    subprocess.run(["node", *script], check=True, timeout=120)
    found = json.loads(Path("texts.json").read_text())
    preprocessor = textclf.load("toy_zh").preprocessor
    assert [row["token_ids"] for row in found] == [preprocessor.encode([text]).values.tolist() for text in TEXTS]


def shown_by_node(script: str, path: Path) -> list[str]:
    if not shutil.which("node"):
        pytest.skip("Node is not installed")
    command = ["node", "--input-type=module", "-e", script, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.splitlines()


def test_javascript_predicts_only_texts():
    assert shown_by_node(NO_TEXTS, SCRIPTS / "index.js") == [
        "TypeError: expected a list of texts, got one text: put it in a list.",
        "TypeError: expected texts, got 5 at position 0.",
        "TypeError: expected texts, got null at position 0.",
        "TypeError: expected texts, got undefined at position 0.",
        "TypeError: expected texts, got a at position 0.",
    ]


def test_the_page_opens_where_there_is_no_room_to_keep_it():
    assert shown_by_node(FULL_CACHE, SCRIPTS / "offline.js") == ["the file"]


def test_an_answer_after_a_failed_one_is_no_problem(tmp_path):
    for name, content in STUBS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    shutil.copy(SCRIPTS / "page.js", tmp_path)
    first, second = shown_by_node(FAILED_ONCE, tmp_path / "page.js")
    assert first == "problem: The classifier cannot be used: no memory"
    assert second.startswith(": a (")


def test_a_tokenizer_that_is_not_ported_is_an_error(with_runs):
    classifier = textclf.load("toy_en")
    options = ALL_TOKENIZERS["keras"].Options()
    classifier.preprocessor = Preprocessor.fit(options, ["a b"])
    with pytest.raises(RunError, match="a tokenizer of word, character, byte_pair, unigram, pretrained, got 'keras'"):
        web_files(classifier, "x")


@pytest.mark.slow
@needs_browser
def test_a_page_without_its_packages_says_what_to_install(with_runs):
    assert main(["export", "toy_en", "--format", "web", "--output", "web"]) == 0
    with file_server("web") as address:
        command = [BROWSER, "--headless", *FLAGS, "--virtual-time-budget=5000", "--dump-dom", address]
        shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    assert "Run: npm install" in shown


@pytest.fixture
def page(with_runs):
    """The page of a classifier in Chromium, from a plain file server."""
    modules = os.environ.get("NODE_MODULES")  # a folder node_modules with onnxruntime-web
    if not modules:
        pytest.skip("NODE_MODULES does not name a folder with onnxruntime-web")
    assert main(["export", "toy_en", "--format", "web", "--output", "web"]) == 0
    Path("web/node_modules").symlink_to(Path(modules).resolve())
    with file_server("web") as address, chromium() as browser:
        opened = browser.new_context(viewport={"width": 375, "height": 667}).new_page()
        opened.url_of_page, opened.faults, opened.asked = address, [], []
        opened.on("pageerror", lambda error: opened.faults.append(str(error)))
        opened.on("request", lambda request: opened.asked.append(request.url))
        opened.goto(address)
        opened.get_by_text("Ready.").wait_for()
        yield opened


@pytest.mark.slow
def test_the_page_answers_without_asking_anybody(page):
    asked = len(page.asked)
    page.get_by_label("Text", exact=True).press_sequentially("a wonderful film 😀")
    page.locator("li").nth(1).wait_for()
    assert len(page.asked) == asked
    assert all(url.startswith(page.url_of_page) for url in page.asked)
    page.get_by_text(textclf.load("toy_en").predict(["a wonderful film 😀"])[0]).first.wait_for()
    assert max(part.bounding_box()["x"] + part.bounding_box()["width"] for part in page.locator("main *").all()) <= 375
    assert not page.faults


@pytest.mark.slow
def test_the_page_opens_again_without_a_network(page):
    page.locator("html[data-offline=ready]").wait_for(state="attached")
    page.context.set_offline(True)
    page.reload()
    page.get_by_text("Ready.").wait_for()
    assert not page.faults
