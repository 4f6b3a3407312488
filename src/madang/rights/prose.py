"""Sentences that reserve, in words that people write: English and Korean, and the usual ones of
eight other languages.

What is read here decides which words `sentences` looks for: an expression that learns a word
needs it there too, and `tests/conformance/rights/test_sentences.py` has to say it.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from madang.rights.search import ANYWHERE, Places, search
from madang.rights.signals import cut

_AI = r"(?:(?<![a-z])A\.?I\.?(?![a-z])|artificial intelligence|인공\s?지능|人工知能|人工智能)"
_MODELS = (
    rf"(?:{_AI}|machine[- ]learning|language models?|언어\s?모델|neural net"
    r"|(?<![a-z])(?:LLMs?|KI)(?![a-z]))"
)
_TDM_WORDS = re.compile(
    r"(?<![a-z])TDM(?![a-z]|[-_:][rp])|(?:text|data)[- ]?mining|text[- ]?(?:and|&|und)[- ]?data"
    r"|2019/790|데이터\s?마이닝|기계\s?학습|머신\s?러닝|§\s?44b|datamining|データ・?マイニング|機械学習|数据挖掘|机器学习"
    r"|fouille de (?:textes|données)|miner[ií]a de (?:textos|datos)"
    r"|estrazione di (?:testo|dati)|mineração de (?:textos|dados)"
    rf"|(?:{_MODELS}|(?<![a-z])KI)[^.\n]{{0,40}}(?:train|학습)"
    rf"|{_MODELS}[^.\n]{{0,90}}for training"
    rf"|train[^.\n]{{0,60}}{_MODELS}"
    rf"|(?:entra[iî]n|entrena)[^.\n]{{0,60}}(?:{_MODELS}|(?<![a-z])IA(?![a-z]))"
    rf"|학습[^.\n]{{0,20}}{_AI}|{_AI}[^。\n]{{0,8}}(?:学習|训练|訓練)"
    rf"|(?:学習|训练|訓練)[^。\n]{{0,8}}{_AI}",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"reserv|prohibit|forbid|not (?:be )?(?:permit|allow|authori)|may not|must not|"
    r"(?<!we do )(?<!we will )not (?:be )?use|"
    r"do(?:es)? not (?:permit|allow|consent)|without (?:our |the |prior |express |written )*"
    r"(?:permission|consent|authori)|opt[- ]?out|no (?:use|part|permission)(?![a-z])|"
    r"vorbehalten|untersagt|verboten|interdit|réserv|prohibid|proibid|vietat|riservat|"
    r"voorbehouden|禁止|禁じ|不得|未经|"
    r"금지|불허|금합|허용하지|허락하지|할 수 없|제한|유보|동의 없이|무단(?!으로)|거부",
    re.IGNORECASE,
)
# The same in other words. Those that news and promises have too ("we do not use your data to
# train") count only where they begin a sentence or name what they refuse.
_BEGINS = r"(?:^|[.!?:;|(·•>*]\s*|please\s)"
_NO_WHAT = (
    r"(?:(?:generative |gen)?ai|artificial intelligence|machine[- ]learning|llms?|tdm"
    r"|(?:text|data)(?:[- ]?(?:and|&)[- ]?data)?[- ]mining)"
)
_LICENSED = (
    r"(?:a |an |our |the |prior |express |written |paid |separate |valid )+"
    r"(?:licen|permission|consent|authori)"
)
_OURS = r"(?:our|this|these|my)(?![a-z])"
_OWNER = r"(?:this|the) (?:web ?site|site|author|publisher|owner|artist|rights?[- ]?holder)"
# What an owner objects to: nothing named, or what machines do. News names rulings and bills.
_SUCH_USE = (
    r"(?=\s*(?:[.!;|]|$)|[^.\n]{0,60}(?:train|mining|use|scrap|crawl|cop(?:y|ie)|collect|learning"
    r"|consent|permission|(?<![a-z])(?:a\.?i|llms?|tdm)(?![a-z])|(?<![a-z])(?:this|such)(?![a-z])))"
)
_NOT_GIVEN = r"(?:denied|refused|withheld|not (?:hereby )?(?:granted|given))"
_REFUSAL_MORE = re.compile(
    rf"(?<![a-z])no (?:{_NO_WHAT}|training|text|data)[^.\n]{{0,60}}(?:permit|allow|authori)"
    rf"|{_BEGINS}(?:human use only, )?no {_NO_WHAT}"
    r"(?: or |[- ,/&]|(?:training|mining|scraping|use)s?)*(?=[.!;|)·•©]|$)"
    rf"|{_BEGINS}not for (?:[\w-]+ ){{0,3}}(?:training|mining|{_NO_WHAT})"
    r"|not to be (?:used|mined|scraped|crawled|copied|fed)"
    rf"|{_BEGINS}(?:do not|don['’]?t|never)"
    r" (?:train|use|scrape|crawl|mine|feed|collect)(?![a-z])"
    r"|not have (?:our |the |any )?(?:permission|consent)"
    r"|(?<![a-z])we (?:[a-z]+ly )?(?:object(?![a-z])|disallow)"
    r"|excluded from (?:all |any )?(?:use|text|data|tdm|ai|machine)|(?:is|are) disallowed"
    rf"|(?:training|mining|use)[^.\n]{{0,40}}(?:requires? |only with |subject to ){_LICENSED}"
    r"|neither [^.\n]{0,60}may be|not welcome|licen[cs]e required|not licen[sc]ed for"
    r"|must (?:first )?(?:obtain|seek|request) (?:[a-z]+ ){0,4}"
    r"(?:licen|permission|consent|authori)"
    rf"[^.\n]{{0,60}}(?<![a-z]){_OURS}"
    r"|(?:use|training|mining)[^.\n]{0,60}(?:is|are) (?:[a-z]+ly )?(?:excluded|unauthori[sz]ed)"
    r"|(?:permission|consent|licen[cs]es?|rights?)(?![a-z])[^.\n]{0,60}"
    rf"(?:is|are) {_NOT_GIVEN}"
    r"|no (?:licen[cs]es?|rights?) [^.\n]{0,40}(?:granted|given)"
    r"|rights (?:are |is )?(?:[a-z]+ly )?(?:retained|withheld)"
    r"|(?<![a-z])(?:we|i) (?:have )?(?:[a-z]+ly )?opted[- ]out"
    rf"|{_OWNER} (?:[a-z]+ly )?(?:objects|refuses|opposes){_SUCH_USE}"
    rf"|(?:unlawful|illegal|infring\w*) to [^.\n]{{0,30}}(?<![a-z]){_OURS}"
    r"|under no circumstances"
    r"|only,? (?:and |but )?not for (?:[\w-]+ ){0,3}(?:training|mining)"
    r"|only (?:be )?(?:allowed |permitted |possible )?(?:under|upon) (?:[a-z]+ )?licen[cs]e"
    r"|nicht (?:gestattet|erlaubt|zulässig)|(?<![a-z])keine? (?:ki|text|data|nutzung)"
    r"|(?<![a-z])pas d['’e] ?(?:entra|util|fouil)|no se (?:permite|autoriza)"
    r"|(?:학습|마이닝|이용|활용|사용|수집|크롤링)\s?(?:은|는|이|가|을|를)?\s?불가(?![능피결])"
    r"|(?:별도|사전)의?\s?(?:서면\s?)?(?:이용\s?)?(?:계약|협의)"
    r"(?![은는이가도]?\s?(?:필요\s?없|필요가\s?없|필요하지\s?않|불필요))"
    r"|(?:학습|훈련|마이닝|이용|활용|사용|수집|크롤링|스크래핑|복제|무단)[^.\n]{0,20}삼가"
    r"|침해(?:입니다|에 해당|로 간주)"
    r"|(?:허락|동의|허가|승인)(?:을|를)?\s?(?:받|얻|구하)(?:아|어|으셔|셔)야 (?:합|하셔)"
    r"|(?:을|를|등|히|절|대|체)\s?금(?:하고|하며|함)|(?:하실|될|쓸|쓰실) 수 없"
    r"|못하도록 (?:합니다|해 ?주)|(?:에|을|를)\s?반대(?:합니다|함)"
    r"|지\s?(?:마세요|말아|마시|마십|말 것|못합니다|않기를)|(?:원하|동의하)지 않습니다"
    r"|사전\s?(?:서면\s?)?(?:허락|동의|승인|허가)|법적\s?(?:조치를 취|책임을 (?:묻|물|질))"
    r"|遠慮|ないでください|お断り|请勿|严禁|不允许"
)
# Without a word about training: use for AI, and the refusal of it, in one sentence.
_ANY_AI = (
    rf"(?:{_AI}|machine[- ]learning|(?:large )?language models?|(?<![a-z])LLMs?(?![a-z])"
    r"|deep[- ]learning|neural net)"
)
_NOT = (
    r"(?:(?:may|must|can|shall) ?not|not (?:be )?(?:permit|allow|authori[sz])\w*|not consent"
    r"|opt(?:s|ed)?[- ]out|prohibit\w*|forbid\w*|no (?:part|use)"
    r"|(?<![a-z])we (?:[a-z]+ly )?object(?![a-z]))"
)
_USING = (
    r"(?:us(?:e|ed|es|ing|age)|scrap\w+|crawl\w*|collect\w*|cop(?:y\w*|ied)|develop\w*"
    r"|feed\w*|fed|ingest\w*|reproduc\w*|access(?:ed)?)"
)
_MACHINES = (
    r"[- ](?:compan(?:y|ies)|crawlers?|(?:ro)?bots?|scrapers?|spiders?|agents?|systems?)"
)
_REFUSED_USE = re.compile(
    rf"{_NOT}(?![a-z])[^.\n]{{0,60}}(?<![a-z]){_USING}(?![a-z])[^.\n]{{0,60}}{_ANY_AI}"
    rf"|(?<![a-z]){_USING}(?![a-z])[^.\n]{{0,60}}{_ANY_AI}[^.\n]{{0,40}}{_NOT}(?![a-z])"
    rf"|{_ANY_AI}[^.\n]{{0,20}}(?<![a-z]){_USING}(?![a-z])[^.\n]{{0,60}}{_NOT}(?![a-z])"
    rf"|{_ANY_AI}{_MACHINES}(?:,? [a-z]+)? (?:are|is) not (?:welcome|allowed|permitted)"
    rf"|(?<![a-z])we do not (?:allow|permit) (?:any )?(?:[a-z]+ )?{_ANY_AI}{_MACHINES}"
    rf"|(?:^|[.!?:;|(·•>*]\s*)not for (?:[\w-]+ ){{0,3}}{_ANY_AI}"
    r"|(?:(?<![a-z])A\.?I(?![a-z])|인공\s?지능|언어\s?모델|딥\s?러닝)[^.\n]{0,20}"
    r"(?:이용|활용|사용|크롤링|수집|개발|쓰)[^.\n]{0,20}"
    r"(?:금지|금합|불허|거부|허용하지|허락하지|할 수 없|삼가)",
    re.IGNORECASE,
)
# The same for text in small letters: without a flag an expression skips by first letter.
_REFUSAL_FOLDED = re.compile(_REFUSAL.pattern)
_NOT_FOLDED = re.compile(
    _NOT + r"|not (?:welcome|for(?![a-z]))|금지|금합|불허|거부|허용하지|허락하지|할 수 없|삼가"
)
_HYPHEN = re.compile("[\u2010-\u2015\u00ad]")
NEAR_CHARACTERS = 200
PROSE_WORDS = (
    *("mining", "마이닝", "2019/790", "train", "학습", "러닝", "44b", "fouille", "minería"),
    *("mineria", "estrazione", "mineração", "マイニング", "学習", "数据挖掘", "机器学习"),
    *("训练", " ai", "(ai", "artificial intelligence", "machine learning", "language model"),
    *(
        " tdm",
        "entraîn",
        "entren",
        "machine-learning",
        "deep learning",
        "llm",
        "인공지능",
        "인공 지능",
        "언어모델",
    ),
    *("언어 모델", "딥러닝", "딥 러닝", "a.i"),
)


_PARTS = re.compile("[\u1100-\u11ff]")  # of Korean letters, written one by one
_WIDE = {0xFEE0 + letter: letter for letter in (*range(0x41, 0x5B), *range(0x61, 0x7B))}


def as_read(text: str) -> str:
    """A text with one blank between its words, Korean letters whole, wide ones as others."""
    text = " ".join(text.split())
    if text.isascii():
        return text
    if _PARTS.search(text):
        text = unicodedata.normalize("NFC", text)
    return text.translate(_WIDE) if "\uff21" in text or "\uff41" in text else text


def prose_reservation(text: str, places: Places = ANYWHERE) -> str | None:
    """The passage that reserves in words, or None.

    A few plain words are searched first; only their surroundings meet the expressions, and of
    those only where `places` has that a refusal is near: the expressions are dear. Of a text
    with too many of them a person reads on, from the last one that was looked at.
    """
    return _looked_through(text, places, 0)[0]


def first_reservation(texts: Iterable[str]) -> str | None:
    """The passage of the first text that reserves, each for itself. All of them together have
    no more passages than one may have: who writes texts chooses how many."""
    looked = 0
    for text in texts:
        places = search().places(text)
        if places:
            said, looked = _looked_through(text, places, looked)
            if said is not None:
                return said
    return None


def _looked_through(text: str, places: Places, looked: int) -> tuple[str | None, int]:
    """The same of one text, and how many passages were looked at by now."""
    text = f" {' '.join(text.split())}"
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters change their length: positions must agree
        lowered = text
    spots = (at for at in _spots(lowered) if bisect_right(places, at) % 2)
    for count, at in enumerate(spots, looked):
        said = _passage(text, at)
        if said:
            return said, count
        if count >= PASSAGES_MAX:
            return cut(text[max(0, at - NEAR_CHARACTERS) : at + NEAR_CHARACTERS]), count
        looked = count + 1
    return None, looked


def _spots(text: str) -> Iterator[int]:
    for word in PROSE_WORDS:
        yield from _looked_at(text, word)
    yield from _apart(found.start() for found in _AI_BEHIND.finditer(text))


STEP = NEAR_CHARACTERS // 4
PASSAGES_MAX = 5_000
"""Of a few milliseconds each in a text made to be slow."""


def _looked_at(text: str, word: str) -> Iterator[int]:
    """Places of a word, of those that stand close together only some: the last of a few is
    one, for a refusal may be near it alone."""
    at = text.find(word)
    while at >= 0:
        yield at
        last = text.rfind(word, at + 1, at + STEP + len(word))
        at = last if last >= 0 else text.find(word, at + 1)


def _apart(places: Iterable[int]) -> Iterator[int]:
    """The same of places in order."""
    first = last = -STEP
    for place in places:
        if place - first >= STEP:
            if last > first:
                yield last
            yield place
            first = place
        last = place
    if last > first:
        yield last


# One of these is in all that `_TDM_WORDS` finds: most passages about AI have none.
_TDM_PARTS = (
    *("train", "mining", "학습", "tdm", "data", "러닝", "마이닝", "2019/790", "44b", "entra"),
    *(
        "entren",
        "学習",
        "训练",
        "訓練",
        "マイニング",
        "数据挖掘",
        "机器学习",
        "fouille",
        "miner",
    ),
    "estrazione",
)
_AI_BEHIND = re.compile(r"(?<=[^\x00-\x7f])ai(?![a-z])")  # as in 생성형AI


# What a service promises those who use it; of the page's own words it says nothing.
_PROMISED = re.compile(
    r"(?<![a-z])your (?:own |personal |private )?(?:data|conversations?|chats?|prompts?|inputs?"
    r"|queries) (?:is|are|will) (?:not|never) (?:be )?used(?![a-z])",
    re.IGNORECASE,
)


# What is free for all says so in words that refuse, too; with an exception near, they count.
_FREE = re.compile(
    r"(?<![a-z])no permission (?:is )?(?:required|needed|necessary)(?=\s*(?:[.!|]|$))"
    r"|제한(?:이|은|도)?\s?없(?:음|이(?!\w)|습니다|다(?!\w))",
    re.IGNORECASE,
)
_EXCEPT = re.compile(
    r"exce(?:pt|ed)|unless|other than|exclu|apart|outside|beyond|without|save for|limit"
    r"|(?<![a-z])(?:but|however|only|though|while|whereas|not|never|it is|it does)(?![a-z])"
    r"|외|단[,은 ]|다만|하지만|그러나|지만|반면|아니|아닙|아님|뿐|한해|한하|한정"
    r"|빼고|별개|달리|따로"
)


def _folded(passage: str) -> str:
    return passage.casefold().replace("i\u0307", "i")


def _passage(text: str, at: int) -> str | None:
    """The surroundings of a word, asked for a plain refusal first: the rest is dear."""
    passage = text[max(0, at - NEAR_CHARACTERS) : at + NEAR_CHARACTERS]
    passage = _HYPHEN.sub("-", " ".join(passage.split()))
    folded = _folded(passage)
    if "your " in folded:
        passage = _PROMISED.sub(" ", passage)
        folded = _folded(passage)
    if ("permission" in folded or "제한" in folded) and not _EXCEPT.search(folded):
        passage = _FREE.sub(" ", passage)
        folded = _folded(passage)
    if any(word in folded for word in _TDM_PARTS):
        is_refused = _REFUSAL_FOLDED.search(folded) and _REFUSAL.search(passage)
        if (is_refused or _REFUSAL_MORE.search(folded)) and _TDM_WORDS.search(passage):
            return cut(passage)
    is_said = _NOT_FOLDED.search(folded) and _REFUSED_USE.search(passage)
    return cut(passage) if is_said else None
