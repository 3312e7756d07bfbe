"""Forms that carry a file (``multipart/form-data``), read from the temporary file they arrived in."""

from __future__ import annotations

import tempfile
import typing as t

import attrs

from crmkit import Invalid, Problem, _

PIECE = 64 * 1024
MOST_PARTS, LONGEST_FIELD, IN_MEMORY = 10, 1000, 256 * 1024
UNREADABLE = _("the form cannot be read", ru="форму не удаётся прочитать")
ONE_FILE = _("send one file at a time, in a field named file", ru="присылайте по одному файлу, в поле file")


@attrs.define
class Form:
    """What a form said: short fields, and one file, which whoever asked for the form closes."""

    fields: dict[str, str] = attrs.field(factory=dict)
    file: t.BinaryIO | None = None
    file_name: str = ""
    size: int = 0

    def close(self) -> None:
        """Let go of the file."""
        if self.file is not None:
            self.file.close()


def is_form(content_type: str) -> bool:
    """True when a body says that it is a form with a file."""
    return content_type.partition(";")[0].strip().lower() == "multipart/form-data"


def read_form(content_type: str, body: t.BinaryIO) -> Form:
    """Read a form; `Invalid` when it is broken, has more than one file, or fields that are too many or too long."""
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    boundary = parse_options_header(content_type)[1].get(b"boundary")
    reading = _Reading()
    try:
        if not boundary:
            raise _refusal("form", UNREADABLE)
        parser = MultipartParser(boundary, reading.callbacks())  # type: ignore[arg-type]  # its TypedDict, by name
        while piece := body.read(PIECE):
            parser.write(piece)
        parser.finalize()
        if not reading.ended or reading.form.file is None:
            raise _refusal("form", UNREADABLE if not reading.ended else ONE_FILE)
    except (FormParserError, UnicodeDecodeError) as error:
        reading.form.close()
        raise _refusal("form", UNREADABLE) from error
    except BaseException:
        reading.form.close()
        raise
    assert reading.form.file is not None
    reading.form.file.seek(0)
    return reading.form


class _Reading:
    """Follows the parser through the parts."""

    def __init__(self) -> None:
        self.form, self.ended, self.parts = Form(), False, 0
        self._header, self._value, self._headers = b"", b"", dict[bytes, bytes]()
        self._name, self._text, self._is_file = "", b"", False

    def callbacks(self) -> dict[str, t.Callable[..., None]]:
        """Return what the parser calls."""
        return {
            "on_part_begin": self._part_begins, "on_header_field": self._header_name, "on_header_value": self._header_value,
            "on_header_end": self._header_ends, "on_headers_finished": self._part_known, "on_part_data": self._data,
            "on_part_end": self._part_ends, "on_end": self._end,
        }  # fmt: skip

    def _part_begins(self) -> None:
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise _refusal("form", UNREADABLE)
        self._headers, self._text = {}, b""

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _part_known(self) -> None:
        from python_multipart.multipart import parse_options_header

        options = parse_options_header(self._headers.get(b"content-disposition"))[1]
        self._name, self._is_file = options.get(b"name", b"").decode(), b"filename" in options
        if self._is_file:
            if self.form.file is not None or self._name != "file":
                raise _refusal("form", ONE_FILE)
            self.form.file_name = options[b"filename"].decode()
            self.form.file = t.cast(t.BinaryIO, tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 (closed with the form)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file and self.form.file is not None:
            self.form.size += end - start
            self.form.file.write(data[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > LONGEST_FIELD:
            raise _refusal(self._name or "form", UNREADABLE)

    def _part_ends(self) -> None:
        if not self._is_file:
            self.form.fields[self._name] = self._text.decode()

    def _end(self) -> None:
        self.ended = True


def _refusal(path: str, message: str) -> Invalid:
    return Invalid(problems=[Problem(path, "form", message)])
