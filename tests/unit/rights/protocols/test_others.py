"""RSL, both kinds of ai.txt, trust.txt, C2PA, PLUS, documents, licences: one row each."""

from __future__ import annotations

import io
import time
import zipfile
import zlib

import pytest

from madang.rights import documents
from madang.rights.derive import OBSERVED, derive, statements_of
from madang.rights.facts import Access, ModelKind, Reservation, WorkClass
from madang.rights.licences import UNREADABLE, licence_id
from madang.rights.observe import Response, observe
from madang.rights.protocols import aitxt, c2pa, rsl
from madang.rights.protocols.matching import path_of
from madang.rights.protocols.structured import FieldMalformed, parse_dictionary
from madang.rights.signals import (
    Signal,
    Value,
    canonical,
    merged,
    parse_vector,
    vector_of,
)

PATH = b"/a/b.html"


def rsl_document(inner: str, content: str = '<content url="/">') -> bytes:
    return (
        f'<rsl xmlns="https://rslstandard.org/rsl">{content}<license>{inner}</license>'
        "</content></rsl>"
    ).encode()


RSL = [
    ('<prohibits type="usage">ai-train</prohibits>', "no"),
    ('<prohibits type="usage">ai-all</prohibits>', "no"),
    ('<prohibits type="usage">search, train-ai</prohibits>', "no"),
    ('<permits type="usage">all</permits>', "yes"),
    ('<permits type="usage">ai-train search</permits>', "yes"),
    ('<permits type="usage">all</permits><payment type="purchase"/>', "offer"),
    ('<permits type="usage">all</permits><payment type="free"/>', "yes"),
    ('<permits type="usage">all</permits><permits type="geo">EU</permits>', "offer"),
    ('<permits type="usage">search</permits>', "unknown"),
    ('<permits type="usage">all</permits><prohibits type="usage">ai-train</prohibits>', "no"),
    ("", "unknown"),
]


@pytest.mark.parametrize(("inner", "said"), RSL)
def test_rsl_licence_is_read_as_grant_offer_or_refusal(inner, said):
    assert [s.value for s in rsl.parse(rsl_document(inner)).signals_for(PATH)] == [said]


def test_rsl_reaches_only_its_paths_and_several_licences_restrict():
    grant = '<permits type="usage">all</permits></license><license>'
    refusal = '<prohibits type="usage">ai-train</prohibits>'
    both = rsl.parse(rsl_document(grant + refusal))
    assert [s.value for s in both.signals_for(PATH)] == ["no"]
    other = rsl.parse(rsl_document(refusal, '<content url="/z/">'))
    assert other.signals_for(PATH) == []
    server = rsl.parse(
        rsl_document(
            '<permits type="usage">all</permits>',
            '<content url="/" server="https://l.example">',
        )
    )
    assert [s.value for s in server.signals_for(PATH)] == ["offer"]


HOSTILE_RSL = [
    b"",
    b"<rsl",
    b"<rsl/>",
    b"\xff\xfe",
    b"<a>" * 100 + b"</a>" * 100,
    b'<!DOCTYPE x [<!ENTITY a "b">]>' + rsl_document(""),
    b"<rsl>" + b" " * (rsl.FILE_BYTES_MAX + 1) + b"</rsl>",
]


@pytest.mark.parametrize("content", HOSTILE_RSL)
def test_hostile_rsl_is_malformed_and_reads_no_entity(content):
    assert [s.value for s in rsl.parse(content).signals_for(PATH)] == ["malformed"]


LEGACY = [
    (b"User-Agent: *\nDisallow: /\n", "no"),
    (b"User-Agent: *\nDisallow: *.html\n", "no"),
    (b"User-Agent: *\nDisallow: *.jpg\n", "yes"),
    (b"User-Agent: *\nAllow: /\n", "yes"),
    (b"User-Agent: *\nDisallow: html\n", "malformed"),
    (b"Training: deny\n", "no"),
    (b"gibberish\n", "malformed"),
    (b"# only a comment\n", None),
    (b"", None),
]


@pytest.mark.parametrize(("content", "said"), LEGACY)
def test_legacy_ai_txt_speaks_about_file_types(content, said):
    found = [s.value for s in aitxt.legacy_signals(content, PATH, b"MadangBot")]
    assert found == ([] if said is None else [said])


