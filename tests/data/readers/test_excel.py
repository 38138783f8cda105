"""Workbooks of Excel and LibreOffice: cells that are no texts, sheets, files that are none."""

import base64
import io
import sys
import zipfile
import zlib

import pytest

from tests.data.readers.written_files import fault, read, workbook, write_excel
from textclf.config.config import load_config
from textclf.config.starter import Sources, write_starter
from textclf.core.errors import DataError
from textclf.data.loading import read_splits
from textclf.data.readers.options import ReadingArguments, ReadingOptions
from textclf.data.readers.sources import Columns, read_files
from textclf.inference.text_source import read_source

HEADER = '<row><c t="inlineStr"><is><t>text</t></is></c><c t="inlineStr"><is><t>label</t></is></c></row>'
NAMES = 'xmlns:{0}="urn:oasis:names:tc:opendocument:xmlns:{0}:1.0"'
MANIFEST = f"<manifest:manifest {NAMES.format('manifest')}></manifest:manifest>"
ODS = (
    f"<office:document-content {' '.join(map(NAMES.format, ['office', 'table', 'text']))}><office:body>"
    '<office:spreadsheet><table:table table:name="A">{}</table:table></office:spreadsheet></office:body>'
    "</office:document-content>"
)
NO_WORKBOOKS = [b"", b"text,label\na,x\n", b"PK\x03\x04", write_excel([("a", "x")])[:-30], b"\xd0\xcf\x11\xe0"]

# A workbook of Excel 97 (BIFF8), by xlwt: text,label and three rows. Packed by zlib, written in base 85.
XLS = (
    r"c-rk)O=uHA6#iy6n?Kq#sj1KkB^0dM_99+HsA~o7$x^-"
    r"egP=*fLg+S;7_bUzwdN=Yo)j;IUc6Mj_=6twCMZ<&AQXf|PvS{X@X%&`^D>L625dl!%6wtoynXY{%*)K1w?8iz66M*uT^0O*oiI`LA_&&m1eJ("
    r"?5eKz<o>cuhOvTgqrw|F#Mg}cBYJCxsdnot20t0sfPe}srs2s&fjO24pY7McQeMk%G!yrk4n`DWhlf7zZImU7w%iGL+%yJi7uCN>=Zdn|`f<4l"
    r"=T}AOBqlepKkmKIxK8tMGiVi%JQGDU5sBtX}6|!mf?`-"
    r"G}v|tXjZ^KT`DWu&plC*(y_~NC2&;Ch$lG66IwF{8_>q>j5f&H2h0H)y`=KwEJa$PiQ8$7gx9efsLAyUzqDq4V>&Nyxm;@sgBP9O^xlQJt$QC2"
    r"RV&PUyB&N)TbAEGi-^U02{IN7Zn@hv3B(Z+g$<33Kgd+FAvSNk%f_A$0hb2hK#{EgC0c(^EgQ0Ex81XxOLAIpB0mw40-"
    r"taq_YQnXUtJKCX?y)(?Y%&omN&o;(udsCghne@`f{SUfJ@9iz5&ktA5Cg<PSv*@8^8mIp9H-iB&AZ}cjcxd~zQ2F64%g&#2Mc9Zd-"
    r"#v9>Yr`_4tR`62uH@<n#TO0ug87Ex3+9`OZ#3W=%$MtS-iWHz4=TRdfNwJ2Qhby7&*i<@XvaM{7-hQeh(bd{LqkJDLqkL3R}ktM-"
    r"c(QYmU>eNsqZ?=RI2(j$$yIj$kVS#FQ$8tqq=}IO~uc8Si&Dmtg?^)y-?yH&0fF+GVI4h)A37hdZPaSth!_T_Z^{T=dU*7=O3Q`8{>Y=Rs"
)


def row(*cells):
    return "<row>" + "".join(f"<c t={kind!r}><v>{value}</v></c>" for kind, value in cells) + "</row>"


