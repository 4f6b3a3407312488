"""The elements of one HTML page that state something about use."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from madang.rights import unseen
from madang.rights.licences import UNREADABLE, licence_id
from madang.rights.prose import as_read, prose_reservation
from madang.rights.protocols import aipref, c2pa, content_signal, kogl, noai, rsl, tdmrep
from madang.rights.search import ATTRIBUTES, MARK_WORDS, Names, search
from madang.rights.signals import Signal, Value, cut

__all__ = ["SelectolaxError", "licence_signal", "prose_reservation", "read"]

ELEMENTS_MAX = 20_000
MARGIN_BYTES = 2048
ENTITY_BYTES = 8192  # a page declares its entities before its first element
RAW_BYTES_MAX = 64 * 1024  # of a script or style behind the last mark
ANCESTORS_MAX = 64
END_NAME = b"madang-end"
SHORT_CHARACTERS = 64 * 1024
OPEN_ELEMENTS_MAX = 5_000
JSON_BYTES_MAX = 512 * 1024
JSON_NODES_MAX = 5_000
SELECTOR = (
    "meta, link[rel*='licen' i], link[href*='kogl.or.kr' i], a[rel*='licen' i], "
    "area[rel*='licen' i], a[href*='kogl.or.kr' i], "
    "img[src*='img_open' i], img[srcset*='img_open' i], img[alt*='공공누리'], "
    "script[type*='ld+json'], [itemprop*='license' i], [property*='license' i]"
)
INTERACTIVE = frozenset(("form", "select", "option", "textarea", "button", "template"))
SELF_CLOSING = frozenset(
    (
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
        *("source", "track", "wbr", "p", "li", "dt", "dd", "td", "th", "tr", "option"),
        *("tbody", "thead", "tfoot", "colgroup", "path", "circle", "rect", "use"),
    )
)
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]{0,40})")


def read(
    text: str | bytes,
    own_token: str,
    *,
    has_prose: bool = True,
    may_be_deep: bool = True,
    marks_end: int | None = None,
) -> list[Signal]:
    """All statements of one page, bytes being UTF-8. Comments are no elements.

    `marks_end`: behind it nothing states anything, so that bytes need not be parsed further.
    """
    found: list[Signal] = []
    if may_be_deep and is_too_deep(text):
        note = "nested deeper than any page that a person wrote"
        found.append(Signal("body", "read", Value.UNESTABLISHED, "page", note=note))
        text = text[:SHORT_CHARACTERS]
    tree = _beginnings(text, marks_end) or LexborHTMLParser(text)
    code = unseen.scripts(tree) if has_prose else []
    for count, node in enumerate(tree.css(SELECTOR)):
        if count >= ELEMENTS_MAX:
            found.append(Signal("body", "read", Value.UNESTABLISHED, "page", note="elements"))
            break
        found.extend(_element(node, own_token))
    if marks_end is not None and _is_one_of_more(text, marks_end, found):
        return read(text, own_token, has_prose=has_prose, may_be_deep=may_be_deep)
    marked = text if marks_end is None or isinstance(text, str) else text[:marks_end]
    named = search().named(
        marked if isinstance(marked, bytes) else marked.encode("utf-8", "surrogatepass")
    )
    if not named.isdisjoint(MARK_WORDS):
        found.extend(_marks_elsewhere(tree, found, named))
    if not named.isdisjoint((*_NEAR_WORDS, "ataMining")):
        found.extend(_nearly(tree, text))
    if kogl.NAME in named or any(signal.note == "kogl" for signal in found):
        found.extend(_kogl_in_words(tree, found))
    if ":meta" in named:
        found.extend(_prefixed(tree, own_token))
    if has(text[:ENTITY_BYTES], "<!ENTITY"):
        note = "declares entities, which nobody put in here"
        found.append(Signal("body", "read", Value.UNESTABLISHED, "page", note=note))
    if has_prose:
        found.extend(_prose(tree, text, code))
    return found


def _prefixed(tree: LexborHTMLParser, own_token: str) -> list[Signal]:
    """Elements of XHTML under a prefix, which are none to a parser of HTML: they may refuse."""
    found: list[Signal] = []
    for node in tree.css("*")[:ELEMENTS_MAX]:
        if (node.tag or "").endswith(":meta"):
            said = _element(node, own_token, "meta")
            if any(s.value != Value.YES and s.protocol != "note" for s in said):
                raw = cut(node.html or "")
                found.append(Signal("near", "train", Value.MALFORMED, "html", raw))
    return found


def _is_one_of_more(text: str | bytes, end: int, found: Sequence[Signal]) -> bool:
    """Whether what was not parsed has another work than the one that a licence may be of."""
    if isinstance(text, str) or not any(signal.protocol == "licence" for signal in found):
        return False
    return text.find(b"<article", end) >= 0 or text.find(b"<ARTICLE", end) >= 0


@lru_cache(maxsize=256)
def _mark_selector(named: Names) -> str:
    """Where a script finds what it will show, and what a person sees of a mark beside its
    image: of the attributes that a page has."""
    return ", ".join(
        f"[{place.replace(':', chr(92) + ':')}*='{word}' i]"
        for place in ATTRIBUTES
        if place in named
        for word in MARK_WORDS
    )


def _marks_elsewhere(
    tree: LexborHTMLParser, found: Sequence[Signal], named: Names
) -> list[Signal]:
    """Marks in places where only a script or a reader aloud looks: they may forbid, and grant
    nothing, for what a page shows in the end nobody knows."""
    said = {signal.value for signal in found if signal.protocol == "licence"}
    more = set[str]()
    selector = _mark_selector(named)
    for count, node in enumerate(tree.css(selector) if selector else ()):
        if count >= ELEMENTS_MAX:
            break
        if any(parent in INTERACTIVE for parent in _ancestors(node)):
            continue
        for value in node.attributes.values():
            if value and any(word in value for word in MARK_WORDS):
                mark = kogl.from_link(value) or kogl.from_image(value, value)
                if mark not in (None, "general"):
                    more.add(kogl.id_of(str(mark)))
    if more <= said:
        return []
    return [Signal("kogl", "words", Value.UNKNOWN, "html", cut(", ".join(sorted(more))))]


# What stands where no protocol has it. Only pages that have such a word are asked.
_NEAR_WORDS = ("tdm", "TDM", "content-usage", "content-signal", "data-robots", "rsl", "RSL")
_NEAR_SELECTOR = (
    "[tdm-reservation], [data-tdm-reservation], [data-tdm], [tdm], tdm-reservation, "
    "[rel*='tdm' i], [property*='tdm:' i]:not(meta), [itemprop*='tdm' i]:not(meta), "
    "[name^='tdm' i]:not(meta), [content-usage], [data-content-usage], "
    "[rel='content-usage' i], [content-signal], [data-content-signal], "
    "[rel='content-signal' i], [data-robots*='noai' i], [tdm\\:reservation], "
    "script[type*='rsl' i], link[type*='rsl' i], [rel*='rsl' i]"
)


def _nearly(tree: LexborHTMLParser, text: str | bytes) -> list[Signal]:
    found: list[Signal] = []
    for node in tree.css(_NEAR_SELECTOR)[:64]:
        raw = cut(node.html or "")
        is_rsl = "rsl" in f"{node.attributes.get('type')} {node.attributes.get('rel')}".lower()
        if is_rsl:
            found.extend(rsl.named("html", [raw]))
        else:
            found.append(Signal("near", "train", Value.MALFORMED, "html", raw))
    if not found and has(text, "rslstandard.org/rsl"):
        found.extend(rsl.named("html", ["rslstandard.org/rsl"]))
    if has(text, "ataMining"):  # in NewsML with a small letter
        octets = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
        found.extend(c2pa.from_xmp(octets))
    return found


def has(text: str | bytes, word: str) -> bool:
    return word in text if isinstance(text, str) else word.encode() in text


def _kogl_in_words(tree: LexborHTMLParser, marks: Iterable[Signal]) -> list[Signal]:
    """A type that the page names in its text and no mark of the page shows: words are no mark,
    but they may say what the mark does not."""
    said = _words(tree)
    shown = {signal.value for signal in marks if signal.protocol == "licence"}
    named = {kogl.id_of(kind) for kind in kogl.from_text(said)}
    if kogl.is_narrowed(said, shown):
        named.add(UNREADABLE)
    if named <= shown:
        return []
    return [Signal("kogl", "words", Value.UNKNOWN, "html", cut(", ".join(sorted(named))))]


def _beginnings(text: str | bytes, end: int | None) -> LexborHTMLParser | None:
    """The page up to a place, or to the end of the script or style that it seems to lie in."""
    if end is None or end >= len(text) or isinstance(text, str):
        return None
    nearest = _RAW_TAG.search(text, end, end + RAW_BYTES_MAX)
    closes_at = nearest.end() if nearest is not None and nearest[1] else end
    return _beginning(text, closes_at)


_RAW_TAG = re.compile(rb"<(?:(/)(?:script|style)>|(?:script|style)\b)", re.IGNORECASE)


def _beginning(text: bytes, end: int) -> LexborHTMLParser | None:
    """The page up to a place, when that place is outside of every tag, script and comment.

    An element of our own is put there: only where it is an element, all before it was whole.
    """
    beginning = text[:end]
    if END_NAME in beginning.lower():
        return None
    tree = LexborHTMLParser(b"%b<%b>" % (beginning, END_NAME))
    return None if tree.css_first(END_NAME.decode()) is None else tree


def is_too_deep(text: str | bytes) -> bool:
    """Whether more elements stay open than a parser survives: its time grows with their square.

    Elements that close by themselves are left out; each name is balanced for itself, so that a
    closing tag of another name hides nothing.
    """
    if len(text) <= SHORT_CHARACTERS:
        return False
    opened: Counter[str] = Counter()
    for slash, name in _TAG.findall(text if isinstance(text, str) else text.decode("latin-1")):
        opened[name] += -1 if slash else 1
    excess = (count for name, count in opened.items() if name.lower() not in SELF_CLOSING)
    return sum(count for count in excess if count > 0) > OPEN_ELEMENTS_MAX


def _element(node: LexborNode, own_token: str, tag: str = "") -> Iterable[Signal]:
    tag = tag or node.tag or ""
    attributes = {str(name).lower(): value or "" for name, value in node.attributes.items()}
    if tag == "meta":
        return _meta(node, attributes, own_token)
    if tag == "script":
        return _json_ld(node.text() or "")
    if tag == "img":
        return _image(node, attributes)
    return _reference(node, tag, attributes)


def _meta(node: LexborNode, attributes: Mapping[str, str], own_token: str) -> list[Signal]:
    pairs = tuple(attributes.items())
    is_usual = sum([len(name) + len(value) for name, value in pairs]) <= META_CHARACTERS_MAX
    names, content, said, nearly = (_usual_meta if is_usual else _read_meta)(pairs, own_token)
    found = [*said, *_licence_name(names, content, node)]
    return found or list(nearly)


META_CHARACTERS_MAX = 256  # of elements that are remembered
MetaSaid = tuple[tuple[str, ...], str, tuple[Signal, ...], tuple[Signal, ...]]


def _read_meta(pairs: tuple[tuple[str, str], ...], own_token: str) -> MetaSaid:
    """Its names, its content, what it says, and what it says nearly when it says nothing."""
    attributes = dict(pairs)
    said = (attributes.get(kind, "") for kind in ("name", "property", "http-equiv", "itemprop"))
    names = [name for text in said if (name := text.strip().lower())]
    content = attributes.get("content", "")
    found: list[Signal] = []
    for name in dict.fromkeys(names):
        reader = META_READERS.get(name)
        if reader is not None:
            found.extend(reader(content))
        elif (
            name == "x-robots-tag" and name == attributes.get("http-equiv", "").strip().lower()
        ):
            found.extend(noai.from_header([content], own_token))
        elif name not in SPOKEN_NAMES:
            found.extend(noai.from_meta(name, content, own_token))
    return tuple(names), content, tuple(found), tuple(_nearly_meta(attributes, names))


# Pages of one site have the same elements, and those of all sites many.
_usual_meta = lru_cache(maxsize=2048)(_read_meta)


DIRECTIVE_WORDS_MAX = 3  # more make a sentence, of which the same words are the theme
# Words that are a directive wherever they stand, and names that have nothing else to say.
_DIRECTIVE = re.compile(
    r"(?:^|[\s,;=:])(?:"
    r"(?:noai|noimageai|noml|no-?(?:gen)?ai(?:-?(?:use|train(?:ing)?))?)(?:$|[\s,;=:.])"
    r"|(?:train-?(?:gen)?ai|ai-?train(?:ing)?|tdm[-_:.]?reserv\w*)\s*[=:]|tdm[-_:.]reservation)"
    r"|no-ai-training"
)
_THEMES = ("tdm", "tdmrep", "ai", "genai", "training", "ai-usage", "ai-training", "ai-train")


def _nearly_meta(attributes: Mapping[str, str], names: Sequence[str]) -> list[Signal]:
    """A statement with its name or its value in another place than the protocol has them."""
    texts = [f"{name}={value}" for name, value in attributes.items()]
    is_theme = any(name in _THEMES for name in names)
    is_spoken = not is_theme and any(name in SPOKEN_NAMES for name in names)
    short = [text.lower() for text in texts if len(text.split()) <= DIRECTIVE_WORDS_MAX]
    is_meant = not is_spoken and any(_DIRECTIVE.search(text) for text in short)
    if is_meant or (is_theme and _says_no(attributes)):
        raw = " ".join(texts)
        return [Signal("near", "train", Value.MALFORMED, "html", cut(raw))]
    return []


def _says_no(attributes: Mapping[str, str]) -> bool:
    """Whether some value that is not the name is a plain word of refusal, or of reservation."""
    said = (value for name, value in attributes.items() if name not in ("name", "property"))
    return any(_PLAIN_NO.fullmatch(value.strip().lower()) for value in said)


_PLAIN_NO = re.compile(
    r"1|0|n|no|none|deny|denied|disallow(?:ed)?|forbidden|false|true|reserved"
)


# What stands under these is text for people.
SPOKEN_NAMES = ("description", "keywords", "title", "author")
_LICENCE_NAME = re.compile(r"(?:dc|dct|dcterms)\.licen[sc]e")


def _licence_name(names: Iterable[str], content: str, node: LexborNode) -> list[Signal]:
    """A licence as a property, or by Dublin Core's name; its `rights` may hold one."""
    for name in names:
        is_named = _PROPERTY.search(name) or _LICENCE_NAME.fullmatch(name)
        if content and is_named:
            return [licence_signal(content, "html", content, _scope(node))]
        if name in ("dc.rights", "dcterms.rights") and licence_id(content) != UNREADABLE:
            return [licence_signal(content, "html", content, _scope(node))]
    return []