def test_legacy_ai_txt_that_refuses_text_is_doubtful_for_a_path_without_a_type():
    found = aitxt.legacy_signals(b"User-Agent: *\nDisallow: *.html\n", b"/article", b"x")
    assert [s.value for s in found] == ["unknown"]


WELLKNOWN = [
    (b"Training: deny", "no"),
    (b"training: ALLOW", "yes"),
    (b"Training: conditional", "offer"),
    (b"Training: perhaps", "unknown"),
    (b"[ai]\nAI-Training: no", "no"),
    (b"Site: x", None),
    (b"nothing of the kind", "malformed"),
    (b"\0", "malformed"),
]


@pytest.mark.parametrize(("content", "said"), WELLKNOWN)
def test_wellknown_ai_txt_speaks_by_fields(content, said):
    found = [s.value for s in aitxt.wellknown_signals(content)]
    assert found == ([] if said is None else [said])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"datatrainingallowed=no", "no"),
        (b"DataTrainingAllowed = YES", "yes"),
        (b"datatrainingallowed=maybe", "malformed"),
    ],
)
def test_trust_txt_states_training(line, said):
    assert [s.value for s in aitxt.trust_signals(line)] == [said]


USES = [
    ({"use": "allowed"}, "yes"),
    ({"use": "notAllowed"}, "no"),
    ({"use": "constrained"}, "no"),
    ({"use": "constrained", "constraint_info": "ask"}, "offer"),
    ({"use": "x"}, "malformed"),
    ("x", "malformed"),
    ({}, "malformed"),
]


@pytest.mark.parametrize(("entry", "said"), USES)
def test_c2pa_entry_is_read_by_the_specification(entry, said):
    assert c2pa.use_value(entry) == said


def store(entries, *, state="Trusted", label="cawg.training-mining"):
    assertion = {"label": label, "data": {"entries": entries}}
    return {
        "active_manifest": "m",
        "validation_state": state,
        "manifests": {"m": {"assertions": [assertion]}},
    }


REFUSES = {"cawg.ai_generative_training": {"use": "notAllowed"}}


def test_c2pa_binds_the_kind_of_model_that_it_names():
    vector = vector_of(c2pa.from_manifest_store(store(REFUSES)))
    generative = OBSERVED.__class__(model_kind=ModelKind.GENERATIVE)
    other = OBSERVED.__class__(model_kind=ModelKind.OTHER)
    assert [s.value for s in statements_of(vector, generative)] == ["no"]
    assert statements_of(vector, other) == ()


@pytest.mark.parametrize("state", ["Invalid", "Valid", None])
def test_c2pa_signature_that_is_not_trusted_decides_nothing(state):
    for use in ("allowed", "notAllowed"):
        entries = {"cawg.ai_generative_training": {"use": use}}
        vector = vector_of(c2pa.from_manifest_store(store(entries, state=state)))
        assert derive(vector, OBSERVED).facts.reservation is Reservation.AMBIGUOUS


@pytest.mark.parametrize("broken", [None, [], {}, {"manifests": {}}, store("x"), store(None)])
def test_c2pa_store_that_cannot_be_read_is_malformed(broken):
    assert [s.value for s in c2pa.from_manifest_store(broken)][:1] == ["malformed"]


def test_media_with_a_manifest_that_nobody_could_read_needs_review():
    vector = vector_of(c2pa.from_media(b"\xff\xd8 jumb c2pa broken", "image/jpeg"))
    assert derive(vector, OBSERVED).facts.reservation is not Reservation.NONE


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ("DMI-PROHIBITED", ["no"]),
        ("DMI-ALLOWED", ["yes"]),
        ("DMI-UNSPECIFIED", []),
        ("DMI-PROHIBITED-GENAIMLTRAINING", ["no"]),
        ("DMI-PROHIBITED-SEECONSTRAINT", ["malformed"]),
        ("DMI-SOMETHINGNEW", ["unknown"]),
    ],
)
def test_plus_data_mining_term_is_read_from_xmp(term, said):
    xmp = f"<plus:DataMining>http://ns.useplus.org/ldf/vocab/{term}</plus:DataMining>"
    assert [s.value for s in c2pa.from_xmp(xmp.encode())] == said


