"""CSV and TSV: quotes, delimiters, headers, and rows that are not as the header."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.readers.written_files import fault, read, read_bytes
from textclf.data.readers.options import ReadingOptions


def test_csv_quotes_keep_commas_quotes_and_line_breaks():
    content = b'text,label\n"a, b","say ""hi"""\n"one\ntwo\r\nthree\n\n",x\n'
    assert read("csv", content) == [("a, b", 'say "hi"'), ("one\ntwo\r\nthree\n\n", "x")]


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_csv_names_of_columns_may_have_line_breaks(delimiter):
    content = '"the\ntext",id,"the\r\nlabel"\na 15" screen,1,x\nb,2,y\n'.replace(",", delimiter).encode()
    assert read("csv", content, ["the\ntext", "the\r\nlabel"]) == [('a 15" screen', "x"), ("b", "y")]
    assert read("csv", b'"the\ntext",id\na,1\n', ["the\ntext"]) == [("a",)]
    assert read("csv", b'15" screen,text\n"a\nb",c\n', ["text"]) == [("c",)]


def test_csv_columns_are_found_by_name_among_others():
    content = "编号,标签,备注,文本\n1,好,,天气\n".encode()
    assert read("csv", content, ["文本", "标签"]) == [("天气", "好")]


def test_csv_fields_without_quotes_stay_as_they_are():
    content = b"text,label\n#a, b \n007,1.0\nNA,null\n'x,\\n\n"
    assert read("csv", content) == [("#a", " b "), ("007", "1.0"), ("NA", "null"), ("'x", "\\n")]


def test_csv_empty_fields_are_empty_texts():
    assert read("csv", b'text,label\n,\n"",x\ny,\n') == [("", ""), ("", "x"), ("y", "")]


def test_csv_blank_line_is_a_row_only_where_there_is_one_column():
    assert read("csv", b"text\na\n\nb\n\n", ["text"]) == [("a",), ("",), ("b",), ("",)]
    assert read("csv", b"\r\ntext\r\na\r\n\r\nb\r\n", ["text"]) == [("a",), ("b",)]
    assert read("csv", b"text,label\na,x\n\nb,y\n\n") == [("a", "x"), ("b", "y")]
    assert read("csv", '"一,二"\na\n\n'.encode(), ["一,二"]) == [("a",)]  # may be two columns: as it was


def test_csv_field_may_have_ten_million_characters():
    text = "x,\n" * 3_500_000
    assert read("csv", f'text,label\n"{text}",a\n'.encode()) == [(text, "a")]


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf"])
def test_csv_without_a_header_is_refused(content):
    assert fault("csv", content) == "stream: expected a header line and rows, got an empty file."


@pytest.mark.parametrize("content", [b"text,label", b"text,label\n", b"text,label\r\n\r\n"])
def test_csv_with_only_a_header_has_no_rows(content):
    assert read("csv", content) == []


def test_csv_missing_column_is_named_with_those_there_are():
    assert fault("csv", b"id,Text,label\n1,a,b\n").startswith(
        "stream: expected a column 'text', but the columns are: id, Text, label; did you mean 'Text'? Name "
    )
    for content in (b"body\na\n", b"body\n", b"body"):
        assert "but the columns are: body. Name " in fault("csv", content)


@pytest.mark.parametrize(("header", "is_title"), [("Mails;;", True), ("A;;B", True), (";a;b", False)])
def test_csv_missing_column_may_be_below_a_title(header, is_title):
    message = fault("csv", f"{header}\nid;text;label\n1;a film;x\n".encode(), options=ReadingOptions(delimiter=";"))
    assert "expected a column 'text'" in message
    assert message.endswith("If the first row is a title or a comment, remove it: the header comes first.") == is_title
    assert "Unnamed" not in message


@pytest.mark.filterwarnings("ignore")  # as in the program: otherwise pytest makes a fault of pandas's warning
@pytest.mark.parametrize("before", [0, 1, 9_999, 10_000, 25_000])
def test_csv_row_with_too_many_fields_is_refused(before):
    content = b"text,label\n" + b"a,b\n" * before + b"one, two,b\n" + b"a,b\n"
    message = fault("csv", content)
    assert "expected" in message
    assert "as in the header" in message
    assert 'Put fields that contain a comma in double quotes: "one, two".' in message
    assert f"line {before + 2}" in message or (before == 0 and "in the first row" in message)


