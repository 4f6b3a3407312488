"""PDF and EPUB: TDMRep in XMP and in the package document, data-mining terms in XMP."""

from __future__ import annotations

import html
import io
import re
import zipfile
import zlib
from typing import TYPE_CHECKING
from xml.parsers import expat

from madang.rights.prose import as_read, first_reservation, prose_reservation
from madang.rights.protocols import c2pa, tdmrep
from madang.rights.search import search
from madang.rights.signals import Signal, Value, cut

if TYPE_CHECKING:
    import pikepdf

OPF_BYTES_MAX = 4 * 1024 * 1024
ENTRIES_MAX = 20_000
TDM_PDF = "http://www.w3.org/ns/tdmrep/"
TDM_EPUB = "http://www.w3.org/ns/tdmrep#"
XMP_BEGIN, XMP_END = b"<?xpacket begin=", b"<?xpacket end="
TDM_NAMESPACE = "w3.org/ns/tdmrep"
# Every part ends at a sign that begins the next one: the time grows with the packet alone.
_XMP_VALUE = re.compile(
    r"(?<![/\w])(?:([\w.-]{1,64}):)?(reservation|policy)\s*=\s*[\"']([^\"']*)[\"']"
    r"|<(?:([\w.-]{1,64}):)?(reservation|policy)(?:\s[^<>]*)?>([^<]*)<",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"xmlns(?::([\w.-]{1,64}))?\s*=\s*[\"'][^\"']*w3\.org/ns/tdmrep[/#]?\s*[\"']"
)
_METADATA = re.compile(rb"/Type\s*/Metadata\b")
_TAG = re.compile(r"<[^<>]*>")
_VALUE = re.compile(r"=\s*[\"']([^\"']*)")
PROSE_CHARACTERS_MAX = 8 * 1024 * 1024  # a small picture of itself may stand before the words


def kind_of(body: bytes | memoryview) -> str:
    """A document's type by its first octets, whatever its answer says; nothing for others."""
    first = bytes(body[:12])
    if first[:1] == b"<":  # nearly every page; no mark begins so
        return ""
    if first.startswith(ANY_OF_THEM):
        return next(mime for mark, mime in FIRST_OCTETS if first.startswith(mark))
    if first.startswith(b"PK\x03\x04"):
        return EPUB if b"mimetypeapplication/epub+zip" in bytes(body[:128]) else ""
    return MP4 if first[4:8] == b"ftyp" else ""


EPUB, PDF, MP4 = "application/epub+zip", "application/pdf", "video/mp4"
FIRST_OCTETS = (
    (b"%PDF", PDF),
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"ID3", "audio/mpeg"),
)
ANY_OF_THEM = tuple(mark for mark, _ in FIRST_OCTETS)


def from_pdf(body: bytes) -> list[Signal]:
    """XMP packets, plain in the file or inside its streams when the reader is installed."""
    packets = _packets(body)
    if len(_METADATA.findall(body)) > len(packets) or not packets:
        packed, error = _pdf_metadata(body)
        if error:
            return [Signal("tdmrep", "reservation", Value.UNESTABLISHED, "pdf", note=error)]
        packets += packed
    found: list[Signal] = []
    for packet in packets:
        found.extend(from_xmp(packet))
        found.extend(c2pa.from_xmp(packet))
    return found


def _packets(body: bytes) -> list[bytes]:
    """Each packet that stands in the file as it is, and one that does not end all the same."""
    found: list[bytes] = []
    at = body.find(XMP_BEGIN)
    while at >= 0:
        end = body.find(XMP_END, at)
        if end < 0:
            found.append(body[at:])
            break
        found.append(body[at:end])
        at = body.find(XMP_BEGIN, end)
    return found


def _pdf_metadata(body: bytes) -> tuple[list[bytes], str]:
    if not body.startswith(b"%PDF") and b"%PDF" not in body[:1024]:
        return [], "not a PDF"
    try:
        import pikepdf  # noqa: PLC0415  heavy: loaded when the first such PDF is met
    except ImportError:
        return [], "no reader for compressed metadata"
    try:
        with pikepdf.open(io.BytesIO(body)) as pdf:
            stream = pdf.Root.get("/Metadata")
            return ([] if stream is None else [_unpacked(stream)]), ""
    except (pikepdf.PdfError, ValueError, OSError, RuntimeError, zlib.error) as err:
        return [], type(err).__name__


def _unpacked(stream: pikepdf.Object) -> bytes:
    """One stream, bounded: a few packed bytes may hold a very large one."""
    content = bytes(stream.read_raw_bytes())
    packing = stream.get("/Filter", ())
    ways = [str(packing)] if str(packing).startswith("/") else [str(way) for way in packing]
    if ways == ["/FlateDecode"] and "/DecodeParms" not in stream:
        content = zlib.decompressobj().decompress(content, OPF_BYTES_MAX + 1)
    elif ways:
        raise ValueError("metadata packed otherwise")
    if len(content) > OPF_BYTES_MAX:
        raise ValueError("too large")
    return content