def test_pdf_metadata_is_found_plain_and_compressed():
    import pikepdf

    pdf, out = pikepdf.new(), io.BytesIO()
    with pdf.open_metadata() as meta:
        meta["dc:title"] = "x"
    xmp = (
        b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description '
        b'xmlns:tdm="http://www.w3.org/ns/tdmrep/" tdm:reservation="1"/></r:RDF></x:xmpmeta>'
        b'<?xpacket end="w"?>'
    )
    pdf.Root.Metadata = pdf.make_stream(xmp)
    pdf.save(out, compress_streams=True)
    assert [s.value for s in documents.from_pdf(out.getvalue())] == ["no"]
    assert [s.value for s in documents.from_pdf(b"%PDF-1.4" + xmp)] == ["no"]


def epub(opf: bytes, name: str = "x.opf") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", f'<rootfile full-path="{name}"/>')
        archive.writestr("x.opf", opf)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (epub(b'<package><meta name="tdm:reservation" content="1"/></package>'), ["no"]),
        (epub(b"<package/>"), []),
        (epub(b"<package>", name="gone.opf"), ["unestablished"]),
        (epub(b"<package"), ["unestablished"]),
        (epub(b"<a>" + b" " * 5_000_000), ["unestablished"]),
        (epub(b'<!DOCTYPE x [<!ENTITY a "b">]><package>&a;</package>'), ["unestablished"]),
    ],
)
def test_epub_package_is_read_or_not_established(content, said):
    assert [s.value for s in documents.from_epub(content)] == said


LICENCES = [
    ("CC-BY-4.0", "CC-BY-4.0"),
    ("cc by-sa 3.0", "CC-BY-SA-3.0"),
    ("CC BY-NC-ND 4.0 KR", "CC-BY-NC-ND-4.0"),
    ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
    ("http://www.creativecommons.org/licenses/by-nc-sa/2.0/kr/deed.ko", "CC-BY-NC-SA-2.0"),
    ("//creativecommons.org/publicdomain/zero/1.0", "CC0-1.0"),
    ("KOGL-1", "LicenseRef-KOGL-1"),
    ("https://www.kogl.or.kr/info/licenseTypeAi.do", "LicenseRef-KOGL-AI"),
    ("mit", "MIT"),
    ("https://opensource.org/licenses/MIT", "MIT"),
    ("CC0", "CC0-1.0"),
    ("공공누리 제1유형", "LicenseRef-KOGL-1"),
    ("공공누리 AI유형", "LicenseRef-KOGL-AI"),
    ("CC-BY", UNREADABLE),
    ("", UNREADABLE),
    ("https://creativecommons.org/licenses/by/9.0/", UNREADABLE),
    ("/terms", UNREADABLE),
    ("https://creativecommons.org.evil.example/licenses/by/4.0/", UNREADABLE),
    ("MIT OR GPL-3.0-only", UNREADABLE),
    ("KOGL-5", UNREADABLE),
]


@pytest.mark.parametrize(("text", "id"), LICENCES)
def test_licence_names_and_addresses_become_ids_or_are_unreadable(text, id):
    assert licence_id(text) == id


FIELDS_BROKEN = [
    "a=",
    "A=1",
    "a=1,",
    ",",
    "a==1",
    "a=(1",
    'a="x',
    "a=?2",
    "a=:x",
    "a;=1",
    "a=1 b",
]


@pytest.mark.parametrize("text", FIELDS_BROKEN)
def test_structured_field_parses_whole_or_not_at_all(text):
    with pytest.raises(FieldMalformed):
        parse_dictionary([text])


def test_structured_field_reads_every_kind_of_item():
    text = 'a=1, b=1.5, c="x", d=t, e=?0, f=:eA==:, g=@5, h=%"%c3%a9", i=(1 2);p, j, k=1;q=2'
    kinds = {key: item.kind for key, item in parse_dictionary([text]).items()}
    assert kinds == {
        "a": "number",
        "b": "number",
        "c": "string",
        "d": "token",
        "e": "boolean",
        "f": "bytes",
        "g": "date",
        "h": "display",
        "i": "list",
        "j": "boolean",
        "k": "number",
    }


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://e", b"/"),
        ("https://e/", b"/"),
        ("https://e?q", b"/?q"),
        ("https://e/a#f", b"/a"),
        ("https://e/a?b#c", b"/a?b"),
        ("https://e#x/y", b"/"),
        ("https://e/a;p?q", b"/a;p?q"),
        ("https://e/마", "/마".encode()),
        ("no address", b"/no%20address"),
        ("https://[/", b"/"),
    ],
)
def test_path_of_an_address_keeps_the_query_and_drops_the_fragment(url, path):
    assert path_of(url) == path


