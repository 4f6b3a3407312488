"""Refusals in every place of a page, file and answer that can hold one, for every kind of input.

Other sets change how a statement is written; this one changes where it stands. A sentence that
reserves is put wherever a page, a text or a feed has room for words, in encodings that are named,
not named and named wrongly; lines of headers and of site files are written as hands write them.
Each case goes through the command by four doors: an archive in members, a plain one, a table and
a list. Beside them are permissions and calm pages, whose words lie as near as can be.
"""

# ruff: noqa: E501  one sentence or file a line
from __future__ import annotations

import gzip
import json
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import replace

from rights_raw import HTML, TDM_NAME, Case, answer

TEXT = b"Content-Type: text/plain"
JSON = b"Content-Type: application/json"
EN = "The use of this content for training artificial intelligence models is prohibited."
KO = "본 저작물을 인공지능 학습에 이용하는 것을 금지합니다."
IN_ENGLISH = (
    "All rights reserved, including rights for text and data mining and training of artificial intelligence technologies or similar technologies.",
    "No part of this publication may be used or reproduced in any manner for the purpose of training artificial intelligence technologies or systems.",
    "The author expressly prohibits any entity from using this publication to train AI technologies to generate text.",
    "We reserve all rights in respect of text and data mining.",
    "Robots and scrapers: you may not use our articles to develop, train or improve any large language model.",
    "Automated collection of this site's content for machine learning is strictly forbidden.",
    "This work is not licensed for AI training.",
    "AI companies must obtain a licence before using our content for training.",
    "Training of AI systems on this content requires a paid licence.",
    "You are not allowed to feed our texts into generative AI.",
    "Any use of the content for training of AI models is excluded.",
    "Content may not be ingested by LLMs.",
    "No AI training.",
    "NO AI TRAINING: Any use of this publication to train generative AI is expressly prohibited.",
    "Please don't use my art to train AI.",
    "I do not consent to my art being used in AI training sets.",
    "Using this content for AI training is not permitted without our prior written consent.",
    "Opt-out under Article 4(3) of the DSM Directive: text and data mining of this site is reserved.",
    "The rightholder reserves the use of this content for purposes of text and data mining (Sec. 44b UrhG).",
    "AI crawlers are not welcome here.",
    "Not for use in machine learning datasets.",
    "The content of this website must not be used in the development of AI software.",
    "Permission to use this text for training neural networks is denied.",
    "We have opted out of AI training.",
    "This website objects to the use of its content for the training of AI.",
    "We do not allow AI companies to use our content.",
    "Access by AI bots is prohibited.",
    "It is unlawful to use our journalism to train AI models.",
    "AI/ML training rights are withheld.",
    "Rights for AI training are not granted.",
    "No licence is granted for the training of AI.",
    "All AI training rights are retained by the author.",
    "Any AI training on this material is unauthorised.",
    "AI training use: NOT PERMITTED.",
    "AI Training Opt-Out: Yes",
    "The publisher refuses consent to training of AI on these pages.",
    "It is forbidden to copy, scrape or mine this site for LLM training.",
    "Under no circumstances may these works be used to train AI.",
    "You shall not use the Services to train a machine learning or AI model.",
    "Crawling for the purposes of building AI models is prohibited by our terms.",
    "Reproduction by AI systems is not permitted.",
    "AI scraping is not permitted.",
    "Commercial AI training is only allowed under licence.",
    "Content is provided for personal use only and not for training artificial intelligence.",
)
IN_KOREAN = (
    "본 콘텐츠를 AI 학습에 사용할 수 없습니다.",
    "무단 전재, 재배포 및 AI 학습 이용 금지",
    "저작권자 © 한국일보 무단전재·재배포, AI 학습 및 활용 금지",
    "Copyright ⓒ 연합뉴스. 무단전재 -재배포, AI 학습 및 활용 금지",
    "ⓒ 신문사, 무단 전재 및 재배포, AI학습 이용 금지",
    "인공지능(AI) 학습 목적의 크롤링을 금합니다.",
    "이 글을 생성형 AI의 학습 데이터로 쓰지 마세요.",
    "사전 동의 없는 AI 학습 데이터 활용을 금지합니다.",
    "기사의 AI 학습 이용을 허락하지 않습니다.",
    "당사의 서면 동의 없이 데이터 마이닝에 이용할 수 없습니다.",
    "텍스트 및 데이터 마이닝(TDM)을 위한 이용을 거부합니다.",
    "AI 학습 불가",
    "AI 학습용 수집 불허",
    "AI 학습을 원하지 않습니다.",
    "모든 콘텐츠(기사)는 저작권법의 보호를 받으며, 무단 전재, 복사, 배포, AI 학습 등을 금합니다.",
    "인공지능 모델 개발을 위한 수집을 삼가 주십시오.",
    "AI 학습에 이용하려면 별도 계약이 필요합니다.",
    "AI 학습에 이용하려면 저작권자의 허락을 받아야 합니다.",
    "AI 학습 목적 이용 시 사전 협의가 필요합니다.",
    "기계학습 목적의 복제를 금지함.",
    "이 작품은 AI 학습을 거부합니다.",
    "본 저작물의 인공지능 학습 이용은 저작권 침해입니다.",
    "AI가 학습하지 못하도록 합니다.",
    "AI 학습 이용을 엄격히 금하고 있습니다.",
    "AI 학습에 대한 권리를 유보합니다.",
    "AI 학습 목적으로 이용하는 행위는 금지됩니다.",
    "AI 학습에 사용되는 것에 반대합니다.",
    "그림을 AI에 학습시키지 말아 주세요.",
    "AI 학습 절대 금지!",
    "AI 학습 및 2차 가공 금지",
    "제 글은 AI 학습에 사용하실 수 없어요.",
    "크롤링 및 AI 학습 데이터 구축을 허용하지 않음",
    "AI 학습 이용을 제한합니다.",
    "무단 AI학습 시 법적 조치합니다.",
    "기계 학습(머신러닝)에 쓰는 것을 금지한다.",
    "LLM 학습에 이용을 금지합니다.",
    "대규모 언어모델 학습을 금지합니다.",
    "챗GPT 등 생성형 인공지능 학습에 이용하지 마십시오.",
    "AI 데이터 학습을 위한 무단 수집 금지",
)
ROBOTS = {
    "star": "User-agent: *\nDisallow: /\n",
    "own": "User-agent: MadangBot\nDisallow: /\n",
    "own case": "USER-AGENT: madangbot\nDISALLOW: /\n",
    "own version": "User-agent: MadangBot/2.1\nDisallow: /\n",
    "gpt": "User-agent: GPTBot\nDisallow: /\n",
    "gpt cr": "User-agent: GPTBot\rDisallow: /\r",
    "gpt grp": "User-agent: Googlebot\nUser-agent: GPTBot\nDisallow: /\n\nUser-agent: *\nAllow: /\n",
    "blank between": "User-agent: GPTBot\n\nDisallow: /\n",
    "sitemap between": "User-agent: GPTBot\nSitemap: https://x/s.xml\nDisallow: /\n",
    "crawl delay between": "User-agent: *\nCrawl-delay: 2\nDisallow: /\n",
    "allow root then dis": "User-agent: *\nAllow: /$\nDisallow: /\n",
    "pct": "User-agent: *\nDisallow: /%61/\n",
    "wild": "User-agent: *\nDisallow: *.html$\n",
    "wild2": "User-agent: *\nDisallow: /*/b\n",
    "nbsp": "User-agent: *\nDisallow:\xa0/\n",
    "bom": "\ufeffUser-agent: *\nDisallow: /\n",
    "bom2": "\ufeff\ufeffUser-agent: *\nDisallow: /\n",
    "ls": "User-agent: *\u2028Disallow: /\u2028",
    "nel": "User-agent: *\x85Disallow: /\n",
    "vt": "User-agent: *\x0bDisallow: /\n",
    "ff": "User-agent: *\x0cDisallow: /\n",
    "fullcolon": "User-agent： *\nDisallow： /\n",
    "cyr": "User-agent: *\nDisаllow: /\n",
    "disallow sp": "User-agent : *\nDisallow : /\n",
    "tabs": "\tUser-agent:\t*\n\tDisallow:\t/\n",
    "eq": "User-agent=*\nDisallow=/\n",
    "dash": "User-agent - *\nDisallow - /\n",
    "star path": "User-agent: *\nDisallow: *\n",
    "full url": "User-agent: *\nDisallow: https://h0.example/\n",
    "no slash": "User-agent: *\nDisallow: a/\n",
    "backslash": "User-agent: *\nDisallow: \\\n",
    "dot": "User-agent: *\nDisallow: .\n",
    "quoted": 'User-agent: *\nDisallow: "/"\n',
    "smart": "User-agent: *\nDisallow: “/”\n",
    "ua comment": "User-agent: * # all\nDisallow: / # nothing\n",
    "noagent": "Disallow: /\n",
    "crlfcr": "User-agent: *\r\r\nDisallow: /\r\r\n",
    "escaped n": "User-agent: *\\nDisallow: /\\n",
    "br": "User-agent: *<br>Disallow: /<br>",
    "pre": "<pre>User-agent: *\nDisallow: /\n</pre>",
    "json": '{"User-agent":"*","Disallow":"/"}',
    "yaml": "- User-agent: *\n- Disallow: /\n",
    "bullet": "• User-agent: *\n• Disallow: /\n",
    "md": "```\nUser-agent: *\nDisallow: /\n```\n",
    "gt": "> User-agent: *\n> Disallow: /\n",
    "semi": "User-agent: *; Disallow: /\n",
    "comma": "User-agent: GPTBot, CCBot\nDisallow: /\n",
    "pipe": "User-agent: GPTBot|CCBot\nDisallow: /\n",
    "slash": "User-agent: GPTBot/CCBot\nDisallow: /\n",
    "re": "User-agent: .*\nDisallow: /\n",
    "bots": "User-agent: All AI bots\nDisallow: /\n",
    "kor": "User-agent: 모든 AI 봇\nDisallow: /\n",
    "cont": "User-agent: *\nContent-Signal: ai-train=no\n",
    "usage": "User-agent: *\nContent-Usage: train-ai=n\n",
    "usage top": "Content-Usage: train-ai=n\nUser-agent: *\nAllow: /\n",
    "usage path": "User-agent: *\nContent-Usage: /a train-ai=n\n",
    "usage tab": "User-agent: *\nContent-Usage: /a\ttrain-ai=n\n",
    "usage upper": "User-agent: *\nContent-Usage: Train-AI=n\n",
    "usage sp": "User-agent: *\nContent-Usage: train-ai = n\n",
    "usage q": 'User-agent: *\nContent-Usage: train-ai="n"\n',
    "usage bool": "User-agent: *\nContent-Usage: train-ai=?0\n",
    "usage ai": "User-agent: *\nContent-Usage: ai=n\n",
    "usage genai": "User-agent: *\nContent-Usage: train-genai=n\n",
    "usage bots": "User-agent: *\nContent-Usage: bots=n\n",
    "usage list": "User-agent: *\nContent-Usage: (train-ai)=n\n",
    "usage =no": "User-agent: *\nContent-Usage: train-ai=no\n",
    "usage 2 lines": "User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: train-ai=y\n",
    "signal cap": "User-agent: *\nContent-Signal: AI-Train=No\n",
    "signal sp": "User-agent: *\nContent-Signal: ai-train = no\n",
    "signal semi": "User-agent: *\nContent-Signal: search=yes; ai-train=no\n",
    "signal space": "User-agent: *\nContent-Signal: search=yes ai-train=no\n",
    "signal plural": "User-agent: *\nContent-Signals: ai-train=no\n",
    "signal colon": "User-agent: *\nContent-Signal: ai-train: no\n",
    "signal top": "Content-Signal: ai-train=no\nUser-agent: *\nAllow: /\n",
    "signal gpt": "User-agent: GPTBot\nContent-Signal: ai-train=no\n\nUser-agent: *\nAllow: /\n",
    "signal after": "User-agent: *\nAllow: /\n\nSitemap: https://x\nContent-Signal: ai-train=no\n",
    "signal false": "User-agent: *\nContent-Signal: ai-train=false\n",
    "signal 0": "User-agent: *\nContent-Signal: ai-train=0\n",
    "signal training": "User-agent: *\nContent-Signal: ai-training=no\n",
    "lic": "License: https://x.example/l.xml\nUser-agent: *\nAllow: /\n",
    "prose": "# Use of this site for AI training is prohibited.\nUser-agent: *\nAllow: /\n",
    "prose ko": "# 이 사이트의 콘텐츠를 AI 학습에 이용하는 것을 금지합니다.\nUser-agent: *\nAllow: /\n",
    "prose 790": "# Rights are reserved under Art. 4 Directive (EU) 2019/790\nUser-agent: *\nAllow: /\n",
    "prose two lines": "# The use of the content of this website for\n# the training of AI models is\n# prohibited.\nUser-agent: *\nAllow: /\n",
    "noai": "User-agent: *\nNoai: /\n",
    "disallowai": "User-agent: *\nDisallowAI: /\n",
    "DisallowAITraining": "User-agent: *\nDisallowAITraining: /\n",
    "userpurpose": "User-agent: *\nDisallow-AITraining: /a\n",
    "tdmres": "User-agent: *\ntdm-reservation: 1\n",
    "tdm": "TDM-Reservation: 1\n",
    "ai.txt": "User-agent: *\nTraining: deny\n",
    "empty then dis": "User-agent: *\nDisallow:\nDisallow: /\n",
    "two star": "User-agent: *\nAllow: /\n\nUser-agent: *\nDisallow: /a/\n",
    "tie": "User-agent: *\nDisallow: /a/b.html\nAllow: /a/b.htm\n",
    "own beats": "User-agent: *\nAllow: /\n\nUser-agent: madangbot\nDisallow: /\n",
}
LINES = {
    "xrobots": "X-Robots-Tag: noai",
    "lc": "x-robots-tag: noai",
    "up": "X-ROBOTS-TAG: NOAI",
    "list": "X-Robots-Tag: index, noai",
    "rep": "X-Robots-Tag: index\r\nX-Robots-Tag: noai",
    "star": "X-Robots-Tag: *: noai",
    "own": "X-Robots-Tag: madangbot: noai",
    "unav": "X-Robots-Tag: unavailable_after: 25 Jun 2030 15:00:00 PST, noai",
    "q": 'X-Robots-Tag: "noai"',
    "semi": "X-Robots-Tag: index; noai",
    "sp": "X-Robots-Tag: index noai",
    "fold": "X-Robots-Tag: index,\r\n noai",
    "space name": "X-Robots-Tag : noai",
    "Robots-Tag": "Robots-Tag: noai",
    "under": "X_Robots_Tag: noai",
    "no-ai": "X-Robots-Tag: no-ai",
    "noaitrain": "X-Robots-Tag: noaitraining",
    "noml": "X-Robots-Tag: noml",
    "img": "X-Robots-Tag: noimageai",
    "gptbot": "X-Robots-Tag: GPTBot: noindex, *: noai",
    "tdm": "TDM-Reservation: 1",
    "tdm lc": "tdm-reservation: 1",
    "tdm sp": "tdm-reservation:1",
    "tdm 01": "tdm-reservation: 01",
    "tdm true": "tdm-reservation: true",
    "tdm q": 'tdm-reservation: "1"',
    "tdm rep": "tdm-reservation: 0\r\ntdm-reservation: 1",
    "tdm join": "tdm-reservation: 1, 0",
    "tdm param": "tdm-reservation: 1; policy=x",
    "tdm yes": "tdm-reservation: yes",
    "tdm rep10": "tdm-reservation: 1\r\ntdm-reservation: 0",
    "tdm und": "tdm_reservation: 1",
    "x-tdm": "X-TDM-Reservation: 1",
    "tdmr": "TDMRep: 1",
    "tdm full": "tdm-reservation: １",
    "tdm comma": "tdm-reservation: ,1",
    "tdm empty": "tdm-reservation: ",
    "cu": "Content-Usage: train-ai=n",
    "cu lc": "content-usage: train-ai=n",
    "cu two": "Content-Usage: search=y\r\nContent-Usage: train-ai=n",
    "cu conflict": "Content-Usage: train-ai=y\r\nContent-Usage: train-ai=n",
    "cu param": "Content-Usage: train-ai=n;x=1",
    "cu exc": "Content-Usage: train-ai=n;exceptions=cc-cr-ec",
    "cu up": "Content-Usage: TRAIN-AI=n",
    "cu upn": "Content-Usage: train-ai=N",
    "cu no": "Content-Usage: train-ai=no",
    "cu bool": "Content-Usage: train-ai=?0",
    "cu bare": "Content-Usage: train-ai",
    "cu str": 'Content-Usage: train-ai="n"',
    "cu sp": "Content-Usage: train-ai =n",
    "cu trail": "Content-Usage: train-ai=n,",
    "cu semi": "Content-Usage: search=y; train-ai=n",
    "cu genai": "Content-Usage: train-genai=n",
    "cu ai": "Content-Usage: ai=n",
    "cu tdm": "Content-Usage: tdm=n",
    "cu fold": "Content-Usage: search=y,\r\n train-ai=n",
    "cu utf": "Content-Usage: train‑ai=n",
    "Content-Use": "Content-Use: train-ai=n",
    "usage-pref": "Usage-Pref: train-ai=n",
    "Usage-preferences": "Usage-Preferences: train-ai=n",
    "cs": "Content-Signal: ai-train=no",
    "cs lc": "content-signal: search=yes,ai-train=no",
    "cs rep": "Content-Signal: search=yes\r\nContent-Signal: ai-train=no",
    "cs ws": "Content-Signal: ai-train = no",
    "cs s": "Content-Signals: ai-train=no",
    "x": "X-Content-Signal: ai-train=no",
    "link lic": 'Link: <https://x/l.xml>; rel="license"; type="application/rsl+xml"',
    "link rsl up": "LINK: <https://x/l.xml>; REL=license; TYPE=application/rsl+xml",
    "link tdm": 'Link: <https://x/p.json>; rel="tdm-policy"',
    "x-ai": "X-AI-Training: disallow",
    "noai hdr": "X-NoAI: 1",
    "ai-train hdr": "AI-Train: no",
    "robots-policy": "X-No-AI-Training: true",
    "ai-usage": "AI-Usage: none",
    "copyright": "X-Copyright: AI training prohibited. All rights reserved.",
}

