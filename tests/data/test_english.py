"""English texts are told from others."""

import pytest

from textclf.core.text_column import text_array
from textclf.data.english import is_english


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("What is the balance of my account, please?", True),
        ("THE PLOT WAS DULL AND THE ACTORS WERE NOT MUCH BETTER", True),
        ("Der Film war gut, und ich will ihn noch einmal sehen.", False),
        ("El hotel no estaba limpio y la comida era mala.", False),
        ("De film was heel goed, maar het einde was te lang voor de kinderen.", False),
        ("Filmnya bagus sekali dan saya suka", False),
        ("这个电影真的很好看", False),
        ("12345 !!!", False),
        ("", False),
    ],
)
def test_texts(text, english):
    assert is_english(text_array([text, ""])) == english