def test_vector_has_one_text_that_reads_back_and_parts_that_merge():
    signals = [
        Signal("noai", "page", Value.NO, "html"),
        Signal("licence", "id", "MIT", "html"),
        Signal("licence", "id", "CC0-1.0", "html"),
        Signal("tdmrep", "reservation", Value.NO, "header"),
        Signal("tdmrep", "reservation", Value.YES, "header"),
    ]
    vector = vector_of(signals)
    assert dict(vector)["tdmrep/reservation@header"] == "conflict"
    assert dict(vector)["licence/id@html"] == "CC0-1.0|MIT"
    assert parse_vector(canonical(vector).decode()) == vector
    assert merged(vector_of(signals[:2]), vector_of(signals[2:])) == vector
    assert merged(vector, vector) == vector


DERIVED = [
    ({"site/robots@file": "present", "site/tdmrep@file": "absent"}, Reservation.NONE),
    ({"site/robots@file": "present", "site/tdmrep@file": "not_asked"}, Reservation.UNKNOWN),
    (
        {"aipref/train-ai@header": "no", "content-signal/ai-train@robots": "yes"},
        Reservation.MACHINE_READABLE,
    ),
    (
        {"noai/page@header": "malformed", "aipref/train-ai@header": "no"},
        Reservation.MACHINE_READABLE,
    ),
    ({"noai/page@header": "malformed"}, Reservation.MALFORMED),
    ({"robots/named@file": "no"}, Reservation.AMBIGUOUS),
    ({"rsl/train@file": "offer"}, Reservation.AMBIGUOUS),
    ({"prose/reservation@html": "no"}, Reservation.PROSE_ONLY),
    ({"rsl/named@robots": "unestablished"}, Reservation.UNKNOWN),
    ({"rsl/named@robots": "unestablished", "rsl/train@file": "yes"}, Reservation.UNKNOWN),
    ({"body/read@page": "unestablished"}, Reservation.UNKNOWN),
    ({"tdmrep/reservation@file": "no", "tdmrep/reservation@html": "yes"}, Reservation.NONE),
    (
        {"tdmrep/reservation@file": "yes", "tdmrep/reservation@header": "no"},
        Reservation.MACHINE_READABLE,
    ),
    ({"tdmrep/policy@file": "offer"}, Reservation.NONE),
    ({"noai/image@html": "no"}, Reservation.AMBIGUOUS),
    ({"noai/image@html": "no", "class/work@page": "image"}, Reservation.MACHINE_READABLE),
    ({"note/noai-other-bot@header": "yes"}, Reservation.NONE),
]


@pytest.mark.parametrize(("slots", "state"), DERIVED)
def test_signals_become_one_state_of_reservation(slots, state):
    assert derive(tuple(sorted(slots.items())), OBSERVED).facts.reservation is state


def test_yes_beside_no_is_recorded_as_a_conflict():
    vector = (("aipref/train-ai@header", "no"), ("content-signal/ai-train@robots", "yes"))
    assert derive(vector, OBSERVED).conflicts == ("content-signal:yes/aipref:no",)


def test_paywall_on_the_page_beats_open_access_but_not_a_licensed_copy():
    vector = (("access/paywall@json-ld", "yes"),)
    assert derive(vector, OBSERVED).facts.access is Access.PAYWALL
    licensed = OBSERVED.__class__(access=Access.LICENSED_COPY)
    assert derive(vector, licensed).facts.access is Access.LICENSED_COPY


def test_a_statement_about_generative_models_does_not_bind_another_kind():
    vector = (("aipref/train-ai@header", "no"),)
    other = OBSERVED.__class__(model_kind=ModelKind.OTHER, work_class=WorkClass.NEWS)
    assert derive(vector, other).facts.reservation is Reservation.NONE


