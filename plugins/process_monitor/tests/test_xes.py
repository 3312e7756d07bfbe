"""XES as files have it: everything that may be in one comes back, and what is wrong is told by its line."""

from __future__ import annotations

import gzip
import io

import pytest

from crmkit_process_monitor.xes import BadLog, LogReader, LogWriter

EVERYTHING = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="nested-attributes" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <global scope="trace"><string key="concept:name" value="?"/></global>
  <global scope="event"><string key="concept:name" value="?"/><date key="time:timestamp" value="1970-01-01T00:00:00.000+01:00"/></global>
  <classifier name="Activity" scope="event" keys="concept:name 'with blank'"/>
  <float key="sums" value="1.5"><float value="3.05"/><int key="deep" value="2"><boolean key="deeper" value="true"/></int></float>
  <trace>
    <string key="concept:name" value="A &lt;&amp;&quot;&gt; &#10;line&#9;Ж 𝄞"/>
    <list key="things"><int key="about" value="1"/><values><string key="one" value="1"/><string key="one" value="2"/></values></list>
    <container key="box"><id key="who" value="f81d4fae-7dec-11d0-a765-00a0c91e6bf6"/></container>
    <event>
      <string key="concept:name" value="Begin"/><date key="time:timestamp" value="2012-10-09T14:50:17.123456789+02:00"/>
      <int key="n" value="-9223372036854775808"/><float key="x" value="1E-3"/><boolean key="yes" value="false"/>
    </event>
    <event/>
  </trace>
  <trace/>
</log>
"""


def read(text: str | bytes) -> LogReader:
    return LogReader(io.BytesIO(text.encode() if isinstance(text, str) else text))


def test_everything_comes_back():
    reader = read(EVERYTHING)
    first, second = reader
    assert (len(first.events), second.events, reader.events) == (2, [], 2)
    assert first.attributes[0] == ["concept:name", "string", 'A <&"> \nline\tЖ 𝄞']
    assert first.attributes[1] == ["things", "list", None, [["about", "int", "1"]], [["one", "string", "1"], ["one", "string", "2"]]]
    assert first.attributes[2] == ["box", "container", None, [["who", "id", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"]]]
    assert reader.head.attributes[0][3][1] == ["deep", "int", "2", [["deeper", "boolean", "true"]]]
    assert reader.head.classifiers == [{"name": "Activity", "scope": "event", "keys": "concept:name 'with blank'"}]
    assert [scope for scope, _attributes in reader.head.globals] == ["trace", "event"]

    written = b"".join(LogWriter(reader.head).pieces([first, second]))
    again = read(gzip.compress(written))
    assert list(again) == [first, second]
    assert again.head == reader.head


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", None, "empty"),
        ("not XML", 1, "syntax error"),
        ("<html>\n</html>", 1, "<html>"),
        ("<log>\n<trace>\n<event>\n</trace></log>", 4, "mismatched"),
        ("<log>\n<trace>", 2, "no element"),
        ("<log>\n<string key='a'/></log>", 2, "«a» has no value"),
        ("<log>\n<trace>\n<date key='when' value='yesterday'/></trace></log>", 3, "'yesterday'"),
        ("<log><int key='n' value='1.5'/></log>", 1, "'1.5'"),
        ("<log><boolean key='n' value='yes'/></log>", 1, "'yes'"),
        ("<log>\n<table/></log>", 2, "<table>"),
        ("<log>" + "<string key='k' value='v'>" * 60, 1, "50"),
        ('<!DOCTYPE log [<!ENTITY a "b">]><log/>', 1, "entities"),
        (gzip.compress(EVERYTHING.encode())[:200], None, "unpacked"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_its_line(text: str | bytes, line: int | None, said: str):
    with pytest.raises(BadLog) as told:
        list(read(text))
    assert told.value.line == line
    assert said in str(told.value)


def test_a_prefix_of_its_own():
    text = '<x:log xmlns:x="http://www.xes-standard.org/"><x:trace><x:event><x:string key="a" value="b"/></x:event></x:trace></x:log>'
    reader = read(text)
    traces = list(reader)
    assert traces[0].events == [[["a", "string", "b"]]]
    assert list(read(b"".join(LogWriter(reader.head).pieces(traces)))) == traces


def test_characters_xml_cannot_hold_do_not_break_the_file():
    reader = read("<log/>")
    list(reader)
    reader.head.attributes.append(["a\x00", "string", "b\x0b\ud800\ufffec"])
    again = read(b"".join(LogWriter(reader.head).pieces([])))
    assert list(again) == []
    assert again.head.attributes == [["a", "string", "bc"]]
