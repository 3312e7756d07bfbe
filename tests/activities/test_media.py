"""What a file is, by its content; and what it may be called."""

from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import Invalid
from crmkit.activities.media import TYPES, USUAL, is_inline, media_type_of
from crmkit.activities.names import clean_name, disposition, extension
from tests.activities.world import PDF, packed, png

OLE = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600
MP4, M4A = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42"
GOOD = {
    "a.png": png(), "A.PNG": png(), "a.jpg": b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01" + b"\0" * 50 + b"\xff\xd9", "a.gif": b"GIF89a\x01\0\x01\0\0\0\0;",
    "a.webp": b"RIFF\x24\0\0\0WEBPVP8 ", "a.pdf": PDF, "a.doc": OLE, "a.xls": OLE, "a.msg": OLE, "a.rtf": b"{\\rtf1 hi}",
    "a.docx": packed("[Content_Types].xml", "word/document.xml"), "a.xlsx": packed("[Content_Types].xml", "xl/workbook.xml"),
    "a.pptx": packed("ppt/presentation.xml"), "a.odt": packed("mimetype", "content.xml"), "a.zip": packed("a.txt"),
    "a.7z": b"7z\xbc\xaf\x27\x1c\0\x04" + b"\0" * 40, "a.rar": b"Rar!\x1a\x07\x00" + b"\0" * 40, "a.mp3": b"ID3\x03" + b"\0" * 50,
    "b.mp3": b"\xff\xfb\x90\x64" + b"\0" * 50, "a.wav": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0", "a.ogg": b"OggS\0\x02" + b"\0" * 30, "a.mp4": MP4,
    "a.m4a": M4A, "a.heic": b"\0\0\0\x18ftypheic\0\0\0\0heicmif1", "a.bmp": b"BM" + b"\0" * 60, "a.tif": b"II*\0" + b"\0" * 60,
    "a.webm": b"\x1a\x45\xdf\xa3" + b"\0" * 40, "a.amr": b"#!AMR\n" + b"\0" * 40, "a.avi": b"RIFF\x24\0\0\0AVI LIST", "a.dwg": b"AC1032" + b"\0" * 40,
    "a.mov": b"\0\0\0\x14ftypqt  " + b"\0" * 40, "a.txt": "просто текст".encode(), "b.txt": "просто текст".encode("cp1251"),
    "c.txt": "текст".encode("utf-16"), "a.csv": "имя;телефон\nАнна;+7".encode(), "a.md": b"# Title\n", "a.eml": b"From: a\nTo: b\n\n<html>hi",
    "a.ics": b"BEGIN:VCALENDAR\n", "a.vcf": b"BEGIN:VCARD\n", "a.sig": b"\x30\x82\x01\x02", "a.p7s": b"-----BEGIN PKCS7-----\n",
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_what_may_be_attached(name: str):
    assert media_type_of(name, io.BytesIO(GOOD[name]), USUAL) == TYPES[extension(name)].media_type


def test_every_usual_type_is_tried():
    assert set(USUAL) - {extension(name) for name in GOOD} == {"jpeg", "tiff", "heif", "ppt", "ods", "odp", "oga"}


HTML, SVG = b"<!DOCTYPE html><script>alert(1)</script>", b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'
EXE, ELF = b"MZ\x90\0\x03\0\0\0" + b"\0" * 100 + b"PE\0\0", b"\x7fELF\x02\x01\x01" + b"\0" * 50
BAD = [
    ("page.html", HTML, "type"), ("a.htm", HTML, "type"), ("a.svg", SVG, "type"), ("a.exe", EXE, "type"), ("a.js", b"alert(1)", "type"),
    ("a.bat", b"del", "type"), ("a.php", b"<?php", "type"), ("a.sh", b"#!/bin/sh", "type"), ("a.lnk", b"L\0\0\0", "type"),
    ("a.jar", packed("a"), "type"),
    ("a.docm", packed("word/document.xml"), "type"), ("a.pdf.exe", PDF, "type"), ("a.hta", HTML, "type"), ("a.xhtml", HTML, "type"),
    ("a.png", HTML, "content"), ("a.png", SVG, "content"), ("a.png", EXE, "content"), ("a.jpg", png(), "content"), ("a.pdf", HTML, "content"),
    ("a.pdf", b"\n%PDF-1.7", "content"), ("a.txt", HTML, "content"), ("a.txt", b" \n\t<HTML>", "content"),
    ("a.txt", b"\xef\xbb\xbf<script>", "content"),
    ("a.txt", SVG, "content"), ("a.txt", EXE, "content"), ("a.txt", ELF, "content"), ("a.csv", b"#!/bin/sh\nrm", "content"),
    ("a.md", b"<?php x", "content"),
    ("a.txt", "<script>".encode("utf-16"), "content"), ("a.txt", b'<?xml version="1.0"?><svg xmlns="x"/>', "content"), ("a.txt", b"a\0b", "content"),
    ("a.txt", b"<!-- x --><html>", "content"), ("a.docx", packed("a.txt"), "content"), ("a.docx", packed("xl/workbook.xml"), "content"),
    ("a.docx", b"PK\x03\x04" + b"\0" * 30, "content"), ("a.docx", packed("word/document.xml")[:-10], "content"), ("a.doc", PDF, "content"),
    ("a.xlsx", packed("xl/workbook.xml", "xl/vbaProject.bin"), "macros"), ("a.zip", PDF, "content"), ("a.mp3", EXE, "content"),
    ("a.sig", EXE, "content"),
    ("a.txt", b"", "empty"), ("noname", PDF, "extension"), (".pdf", PDF, "extension"), ("a.json", b"{}", "type"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "code"), BAD)
def test_what_may_not(name: str, content: bytes, code: str):
    with pytest.raises(Invalid) as refused:
        media_type_of(name, io.BytesIO(content), USUAL)
    assert [(p.path, p.code) for p in refused.value.problems] == [("file", code)]


def test_only_pictures_are_shown_in_place():
    inline = {e for e, kind in TYPES.items() if is_inline(kind.media_type)}
    assert inline == {"jpg", "jpeg", "png", "gif", "webp"}


@given(st.binary(max_size=300), st.sampled_from(sorted(TYPES)))
def test_any_bytes_are_taken_or_refused(content: bytes, end: str):
    with contextlib.suppress(Invalid):
        assert media_type_of(f"a.{end}", io.BytesIO(content), TYPES) == TYPES[end].media_type


# Names


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Договор № 5.pdf", "Договор № 5.pdf"), ("../../etc/passwd", "passwd"), ("C:\\Users\\Анна\\скан.pdf", "скан.pdf"), ("a\r\nb.pdf", "ab.pdf"),
        ("photo\u202egpj.exe", "photogpj.exe"), (' "a"?.pdf ', "_a__.pdf"), ("con.txt", "_con.txt"), ("a.pdf...", "a.pdf"), ("é.pdf", "é.pdf"),
        ("a\u200b.pdf", "a.pdf"), ("a\x00.pdf", "a.pdf"), ("many   spaces.pdf", "many spaces.pdf"), ("日本.png", "日本.png"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)  # fmt: skip
def test_names_are_kept_as_people_write_them(given: str, kept: str):
    assert clean_name(given) == kept


@pytest.mark.parametrize("given", ["", "/", "...", "a/", "\x00\x01", " "])
def test_a_name_of_nothing(given: str):
    with pytest.raises(ValueError, match="name"):
        clean_name(given)


@given(st.text(max_size=400))
def test_any_name_is_safe(name: str):
    try:
        kept = clean_name(name)
    except ValueError:
        return
    assert 0 < len(kept) <= 200
    assert not {"/", "\\", "\r", "\n", "\0", '"'} & set(kept)
    assert clean_name(kept) == kept
    disposition("attachment", kept).encode("ascii")


def test_names_in_headers():
    assert disposition("inline", "a.png") == "inline; filename=\"a.png\"; filename*=UTF-8''a.png"
    told = disposition("attachment", "Договор 5%.pdf")
    assert told == "attachment; filename=\"5_.pdf\"; filename*=UTF-8''%D0%94%D0%BE%D0%B3%D0%BE%D0%B2%D0%BE%D1%80%205%25.pdf"
    assert disposition("attachment", "скан.pdf").startswith('attachment; filename="file.pdf"')