META_READERS: Mapping[str, Callable[[str], list[Signal]]] = {
    "tdm-reservation": lambda text: tdmrep.from_values([text], [], "html"),
    "tdm:reservation": lambda text: tdmrep.from_values([text], [], "html"),
    "tdm-policy": lambda text: tdmrep.from_values([], [text], "html"),
    "tdm:policy": lambda text: tdmrep.from_values([], [text], "html"),
    "content-usage": lambda text: aipref.from_header([text]),
    "content-signal": lambda text: content_signal.from_lines([text], "html"),
}


_PROPERTY = re.compile(r"(?:^|[\s:/#])licen[sc]e(?:$|\s)")


def _license_property(
    attributes: Mapping[str, str], content: str, scope: str = "id"
) -> list[Signal]:
    said = f"{attributes.get('itemprop', '')} {attributes.get('property', '')}".lower()
    if content and _PROPERTY.search(said):
        return [licence_signal(content, "html", content, scope)]
    return []


def licence_signal(target: str, carrier: str, raw: str, scope: str = "id") -> Signal:
    """`scope`: "id" of the page, "part" of something in it, which grants nothing for it."""
    return Signal("licence", scope, licence_id(target), carrier, cut(raw))


def _reference(node: LexborNode, tag: str, attributes: Mapping[str, str]) -> list[Signal]:
    href = attributes.get("href") or attributes.get("src") or attributes.get("resource") or ""
    mark = kogl.from_link(href)
    if mark is not None:
        return _kogl(node, mark, href)
    rel = attributes.get("rel", "").lower()
    if tag in ("link", "a", "area") and _PROPERTY.search(rel):
        if "rsl+xml" in attributes.get("type", "").lower():
            return rsl.named("html", [href])
        return [licence_signal(href, "html", href, _scope(node))]
    text = href or attributes.get("content") or (node.text() or "").strip()[:512]
    return _license_property(attributes, text, _scope(node))