def pdf_with(metadata, **keys):
    import pikepdf

    pdf, out = pikepdf.new(), io.BytesIO()
    stream = pikepdf.Stream(pdf, b"")
    stream.write(metadata, **keys)
    pdf.Root.Metadata = pdf.make_indirect(stream)
    pdf.save(
        out,
        compress_streams=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        fix_metadata_version=False,
    )
    return out.getvalue()


def test_metadata_that_inflates_without_end_is_not_read_and_not_silence():
    import pikepdf

    packed = zlib.compress(bytes(64 * 1024 * 1024), 9)
    body = pdf_with(packed, filter=pikepdf.Name.FlateDecode)
    assert [str(s.value) for s in documents.from_pdf(body)] == ["unestablished"]
    small = zlib.compress(b'<x tdm:reservation="1"/>')
    for way in (pikepdf.Name.FlateDecode, pikepdf.Array([pikepdf.Name.FlateDecode])):
        body = pdf_with(small, filter=way)
        assert [str(s.value) for s in documents.from_pdf(body)] == ["no"]
    body = pdf_with(b"x", filter=pikepdf.Name.LZWDecode)
    assert [str(s.value) for s in documents.from_pdf(body)] == ["unestablished"]


def test_packets_that_begin_and_never_end_are_read_once():
    packet = b"<?xpacket begin="
    assert documents.from_pdf(b"%PDF-1.4 " + packet * 400_000) == []
    said = documents.from_pdf(b"%PDF-1.4 " + packet + b" <x tdm:reservation='1'/>")
    assert [str(s.value) for s in said] == ["no"]


REPEATED = [
    b"<rdf:RDF ", b"policy ", b"policy>", b"<policy ", b"policy=' ", b"tdm:policy    ",
    b"DataMining=    ", b"xmlns=' ", b"<policy>     ",
]  # fmt: skip


@pytest.mark.parametrize("mime", ["image/jpeg", "application/pdf"])
@pytest.mark.parametrize("part", REPEATED)
def test_metadata_that_repeats_a_beginning_cost_no_more_than_their_length(part, mime):
    """With time that grows with the square one file of 8 MB would hold a scan for days."""
    body = b"%PDF-1.4 <?xpacket begin=" + part * (1_000_000 // len(part))
    said = [("Content-Type", mime)]
    started = time.process_time()
    observe(Response("https://a.example/a", 200, said, body))
    observe(Response("https://a.example/a", 200, said, body + b" " * 1_000_000))
    assert time.process_time() - started < 30


def test_a_header_that_opens_brackets_costs_no_more_than_its_length():
    started = time.process_time()
    observe(Response("https://a.example/a", 200, [("Link", "<" * 1_000_000)], b""))
    assert time.process_time() - started < 30


def test_words_behind_a_long_value_of_a_packet_are_read():
    long = b"<xmpGImg:image>" + b"QUJD" * 200_000 + b"</xmpGImg:image>"
    packet = long + b"<dc:rights>AI training is prohibited.</dc:rights>"
    assert [str(s.value) for s in documents.from_xmp(packet)] == ["no"]


def test_every_packet_of_a_file_is_read_for_words():
    words = "<rdf:RDF><dc:rights>AI training is prohibited.</dc:rights></rdf:RDF>"
    body = b"\xff\xd8\xff<x:xmpmeta> </x:xmpmeta> " + words.encode()
    found = observe(Response("https://a.example/", 200, [], body, "image/jpeg")).signals
    assert [str(s.value) for s in found if s.carrier == "xmp"] == ["no"]


@pytest.mark.parametrize(
    "packet",
    [
        b'<tdm:reservation rdf:datatype="x">\n 1 </tdm:reservation>',
        b"<tdm:reservation>1</tdm:reservation>",
        b'<x:a xmlns:x="http://www.w3.org/ns/tdmrep/"><x:reservation>1</x:reservation>',
        b"<rdf:Description tdm:reservation = '1'/>",
    ],
)
def test_a_reservation_is_read_as_attribute_and_as_element(packet):
    assert [str(s.value) for s in documents.from_xmp(packet)] == ["no"]
