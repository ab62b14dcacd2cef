"""Text: cutting, joining, replacing and cleaning."""

import re
import string
import unicodedata
from collections.abc import Callable, Sequence
from html import unescape
from html.parser import HTMLParser
from typing import Annotated, Any, Literal

from udsync_pipelines.mapping.arguments import Between
from udsync_pipelines.mapping.inputs import as_text, refusal
from udsync_pipelines.mapping.pattern import SafePattern
from udsync_pipelines.mapping.registry import mapping_function

Length = Annotated[int, Between(1, 100_000)]
Position = Annotated[int, Between(0, 100_000)]
Index = Annotated[int, Between(-1000, 1000)]

LONGEST_HTML = 100_000
LONGEST_RESULT = 1_000_000
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_NOT_WORD = re.compile(r"[\W_]+")
_PARTICLE = 2  # letters after an apostrophe that stay small: 's, 're


@mapping_function("trim")
def trim(text: str) -> str:
    """Take spaces and line breaks off both ends.

    Example:
        >>> run("  Blue mug ", "trim")
        'Blue mug'
    """
    return text.strip()


@mapping_function("normalise_spaces")
def normalise_spaces(text: str) -> str:
    r"""Make every run of spaces and line breaks one space, and take them off both ends.

    Example:
        >>> run(" 12  Main\n Street", "normalise_spaces")
        '12 Main Street'
    """
    return " ".join(text.split())


@mapping_function("upper")
def upper(text: str) -> str:
    """Write in capitals.

    Example:
        >>> run("at", "upper")
        'AT'
    """
    return text.upper()


@mapping_function("lower")
def lower(text: str) -> str:
    """Write in small letters.

    Example:
        >>> run("Info@Example.COM", "lower")
        'info@example.com'
    """
    return text.lower()


@mapping_function("title")
def title(text: str) -> str:
    """Begin each word with a capital; an apostrophe does not begin a word, except in O'Neil.

    Example:
        >>> run("the shop's o'neil mug", "title")
        "The Shop's O'Neil Mug"
    """
    return _WORD.sub(_titled, text)


@mapping_function("case")
def case(
    text: str, *, style: Literal["upper", "lower", "title", "sentence", "snake", "kebab"]
) -> str:
    """Write in a style: `upper`, `lower`, `title`, `sentence`, `snake` (a_b) or `kebab` (a-b).

    Example:
        >>> run("Order Status", {"function": "case", "style": "snake"})
        'order_status'
    """
    return _STYLES[style](text)


def _separator_given(arguments: dict[str, Any]) -> dict[str, Any]:
    if not arguments["separator"]:
        raise ValueError("the argument 'separator': it is at least one character")
    return arguments


@mapping_function("split", prepare=_separator_given)
def split(text: str, *, separator: str, index: Index) -> str | None:
    """Cut the text at each separator and take one part, counted from 0; -1 is the last.

    Missing when there is no such part.

    Example:
        >>> run("EU-4711-B", {"function": "split", "separator": "-", "index": 1})
        '4711'
    """
    parts = text.split(separator)
    return parts[index] if -len(parts) <= index < len(parts) else None


def _old_given(arguments: dict[str, Any]) -> dict[str, Any]:
    if not arguments["old"]:
        raise ValueError("the argument 'old': it is at least one character")
    return arguments


@mapping_function("replace", prepare=_old_given)
def replace(text: str, *, old: str, new: str) -> str:
    """Put `new` in the place of every `old`.

    Example:
        >>> run("4 711", {"function": "replace", "old": " ", "new": ""})
        '4711'
    """
    return _bounded(text, text.count(old) * (len(new) - len(old))).replace(old, new)


def _replacement_fits(arguments: dict[str, Any]) -> dict[str, Any]:
    pattern, replacement = arguments["pattern"], arguments["replacement"]
    try:
        # The empty alternative always matches, so that the replacement is looked at.
        re.compile(f"(?:{pattern.text})|").sub(replacement, "")
    except (re.error, IndexError) as error:
        raise ValueError(f"the argument 'replacement': {error}") from None
    return arguments


@mapping_function("regex_replace", prepare=_replacement_fits)
def regex_replace(text: str, *, pattern: SafePattern, replacement: str) -> str:
    r"""Replace every match of a regular expression; `\1` stands for the first group.

    Patterns that could run for very long are refused when the profile is loaded; the text may have
    1000 characters.

    Example:
        >>> run("AB 12", {"function": "regex_replace", "pattern": "[^0-9]", "replacement": ""})
        '12'
    """
    return pattern.replaced_in(text, replacement)


def _ellipsis_fits(arguments: dict[str, Any]) -> dict[str, Any]:
    ellipsis, unit = arguments.get("ellipsis", ""), arguments.get("unit", "characters")
    if _size(ellipsis, unit) >= arguments["limit"]:
        raise ValueError("the argument 'ellipsis': it is shorter than the limit")
    return arguments


@mapping_function("truncate", prepare=_ellipsis_fits)
def truncate(
    text: str,
    *,
    limit: Length,
    unit: Literal["characters", "bytes"] = "characters",
    ellipsis: str = "",
) -> str:
    """Cut to at most so many characters, or bytes of UTF-8, the ellipsis included.

    A character is never cut in half.

    Example:
        >>> run("Blue enamel mug", {"function": "truncate", "limit": 7, "ellipsis": "…"})
        'Blue e…'
    """
    if _size(text, unit) <= limit:
        return text
    room = limit - _size(ellipsis, unit)
    if unit == "characters":
        return text[:room] + ellipsis
    return _encoded(text)[:room].decode(errors="ignore") + ellipsis