def _image(node: LexborNode, attributes: Mapping[str, str]) -> list[Signal]:
    src, alt = attributes.get("src", ""), attributes.get("alt", "")
    mark = kogl.from_image(f"{src} {attributes.get('srcset', '')}", alt)
    return [] if mark is None else _kogl(node, mark, src or alt)


def _kogl(node: LexborNode, mark: str, raw: str) -> list[Signal]:
    """A mark inside a form or an editor is a choice on offer, not a statement."""
    if mark == "general":
        return [Signal("note", "kogl-general", "yes", "html", cut(raw))]
    if any(parent in INTERACTIVE for parent in _ancestors(node)):
        return [Signal("note", "kogl-in-form", "yes", "html", cut(raw))]
    return [Signal("licence", _scope(node), kogl.id_of(mark), "html", cut(raw), "kogl")]


MEDIA = ("image", "photograph", "video", "audio", "media", "drawing", "painting", "map")


def _scope(node: LexborNode) -> str:
    """What a licence in the page's text is about: the page, or a part that says so itself, as
    a figure, an item of a medium or what stands under another subject."""
    parent: LexborNode | None = node
    steps = 0
    while parent is not None and steps < ANCESTORS_MAX:
        said = parent.attributes
        about = said.get("about") or (said.get("resource") if parent is not node else None)
        kind = f"{said.get('itemtype') or ''} {said.get('typeof') or ''}".lower()
        is_part = parent.tag in PARTS or (parent.tag == "article" and _is_one_of_many(parent))
        is_part = is_part or (parent.tag != "body" and _is_of_readers(said))
        if is_part or any(word in kind for word in MEDIA) or about not in (None, "", "#"):
            return "part"
        parent, steps = parent.parent, steps + 1
    return "id"