def test_numbers_are_labels_as_people_read_them():
    rows = row(("str", "a"), ("n", "1.0")) + row(("str", "b"), ("n", "0.5")) + row(("str", "c"), ("b", "1"))
    content = workbook({"A": HEADER + rows + row(("n", "2024"), ("e", "#N/A"))})
    assert read("excel", content) == [("a", "1"), ("b", "0.5"), ("c", "true"), ("2024", "")]


def test_empty_rows_and_columns_are_none():
    empty = "<row></row>" + row(("str", ""), ("str", ""))
    content = workbook({"A": empty + HEADER + empty + row(("str", "a"), ("str", "x")) + empty})
    assert read("excel", content) == [("a", "x")]


def test_a_sheet_can_be_named():
    content = workbook({"A": HEADER + row(("str", "a"), ("str", "x")), "B": HEADER + row(("str", "b"), ("str", "y"))})
    assert read("excel", content) == [("a", "x")]
    assert read("excel", content, options=ReadingOptions(sheet="B")) == [("b", "y")]
    message = fault("excel", content, options=ReadingArguments(sheet="b"))
    assert "'b', as --sheet says, but the sheets are: A, B" in message


def test_other_sheets_with_rows_are_not_read_silently(here, warnings):
    rows = {one: [row(("str", f"{one} film {n}"), ("str", "xy"[n % 2])) for n in range(30)] for one in "AB"}
    note = row(("str", "a note"))
    sheets = {one: HEADER + "".join(rows[one]) for one in "AB"}
    (here / "a.xlsx").write_bytes(workbook({**sheets, "Note": note, "Empty": ""}))
    (here / "b.xlsx").write_bytes(workbook({"C": sheets["A"]}))
    expected = ["a.xlsx: read the sheet A; not read: B. Name one with {}"]
    for sheet, count in ((None, 1), ("A", 0), ("B", 0)):
        warnings.clear()
        list(read_files("a.xlsx", Columns(["text"]), ReadingOptions(sheet=sheet)))
        assert warnings.messages == [line.format("data.sheet") for line in expected * count]
    warnings.clear()
    write_starter("c.yaml", "a.xlsx")
    assert load_config("c.yaml").data.sheet == "A"
    assert warnings.messages == [line.format("--sheet") for line in expected]
    warnings.clear()
    write_starter("d.yaml", Sources("a.xlsx", "b.xlsx"))  # whose sheet has another name
    assert load_config("d.yaml").data.sheet is None
    write_starter("e.yaml", "*.xlsx")
    assert load_config("e.yaml").data.sheet is None
    write_starter("f.yaml", "b.xlsx")
    assert load_config("f.yaml").data.sheet is None


def test_a_title_row_is_not_the_header(here):
    title = row(("str", "Mails"), ("str", "")) + "<row></row>"
    content = workbook({"A": title + HEADER + row(("str", "a"), ("str", "x")) * 3})
    (here / "a.xlsx").write_bytes(content)
    with pytest.raises(DataError, match=r"Row 3 seems to be the header \(text, label\): remove the rows above it"):
        write_starter("c.yaml", "a.xlsx")
    assert "the columns are: Mails. Name the right one with data.text_column" in fault("excel", content)
    assert fault("excel", content).endswith("remove it: the header comes first.")


def test_row_numbers_leave_out_blank_rows(caplog):
    texts = row(("str", "a"), ("str", "x"))
    with caplog.at_level("INFO", "textclf"):
        assert (
            read("excel", workbook({"A": "<row></row>" + HEADER + texts + "<row></row>" * 2 + texts}))
            == [("a", "x")] * 2
        )
        assert read("excel", workbook({"A": HEADER + texts * 2 + "<row></row>"})) == [("a", "x")] * 2
    assert caplog.messages == ["stream: row numbers count neither the header nor 2 blank rows of the sheet"]