def test_csv_row_with_too_few_fields_has_empty_ones():
    assert read("csv", b"text,label\na\nb,c\n") == [("a", ""), ("b", "c")]


@pytest.mark.parametrize("before", [0, 1, 20_000])
def test_csv_open_quote_is_refused_naming_its_row(before):
    message = fault("csv", b"text,label\n" + b"a,b\n" * before + b'"open,b\n' + b"a,b\n" * 5)
    assert message == (
        f"stream: expected every opening quote to be closed, but the one in row {before + 1} never is. "
        'Write " as "", or set data.quoting: none if the file does not use quotes.'
    )


@settings(deadline=None)
@given(rows=st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\r"))] * 2)))
def test_csv_rows_come_back_as_written(rows):
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("text", "label"), *rows])
    assert read("csv", stream.getvalue().encode()) == rows


# What people do with CSV


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("rows", [1, 30, 5_000])
@pytest.mark.parametrize("header", ["text,label", '"text","label"', "id,text,label"])
def test_csv_files_that_were_put_together_have_their_header_again(header, rows, mark):
    line = ",".join(["a"] * (header.count(",") + 1)) + "\n"
    content = f"{header}\n{line * rows}{mark}{header}\n{line}"
    if mark and '"' in header:
        return  # a quote behind the mark opens no field
    message = fault("csv", content.encode())
    assert message.startswith(f"stream: expected one header line, got it again as row {rows + 1}, ")


def test_csv_a_text_may_be_the_name_of_its_column():
    assert read("csv", b"text,label\ntext,x\nlabel,y\na,label\n") == [("text", "x"), ("label", "y"), ("a", "label")]
    assert read("csv", b"text\na\ntext\n", ["text"]) == [("a",), ("text",)]


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        ('text,label\n"say \\"no\\", twice",a\n', 'Write a quote in a field as "", not as \\".'),
        ('id,text,label\n1, "one, two", a\n', "remove the space before it"),
        ("My reviews\ntext,label\na,b\n", "If the first line is a title or a comment, remove it"),
        ("# 2024\n# by me\ntext,label\na,b\n", "If the first line is a title or a comment, remove it"),
        ("text,label\na,b,\nc,d,\n", "Rows end with a comma, and the header does not"),
        ("text,label\none, two,a\n", 'in double quotes: "one, two"'),
    ],
)
def test_csv_too_many_fields_have_a_cause(content, advice):
    columns = ["text"] if content.startswith(("text", "id")) else [content.partition("\n")[0]]
    assert advice in fault("csv", content.encode(), columns)


@pytest.mark.parametrize("text", ['"he said \\"no\\" twice"', '"\\"no\\" he said"', '"a \\"b\\""'])
@pytest.mark.parametrize("before", [0, 5_000])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_csv_quotes_behind_backslashes_are_no_quotes(text, before, delimiter):
    rows = f"a{delimiter}b\n" * before + f"{text}{delimiter}a\n" + f"a{delimiter}b\n" * 9
    content = f"text{delimiter}label\n{rows}".encode()
    assert 'expected a quote in a field as "", got \\"' in fault("csv", content)
    assert len(read("csv", content, options=ReadingOptions(quoting="none"))) == before + 10


@pytest.mark.parametrize(
    "texts", [["C:\\", "a \\"], ['a \\" b', '\\"a\\"'], ['5\\" screen', "it\\'s"], ['\\""', '",\\"']]
)
def test_csv_backslashes_are_characters(texts):
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([("text", "label"), *((text, "x") for text in texts)])
    assert read("csv", stream.getvalue().encode()) == [(text, "x") for text in texts]
    plain = "".join(f"{text},x\n" for text in texts if "," not in text and not text.startswith('"'))
    assert [text for text, _ in read("csv", f"text,label\n{plain}".encode())] == [
        text for text in texts if "," not in text and not text.startswith('"')
    ]