PARTS = ("figure", "figcaption", "blockquote", "q", "aside", "del", "s", "strike", "select")


_OF_READERS = frozenset(
    (
        "comment",
        "comments",
        "comment-body",
        "comment-content",
        "comment-list",
        "reply",
        "replies",
    )
)


def _is_of_readers(said: Mapping[str, str | None]) -> bool:
    """Whether an element says that readers wrote what is in it."""
    names = f"{said.get('class') or ''} {said.get('id') or ''}"
    return "e" in names and not _OF_READERS.isdisjoint(names.lower().split())


def _is_one_of_many(node: LexborNode) -> bool:
    """Whether an article has others beside it: a licence in it is its own."""
    above = node.parent
    return above is not None and len(above.css("article")) > 1


def _ancestors(node: LexborNode) -> Iterator[str]:
    parent, steps = node.parent, 0
    while parent is not None and steps < ANCESTORS_MAX:
        yield parent.tag or ""
        parent, steps = parent.parent, steps + 1


def _json_ld(text: str) -> list[Signal]:
    """`license` and `isAccessibleForFree` anywhere in the graph."""
    if not any(word in text for word in _JSON_WORDS):
        return []
    if len(text) > JSON_BYTES_MAX:
        return [Signal("body", "read", Value.UNESTABLISHED, "page", note="json-ld")]
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        if "icense" in text:
            return [Signal("licence", "id", "LicenseRef-Unreadable", "json-ld", cut(text))]
        return []
    found: list[Signal] = []
    pairs = list(_walk(document))
    if len(pairs) >= JSON_NODES_MAX:
        found.append(Signal("body", "read", Value.UNESTABLISHED, "page", note="json-ld"))
    for scope, key, value in pairs:
        name = _NAMESPACE.sub("", key)
        if name == "license":
            found.extend(licence_signal(u, "json-ld", u, scope) for u in _targets(value))
        elif name == "isAccessibleForFree" and _is_false(value):
            found.append(Signal("access", "paywall", "yes", "json-ld", cut(str(value))))
        elif name in _JSON_TERMS and isinstance(value, str):
            found.extend(_terms(value))
        elif _JSON_TDM.match(name):
            raw = cut(f"{key}: {value}")
            found.append(Signal("near", "train", Value.MALFORMED, "json-ld", raw))
    return found