def test_messages_name_the_other_sheets(here):
    notes = row(("str", "Notes of the annotators")) + row(("str", "see the next sheet"))
    content = workbook({"Notes": notes, "Data": HEADER + row(("str", "a"), ("str", "x"))})
    sheets = "For another sheet set {}; the sheets are: Notes, Data."
    assert fault("excel", content).endswith(sheets.format("data.sheet"))
    (here / "a.xlsx").write_bytes(content)
    with pytest.raises(DataError) as caught:
        write_starter("c.yaml", "a.xlsx")
    assert str(caught.value).endswith(f"If the first row is a title or a comment, remove it: the header comes first. "
                                      f"{sheets.format('--sheet')}")  # fmt: skip
    assert "For another sheet" not in fault("excel", content, options=ReadingOptions(sheet="Notes"))


def test_new_finds_that_the_header_is_missing(here):
    rows = "".join(row(("str", f"a fine film {number}"), ("str", "ab"[number % 2])) for number in range(30))
    (here / "a.xlsx").write_bytes(workbook({"A": rows}))
    with pytest.raises(DataError, match=r"expected a header line .*'a' is also a label"):
        write_starter("c.yaml", "a.xlsx")


def test_opendocument():
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = "".join(f"<table:table-row>{cell.format(a)}{cell.format(b)}</table:table-row>" for a, b in ["xy", "ab"])
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("content.xml", ODS.format(rows))
    assert read("excel", stream.getvalue(), ["x", "y"]) == [("a", "b")]


def test_a_workbook_of_old_excel():
    content = zlib.decompress(base64.b85decode(XLS))
    assert read("excel", content) == [("好 film", "x"), ("two\nlines", "1"), ("é", "0.5")]
    assert "expected an Excel workbook" in fault("excel", content[:2000])


@pytest.mark.parametrize("content", NO_WORKBOOKS)
def test_what_is_no_workbook(content):
    assert "expected an Excel workbook" in fault("excel", content)


def test_a_cell_far_away_is_no_table_of_gigabytes():
    content = workbook({"A": HEADER + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'})
    assert "a sheet that ends in column 16,384, row 1,048,576" in fault("excel", content)


def test_a_large_part_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr("textclf.data.readers.excel.LARGEST_PART", 1000)
    assert "expected sheets of at most" in fault("excel", write_excel([("a" * 2000, "x")]))


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    assert 'pip install "textclf-keras[excel]"' in fault("excel", write_excel([("a", "x")]))


def test_two_columns_of_one_name_are_refused():
    twice = HEADER.replace("<t>label", "<t>text")
    message = fault("excel", workbook({"A": twice + row(("str", "a"), ("str", "b"))}), ["text"])
    assert "expected one column 'text', got 2 of this name" in message


def test_missing_columns_are_named():
    assert "expected a column 'texts', but the columns are: text, label" in fault("excel", write_excel([]), ["texts"])


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv"])
def test_new_and_predict_read_the_rows(here, name):
    rows = [(f"a fine film {number}", "ab"[number % 2]) for number in range(30)]
    (here / name).write_bytes(write_excel(rows))
    if name == "a.csv":
        with pytest.raises(DataError, match=r"an Excel workbook.*set --input-format excel"):
            write_starter("c.yaml", name)
    given = {} if name == "a.xlsx" else {"format": "excel"}
    write_starter("c.yaml", name, reading=given)
    config = load_config("c.yaml")
    splits, _ = read_splits(config.data, config.targets, config.seed)
    assert sorted(text for part in splits.values() for text in part.texts.to_pylist()) == sorted(dict(rows))
    chunks = list(read_source(name, column="text", given=given, keep=["label"]))
    assert [text for texts in chunks for text in texts] == [text for text, _ in rows]
    assert chunks[0].kept[1] == {"label": "b"}
    assert len(list(read_files(name, Columns(["text"]), ReadingOptions(format="excel")))) == 1
