"""PDF and EPUB: TDMRep in XMP and in the package document, data-mining terms in XMP."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import TYPE_CHECKING
from xml.parsers import expat

from madang.rights.protocols import c2pa, tdmrep
from madang.rights.signals import Signal, Value

if TYPE_CHECKING:
    import pikepdf

OPF_BYTES_MAX = 4 * 1024 * 1024
ENTRIES_MAX = 20_000
TDM_PDF = "http://www.w3.org/ns/tdmrep/"
TDM_EPUB = "http://www.w3.org/ns/tdmrep#"
XMP_BEGIN, XMP_END = b"<?xpacket begin=", b"<?xpacket end="
_XMP_VALUE = re.compile(
    rb"(?<!/)tdm:(reservation|policy)\s*(?:=\s*[\"']([^\"']*)[\"']|>\s*([^<]*)<)", re.IGNORECASE
)


def from_pdf(body: bytes) -> list[Signal]:
    """XMP packets, plain in the file or inside its streams when the reader is installed."""
    packets = _packets(body)
    if not packets:
        packets, error = _pdf_metadata(body)
        if error:
            return [Signal("tdmrep", "reservation", Value.UNESTABLISHED, "pdf", note=error)]
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
    """tdm:reservation and tdm:policy as attributes or elements of one packet."""
    reserved: list[str] = []
    policies: list[str] = []
    for name, attribute, element in _XMP_VALUE.findall(packet):
        text = (attribute or element).decode("utf-8", "replace").strip()
        (reserved if name.lower() == b"reservation" else policies).append(text)
    return tdmrep.from_values(reserved, policies, "pdf")


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
    return tdmrep.from_values(reader.said["reservation"], reader.said["policy"], "epub")


def _refuse(*_: object) -> None:
    raise ValueError("an entity")


class _Opf:
    def __init__(self) -> None:
        self.said: dict[str, list[str]] = {"reservation": [], "policy": []}
        self.open = ""
        self.text: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] != "meta":
            return
        by_name = attributes.get("name", "").rpartition("tdm:")
        by_property = attributes.get("property", "").rpartition("tdm:")
        if by_name[1] and by_name[2] in self.said:
            self.said[by_name[2]].append(attributes.get("content", ""))
        elif by_property[1] and by_property[2] in self.said:
            self.open, self.text = by_property[2], []

    def data(self, text: str) -> None:
        if self.open and len(self.text) < 64:
            self.text.append(text)

    def end(self, name: str) -> None:
        if self.open and name.rpartition(":")[2] == "meta":
            self.said[self.open].append("".join(self.text))
            self.open = ""