# --- 1. words, in every place that has room for them ------------------------------------------

# Of a page: its head, its body.
PLACES = {
    "title": ("<title>{s}</title>", ""),
    "description": ('<meta name="description" content="{s}">', ""),
    "og:description": ('<meta property="og:description" content="{s}">', ""),
    "copyright": ('<meta name="copyright" content="{s}">', ""),
    "rights": ('<meta name="rights" content="{s}">', ""),
    "dc.rights": ('<meta name="DC.rights" content="{s}">', ""),
    "access rights": ('<meta name="dcterms.accessRights" content="{s}">', ""),
    "notice as meta": ('<meta itemprop="copyrightNotice" content="{s}">', ""),
    "usage as meta": ('<meta itemprop="usageInfo" content="{s}">', ""),
    "link title": ('<link rel="copyright" href="/c" title="{s}">', ""),
    "noscript in head": ("<noscript>{s}</noscript>", ""),
    "json-ld description": (
        '<script type="application/ld+json">{{"@type": "Article", "description": "{s}"}}</script>',
        "",
    ),
    "json-ld other": (
        '<script type="application/ld+json">{{"disclaimer": "{s}"}}</script>',
        "",
    ),
    "state of an application": (
        "",
        '<script>window.state = {{"items": [1], "terms": "{s}"}}</script>',
    ),
    "paragraph": ("", "<p>{s}</p>"),
    "alt": ("", '<img src="a.png" alt="{s}">'),
    "title of a paragraph": ("", '<p title="{s}">x</p>'),
    "aria-label": ("", '<footer aria-label="{s}">x</footer>'),
    "noscript": ("", "<noscript>{s}</noscript>"),
    "template": ("", "<template><p>{s}</p></template>"),
    "textarea": ("", "<textarea>{s}</textarea>"),
    "srcdoc": ("", '<iframe srcdoc="<p>{s}</p>"></iframe>'),
    "iframe": ("", "<iframe>{s}</iframe>"),
    "comment": ("", "<!-- {s} -->"),
    "comment without end": ("", "<!-- {s}"),
    "comment in head": ("<!-- {s} -->", ""),
    "hidden value": ("", '<input type="hidden" value="{s}">'),
    "button": ("", '<input type="submit" value="{s}">'),
    "svg": ("", "<svg><text>{s}</text></svg>"),
    "svg desc": ("", "<svg><desc>{s}</desc></svg>"),
    "svg title": ("", "<svg><title>{s}</title></svg>"),
    "data-copyright": ("", '<p data-copyright="{s}">x</p>'),
    "tooltip": ("", '<p data-tooltip="{s}">x</p>'),
    "placeholder": ("", '<input placeholder="{s}">'),
    "style": ("", "<style>footer:after {{ content: '{s}' }}</style>"),
    "document.write": ("", "<script>document.write('<p>{s}</p>')</script>"),
    "noframes": ("", "<noframes>{s}</noframes>"),
    "option": ("", "<select><option>{s}</option></select>"),
    "label of an option": ("", '<select><option label="{s}"></option></select>'),
    "details": ("", "<details><summary>c</summary>{s}</details>"),
    "object": ("", "<object data='x'>{s}</object>"),
    "video": ("", "<video>{s}</video>"),
    "canvas": ("", "<canvas>{s}</canvas>"),
    "caption": ("", "<figure><figcaption>{s}</figcaption></figure>"),
    "not displayed": ("", '<div style="display:none">{s}</div>'),
    "plaintext": ("", "<plaintext>{s}"),
    "xmp": ("", "<xmp>{s}</xmp>"),
    "marquee": ("", "<marquee>{s}</marquee>"),
    "noembed": ("", "<noembed>{s}</noembed>"),
    "math": ("", "<math><mtext>{s}</mtext></math>"),
    "cdata": ("", "<svg><![CDATA[{s}]]></svg>"),
}
# Of a text that is no page.
TYPES = (
    *("text/plain; charset=utf-8", "text/plain", "text/markdown", "text/csv", "text/css"),
    *("application/json", "application/ld+json", "application/x-ndjson", "application/rss+xml"),
    *("application/atom+xml", "application/xml", "text/xml", "application/x-tex", "text/x-rst"),
    *("application/javascript", "application/octet-stream", "", "unknown", "text/html"),
)
WHOLE = {
    "frames": "<html><head></head><frameset><frame src=a><noframes>{s}</noframes></frameset></html>",
    "rss": "<?xml version='1.0'?><rss version='2.0'><channel><copyright>{s}</copyright></channel></rss>",
    "atom": "<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><rights>{s}</rights></feed>",
    "svg": "<svg xmlns='http://www.w3.org/2000/svg'><metadata>{s}</metadata></svg>",
}
ENCODINGS = ("utf-8", "cp949", "utf-16", "cp1252", "shift_jis")
NAMES = ("utf-8", "euc-kr", "iso-8859-1", "windows-1252", "")


