"""Text from files made fit to print: no escape sequence, no identity, no flood.

Every word that came from a file passes through here once, on its way to a screen, a report or an error.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

HIDDEN = "‹hidden›"
_WORD = r"[^\s<>,;:\"'()\[\]|/\\=]"
# Begun at the start of a word only: a cell of 200 kB must not be tried at each of its characters.
_EMAIL = re.compile(rf"(?<!{_WORD}){_WORD}+@{_WORD}+")
# Of what was meant as the address of a database: the password before its host, and one among its settings.
_INSIDE = re.compile(r"(?<=:/)(/?)[^\s/@:]*:\S{1,300}@")
_SETTING = re.compile(r"(?i)\b((?:ssl)?(?:password|passwd|pwd)=)[^\s&;]+")
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def printable(text: str) -> str:
    r"""Control, direction and invisible characters as visible escapes; e-mail addresses hidden.

    >>> printable("a\x1b[31mred")
    'a\\x1b[31mred'
    >>> printable("sold to learner17@example.com today")
    'sold to ‹hidden› today'
    >>> printable("no file jdbc:postgresql://shop:s3/cr:et@db.example/shop?password=s3cret&table=orders")
    'no file jdbc:postgresql://‹hidden›/shop?password=‹hidden›&table=orders'
    """
    if ":/" in text or "=" in text:
        text = _SETTING.sub(rf"\1{HIDDEN}", _INSIDE.sub(rf"\1{HIDDEN}@", text))
    return _UNSAFE.sub(_escape, _EMAIL.sub(HIDDEN, text))


def quoted(cell: str, *, identity: bool = False, width: int = 40) -> str:
    """A cell as an error message shows it: printable, cut to `width` characters, in quotes.

    >>> quoted("x" * 50, width=5)
    '“xxxxx…”'
    >>> quoted("c-0001", identity=True)
    '‹hidden›'
    """
    if identity:
        return HIDDEN
    shown = printable(cell[: width + _LONGEST_ADDRESS])  # hidden before it is cut, lest half an address stay
    return f"“{shown if len(cell) <= width else shown[:width] + '…'}”"


_LONGEST_ADDRESS = 320


@lru_cache(maxsize=1 << 16)
def folded(text: str) -> str:
    r"""A header or a name as it is compared: NFKC, casefolded, spaces, quotes and dashes made plain.

    >>> folded("  Coût\u00a0 / conv\uff09 ")
    'coût / conv)'
    """
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_PLAIN)
    return " ".join(plain.split())


@lru_cache(maxsize=1 << 16)
def plainest(text: str) -> str:
    """A folded name without accents, underscores as spaces: how hand-made headers are compared.

    >>> plainest("Utm_Source"), plainest("Dépense")
    ('utm source', 'depense')
    """
    spaced = folded(text).replace("_", " ")
    if spaced.isascii():
        return spaced
    apart = unicodedata.normalize("NFD", spaced)
    return "".join(c for c in apart if not unicodedata.combining(c))


_PLAIN = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "–": "-",
        "—": "-",
        "−": "-",
        **dict.fromkeys("\ufeff\u00ad\u200b\u200c\u200d\u2060"),
    }
)