_JSON_WORDS = (
    *("icense", "isAccessibleForFree", "\\u", "tdm", "usageInfo", "copyrightNotice"),
    "conditionsOfAccess",
)
_JSON_TERMS = ("usageInfo", "copyrightNotice", "conditionsOfAccess")
_JSON_TDM = re.compile(r"(?:.*[:/#])?tdm[-_:]?(?:res|pol)", re.IGNORECASE)


def _is_false(value: object) -> bool:
    if isinstance(value, list):
        return any(_is_false(item) for item in value)
    return str(value).lower().rpartition("/")[2] in ("false", "no", "0")


def _terms(text: str) -> list[Signal]:
    """Terms of use in words; an address tells no more than its words."""
    said = prose_reservation(text)
    if said is not None:
        return [Signal("prose", "reservation", Value.NO, "json-ld", said)]
    is_meant = _DIRECTIVE.search(text.lower()) is not None
    return [Signal("near", "train", Value.MALFORMED, "json-ld", cut(text))] if is_meant else []


_NAMESPACE = re.compile(r"^(?:schema:|https?://schema\.org/)")
OF_THE_PAGE = ("@graph", "mainEntity", "mainEntityOfPage")
OTHER_KINDS = (*MEDIA, "software", "website", "organization", "person", "font", "3d")


