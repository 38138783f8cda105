"""The usual names of columns of texts and of labels, in the world's larger languages."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

# A row for each meaning, in the order of preference.
TEXTS = (
    "text texte texto testo tekst teks текст текста metin szöveg teksti κείμενο טקסט نص النص متن पाठ ข้อความ "
    "文本 テキスト 텍스트",
    "review rezension avis reseña recensione opinión opinia отзыв yorum ulasan مراجعة 评论 評論 レビュー 口コミ 리뷰",
    "content inhalt contenu contenido contenuto conteúdo inhoud treść содержание içerik محتوى المحتوى 内容 內容 "
    "내용 本文 正文 본문",
    "sentence satz phrase frase oración zin zdanie предложение cümle kalimat جملة 句子 文章 문장",
    "comment kommentar anmerkung bemerkung commentaire comentario commento komentarz komentar комментарий "
    "opmerking تعليق コメント 댓글 留言",
    "message nachricht mensaje messaggio mensagem wiadomość сообщение mesaj pesan bericht رسالة 消息 訊息 メッセージ "
    "메시지",
    "tweet", "document dokument documento документ belge 文档 文書 문서", "body",
    "question frage pregunta domanda pergunta vraag pytanie вопрос soru pertanyaan سؤال 问题 問題 質問 질문",
    "query anfrage requête consulta запрос", "utterance äußerung 发言 発話 발화",
    "headline title titel titre título titolo заголовок başlık judul عنوان 标题 標題 タイトル 제목",
    "betreff objet asunto oggetto assunto onderwerp",
)  # fmt: skip
LABELS = (
    "label labels etikett étiquette etiqueta etichetta rótulo etykieta etiket метка نشان 标签 標籤 ラベル 레이블 라벨",
    "category categories kategorie kategorien catégorie catégories categoría categorías categorie kategoria kategori "
    "категория категории κατηγορία קטגוריה فئة الفئة श्रेणी หมวดหมู่ 类别 類別 カテゴリ 카테고리 범주",
    "class klasse classe clase klasa klas kelas sınıf класс صنف تصنيف التصنيف वर्ग 分类 分類 クラス 클래스 분류",
    "sentiment stimmung sentimiento sentimento sentyment тональность настроение duygu sentimen مشاعر 情感 "
    "センチメント 감정 감성",
    "target", "topic topics thema thème sujet tema temat тема konu topik موضوع 主题 主題 话题 トピック 주제",
    "intent intention absicht anliegen intención intenzione intenção намерение niyet نية 意图 意圖 意図 의도",
    "emotion emotions emotionen emoción emozione emoção эмоция emosi 情绪 情緒 感情",
    "tag tags schlagwort тег теги タグ 태그",
    "rating bewertung valoración calificación puntuación valutazione avaliação оценка puan ocena تقييم 评分 評分 "
    "評価 평점",
    "stars sterne étoiles estrellas stelle estrelas звезды gwiazdki 星级",
    "polarity polarität polarité polaridad polarità полярность",
    "type typ tipo тип tür jenis نوع 类型 類型 タイプ 유형", "note nota voto",
)  # fmt: skip
FIRST_WITHOUT_SPACES = "\u0e00"  # Thai, and then the scripts of East Asia: a name is a part of words there


def plain(name: str) -> str:
    """Return a name without case, accents and spaces around it. The Turkish ı is an i."""
    letters = unicodedata.normalize("NFKD", name.strip().casefold().replace("ı", "i"))
    return "".join(letter for letter in letters if not unicodedata.category(letter).startswith("M"))


TEXT_NAMES, LABEL_NAMES = (tuple(map(plain, " ".join(rows).split())) for rows in (TEXTS, LABELS))


def named(names: Iterable[str], wanted: Sequence[str]) -> str | None:
    """Return the first of the wanted names that is there: exactly, or else as a part of a name."""
    given = {name: plain(name) for name in names}
    exact = (name for want in wanted for name in given if given[name] == want)
    as_part = (
        name
        for want in wanted
        for name in given
        if want in (re.split(r"[\W\d_]+", given[name]) if want < FIRST_WITHOUT_SPACES else given[name])
    )
    return next(exact, None) or next(as_part, None)