def page(head: str = "", body: str = "") -> str:
    return (
        f"<!doctype html><html><head>{head}</head>"
        f"<body><h1>Notes</h1><p>Some text of a page.</p>{body}</body></html>"
    )


def html(head: str = "", body: str = "", *lines: bytes) -> bytes:
    return answer(page(head, body).encode(), HTML, *lines)


# Types of other things, under which a server sends a text by mistake.
WRONG = (
    "image/png",
    "video/mp4",
    "audio/mpeg",
    "application/pdf",
    "application/zip",
    "font/woff2",
)
HEADS = (
    *(
        "HTTP/2 200",
        "HTTP/3 200",
        "HTTP/1.1 200",
        "http/1.1 200 ok",
        "HTTP/1.1 203 N",
        "ICY 200 OK",
    ),
    "HTTP/1.1 206 P",
)
WRITTEN = {
    "wide letters": "ＡＩ 학습 이용을 금지합니다.",
    "wide letters en": "ＡＩ training is prohibited.",
    "letters in parts": unicodedata.normalize("NFD", KO),
    "capitals": "AI TRAINING IS PROHIBITED",
    "blanks": "AI&nbsp;학습&nbsp;이용&nbsp;금지",
    "numbers": "AI &#xD559;&#xC2B5; &#xAE08;&#xC9C0;",
    "lines": "AI\ntraining\nis\nprohibited",
    "ruby": "<ruby>AI<rt>에이아이</rt></ruby> 학습 금지",
    "term": "<dl><dt>AI 학습</dt><dd>금지</dd></dl>",
    "row": "<table><tr><th>AI 학습</th><td>불가</td></tr></table>",
    "list": "<h3>금지 사항</h3><ul><li>무단 복제</li><li>AI 학습</li></ul>",
    "far": "<p>x</p>" * 60_000 + KO,
    "deep": "<div>" * 6_000 + KO,
    "many attributes": "<p a=1 b=2 c=3>x</p>" * 90_000 + KO,
}