def _walk(document: object) -> Iterator[tuple[str, str, object]]:
    """Every key of every object with what it is about, up to a limit that the caller can see
    was reached. An object inside of another, or of another kind than a page, is a part."""
    stack, count = [("id", document)], 0
    while stack:
        scope, node = stack.pop()
        if isinstance(node, list):
            stack.extend((scope, item) for item in node)
            continue
        if not isinstance(node, dict):
            continue
        kind = str(node.get("@type", "")).lower()
        if any(word in kind for word in OTHER_KINDS):
            scope = "part"
        for key, value in node.items():
            count += 1
            if count > JSON_NODES_MAX:
                return
            yield scope, key, value
            stack.append((scope if _NAMESPACE.sub("", key) in OF_THE_PAGE else "part", value))


def _targets(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in _targets(item)]
    if isinstance(value, dict):
        return [str(value.get("@id") or value.get("url") or value.get("name") or "?")]
    return []


def _words(tree: LexborHTMLParser, separator: str = " ") -> str:
    """The text of a page, which has no scripts any more then."""
    tree.strip_tags(["script", "style"])
    shown = tree.body or tree.root  # a page of frames has no body
    return "" if shown is None else shown.text(separator=separator)


def _prose(tree: LexborHTMLParser, source: str | bytes, code: Sequence[str]) -> list[Signal]:
    """A sentence about mining or training with a refusal near it."""
    said = _reservation(tree)
    if said is None:
        return unseen.read(tree, source, code)
    return [Signal("prose", "reservation", Value.NO, "html", said)]


def in_words(text: str | bytes) -> list[Signal]:
    """The sentence of a page that reserves, whatever else the page says."""
    tree = LexborHTMLParser(text)
    return _prose(tree, text, unseen.scripts(tree))


def _reservation(tree: LexborHTMLParser) -> str | None:
    words = as_read(_words(tree))
    places = search().places(words)
    if not places:
        return None
    said = prose_reservation(words, places)
    if said is None:
        stopped = as_read(_words(tree, STOP))
        said = prose_reservation(stopped, search().places(stopped))
    return said


STOP = " | "  # a heading or an item of a list has none of its own