def from_xmp(packet: bytes) -> list[Signal]:
    """tdm:reservation and tdm:policy as attributes or elements of one packet, under whatever
    prefix is bound to the namespace, and what the packet says in words."""
    text = _text_of(packet)
    prefixes = {"tdm", *_BOUND.findall(text)}
    reserved: list[str] = []
    policies: list[str] = []
    for ours, label, attribute, its, element, content in _XMP_VALUE.findall(text):
        prefix, name = ours or its, label or element
        if prefix.lower() in prefixes or prefix in prefixes:
            said = html.unescape(attribute or content).strip()
            (reserved if name.lower() == "reservation" else policies).append(said)
    found = tdmrep.from_values(reserved, policies, "pdf")
    if not found and TDM_NAMESPACE in text and "reservation" in text:
        found.append(Signal("tdmrep", "reservation", Value.MALFORMED, "pdf", cut(text)))
    return found + in_words(text)


def _text_of(packet: bytes) -> str:
    """XMP may be written in UTF-16 and UTF-32 as well; its names are ASCII in each."""
    text = packet.replace(b"\0", b"") if b"\0" in packet else packet
    return text.decode("utf-8", "replace")


def _values_of(tag: re.Match[str]) -> str:
    return f" {' | '.join(_VALUE.findall(tag[0]))} "


_RUN = re.compile(rb"[ -~\t\x80-\xff]{12,}")


def in_octets(body: bytes) -> list[Signal]:
    """What stands in words among a file's octets, as in Exif, in IPTC's older fields, in PNG's
    texts and in what a PDF tells of itself."""
    hit = search().page(body)
    if hit is None or not hit.has_prose:
        return []
    runs = (as_read(run[0].decode("utf-8", "replace")) for run in _RUN.finditer(body))
    said = first_reservation(runs)
    return [] if said is None else [Signal("prose", "reservation", Value.NO, "media", said)]


def in_words(text: str) -> list[Signal]:
    """What metadata reserve in words, as terms of use and rights do."""
    words = _TAG.sub(_values_of, text[:PROSE_CHARACTERS_MAX])
    said = prose_reservation(html.unescape(words))
    return [] if said is None else [Signal("prose", "reservation", Value.NO, "xmp", said)]


def from_epub(body: bytes) -> list[Signal]:
    """The package document of an EPUB 2 or 3."""
    try:
        opf = _package(body)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, zlib.error, RuntimeError) as err:
        note = type(err).__name__
        return [Signal("tdmrep", "reservation", Value.UNESTABLISHED, "epub", note=note)]
    return from_opf(opf)


def _package(body: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        if len(archive.infolist()) > ENTRIES_MAX:
            raise ValueError("too many entries")
        container = _member(archive, "META-INF/container.xml")
        path = re.search(rb"full-path\s*=\s*[\"']([^\"']+)[\"']", container)
        if path is None:
            raise ValueError("no package document")
        return _member(archive, path[1].decode("utf-8"))


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """One file of the archive, bounded: a small archive may hold a very large file."""
    with archive.open(name) as file:
        content = file.read(OPF_BYTES_MAX + 1)
    if len(content) > OPF_BYTES_MAX:
        raise ValueError("too large")
    return content


def from_opf(opf: bytes) -> list[Signal]:
    """`<meta name="tdm:reservation" content>` and `<meta property="tdm:reservation">`."""
    reader = _Opf()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(opf, True)  # noqa: FBT003  expat's own "final"
    except (expat.ExpatError, ValueError) as err:
        note = str(err)[:100]
        return [Signal("tdmrep", "reservation", Value.UNESTABLISHED, "epub", note=note)]
    found = tdmrep.from_values(reader.said["reservation"], reader.said["policy"], "epub")
    if reader.near and not found:
        found.append(Signal("tdmrep", "reservation", Value.MALFORMED, "epub", cut(reader.near)))
    said = prose_reservation(" ".join(reader.words)) if reader.words else None
    if said is not None:
        found.append(Signal("prose", "reservation", Value.NO, "epub", said))
    return found


def _refuse(*_: object) -> None:
    raise ValueError("an entity")


_PREFIX = re.compile(r"([^\s:]{1,64}):\s+\S*w3\.org/ns/tdmrep")
_NEAR = re.compile(r"tdm[\W_]*re[sp]|tdm[\W_]*polic", re.IGNORECASE)


class _Opf:
    def __init__(self) -> None:
        self.said: dict[str, list[str]] = {"reservation": [], "policy": []}
        self.open = ""
        self.text: list[str] = []
        self.prefixes = {"tdm"}
        self.near = ""
        self.words: list[str] = []
        self.is_rights = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        self.is_rights = local == "rights"
        if local == "package":
            self.prefixes |= set(_PREFIX.findall(attributes.get("prefix", "")))
        if local != "meta":
            return
        by_name, by_property = attributes.get("name", ""), attributes.get("property", "")
        if said := self._label(by_name):
            self.said[said].append(attributes.get("content", ""))
        elif said := self._label(by_property):
            self.open, self.text = said, []
        elif _NEAR.search(f"{by_name} {by_property}"):
            self.near = f"{by_name} {by_property}"

    def _label(self, name: str) -> str:
        """What a name under one of the namespace's prefixes is called there."""
        prefix, colon, local = name.strip().rpartition(":")
        is_ours = bool(colon) and prefix.rpartition(":")[2] in self.prefixes
        return local if is_ours and local in self.said else ""

    def data(self, text: str) -> None:
        if self.is_rights and len(self.words) < 256:
            self.words.append(text)
        if self.open and len(self.text) < 64:
            self.text.append(text)

    def end(self, name: str) -> None:
        self.is_rights = False
        if self.open and name.rpartition(":")[2] == "meta":
            self.said[self.open].append("".join(self.text))
            self.open = ""