JPEG, PNG = b"\xff\xd8\xff\xe0\x00\x10JFIF\0", b"\x89PNG\r\n\x1a\n\0\0\0\x20"
# Of a file: its type, what stands before the words and behind them.
FILES = {
    "exif": ("image/jpeg", JPEG + b"\xff\xe1\x00\x80Exif\0\0II*\0", b"\0\xff\xdb"),
    "iptc": (
        "image/jpeg",
        JPEG + b"Photoshop 3.0\x008BIM\x04\x04\0\0\x1c\x02\x74\0\x51",
        b"\0",
    ),
    "png text": ("image/png", PNG + b"tEXtCopyright\0", b"\0IEND"),
    "gif comment": ("image/gif", b"GIF89a\1\0\1\0\0\0\0!\xfe\x50", b"\0;"),
    "id3": ("audio/mpeg", b"ID3\4\0\0\0\0\1\0TCOP\0\0\0\x50\0\0\3", b"\0\xff\xfb"),
    "pdf": ("application/pdf", b"%PDF-1.4\n1 0 obj<</Subject(", b")>>endobj\n%%EOF\n"),
    "pdf text": (
        "application/pdf",
        b"%PDF-1.4\n1 0 obj<<>>stream\nBT (",
        b") Tj ET\nendstream\n",
    ),
    "unnamed": ("application/octet-stream", JPEG, b"\0"),
}