@mapping_function("concat")
def concat(values: Sequence[object], *, separator: str = "") -> str | None:
    """Join several values to one text; missing and empty ones leave no separator behind.

    Missing when all of them are missing.

    Example:
        >>> run(["Blue", "", None, "mug"], {"function": "concat", "separator": " "})
        'Blue mug'
    """
    if all(value is None for value in values):
        return None
    texts = [as_text(value) for value in values if value is not None]
    return separator.join(text for text in texts if text)


@mapping_function("prefix")
def prefix(text: str, *, text_: str) -> str:
    """Put a text in front; an empty value stays empty.

    Example:
        >>> run("1001", {"function": "prefix", "text": "WEB-"})
        'WEB-1001'
    """
    return text_ + text if text else text


@mapping_function("suffix")
def suffix(text: str, *, text_: str) -> str:
    """Put a text behind; an empty value stays empty.

    Example:
        >>> run("12", {"function": "suffix", "text": " kg"})
        '12 kg'
    """
    return text + text_ if text else text


def _fill_is_one(arguments: dict[str, Any]) -> dict[str, Any]:
    if len(arguments.get("fill", " ")) != 1:
        raise ValueError("the argument 'fill': it is exactly one character")
    return arguments


@mapping_function("pad", prepare=_fill_is_one)
def pad(
    text: str, *, length: Length, fill: str = " ", side: Literal["left", "right"] = "left"
) -> str:
    """Fill up to a length on one side; a longer text stays as it is.

    Example:
        >>> run("47", {"function": "pad", "length": 6, "fill": "0"})
        '000047'
    """
    return text.rjust(length, fill) if side == "left" else text.ljust(length, fill)


@mapping_function("slug")
def slug(text: str) -> str:
    """Small letters and digits with hyphens between, as in a web address; accents are dropped.

    Example:
        >>> run("Café Crème, 250 g", "slug")
        'cafe-creme-250-g'
    """
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _NOT_WORD.sub("-", plain.lower()).strip("-")


@mapping_function("unescape_html")
def unescape_html(text: str) -> str:
    """Turn HTML's character references into characters.

    Example:
        >>> run("Salt &amp; Pepper", "unescape_html")
        'Salt & Pepper'
    """
    return unescape(text)


@mapping_function("strip_html")
def strip_html(text: str) -> str:
    """Keep the text of a piece of HTML: no tags, scripts or styles, spaces made single.

    Example:
        >>> run("<p>Blue <b>mug</b></p><p>250&nbsp;ml</p>", "strip_html")
        'Blue mug 250 ml'
    """
    if len(text) > LONGEST_HTML:
        raise refusal(f"it reads {LONGEST_HTML} characters of HTML at most, this has {len(text)}")
    reader = _TextOfHtml()
    reader.feed(text)
    reader.close()
    return " ".join("".join(reader.texts).split())


@mapping_function("left")
def left(text: str, *, length: Length) -> str:
    """The first characters.

    Example:
        >>> run("Vienna", {"function": "left", "length": 3})
        'Vie'
    """
    return text[:length]


@mapping_function("right")
def right(text: str, *, length: Length) -> str:
    """The last characters.

    Example:
        >>> run("4111-1234", {"function": "right", "length": 4})
        '1234'
    """
    return text[-length:]


@mapping_function("substring")
def substring(text: str, *, start: Position, length: Length | None = None) -> str:
    """The characters from a position, counted from 0; all of them, or so many.

    Example:
        >>> run("EU-4711-B", {"function": "substring", "start": 3, "length": 4})
        '4711'
    """
    return text[start:] if length is None else text[start : start + length]


class _TextOfHtml(HTMLParser):
    """Collects text; what stands between the tags of a script or a style is not text."""

    _HIDDEN = frozenset({"script", "style"})
    _INLINE = frozenset({"a", "b", "em", "i", "small", "span", "strong", "sub", "sup", "u"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self._is_hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_hidden = tag in self._HIDDEN
        self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        self._is_hidden = False
        self._part(tag)

    def handle_data(self, data: str) -> None:
        if not self._is_hidden:
            self.texts.append(data)

    def _part(self, tag: str) -> None:
        if tag not in self._INLINE:
            self.texts.append(" ")


def _titled(word: re.Match[str]) -> str:
    first, *rest = re.split(r"(['\u2019])", word[0])
    return string.capwords(first) + "".join(
        part if len(part) <= _PARTICLE else string.capwords(part) for part in map(str.lower, rest)
    )


def _size(text: str, unit: str) -> int:
    return len(text) if unit == "characters" else len(_encoded(text))


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise refusal("the text has a broken character (half of a pair)") from None


def _bounded(text: str, growth: int) -> str:
    if len(text) + growth > LONGEST_RESULT:
        raise refusal(f"the result would have more than {LONGEST_RESULT} characters")
    return text


_STYLES: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": title,
    "sentence": lambda text: text[:1].upper() + text[1:].lower(),
    "snake": lambda text: _NOT_WORD.sub("_", text.lower()).strip("_"),
    "kebab": lambda text: _NOT_WORD.sub("-", text.lower()).strip("-"),
}
