"""Files in many languages, whole and of one line, as `textclf new` and the error about wrong bytes see them."""

import io
from pathlib import Path

import pytest

from textclf.data import encodings
from textclf.data.dataset import read_dataset
from textclf.data.encodings import SAMPLE_BYTES, detect_encoding, read_sample
from textclf.data.readers.options import ReadingOptions
from textclf.data.sniffing import sniff

ONE_LINE = {
    "cp1250": [
        "Fatalna jakość, szkoda pieniędzy", "nie działa", "Hrozná kvalita, vyhozené peníze", "Už nikdy sem nepůjdu",
        "Szörnyű minőség, kidobott pénz", "nem működik", "Mâncarea gustoasă, dar scumpă", "Osoblje ljubazno, šteta",
    ],
    "cp1251": [
        "Ужасное качество, деньги на ветер", "не работает", "Дуже задоволена покупкою", "Їжа смачна, але дорого",
        "Много добър продукт, препоръчвам",
    ],
    "koi8-r": ["Ужасное качество, деньги на ветер", "не работает", "Доставка задержалась на неделю"],
    "mac-cyrillic": [
        "Ужасное качество, деньги на ветер", "Доставка быстрая", "Телефон сломался, не рекомендую", "Я в восторге",
        "Дуже задоволена покупкою",
    ],
    "cp866": ["Ужасное качество, деньги на ветер", "не работает"],
    "iso8859-5": ["Ужасное качество, деньги на ветер", "не работает"],
    "iso8859-2": ["Fatalna jakość, szkoda pieniędzy", "Szörnyű minőség, kidobott pénz"],
    "cp1252": [
        "Die Lieferung kam eine Woche zu spät", "Danke, alles bestens, gerne wieder, Grüße", "Très bon produit, déçu",
        "ça ne marche pas", "Pésima calidad, dinero tirado", "no funciona, qué decepción", "Mai più", "non è perché",
        "Quarto limpo, ótima vista, café da manhã", "O filme é chato", "Så dåligt, åter till butiken",
        "it’s the worst film of the year", "a “great” cast, £5 for a naïve story", "about 10 € – no more",
        "Bókin var leiðinleg, ég kláraði hana ekki", "Officiële klacht, geïrriteerd",
    ],
    "cp1254": ["Berbat kalite, paranıza yazık", "çalışmıyor", "Kargo bir hafta gecikti, üzüldüm"],
    "cp1253": ["Απαίσια ποιότητα, πεταμένα λεφτά", "δεν λειτουργεί"],
    "cp1255": ["איכות גרועה, חבל על הכסף", "הסרט משעמם וארוך מדי"],
    "cp1256": ["جودة سيئة وخسارة المال", "الفيلم ممل وطويل جدا"],
    "cp1257": ["Labai gera prekė, rekomenduoju visiems, ačiū už greitą pristatymą"],
    "cp874": ["คุณภาพแย่ เสียดายเงิน", "อาหารอร่อยแต่แพง"],
    "gb18030": ["味道不错，送餐也快", "太难吃了，再也不点了", "还可以"],
    "big5": ["品質太差，浪費錢", "不能用", "服務很好，但是等太久"],
    "cp949": ["다시는 사지 않겠습니다", "재미있다ㅋㅋㅋㅋ", "최악"],
    "cp932": ["品質が最悪、お金の無駄でした", "二度と来ない", "とても良い商品です"],
    "euc_jp": ["品質が最悪、お金の無駄でした", "二度と来ない", "とても良い商品です"],
    "mac-roman": ["Die Lieferung kam eine Woche zu spät, ärgerlich, völlig überteuert"],
    "cp850": ["Qualité médiocre, très déçue, à éviter, l'hôtel était fermé"],
}  # fmt: skip
LINES = [(encoding, text) for encoding, texts in ONE_LINE.items() for text in texts]


def read_as(texts, encoding):
    content = "text,label\n" + "".join(f"{text},good\n" for text in texts)
    found = detect_encoding(content.encode(encoding))
    assert content.encode(encoding).decode(found) == content, found


@pytest.mark.parametrize(("encoding", "text"), LINES)
def test_a_line_is_enough(encoding, text):
    read_as([text], encoding)


@pytest.mark.parametrize("encoding", ONE_LINE)
def test_several_lines(encoding):
    read_as(ONE_LINE[encoding], encoding)


