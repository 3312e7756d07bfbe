"""What a file really is: by its content, held against its name. What the sender says about it counts for nothing."""

from __future__ import annotations

import codecs
import io
import typing as t
import zipfile

import attrs

from crmkit import Invalid, Problem, _

from .names import extension

HEAD = 64 * 1024
JPEG, HEIF, TEXT_CONTROLS = ("jpg", "jpeg", "jpe", "jfif"), ("heic", "heif"), frozenset({9, 10, 11, 12, 13, 27})
PACKED, OLE, MPEG4, OGG = ("zip", "docx"), ("doc",), ("mp4", "m4a", "m4v", "mov", "3gp"), ("ogg", "oga", "opus")


@attrs.frozen
class MediaType:
    """One type of file: how it is served, and what its content must look like.

    `looks` names extensions of which `puremagic` must recognise one; `begins` is for what it does not know; `inside` is what a
    ZIP container of this type has in it. With none of these it is text.
    """

    media_type: str
    looks: tuple[str, ...] = ()
    begins: tuple[bytes, ...] = ()
    inside: tuple[str, ...] = ()
    inline: bool = False


_OFFICE, _OPEN = "application/vnd.openxmlformats-officedocument", "application/vnd.oasis.opendocument"
_SIGNED = (b"\x30", b"-----BEGIN ")
TYPES: t.Mapping[str, MediaType] = {
    "jpg": MediaType("image/jpeg", JPEG, inline=True), "jpeg": MediaType("image/jpeg", JPEG, inline=True),
    "png": MediaType("image/png", ("png",), inline=True), "gif": MediaType("image/gif", ("gif",), inline=True),
    "webp": MediaType("image/webp", ("webp",), inline=True), "bmp": MediaType("image/bmp", ("bmp",)),
    "tif": MediaType("image/tiff", ("tif", "tiff")), "tiff": MediaType("image/tiff", ("tif", "tiff")),
    "heic": MediaType("image/heic", HEIF), "heif": MediaType("image/heif", HEIF),
    "pdf": MediaType("application/pdf", begins=(b"%PDF-",)), "rtf": MediaType("application/rtf", begins=(b"{\\rtf",)),
    "doc": MediaType("application/msword", OLE), "xls": MediaType("application/vnd.ms-excel", OLE),
    "ppt": MediaType("application/vnd.ms-powerpoint", OLE), "msg": MediaType("application/vnd.ms-outlook", OLE),
    "docx": MediaType(f"{_OFFICE}.wordprocessingml.document", PACKED, inside=("word/",)),
    "xlsx": MediaType(f"{_OFFICE}.spreadsheetml.sheet", PACKED, inside=("xl/",)),
    "pptx": MediaType(f"{_OFFICE}.presentationml.presentation", PACKED, inside=("ppt/",)),
    "odt": MediaType(f"{_OPEN}.text", PACKED, inside=("content.xml",)),
    "ods": MediaType(f"{_OPEN}.spreadsheet", PACKED, inside=("content.xml",)),
    "odp": MediaType(f"{_OPEN}.presentation", PACKED, inside=("content.xml",)),
    "zip": MediaType("application/zip", PACKED, inside=("",)), "7z": MediaType("application/x-7z-compressed", ("7z",)),
    "rar": MediaType("application/vnd.rar", ("rar",)), "dwg": MediaType("image/vnd.dwg", ("dwg",)),
    "mp3": MediaType("audio/mpeg", begins=(b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")), "wav": MediaType("audio/wav", ("wav",)),
    "ogg": MediaType("audio/ogg", OGG), "oga": MediaType("audio/ogg", OGG), "m4a": MediaType("audio/mp4", MPEG4),
    "amr": MediaType("audio/amr", ("amr",)), "mp4": MediaType("video/mp4", MPEG4), "mov": MediaType("video/quicktime", MPEG4),
    "webm": MediaType("video/webm", ("webm",)), "avi": MediaType("video/x-msvideo", ("avi",)),
    "p7s": MediaType("application/pkcs7-signature", begins=_SIGNED), "sig": MediaType("application/pkcs7-signature", begins=_SIGNED),
    "txt": MediaType("text/plain"), "csv": MediaType("text/csv"), "md": MediaType("text/markdown"), "log": MediaType("text/plain"),
    "json": MediaType("application/json"), "xml": MediaType("application/xml"), "eml": MediaType("message/rfc822"),
    "ics": MediaType("text/calendar"), "vcf": MediaType("text/vcard"),
}  # fmt: skip
"""What may be attached at all. Web pages, drawings that run scripts (SVG), scripts and programs are not here on purpose."""
USUAL = tuple(e for e in TYPES if e not in ("json", "xml", "log"))
ACTIVE = (b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<iframe", b"<svg", b"<?php", b"#!", b"mz\x90")

NO_EXTENSION = _("the file name needs an extension, such as .pdf", ru="у имени файла нет расширения, например .pdf")
NOT_ALLOWED = _("files of type .{extension} are not taken; taken are: {known}", ru="файлы .{extension} не принимаются; принимаются: {known}")
DIFFERENT = _("the content is not that of a .{extension} file", ru="содержимое файла не похоже на .{extension}")
EMPTY = _("the file is empty", ru="файл пуст")
MACROS = _("documents with macros are not taken; save it without them", ru="документы с макросами не принимаются; сохраните без них")


def bare(name: str) -> str:
    """Return an extension as it is looked up: ``.PDF`` is ``pdf``."""
    return name.strip().lstrip(".").lower()


def media_type_of(name: str, content: t.BinaryIO, allowed: t.Iterable[str]) -> str:
    """Return the media type a file is served as; `Invalid` when it may not be attached, or is not what its name says."""
    end = extension(name)
    if not end:
        raise _refusal("extension", NO_EXTENSION)
    known = {bare(a) for a in allowed}
    if end not in known or end not in TYPES:
        raise _refusal("type", NOT_ALLOWED.format(extension=end, known=", ".join(sorted(known & TYPES.keys()))))
    content.seek(0)
    head = content.read(HEAD)
    if not head:
        raise _refusal("empty", EMPTY)
    kind = TYPES[end]
    if not _agrees(kind, head, content):
        raise _refusal("content", DIFFERENT.format(extension=end))
    if kind.inside:
        _look_inside(kind, content, end)
    content.seek(0)
    return kind.media_type


def is_inline(media_type: str) -> bool:
    """True for pictures a browser may show on a page; all else is saved."""
    return any(kind.inline and kind.media_type == media_type for kind in TYPES.values())


def _agrees(kind: MediaType, head: bytes, content: t.BinaryIO) -> bool:
    if kind.begins:
        return head.startswith(kind.begins)
    if not kind.looks:
        return _is_text(head) and not _is_active(head)
    return bool(_recognised(content) & set(kind.looks))


def _recognised(content: t.BinaryIO) -> set[str]:
    """Return the extensions whose signatures the content has."""
    import puremagic

    content.seek(0)
    try:
        return {bare(match.extension) for match in puremagic.magic_stream(content)}
    except (puremagic.PureError, ValueError):
        return set()


def _is_text(head: bytes) -> bool:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            head = head[: len(head) // 2 * 2].decode("utf-16").encode()
        except UnicodeDecodeError:
            return False
    return not any(byte < 32 and byte not in TEXT_CONTROLS for byte in head)


def _is_active(head: bytes) -> bool:
    """True for what a browser or a shell would run, whatever it is called (after the WHATWG's rules for sniffing)."""
    text = head.removeprefix(codecs.BOM_UTF8)
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = text.decode("utf-16", "replace").encode()
    low = text.lstrip().lower()
    if low.startswith(ACTIVE):
        return True
    return low.startswith((b"<?xml", b"<!--")) and any(mark in low for mark in (b"<svg", b"<html", b"<script", b"<!doctype html", b"xhtml"))


def _look_inside(kind: MediaType, content: t.BinaryIO, end: str) -> None:
    content.seek(0)
    try:
        with zipfile.ZipFile(t.cast(t.IO[bytes], content)) as packed:
            names = packed.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, io.UnsupportedOperation):
        raise _refusal("content", DIFFERENT.format(extension=end)) from None
    if not any(name.startswith(kind.inside) for name in names):
        raise _refusal("content", DIFFERENT.format(extension=end))
    if kind.inside != ("",) and any(name.lower().rpartition("/")[2] == "vbaproject.bin" for name in names):
        raise _refusal("macros", MACROS)


def _refusal(code: str, message: str) -> Invalid:
    return Invalid(problems=[Problem("file", code, message)])