def in_words() -> Iterator[Case]:
    for what, (kind, before, behind) in FILES.items():
        for language, text in (("en", EN), ("ko", KO)):
            line = b"Content-Type: " + kind.encode()
            yield Case(f"{what} {language}", answer(before + text.encode() + behind, line))
    for what, text in WRITTEN.items():
        yield Case(f"written in {what}", html("", f"<p>{text}</p>"))
    for kind in WRONG:
        line = b"Content-Type: " + kind.encode()
        yield Case(f"page as {kind}", answer(page("", f"<p>{KO}</p>").encode(), line))
        yield Case(f"text as {kind}", answer(KO.encode(), line))
    for head in HEADS:
        lines = b"\r\ncontent-type: text/html\r\n\r\n"
        yield Case(head, head.encode() + lines + page("", f"<p>{KO}</p>").encode())
    for text in (*IN_ENGLISH, *IN_KOREAN):
        yield Case(f"words {text}", html("", f"<p>{text}</p>"))
        yield Case(f"words in a foot {text}", html("", f"<ul><li>Us<li>{text}<li>Mail</ul>"))
    for language, text in (("en", EN), ("ko", KO)):
        for where, (head, body) in PLACES.items():
            yield Case(f"{where} {language}", html(head.format(s=text), body.format(s=text)))
        for kind in TYPES:
            body = f"A text of an author.\n\n{text}\n".encode()
            yield Case(f"{kind} {language}", answer(body, b"Content-Type: " + kind.encode()))
        yield Case(f"no type {language}", answer(f"A text.\n\n{text}\n".encode()))
        for what, whole in WHOLE.items():
            kind = {"frames": "text/html", "svg": "image/svg+xml"}.get(what, f"text/{what}+xml")
            body = whole.format(s=text).encode()
            yield Case(f"{what} {language}", answer(body, b"Content-Type: " + kind.encode()))
        escaped = json.dumps({"text": "x", "copyright": text}).encode()
        yield Case(f"json {language}", answer(escaped, JSON))
        yield from _encoded(language, text)


