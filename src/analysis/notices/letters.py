"""What text does a Word letter show? Its headers, boxes and formulas too; what is hidden in it is named and left out.

The letter is made plain first (boxes and headers become paragraphs, hidden runs go), then mammoth makes a page of it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from posixpath import join, normpath
from typing import Any

from analysis.notices.content import UNREAD, Content, TooMuch, parsed_part, plain_part
from analysis.notices.web import TOLD, of_page

DOCUMENT_BYTES, ELEMENTS = 6_000_000, 60_000
UNSEEN_SIZE = 4  # half points, under which letters are not seen
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_OFF = ("0", "false", "off")
_UNSEEN = ("vanish", "webHidden", "strike", "dstrike", "specVanish")
_PAGE_FIELDS = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES|DATE|TIME|FILENAME|SAVEDATE|PRINTDATE)\b")


def of_docx(data: bytes) -> Content:
    """The text of a letter as it reads with all changes accepted, from the headers of its pages to their footers.

    Raises TooMuch for one that is larger than letters are.
    """
    import mammoth
    from lxml import etree

    with zipfile.ZipFile(io.BytesIO(data)) as package:
        sizes = {entry.filename: entry.file_size for entry in package.infolist()}
        if sum(size for name, size in sizes.items() if re.match(r"word/[^/]+\.xml", name)) > DOCUMENT_BYTES:
            raise TooMuch
        wanted = re.compile(r"(?:word/(?:_rels/)?[^/]+|_rels/\.rels|\[Content_Types\])(?:\.xml|\.rels)?")
        parts = {name: plain_part(package.read(name)) for name in sizes if wanted.fullmatch(name)}
    content = Content()
    document = parsed_part(parts["word/document.xml"])
    body = document.find(f"{_W}body")
    if body is None or sum(1 for _element in document.iter()) > ELEMENTS:
        raise TooMuch
    styles = _Styles(parts.get("word/styles.xml", b"<x/>"))
    for part in _around(document, parts, "headerReference"):
        for place, element in enumerate(part):
            body.insert(place, element)
    for part in _around(document, parts, "footerReference"):
        for element in part:
            body.append(element)
    _name_what_is_no_text(document, content)
    _open_boxes(document)
    _write_formulas(document)
    _leave_out(document, styles, content)
    for section in list(document.iter(f"{_W}sectPr")):
        section.getparent().remove(section)
    parts["word/document.xml"] = etree.tostring(document)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        for name in parts:
            package.writestr(name, parts[name])
    no_images = mammoth.images.img_element(lambda _image: {})
    page = of_page(mammoth.convert_to_html(made, convert_image=no_images, include_default_style_map=True).value)
    content.text = page.text
    return content


def _around(document: Any, parts: dict[str, bytes], kind: str) -> Iterator[list[Any]]:
    """The paragraphs of the headers or footers of the sections, each once, without numbers of pages."""
    relations = parsed_part(parts.get("word/_rels/document.xml.rels", b"<x/>"))
    links = {link.get("Id"): link.get("Target", "") for link in relations}
    both_sides = b"evenAndOddHeaders" in parts.get("word/settings.xml", b"")
    told: set[str] = set()
    for reference in document.iter(f"{_W}{kind}"):
        section = reference.getparent()
        if reference.get(f"{_W}type") == "first" and not _is_on(section.find(f"{_W}titlePg")):
            continue
        if reference.get(f"{_W}type") == "even" and not both_sides:
            continue
        name = normpath(join("/word", links.get(reference.get(_LINK), "")))[1:]
        if name not in parts:
            continue
        part = parsed_part(parts[name])
        _without_fields(part)
        words = "".join(part.itertext()).strip()
        if words and words not in told:
            told.add(words)
            yield list(part)


def _without_fields(part: Any) -> None:
    """Leave out the numbers that Word fills in: of the page, of today."""
    within = skipping = 0
    for run in list(part.iter(f"{_W}r", f"{_W}fldSimple")):
        if run.tag == f"{_W}fldSimple":
            if _PAGE_FIELDS.match(run.get(f"{_W}instr", "")):
                run.getparent().remove(run)
            continue
        marks = [mark.get(f"{_W}fldCharType") for mark in run.iter(f"{_W}fldChar")]
        within += "begin" in marks
        if any(_PAGE_FIELDS.match(words.text or "") for words in run.iter(f"{_W}instrText")):
            skipping = within
        if skipping and not marks:
            for words in list(run.iter(f"{_W}t")):
                run.remove(words)
        if "end" in marks:
            within -= 1
            skipping = 0 if within < skipping else skipping


def _is_on(mark: Any) -> bool:
    return mark is not None and mark.get(f"{_W}val") not in _OFF


def _name_what_is_no_text(document: Any, content: Content) -> None:
    """Name pictures, charts and what other programs put there."""
    pictures = len({id(mark.getparent()) for mark in document.iter(f"{_A}blip")})
    pictures += sum(1 for element in document.iter() if str(element.tag).endswith("}imagedata"))
    if pictures:
        content.leave("pictures", str(pictures))
    embedded = document.iter(f"{_W}object", f"{_W}altChunk", f"{_W}subDoc")
    others = [str(element.tag).rpartition("}")[2] for element in embedded]
    others += [data.get("uri", "").rpartition("/")[2] for data in document.iter(f"{_A}graphicData")]
    parts = sum(name in ("object", "altChunk", "subDoc", "chart", "diagram") for name in others)
    if parts:
        content.leave("objects", str(parts))


def _open_boxes(document: Any) -> None:
    """Put the paragraphs of drawn boxes behind the paragraph that the box is drawn in, each box once."""
    for choice in list(document.iter(f"{_MC}AlternateContent")):
        versions = [part for part in choice if part.find(f".//{_W}txbxContent") is not None]
        kept = (versions or choice.findall(f"{_MC}Fallback") or list(choice))[:1]
        for part in list(choice):
            if part not in kept:
                choice.remove(part)
    for box in reversed(list(document.iter(f"{_W}txbxContent"))):
        paragraph = next(box.iterancestors(f"{_W}p"), None)
        if paragraph is None:
            continue
        at = paragraph.getparent().index(paragraph) + 1
        for element in reversed(list(box)):
            paragraph.getparent().insert(at, element)
        drawing = next(box.iterancestors(f"{_W}drawing", f"{_W}pict", f"{_MC}AlternateContent"), box)
        drawing.getparent().remove(drawing)


def _write_formulas(document: Any) -> None:
    """Write each formula as a run: what stands in a row as it is, a fraction with a stroke, all else as unread."""
    for formula in list(document.iter(f"{_M}oMath")):
        words = _formula(formula)
        run = formula.makeelement(f"{_W}r")
        text = formula.makeelement(f"{_W}t")
        text.text = words
        run.append(text)
        formula.getparent().replace(formula, run)
    for paragraph in list(document.iter(f"{_M}oMathPara")):
        parent, at = paragraph.getparent(), paragraph.getparent().index(paragraph)
        for element in reversed(list(paragraph)):
            if element.tag == f"{_W}r":
                parent.insert(at, element)
        parent.remove(paragraph)


def _formula(element: Any) -> str:
    words = ""
    for part in element:
        name = str(part.tag).rpartition("}")[2]
        if name == "r":
            words += "".join(piece.text or "" for piece in part.iter(f"{_M}t"))
        elif name == "f":
            words += "/".join(_formula(half) for half in part if str(half.tag).endswith(("}num", "}den")))
        elif name not in ("ctrlPr", "oMathParaPr", "fPr"):
            words += UNREAD
    return words


class _Styles:
    """Which styles of a letter are not seen, and which shade their ground."""

    def __init__(self, part: bytes) -> None:
        self._styles = {style.get(f"{_W}styleId"): style for style in parsed_part(part).iter(f"{_W}style")}

    def mark(self, name: str | None, mark: str, deep: int = 0) -> Any:
        """What a style, or one that it is based on, says of its letters; None where none does."""
        style = self._styles.get(name)
        if style is None or deep > len(self._styles):
            return None
        found = style.find(f"{_W}rPr/{_W}{mark}")
        based = style.find(f"{_W}basedOn")
        return found if found is not None or based is None else self.mark(based.get(f"{_W}val"), mark, deep + 1)

    def shades(self, name: str | None) -> bool:
        style = self._styles.get(name)
        return style is not None and any(True for _shade in style.iter(f"{_W}shd"))


def _leave_out(document: Any, styles: _Styles, content: Content) -> None:
    """Take out what is not seen: hidden, struck out, moved away, of the colour of the paper; name its figures."""
    for name in ("moveFrom", "rt"):
        for element in list(document.iter(f"{_W}{name}")):
            element.getparent().remove(element)
    for base in list(document.iter(f"{_W}ruby")):
        for run in base.findall(f"{_W}rubyBase/{_W}r"):
            base.addprevious(run)
        base.getparent().remove(base)
    for name in ("fldSimple", "bdo", "dir"):
        for element in list(document.iter(f"{_W}{name}")):
            for inner in list(element):
                element.addprevious(inner)
            element.getparent().remove(element)
    unseen = ""
    for run in list(document.iter(f"{_W}r")):
        reason = _is_unseen(run, styles)
        if reason:
            unseen += "".join(piece.text or "" for piece in run.iter(f"{_W}t"))
            run.getparent().remove(run)
        elif unseen:
            _name(unseen, content)
            unseen = ""
    _name(unseen, content)


def _name(words: str, content: Content) -> None:
    words = " ".join(words.split())
    if re.search(r"[0-9]", words):
        content.leave("hidden", words if len(words) <= TOLD else words[: TOLD - 1] + "…")


def _is_unseen(run: Any, styles: _Styles) -> bool:
    paragraph = next(run.iterancestors(f"{_W}p"), None)
    own = run.find(f"{_W}rPr")
    names = [
        run.find(f"{_W}rPr/{_W}rStyle"),
        paragraph.find(f"{_W}pPr/{_W}pStyle") if paragraph is not None else None,
    ]

    def mark(name: str) -> Any:
        found = own.find(f"{_W}{name}") if own is not None else None
        for style in names:
            if found is None and style is not None:
                found = styles.mark(style.get(f"{_W}val"), name)
        return found

    if any(_is_on(mark(name)) for name in _UNSEEN):
        return True
    size, color = mark("sz"), mark("color")
    if size is not None and (size.get(f"{_W}val") or "").isdigit() and int(size.get(f"{_W}val")) <= UNSEEN_SIZE:
        return True
    if color is None or not re.fullmatch(r"[Ff][C-Fc-f]{5}|[Ff]{6}", color.get(f"{_W}val") or ""):
        return False
    grounds = [own.find(f"{_W}shd"), own.find(f"{_W}highlight")] if own is not None else []
    for kind, tag in (("pPr", "p"), ("tcPr", "tc"), ("tblPr", "tbl")):
        grounds += [around.find(f"{_W}{kind}/{_W}shd") for around in run.iterancestors(f"{_W}{tag}")]
    dark = [ground for ground in grounds if ground is not None and not _is_paper(ground)]
    tables = [table.find(f"{_W}tblPr/{_W}tblStyle") for table in run.iterancestors(f"{_W}tbl")]
    return not dark and not any(style is not None and styles.shades(style.get(f"{_W}val")) for style in tables)


def _is_paper(ground: Any) -> bool:
    fill = (ground.get(f"{_W}fill") or ground.get(f"{_W}val") or "auto").lower()
    return fill in ("auto", "ffffff", "clear", "nil", "white", "none") and ground.get(f"{_W}themeFill") is None
