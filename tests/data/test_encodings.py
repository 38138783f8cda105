"""Short files in many languages: one line to thirty, as `textclf new` and the error about wrong bytes see them."""

import pytest

from textclf.data.encodings import detect_encoding

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
