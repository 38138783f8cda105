"""Damage a file: random changes of bytes, odd values in JSON and YAML. The same seed gives the same damage."""

import json
from copy import deepcopy
from random import Random

ODD_TEXTS = [
    "", " ", "\x00", "\ufeff", "\u202e", "\u2028", "\x1b[2J", "e\u0301" * 50, "🏳️‍🌈", "ﷺ", "\ud800", "\udfff", "İ", "ß",
    "…" * 500, "x" * 5_000, "../../x", "/dev/zero", "__label__", "nan", "{{", "%s", "\\ud800", "\ufdd0", "\U0010ffff",
]  # fmt: skip
ODD_VALUES = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 0.5, -0.0, 1e308, 1e-320, [], {}, [[]], [None], {"": None},
    ["a", "a"], *ODD_TEXTS,
]  # fmt: skip
ODD_BYTES = [
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b'"', b"'", b"\n", b"\r", b"\t", b",", b"[" * 500, b"{" * 500,
    b"9" * 400, b"NaN", b"1e999", b"null", b": ", b"- ", b"&a ", b"*a ", b"!!python/none ", b"PAR1", b"\\ud800",
    *(text.encode("utf-8", "surrogatepass") for text in ODD_TEXTS),
]  # fmt: skip


def damaged(content: bytes, random: Random) -> bytes:
    """Bytes changed, left out, doubled, moved, put in; or the end cut off."""
    changed = bytearray(content)
    for _ in range(random.randint(1, 4)):
        start = random.randrange(len(changed) + 1)
        end = min(len(changed), start + int(random.expovariate(1 / 20)))
        way = random.randrange(6)
        if way == 0 and start < len(changed):
            changed[start] = random.randrange(256)
        elif way == 1:
            del changed[start:end]
        elif way == 2:
            changed[start:start] = changed[start:end] * random.choice([1, 2, 30])
        elif way == 3:
            piece = changed[start:end]
            del changed[start:end]
            place = random.randrange(len(changed) + 1)
            changed[place:place] = piece
        elif way == 4:
            changed[start:start] = random.choice(ODD_BYTES)
        elif random.random() < 0.3:
            del changed[start:]
    return bytes(changed)


FIRST_BYTES = [b"PK\x03\x04", b"\x1f\x8b", b"%PDF-1.7", b"PAR1", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xfd7zXZ\x00"]


def written_otherwise(content: bytes, random: Random) -> bytes:
    """Lines as other tools write them: quotes that nothing closes, other encodings, line ends and first lines."""
    way = random.randrange(7)
    text = content.decode("utf-8", "replace")
    if way == 0:
        lines = text.split("\n")
        for _ in range(random.randint(1, 3)):
            number = random.randrange(len(lines))
            place = random.choice([0, len(lines[number]), lines[number].rfind("\t") + 1])
            lines[number] = f'{lines[number][:place]}"{lines[number][place:]}'
        return "\n".join(lines).encode("utf-8", "replace")
    if way == 1:
        encoding = random.choice(["utf-16", "utf-16-le", "utf-8-sig", "cp1251", "shift_jis", "gb18030", "cp949"])
        return f"Отлично 好吃 {text}".encode(encoding, "ignore")
    if way == 2:
        return text.replace("\n", random.choice(["\r", "\r\n", "\n\r", "\n\n"])).encode("utf-8", "replace")
    if way == 3:
        delimiter = random.choice(";\t|,^")
        encoding = random.choice(["utf-8", "utf-16"])
        return f"sep={delimiter}\r\n{text.replace(',', delimiter)}".encode(encoding, "replace")
    if way == 4:
        return random.choice(FIRST_BYTES) + content
    if way == 5:
        return content.replace(b'"', b"")
    return content.replace(b",", random.choice([b";", b"\t", b"|", b" , "]))


def odd_json(content: bytes, random: Random) -> bytes:
    """JSON with some of its values replaced, left out or renamed."""
    document = json.loads(content)
    for _ in range(random.randint(1, 3)):
        document = _odd(document, random)
    return json.dumps(document, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")


def _odd(value: object, random: Random) -> object:
    """The value with one of the values in it changed, or another one in its place."""
    if not value or not isinstance(value, dict | list) or random.random() < 0.05:
        return deepcopy(random.choice(ODD_VALUES))
    place = random.choice(list(value)) if isinstance(value, dict) else random.randrange(len(value))
    way = random.random()
    if way < 0.1:
        del value[place]
    elif way < 0.2 and isinstance(value, dict):
        value[random.choice([*value, *ODD_TEXTS])] = value.pop(place)
    elif way < 0.3 and isinstance(value, list):
        value.insert(random.randrange(len(value) + 1), value[place])
    else:
        value[place] = _odd(value[place], random)
    return value


def odd_yaml(content: bytes, random: Random) -> bytes:
    """YAML with odd values behind some of its colons."""
    lines = content.decode().splitlines()
    for _ in range(random.randint(1, 3)):
        number = random.randrange(len(lines))
        name, colon, _ = lines[number].partition(":")
        odd = random.choice(ODD_VALUES)
        shown = odd if isinstance(odd, str) and random.random() < 0.5 else json.dumps(odd)
        lines[number] = f"{name}{colon} {shown}"
    return "\n".join(lines).encode("utf-8", "surrogatepass")