def _encoded(language: str, text: str) -> Iterator[Case]:
    """Encodings that a page names, does not name and names wrongly."""
    for encoding in ENCODINGS:
        try:
            octets = page("", f"<p>{text}</p>").encode(encoding)
        except UnicodeEncodeError:
            continue
        for name in NAMES:
            line = b"Content-Type: text/html" + (f"; charset={name}".encode() if name else b"")
            yield Case(f"in {encoding} named {name!r} {language}", answer(octets, line))
        by_meta = page(f"<meta charset='{encoding}'>", f"<p>{text}</p>").encode(encoding)
        yield Case(
            f"in {encoding} by meta {language}", answer(by_meta, b"Content-Type: text/html")
        )
        plain = text.encode(encoding)
        yield Case(f"plain in {encoding} {language}", answer(plain, TEXT))


# --- 2. lines and files -----------------------------------------------------------------------

RESERVED = '[{"location":"/","tdm-reservation":1}]'
TDMREP = {
    "plain": RESERVED,
    "star": RESERVED.replace('"/"', '"*"'),
    "any": RESERVED.replace('"/"', '"/*"'),
    "mark": "\ufeff" + RESERVED,
    "one object": RESERVED[1:-1],
    "wrapped": f'{{"tdmrep": {RESERVED}}}',
    "policies": f'{{"policies": {RESERVED}}}',
    **{
        f"value {value}": RESERVED.replace(":1}", f":{value}}}")
        for value in (
            '"1"',
            "true",
            "1.0",
            "1e0",
            "2",
            "null",
            "[1]",
            "NaN",
            '"\uff11"',
            '"yes"',
        )
    },
    **{
        f"key {key}": RESERVED.replace("tdm-reservation", key)
        for key in (
            *("TDM-Reservation", "tdm_reservation", "tdm:reservation", "tdmReservation"),
            *("\\u0074dm-reservation", " tdm-reservation "),
        )
    },
    **{
        f"place {place}": RESERVED.replace('"/"', place)
        for place in (
            *('""', "null", '["/"]', '"https://elsewhere.example/"', '"a/"', '"./"', '"^/.*$"'),
            *('" / "', '"/%61/"', '"/a/b.html$"', '"/*.html"'),
        )
    },
    "no place": '[{"tdm-reservation":1}]',
    "place in capitals": RESERVED.replace("location", "Location"),
    "comma": RESERVED.replace("}]", "},]"),
    "comment": "// ours\n" + RESERVED,
    "single quotes": RESERVED.replace('"', "'"),
    "cut": RESERVED[:-2],
    "twice": RESERVED * 2,
    "one key twice": '[{"location":"/","tdm-reservation":1,"tdm-reservation":0}]',
    "general first": '[{"location":"/","tdm-reservation":0},{"location":"/a","tdm-reservation":1}]',
    "nested": f"[{RESERVED}]",
    "padded": f"cb({RESERVED})",
    "deep": "[" * 5000 + "]" * 5000,
}
STATES = (
    "500 E",
    "503 E",
    "403 F",
    "401 U",
    "429 T",
    "451 L",
    "304 N",
    "204 N",
    "302 F",
    "600 X",
)
DENIED = (
    *("User-Agent: *\nDisallow: /\n", "User-Agent: *\nDisallow: *.html\n", "Training: deny\n"),
    *("User-Agent: MadangBot\nDisallow: /\n", "AI-Training: disallow\n", "Training: no\n"),
    *("[permissions]\nTraining: deny\n", f"{EN}\n", f"{KO}\n", "noai\n", "Disallow: /\n"),
    *('{"training":"deny"}', "\ufeffTraining: deny\n", "training : Deny\n", "training=deny\n"),
    *("permissions:\n  training: false\n", "Training: conditional\n", "AI-Opt-Out: true\n"),
    *(
        "Content-Usage: train-ai=n\n",
        "Training: deny # all\n",
        "Training: allow\nTraining: deny\n",
    ),
)
DISTRUSTED = (
    *("datatrainingallowed=no\n", "DataTrainingAllowed=No\n", "datatrainingallowed = no\n"),
    *(
        "datatrainingallowed=false\n",
        "datatrainingallowed: no\n",
        "member=x\rdatatrainingallowed=no\r",
    ),
)
ALL_OFF = b"User-agent: *\nDisallow: /\n"


def _in_one_chunk(octets: bytes, end: bytes = b"\r\n") -> bytes:
    return b"%x" % len(octets) + end + octets + end + b"0" + end + end


def _packed(octets: bytes) -> dict[str, tuple[bytes, bytes]]:
    """Codings, in order and out of it, announced and not."""
    coded, moved = b"Content-Encoding: ", b"Transfer-Encoding: "
    small, twice = gzip.compress(octets), gzip.compress(gzip.compress(octets))
    parts = gzip.compress(octets[:10]) + gzip.compress(octets[10:])
    return {
        "gzip": (coded + b"gzip", small),
        "x-gzip": (coded + b"x-gzip", small),
        "capitals": (b"CONTENT-ENCODING: GZIP", small),
        "zlib": (coded + b"deflate", zlib.compress(octets)),
        "raw": (coded + b"deflate", zlib.compress(octets)[2:-4]),
        "twice": (coded + b"gzip, gzip", twice),
        "two lines": (coded + b"gzip\r\n" + coded + b"deflate", zlib.compress(small)),
        "not announced": (b"X-Y: z", small),
        "announced only": (coded + b"gzip", octets),
        "unknown": (coded + b"nobody-knows", octets),
        "zstd": (coded + b"zstd", b"\x28\xb5\x2f\xfdxxxx"),
        "bad br": (coded + b"br", b"\x00\x01xxx"),
        "two members": (coded + b"gzip", parts),
        "cut": (coded + b"gzip", gzip.compress(octets * 50)[:-20]),
        "chunked": (moved + b"chunked", _in_one_chunk(octets)),
        "chunked lf": (moved + b"chunked", _in_one_chunk(octets, b"\n")),
        "no chunk": (moved + b"chunked", octets),
        "bad chunk": (moved + b"chunked", b"zz\r\n" + octets),
        "chunked gzip": (moved + b"chunked\r\n" + coded + b"gzip", _in_one_chunk(small)),
        "gzip, chunked": (moved + b"gzip, chunked", _in_one_chunk(small)),
        "longer": (b"Content-Length: 500000", octets),
    }