@pytest.mark.parametrize("sign", ["’", "é", "ï", "£", "€", "–", "½", "ö"])
@pytest.mark.parametrize("rows", [1, 200])
def test_one_sign_in_english(sign, rows):
    content = "the film was good and the cast even better,x\n" * rows + f"a caf{sign} scene"
    if sign in "£€½":
        content = content.replace(f"caf{sign}", f"{sign} 5")
    if sign == "–":
        content = content.replace("caf–", "short –")
    read_as([content], "cp1252")


# Files

KOREAN = [
    "배송이 정말 빠르고 포장도 꼼꼼해서 만족합니다",
    "화면이 자꾸 꺼져서 환불을 신청했습니다",
    "가격에 비해 품질이 훌륭하네요",
    "다시는 이 가게에서 사지 않겠습니다",
    "음질은 좋은데 배터리가 너무 빨리 닳아요",
]
JAPANESE = [
    "この映画は本当に面白かったです",
    "サービスが悪くて二度と行きません",
    "料理はとても美味しかったし、店員さんも親切でした",
    "画面がすぐに消えるので返品しました",
    "値段の割に品質が良いと思います",
]
TRADITIONAL = [
    "這家餐廳的服務態度非常好，下次還會再來",
    "手機收到的時候螢幕已經壞了",
    "價格便宜而且品質不錯",
    "客服一直沒有回覆，非常失望",
    "電影的劇情很精彩，值得一看",
]
SIMPLIFIED = [
    "这家餐厅的服务态度非常好，下次还会再来",
    "手机收到的时候屏幕已经坏了",
    "价格便宜而且质量不错",
    "客服一直没有回复，非常失望",
    "电影的剧情很精彩，值得一看",
]
RUSSIAN = [
    "Отличный фильм, смотрел с удовольствием",
    "Телефон сломался через неделю, не рекомендую",
    "Доставка быстрая, качество хорошее",
    "Очень плохое обслуживание в этом магазине",
    "Книга скучная, дочитать не смог",
]
GERMAN = [
    "Müller hört Käthe gern zu, schöne Lesung",
    "Das Gerät war nach zwei Tagen kaputt, nie wieder",
    "Für den Preis eine großartige Qualität",
    "Der Kundendienst antwortet überhaupt nicht",
    "Die Übersetzung ist schlecht, aber die Geschichte schön",
]
SPANISH = [
    "Una película muy buena, la recomiendo",
    "El teléfono se rompió después de una semana, qué decepción",
    "Entrega rápida y buena calidad",
    "El servicio en esta tienda es pésimo, ¡nunca más!",
    "El libro era aburrido, no lo terminé mañana",
]
TURKISH = [
    "Çok güzel bir film, çok beğendim",
    "Telefon bir hafta sonra bozuldu, hayal kırıklığı",
    "Hızlı teslimat ve iyi kalite, teşekkürler",
    "Müşteri hizmetleri hiç cevap vermiyor",
    "Kitap sıkıcıydı, bitiremedim",
]
ICELANDIC = [
    "Mjög góð mynd, ég mæli með henni",
    "Síminn bilaði eftir viku, þvílík vonbrigði",
    "Hröð afhending og góð gæði",
    "Þjónustan í þessari verslun er léleg, aldrei aftur",
    "Bókin var leiðinleg, ég kláraði hana ekki",
]
POLISH = [
    "Świetny film, gorąco polecam wszystkim",
    "Telefon zepsuł się po tygodniu, nie polecam",
    "Szybka dostawa, wysoka jakość",
    "Bardzo zła obsługa w tym sklepie",
    "Książka jest nudna, nie mogłem jej skończyć",
]


