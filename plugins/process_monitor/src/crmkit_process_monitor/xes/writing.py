"""An XES file written piece by piece."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .model import Attribute, Head, Trace

STANDARD = {"xes.version": "1849-2016", "xes.features": "nested-attributes", "xmlns": "http://www.xes-standard.org/"}
EXTENSIONS = tuple(
    {"name": name, "prefix": prefix, "uri": f"http://www.xes-standard.org/{prefix}.xesext"}
    for name, prefix in (("Concept", "concept"), ("Lifecycle", "lifecycle"), ("Organizational", "org"), ("Time", "time"))
)


class LogWriter:
    """Writes one log: `pieces` of bytes, a trace at a time."""

    def __init__(self, head: Head) -> None:
        self.head = head

    def pieces(self, traces: Iterable[Trace]) -> Iterator[bytes]:
        """Yield the file."""
        yield self._begin().encode()
        held: list[str] = []
        for trace in traces:
            self._trace(trace, held)
            if len(held) > 5000:
                yield "".join(held).encode()
                held.clear()
        held.append("</log>\n")
        yield "".join(held).encode()

    def _begin(self) -> str:
        head, out = self.head, ['<?xml version="1.0" encoding="UTF-8"?>\n']
        # A log that used a prefix for XES itself comes back without it: elements are written plainly.
        given = {n: v for n, v in (head.xml or STANDARD).items() if not (n.startswith("xmlns:") and v == STANDARD["xmlns"])}
        out.append(f"<log{_xml({'xmlns': STANDARD['xmlns'], **given})}>\n")
        out += [f"\t<extension{_xml(e)}/>\n" for e in head.extensions]
        for scope, attributes in head.globals:
            out.append(f"\t<global{_xml({'scope': scope})}>\n")
            _attributes(attributes, out, "\t\t")
            out.append("\t</global>\n")
        out += [f"\t<classifier{_xml(c)}/>\n" for c in head.classifiers]
        _attributes(head.attributes, out, "\t")
        return "".join(out)

    def _trace(self, trace: Trace, out: list[str]) -> None:
        out.append("\t<trace>\n")
        _attributes(trace.attributes, out, "\t\t")
        for event in trace.events:
            out.append("\t\t<event>\n")
            _attributes(event, out, "\t\t\t")
            out.append("\t\t</event>\n")
        out.append("\t</trace>\n")


# A line's end would be read as a blank; other control characters cannot be in XML at all.
_SAFE: dict[int, str | None] = {
    **dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000))),
    **{ord(c): f"&{name};" for c, name in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot"), ("\n", "#10"), ("\r", "#13"), ("\t", "#9"))},
}  # fmt: skip
_UNSAFE = re.compile('[\x00-\x1f&<>"\ud800-\udfff\ufffe\uffff]').search


def escaped(text: str) -> str:
    """Return text as the value of an XML attribute."""
    return text if _UNSAFE(text) is None else text.translate(_SAFE)



def _xml(values: dict[str, str]) -> str:
    return "".join(f' {name}="{escaped(value)}"' for name, value in values.items())


def _attributes(attributes: Iterable[Attribute], out: list[str], indent: str) -> None:
    for key, tag, value, *more in attributes:
        said = f' key="{escaped(key)}"' if key is not None else ""
        if value is not None:
            said += f' value="{escaped(value)}"'
        if not more:
            out.append(f'{indent}<{tag}{said}/>\n')
            continue
        out.append(f'{indent}<{tag}{said}>\n')
        _attributes(more[0], out, indent + "\t")
        if len(more) > 1:
            out.append(f"{indent}\t<values>\n")
            _attributes(more[1], out, indent + "\t\t")
            out.append(f"{indent}\t</values>\n")
        out.append(f"{indent}</{tag}>\n")


__all__ = ["EXTENSIONS", "STANDARD", "LogWriter"]
