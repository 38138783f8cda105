"""Texts to write a config for, and the config that was written."""

from textclf.config.config import Config, load_config
from textclf.config.yaml import parse_yaml

ENGLISH = [
    (f"a {word} film number {number}", label)
    for number in range(30)
    for word, label in (("fine", "good"), ("bad", "poor"))
]
CHINESE = [
    (f"{word}第{number}个", label)
    for number in range(20)
    for word, label in (("足球比赛", "体育"), ("股票市场", "财经"), ("电影明星", "娱乐"))
]


def loaded(content: str) -> Config:
    """The config that a text is."""
    document = parse_yaml(content)
    assert not document.problems
    return load_config(document.data)