@pytest.mark.parametrize(("encoding", "letters"), [("big5", "功許蓋"), ("cp932", "表ソ能"), ("gb18030", "俓乗")])
def test_csv_a_byte_of_a_character_is_no_backslash(encoding, letters):
    letters = [letter for letter in letters if b"\\" in letter.encode(encoding)]
    texts = [text for letter in letters for text in (letter, f'{letter}"', f'{letter}"a", {letter}', f"a{letter}")]
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([("text", "label"), *((text, "x") for text in texts)])
    content = stream.getvalue().encode(encoding)
    assert read("csv", content, options=ReadingOptions(encoding=encoding)) == [(text, "x") for text in texts]


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_csv_lines_that_are_in_quotes_as_a_whole(delimiter):
    content = f'"text{delimiter}label"\n"a{delimiter}b"\n'.encode()
    message = fault("csv", content, options=ReadingOptions(delimiter=delimiter))
    assert "Each line seems to be in quotes as a whole" in message


# Options


@pytest.mark.parametrize("delimiter", [";", "|", "\t", "\x01", "#", " ", "."])
def test_csv_delimiter_may_be_another(delimiter):
    content = f'text{delimiter}label\n"one, two{delimiter} three"{delimiter}a\n'.encode()
    for name in ("csv", "tsv"):
        assert read(name, content, options=ReadingOptions(delimiter=delimiter)) == [(f"one, two{delimiter} three", "a")]


def test_tsv_keeps_commas_and_quoted_tabs():
    assert read("tsv", b'text\tlabel\none, two\tx\n"a\tb"\ty\n') == [("one, two", "x"), ("a\tb", "y")]


def test_tsv_row_with_too_many_fields_says_tab():
    message = fault("tsv", b"text\tlabel\na\tb\na\tb\tc\n")
    assert message == (
        "stream: expected 2 fields as in the header, got 3 in line 3. "
        'Put fields that contain a tab in double quotes: "one\t two".'
    )


def test_csv_quotes_may_be_characters_as_any_other():
    content = b'text\tlabel\n"open\ta\n"both"\tb\n5\'11" tall\tc\n'
    unquoted = ReadingOptions(quoting="none")
    assert read("tsv", content, options=unquoted) == [('"open', "a"), ('"both"', "b"), ("5'11\" tall", "c")]
    assert "set data.quoting: none" in fault("tsv", b'text\tlabel\n"open\ta\n')
    message = fault("csv", b'text,label\na,b\n"a,b",c\n', options=unquoted)
    assert message.endswith("No field can contain a comma with data.quoting: none.")


@pytest.mark.parametrize(("delimiter", "named"), [(";", "a semicolon"), ("\t", "a tab"), ("|", "a bar")])
def test_csv_header_of_one_field_suggests_the_delimiter(delimiter, named):
    message = fault("csv", f"texts{delimiter}label\na{delimiter}b\n".encode())
    assert message.endswith(f"The fields seem to be separated by {named}: then set data.delimiter.")
    assert "separated by a comma" in fault("tsv", b"texts,label\na,b\n")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["csv", "tsv"])
def test_the_delimiter_that_gives_the_columns_is_taken(name, delimiter):
    content = f'id{delimiter}"text"{delimiter}label\n1{delimiter}a,b;c{delimiter}x\n'.replace(
        "a,b;c", f'"a{delimiter}b"'
    )
    assert read(name, content.encode()) == [(f"a{delimiter}b", "x")]
    other = ReadingOptions(delimiter="^")  # one that is set is used
    assert "data.delimiter" in fault(name, content.encode(), options=other)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_first_line_of_excel_names_the_delimiter(encoding, first):
    content = f'{first}\r\ntext;label\r\n"a;b,c";x\r\nd;y\r\n'.encode(encoding)
    for delimiter in (None, ";"):
        options = ReadingOptions(encoding=encoding, delimiter=delimiter)
        assert read("csv", content, options=options) == [("a;b,c", "x"), ("d", "y")]


def test_csv_of_a_name_with_another_ending_takes_the_format_of_the_options():
    assert read_bytes(b"text\tlabel\na\tb\n", "a.data", options=ReadingOptions(format="tsv")) == [("a", "b")]


def test_utf16_without_a_mark_is_named():
    content = "text,label\na,b\n".encode("utf-16-le")
    assert "data.encoding: utf-16-le" in fault("csv", content)
    assert read("csv", content, options=ReadingOptions(encoding="utf-16-le")) == [("a", "b")]