def in_files() -> Iterator[Case]:
    quiet = html()
    for what, text in ROBOTS.items():
        yield Case(f"robots {what}", quiet, {"/robots.txt": [(0, answer(text.encode(), TEXT))]})
    for what, line in LINES.items():
        yield Case(f"line {what}", html("", "", line.encode()))
    for what, text in TDMREP.items():
        yield Case(f"tdmrep {what}", quiet, {TDM_NAME: [(0, answer(text.encode(), JSON))]})
    for encoding in ("utf-16", "utf-16-le", "utf-32"):
        octets = RESERVED.encode(encoding)
        yield Case(f"tdmrep in {encoding}", quiet, {TDM_NAME: [(0, answer(octets, JSON))]})
    for path, asked in ((TDM_NAME, b""), ("/robots.txt", ALL_OFF)):
        for status in STATES:
            if not (path == "/robots.txt" and status[:3] in ("403", "401", "451", "204")):
                given = answer(asked, TEXT, status=status.encode())
                yield Case(f"{path} {status}", quiet, {path: [(0, given)]})
        yield Case(f"{path} was not asked for", quiet, {path: []})
    for path in ("/ai.txt", "/.well-known/ai.txt"):
        for text in DENIED:
            yield Case(f"{path} {text!r}", quiet, {path: [(0, answer(text.encode()))]})
    for path in ("/trust.txt", "/.well-known/trust.txt"):
        for text in DISTRUSTED:
            yield Case(f"{path} {text!r}", quiet, {path: [(0, answer(text.encode()))]})
    for what, (line, octets) in _packed(ALL_OFF).items():
        yield Case(f"robots {what}", quiet, {"/robots.txt": [(0, answer(octets, line))]})
    for what, (line, octets) in _packed(page("", f"<p>{KO}</p>").encode()).items():
        yield Case(f"page {what}", answer(octets, HTML, line))
    yield from _moved()


def _moved() -> Iterator[Case]:
    """A file behind answers that lead elsewhere, or nowhere."""
    quiet = html()
    for path, octets in ((TDM_NAME, RESERVED.encode()), ("/robots.txt", ALL_OFF)):
        there = answer(octets)
        for status in (b"301 M", b"302 F", b"303 S", b"307 T", b"308 P"):
            for how, place, named in (
                ("as a path", "/moved", b"Location: /moved"),
                ("in small letters", "/moved", b"location: /moved"),
                (
                    "to another host",
                    "https://cdn{n}.example/x",
                    b"Location: https://cdn{n}.example/x",
                ),
                ("by scheme", "https://cdn{n}.example/x", b"Location: //CDN{n}.EXAMPLE:443/x"),
                ("with a mark", "/moved", b"Location: /moved#here"),
                ("to nowhere", "/else", b"Location: /moved"),
                ("to itself", "/else", b"Location: " + path.encode()),
                ("without a place", "/else", b"X-Y: z"),
            ):
                files = {path: [(0, answer(b"", named, status=status))], place: [(0, there)]}
                yield Case(f"{path} {status[:3].decode()} {how}", quiet, files)
        for steps in (2, 5, 6, 9):
            chain = [path, *(f"/step{step}" for step in range(1, steps))]
            leads = {
                here: [(0, answer(b"", f"Location: {there}".encode(), status=b"301 M"))]
                for here, there in zip(chain, [*chain[1:], "/end"], strict=True)
            }
            yield Case(f"{path} {steps} steps", quiet, {**leads, "/end": [(0, there)]})


# --- 3. permissions and calm pages ------------------------------------------------------------

