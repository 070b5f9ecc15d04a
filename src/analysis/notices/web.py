"""What text does a web page show? Rules of its own style sheet that hide are obeyed, and what they hide is named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from analysis.notices.content import UNREAD, Content, TooMuch

LONGEST_CELL, LONGEST_NOTE, LARGEST_SPAN = 300, 5, 50  # letters, letters, columns
WIDEST = 500  # cells of a row
TAGS, DEEPEST, HTML_BYTES, STYLE_BYTES, SELECTORS, MATCHES = 60_000, 100, 8_000_000, 800_000, 20_000, 150_000
TOLD = 160  # letters of what was hidden that are shown
LEFT_OUT = (
    "head", "script", "style", "noscript", "template", "nav", "footer", "aside", "button", "svg", "iframe", "s", "del",
    "strike",
)  # fmt: skip
BLOCKS = (
    "address", "article", "blockquote", "dd", "div", "dl", "dt", "figcaption", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tr", "ul",
)  # fmt: skip
MAY_STAY_OPEN = (
    "br", "hr", "img", "input", "meta", "link", "col", "wbr", "p", "li", "option", "tr", "td", "th", "dt", "dd",
    "source", "area", "base", "param", "thead", "tbody", "tfoot",
)  # fmt: skip
# What the usual style sheets hide, for a page whose sheets are other files.
USUAL = """
.d-none, .hidden, .hide, .sr-only, .visually-hidden, .invisible, .collapse:not(.show):not(.in), .tab-pane:not(.active),
[role=tabpanel][aria-hidden=true] { display: none }
.d-sm-block, .d-md-block, .d-lg-block, .d-xl-block, .d-md-flex, .d-lg-flex, .d-md-inline, .d-lg-inline,
.d-md-table-cell, .d-lg-table-cell { display: block !important }
"""
# What a browser hides of itself, and what a page says without a style sheet.
OF_BROWSERS = """
[hidden], [aria-hidden=true], details:not([open]) > :not(summary), dialog:not([open]), input[type=hidden],
input[type=password] { display: none }
"""
NAMED_COLORS = {"white": (255, 255, 255), "transparent": None, "snow": (255, 250, 250), "ivory": (255, 255, 240)}
_Rule = tuple[str, dict[str, tuple[str, bool]], int]  # a selector, its declarations, its place


def of_html(data: bytes) -> Content:
    """The text of a page without its menus and what is hidden or struck out.

    Of its article alone where that has most of the figures.
    """
    return of_page(data.decode("utf-8"))


def of_page(page: str) -> Content:
    """`of_html` of a page that is text. Raises TooMuch for one that is larger or more deeply nested than pages are."""
    from bs4 import BeautifulSoup
    from bs4.element import PreformattedString

    if len(page) > HTML_BYTES or page.count("<") > TAGS or _depth(page) > DEEPEST:
        raise TooMuch
    content = Content()
    soup = BeautifulSoup(page, "lxml")
    _leave_out(soup, content)
    for field in soup(("input", "textarea", "select")):
        field.replace_with(_typed(field))
    if pictures := [image for image in soup("img") if not image.find_parent(("header", "a"))]:
        content.leave("pictures", str(len(pictures)))
    kept = {id(string) for block in soup("pre") for string in block.find_all(string=True)}
    for string in soup.find_all(string=True):
        spaces = r"[ \t\r\xa0]+" if id(string) in kept else r"[ \t\r\n\xa0]+"
        string.replace_with("" if isinstance(string, PreformattedString) else re.sub(spaces, " ", string))
    for note in soup(("sup", "sub")):
        if len(note.get_text(strip=True)) <= LONGEST_NOTE:
            note.decompose()
    for rows in _tables(soup):
        _write_rows(rows)
    for element in soup([*BLOCKS, "br", "td", "th"]):
        element.insert_before("\n")
        element.insert_after("\n")
    articles = soup("article") or soup("main")
    whole = soup.get_text()
    alone = articles[0].get_text() if len(articles) == 1 else ""
    figures = re.compile(r"[0-9]\s?[%/]")
    text = alone if len(figures.findall(alone)) > len(figures.findall(whole)) / 2 else whole
    lines = (re.sub(r" *\t *", "\t", re.sub(" +", " ", line)).strip(" ").rstrip("\t") for line in text.split("\n"))
    content.text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return content


def _leave_out(soup: Any, content: Content) -> None:
    """Take out what is no text of the page, or is not seen; name the figures in the latter."""
    hidden = _hidden(soup, content)
    for element in soup(LEFT_OUT):
        if not element.decomposed:
            element.decompose()
    for element in hidden:
        if not element.decomposed:
            words = " ".join(element.get_text(" ").split())
            if re.search(r"[0-9]", words):
                content.leave("hidden", words if len(words) <= TOLD else words[: TOLD - 1] + "…")
            element.decompose()


def _depth(page: str) -> int:
    """How deeply elements stand in each other, at most; those whose end may be left out count once."""
    deep = most = 0
    for close, name in re.findall(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)", page):
        if name.lower() not in MAY_STAY_OPEN:
            deep = max(0, deep - 1) if close else deep + 1
            most = max(most, deep)
    return most


def _typed(field: Any) -> str:
    """What a field of a form shows."""
    if field.name == "input":
        shows = (field.get("type") or "text").lower() in ("text", "number", "search", "tel", "email", "url", "date")
        return str(field.get("value") or "") if shows else ""
    if field.name == "textarea":
        return str(field.get_text())
    chosen = field("option", selected=True) or field("option")[:1]
    return " ".join(option.get_text() for option in chosen)


# What the style hides.


def _hidden(soup: Any, content: Content) -> list[Any]:
    """The elements that are not seen, by the rules of browsers, of the page and of the elements themselves."""
    sheets = [OF_BROWSERS]
    if any("stylesheet" in (link.get("rel") or ()) for link in soup("link")):
        sheets.append(USUAL)
    rules = list(_rules([*sheets, *(style.get_text() for style in soup("style"))]))
    for selector, declared, _place in rules:
        words = declared.get("content", ("", False))[0]
        if re.search(r":(?:before|after)", selector) and re.search(r"[0-9]", words) and re.search(r"[\"']", words):
            content.leave("styled", words[:TOLD])
    styles = _cascade(soup, [rule for rule in rules if "content" not in rule[1] or len(rule[1]) > 1])
    return [element for element, declared in styles.values() if _is_unseen(element, declared, styles)]


def _rules(sheets: Sequence[str]) -> Iterator[_Rule]:
    """The rules for screens that may hide something, in their order; one for each selector."""
    import tinycss2

    if sum(map(len, sheets)) > STYLE_BYTES:
        raise TooMuch
    waiting: list[Any] = []
    for sheet in sheets:
        waiting += tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
    place = 0
    waiting.reverse()
    while waiting:
        rule = waiting.pop()
        inner = rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports", "layer") and rule.content
        if inner and not re.search(r"\bprint\b|max-width", tinycss2.serialize(rule.prelude)):
            waiting += tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)[::-1]
        if rule.type != "qualified-rule":
            continue
        declared = _declarations(tinycss2.parse_declaration_list(rule.content))
        if declared:
            for selector in re.split(r",(?![^(\[]*[)\]])", tinycss2.serialize(rule.prelude)):
                place += 1
                if place > SELECTORS:
                    raise TooMuch
                yield selector.strip(), declared, place


SAID = re.compile(
    r"display|visibility|opacity|font-size|text-indent|position|left|top|clip|clip-path|height|max-height|width|"
    r"max-width|overflow|overflow-[xy]|color|background|background-color|text-decoration|text-decoration-line|content|"
    r"mso-hide|transform"
)


def _declarations(nodes: Any) -> dict[str, tuple[str, bool]]:
    """The values, and whether they are important, of the properties that may hide."""
    import tinycss2

    return {
        node.lower_name: (tinycss2.serialize(node.value).strip().lower(), node.important)
        for node in nodes
        if node.type == "declaration" and SAID.fullmatch(node.lower_name)
    }


_Styles = dict[int, tuple[Any, dict[str, str]]]


def _cascade(soup: Any, rules: Sequence[_Rule]) -> _Styles:
    """What each element is told by the strongest rule, by the id of the element."""
    import soupsieve
    import tinycss2

    by_name: dict[str, list[Any]] = {}
    for element in soup.find_all(True):
        names = [element.name, *(f".{name}" for name in element.get("class") or ()), f"#{element.get('id')}", "*"]
        for name in names:
            by_name.setdefault(name, []).append(element)
    told: dict[int, tuple[Any, dict[str, tuple[tuple[Any, ...], str]]]] = {}

    def tell(element: Any, declared: dict[str, tuple[str, bool]], strength: tuple[Any, ...]) -> None:
        said = told.setdefault(id(element), (element, {}))[1]
        for name, (value, important) in declared.items():
            if name not in said or (important, *strength) >= said[name][0]:
                said[name] = ((important, *strength), value)

    matches = 0
    for selector, declared, place in rules:
        candidates = min((by_name.get(name, []) for name in _names(selector)), key=len)
        matches += len(candidates) * (10 if ":" in selector else 1)
        if matches > MATCHES:
            raise TooMuch
        try:
            pattern = soupsieve.compile(selector)
            strength = _strength(selector, place)
            for element in candidates:
                if pattern.match(element):
                    tell(element, declared, strength)
        except soupsieve.SelectorSyntaxError:
            continue  # of a state or a part that this page is not in
    for element in soup.find_all(style=True):
        tell(element, _declarations(tinycss2.parse_declaration_list(element["style"])), (1, 0, 0, 0, 0))
    return {
        key: (element, {name: value for name, (_s, value) in said.items()}) for key, (element, said) in told.items()
    }


def _names(selector: str) -> list[str]:
    """The names that an element must have for a selector to mean it: `.class`, `#id`, or else its own."""
    bare = re.sub(r":[\w-]+\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\]", "", selector)
    last = re.split(r"[\s>+~]+", bare)[-1]
    return re.findall(r"[.#][\w-]+", last) or [name.lower() for name in re.findall(r"^[a-zA-Z][\w-]*", last)] or ["*"]


def _strength(selector: str, place: int) -> tuple[int, ...]:
    """How strong a rule is against others: its ids, its classes, its elements, its place."""
    marks = (r"#", r"[.\[]|:(?!:|not|is|where)", r"(?:^|[\s>+~(])[a-z]")
    return (0, *(len(re.findall(mark, selector)) for mark in marks), place)


def _is_unseen(element: Any, said: dict[str, str], styles: _Styles) -> bool:
    """Whether nobody sees what stands in an element."""
    get = said.get
    none = r"-?0*(?:\.0+)?(?:px|pt|em|rem|%)?"
    away = any(re.match(r"-\d{3,}", get(name, "")) for name in ("left", "top", "text-indent"))
    cut = "hidden" in (get("overflow", ""), get("overflow-x", ""), get("overflow-y", ""))
    sizes = [get(name, "auto") for name in ("height", "max-height", "width", "max-width")]
    small = any(re.fullmatch(r"[01]?(?:\.\d+)?(?:px|pt)?|0\S*", size) for size in sizes)
    cut_away = r"rect\((?:[01](?:px)?[\s,]*){4}\)|inset\((?:50|100)%.*\)"
    return (
        get("display") == "none"
        or get("visibility") in ("hidden", "collapse")
        or get("mso-hide") == "all"
        or re.fullmatch(none, get("opacity", "1")) is not None
        or re.fullmatch(none + r"|0?\.[0-2]\d*r?em|[12](?:\.\d+)?(?:px|pt)", get("font-size", "1em")) is not None
        or away
        or (cut and small)
        or re.fullmatch(cut_away, get("clip", get("clip-path", ""))) is not None
        or re.fullmatch(r"scale[xy]?\(0\)", get("transform", "")) is not None
        or "line-through" in get("text-decoration", "") + get("text-decoration-line", "")
        or ("color" in said and _is_of_paper(element, said["color"], styles))
    )


def _is_of_paper(element: Any, color: str, styles: _Styles) -> bool:
    """Whether letters have the colour of what they stand on; paper is white."""
    ink = _color(color)
    if ink is None:
        return True
    if ink == ():
        return False
    for around in (element, *element.parents):
        said = styles.get(id(around), (None, {}))[1]
        ground = said.get("background-color") or said.get("background") or around.get("bgcolor") or ""
        if ground and ground not in ("none", "transparent", "inherit", "initial"):
            paper = _color(ground.split()[0] if "(" not in ground else ground)
            return bool(paper) and _alike(ink, paper or ())
    return _alike(ink, (255, 255, 255))


def _alike(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return len(one) == len(other) == 3 and all(abs(a - b) <= 12 for a, b in zip(one, other, strict=True))


def _color(text: str) -> tuple[int, ...] | None:
    """A colour as red, green and blue; None for none at all, () for one that is not known."""
    if text in NAMED_COLORS:
        return NAMED_COLORS[text]
    if found := re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})", text):
        digits = found[1] if len(found[1]) == 6 else "".join(letter * 2 for letter in found[1])
        return tuple(int(digits[at : at + 2], 16) for at in (0, 2, 4))
    if found := re.match(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)(?:[\s,/]+([\d.]+))?", text):
        return None if found[4] and float(found[4]) == 0 else tuple(int(found[at]) for at in (1, 2, 3))
    return ()


# Tables.


def _is_data(cell: Any) -> bool:
    """Whether a cell holds a figure or its name; tables are also used to lay out whole pages."""
    return cell.find("table") is None and len(cell(("p", "div", "li"))) <= 2 and len(cell.get_text()) <= LONGEST_CELL


def _tables(soup: Any) -> list[list[Any]]:
    """The rows of each table, without those of tables in it."""
    rows: dict[int, list[Any]] = {}
    for row in soup("tr"):
        rows.setdefault(id(row.find_parent("table")), []).append(row)
    return list(rows.values())


def _write_rows(table: Sequence[Any]) -> None:
    """Write each row of data as its cells with tabs between; cells that span columns or rows have their places.

    Raises TooMuch for a row of more cells than a table has.
    """
    spans: dict[int, tuple[int, str]] = {}
    for row in table:
        cells = row(("td", "th"), recursive=False)
        if not cells or not all(map(_is_data, cells)):
            continue
        words: list[str] = []
        for cell in cells:
            words += _spanned(spans, len(words))
            text = " ".join(cell.get_text(" ").split())
            again = "" if re.search(rf"[0-9{UNREAD}]", text) else text  # a head is that of all its columns
            wide, high = (min(_whole(cell.get(name)), LARGEST_SPAN) for name in ("colspan", "rowspan"))
            for step in range(wide):
                if high > 1:
                    spans[len(words)] = (high - 1, again)
                words.append(text if step == 0 else again)
        words += _spanned(spans, len(words))
        if len(words) > WIDEST:
            raise TooMuch
        row.clear()
        row.append("\t".join(words))


def _spanned(spans: dict[int, tuple[int, str]], place: int) -> list[str]:
    """What cells of rows above put at this place and after it."""
    words = []
    while place in spans:
        left, text = spans.pop(place)
        if left > 1:
            spans[place] = (left - 1, text)
        words.append(text)
        place += 1
    return words


def _whole(text: Any) -> int:
    return int(text) if text and re.fullmatch(r"[1-9][0-9]{0,3}", str(text).strip()) else 1