@pytest.mark.parametrize("rows", [5, 100])
@pytest.mark.parametrize(
    ("sentences", "encoding", "found"),
    [
        (KOREAN, "cp949", "cp949"),
        (JAPANESE, "shift_jis", "cp932"),  # Microsoft's, which has all of Shift-JIS
        (JAPANESE, "euc_jp", "euc_jp"),
        (TRADITIONAL, "big5", "big5"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (RUSSIAN, "cp1251", "cp1251"),
        (GERMAN, "cp1252", "cp1252"),
        (SPANISH, "cp1252", "cp1252"),
        (POLISH, "cp1250", "cp1250"),
        (TURKISH, "cp1254", "cp1254"),
        (ICELANDIC, "cp1252", "cp1252"),
        (RUSSIAN, "utf-16-le", "utf-16-le"),
        (GERMAN, "utf-16-le", "utf-16-le"),
        (GERMAN, "utf-16-be", "utf-16-be"),
        (SIMPLIFIED, "utf-16-be", "utf-16-be"),
        (RUSSIAN, "utf-16", "utf-16"),
        (SIMPLIFIED, "utf-16", "utf-16"),
        (KOREAN, "utf-8", "utf-8"),
        (GERMAN, "utf-8", "utf-8"),
        (JAPANESE, "utf-8-sig", "utf-8"),
        (["plain", "text"], "ascii", "utf-8"),
    ],
    ids=lambda value: value[0][:6] if isinstance(value, list) else value,
)
def test_encodings(write, sentences, encoding, found, rows):
    texts = [f"{sentences[row % len(sentences)]} {row}" for row in range(rows)]
    lines = [f'"{text}",{"good" if row % 2 else "bad"}' for row, text in enumerate(texts)]
    path = write("\n".join(["text,label", *lines, ""]), encoding=encoding)
    sniffed = sniff(path)
    assert sniffed.reading.encoding == found
    assert sniffed.first_text == texts[0]
    assert read_dataset(path, sniffed.columns, sniffed.reading).texts.to_pylist() == texts


@pytest.mark.parametrize(
    ("sentences", "encoding"), [(RUSSIAN, "cp1251"), (JAPANESE, "shift_jis"), (TRADITIONAL, "big5"), (GERMAN, "utf-16")]
)
def test_new_shows_the_first_text(write, caplog, sentences, encoding):
    lines = [f"{text},{'good' if row % 2 else 'bad'}" for row, text in enumerate(sentences)]
    path = write("\n".join(["text,label", *(line.replace(", ", " ") for line in lines)]), encoding=encoding)
    with caplog.at_level("INFO", "textclf"):
        sniff(path)
    assert f"the first text reads '{sentences[0].replace(', ', ' ')}'" in caplog.text
    assert "(detected)" in caplog.text


def test_new_does_not_say_that_it_detected_a_given_encoding(write, caplog):
    path = write("text,label\nfein,a\nfade,b\n")
    with caplog.at_level("INFO", "textclf"):
        sniff(path, ReadingOptions(encoding="cp1252"), {"encoding": "cp1252"})
    assert "encoding: cp1252; the first text reads 'fein'" in caplog.text


@pytest.mark.parametrize(
    ("sentences", "encoding"),
    [
        (["текст хороший фильм", "плохой фильм ужасный"], "cp1251"),
        (["отлично", "ужасно"], "cp1251"),
        (["Доставка быстрая и качество хорошее", "Книга скучная и дочитать не смог"], "koi8-r"),
    ],
    ids=["phrases", "words", "koi8-r"],
)
def test_a_few_russian_words_are_told_by_their_small_letters(write, sentences, encoding):
    texts = [f"{sentences[row % 2]} {row}" for row in range(60)]
    lines = [f"{text},{row % 2}" for row, text in enumerate(texts)]
    sniffed = sniff(write("\n".join(["text,label", *lines, ""]), encoding=encoding))
    assert (sniffed.reading.encoding, sniffed.first_text) == (encoding, texts[0])


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp"])
@pytest.mark.parametrize("sentence", JAPANESE)
def test_one_japanese_sentence_is_enough(write, sentence, encoding):
    path = write(f"text,label\n{sentence},x\n{sentence},y\n", encoding=encoding)
    assert sniff(path).reading.encoding == encoding


@pytest.mark.parametrize("encoding", ["utf-16-le", "cp949"])
def test_a_long_file_is_told_by_its_beginning(write, encoding):
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    lines = [f"{KOREAN[row % 5]} {row},{row % 2}" for row in range(30_000)]
    path = write(mark + "\n".join(["text,label", *lines, ""]), encoding=encoding)
    assert Path(path).stat().st_size > SAMPLE_BYTES
    assert sniff(path).reading.encoding == encoding.removesuffix("-le")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "gb18030", "big5", "cp949", "cp932"])
@pytest.mark.parametrize("end", ["", "\r", "\n"])
def test_a_long_file_may_be_cut_within_a_character(monkeypatch, encoding, end):
    monkeypatch.setattr(encodings, "SAMPLE_BYTES", 2**14)
    text = {"cp949": KOREAN, "cp932": JAPANESE, "big5": TRADITIONAL}.get(encoding, SIMPLIFIED)
    emoji = "😀😀😀😀" if encoding.startswith("utf") else ""
    content = "".join(f"{text[row % 5]}{row}{emoji}{end}" for row in range(1_000))
    for spaces in range(9):
        assert detect_encoding(read_sample(io.BytesIO((" " * spaces + content).encode(encoding)))) == encoding


def test_bytes_of_no_known_encoding_are_latin_1():
    assert detect_encoding(bytes(range(256)) * 2) == "latin-1"