CALM = (
    "The training of AI models takes much energy.",
    "We train our guide dogs with patience, not with force.",
    "AI helps doctors to read pictures.",
    "How to train a neural network in ten steps",
    "The course on machine learning begins in March.",
    "Parking is not permitted here.",
    "All rights reserved.",
    "Photography is prohibited in the museum. Our AI guide explains each painting.",
    "Trains do not stop at this station on Sundays.",
    "Terms of use and privacy policy",
    "You may opt out of our newsletter at any time.",
    "Children under six must not use the pool without an adult.",
    "A licence is required to drive a lorry.",
    "The model was trained on a million sentences.",
    "Data mining helped the shop to sell more.",
    "Coal mining is forbidden in the valley.",
    "The ministry published its plan for artificial intelligence.",
    "AI chips need fast memory.",
    "Do not feed the animals.",
    "Do not use the lift in case of fire.",
    "No dogs. No smoking.",
    "The airline does not permit smoking; training of its crew takes a year.",
    "Reserve a table with our AI assistant.",
    "The rights of minors in the digital age",
    "Access is granted to members only.",
    "The request was denied by the court.",
    "The company opposes the merger.",
    "The author objects to the new road.",
    "Permission to build was refused in May.",
    "It is unlawful to park on our lawn.",
    "Under no circumstances open the case.",
    "인공지능 반도체 육성 계획을 발표했다.",
    "AI 교육 과정 수강생을 모집합니다.",
    "무단 전재 및 재배포 금지",
    "주차 금지 구역입니다.",
    "학습 자료실에 새 자료가 올라왔습니다.",
    "기계 학습 강의는 3월에 시작합니다.",
    "개인정보는 동의 없이 제공하지 않습니다.",
    "예약은 전화로만 받습니다.",
    "AI 기술로 불량을 찾아낸다.",
    "학생들은 AI와 함께 수학을 배운다.",
    "생성형 AI 시장이 커지고 있다.",
    "사전 예약이 필요합니다.",
    "사진 촬영은 삼가 주십시오.",
    "계약은 별도로 맺습니다.",
    "건축 허가를 받아야 합니다.",
    "시민들은 도로 건설에 반대합니다.",
    "데이터 댐 사업의 성과를 나눕니다.",
    "도서관 자율학습실 이용 안내",
    "인공지능 윤리 기준을 마련했다.",
    "AI 학습용 데이터 구축 사업을 공고합니다.",
    "학습 데이터 1억 건을 개방했다.",
    "음식물 반입 금지",
    "출입 제한 구역",
    "권리의 유보에 관한 조항을 읽어 보세요.",
    "머신러닝 모델을 학습시켜 불량을 찾습니다. 실내에서는 취식을 삼가 주세요.",
    "누구나 AI 학습에 자유롭게 이용할 수 있으며 별도의 계약이 필요 없습니다.",
    "AI 학습에 쓰려면 표시만 하면 됩니다. 별도의 협의는 필요하지 않습니다.",
    "A court weighed how a language model is trained. The publisher objects to the ruling.",
)
ROOMS = {
    "paragraph": ("", "<p>{s}</p>"),
    "title and description": (
        '<title>{s}</title><meta name="description" content="{s}">',
        "<h1>{s}</h1>",
    ),
    "picture": ("", '<img src="a.png" alt="{s}" title="{s}">'),
    "state": (
        "",
        '<script>window.state = {{"text": "{s}", "rights": "All rights reserved"}}</script>',
    ),
    "comment": ("", "<!-- {s} -->"),
    "plain": None,
}
GRANTS = (
    *(
        "",
        "Content-Usage: train-ai=y",
        "Content-Usage: search=n",
        "Content-Signal: ai-train=yes",
    ),
    *("Content-Signal: search=no", "TDM-Reservation: 0", "X-Robots-Tag: noindex, nofollow"),
    *("X-Robots-Tag: otherbot: noai", "X-Robots-Tag: max-snippet: 10", "Link: </a>; rel=next"),
    *("X-Copyright: 2026 the authors", "Copyright: all rights reserved", "Vary: Accept"),
)
OPEN_FILES = (
    *("", "User-agent: *\nDisallow:\n", "User-agent: *\nAllow: /\n", "# hello\n"),
    *("User-agent: otherbot\nDisallow: /\n", "User-agent: *\nDisallow: /private/\n"),
    *("User-agent: *\nDisallow: /\nAllow: /a/\n", "Sitemap: https://x.example/s.xml\n"),
    *("User-agent: *\nDisallow: /\n\nUser-agent: MadangBot\nAllow: /\n",),
    *("User-agent: *\nDisallow: /a/b.html$x\n", "User-agent: *\nDisallow: /A/\n"),
    *("User-agent: *\r\nDisallow: /c\r\n", "User-agent: *\nDisallow: /*.pdf$\n"),
    *("# AI crawlers are welcome\nUser-agent: *\nAllow: /\n",),
    *("User-agent: *\nCrawl-delay: 5\n", "User-agent: *\n# nothing\nDisallow: /x # y\n"),
)


def permissions() -> Iterator[Case]:
    for line in GRANTS:
        yield Case(
            f"yes {line}", html("", "", *([line.encode()] if line else [])), want="allowed"
        )
    for text in OPEN_FILES:
        files = {"/robots.txt": [(0.0, answer(text.encode(), TEXT))]}
        yield Case(f"yes {text!r}", html(), files, want="allowed")
    for text in ("[]", RESERVED.replace(":1}", ":0}"), RESERVED.replace('"/"', '"/z"')):
        yield Case(
            f"yes {text}",
            html(),
            {TDM_NAME: [(0, answer(text.encode(), JSON))]},
            want="allowed",
        )
    for text in ("Training: allow\n", "User-Agent: *\nAllow: /\n", "# nothing\n"):
        yield Case(
            f"yes {text!r}", html(), {"/ai.txt": [(0, answer(text.encode()))]}, want="allowed"
        )
    for encoding, name in (
        ("cp949", "euc-kr"),
        ("utf-16", "utf-16"),
        ("cp949", ""),
        ("utf-8", ""),
    ):
        octets = page("", "<p>오늘의 소식을 전합니다.</p>").encode(encoding)
        line = b"Content-Type: text/html" + (f"; charset={name}".encode() if name else b"")
        yield Case(f"yes in {encoding} named {name!r}", answer(octets, line), want="allowed")
    octets = page("", "<p>Caf\xe9 d\xe9j\xe0 vu</p>").encode("cp1252")
    yield Case("yes in cp1252", answer(octets, b"Content-Type: text/html"), want="allowed")


def calm() -> Iterator[Case]:
    for at, text in enumerate(CALM):
        kind, before, behind = FILES["png text" if at % 2 else "exif"]
        octets = before + text.encode() + behind
        yield Case(
            f"picture {text}", answer(octets, b"Content-Type: " + kind.encode()), want="allowed"
        )
        for where, room in ROOMS.items():
            raw = (
                answer(f"Notes\n\n{text}\n".encode(), TEXT)
                if room is None
                else html(*(part.format(s=text) for part in room))
            )
            yield Case(f"{where} {text}", raw, want="allowed")


def refusals() -> list[Case]:
    found = [*in_words(), *in_files()]
    names = [case.name for case in found]
    return [
        replace(case, name=f"{at} {name}")
        for at, (case, name) in enumerate(zip(found, names, strict=True))
    ]
