"""Headers: which are taken, from where their values come, and that these are never shown."""

import traceback
from dataclasses import asdict
from pathlib import Path

import pytest

from audit.client.connection import Connection
from audit.client.headers import Secret, header_in, refuse_loose_headers
from fairness.errors import UsageError

VALUE = "s3cr3t-value"


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("authorization: Bearer abc", "authorization", "Bearer abc"),
        ("Authorization:Bearer abc", "authorization", "Bearer abc"),
        ("x-api_key.v2 :  a:b c ", "x-api_key.v2", "a:b c"),
        ("authorization: Bearer env:T", "authorization", f"Bearer {VALUE}"),
        ("authorization: env:T", "authorization", VALUE),
        ("authorization: Bearer file:token", "authorization", f"Bearer {VALUE}"),
        ("authorization: file:token", "authorization", VALUE),
    ],
)
def test_a_header_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, name: str, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("T", VALUE)
    Path("token").write_text(f"{VALUE}\r\n")
    header = header_in(text)
    assert (header.name, header.value.reveal()) == (name, value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (VALUE, "give a name, a colon and a value"),
        ("authorization:", "give a name, a colon and a value"),
        (f": {VALUE}", "give a name, a colon and a value"),
        (f"Bearer {VALUE}: x", "give a name, a colon and a value"),
        (f"ä: {VALUE}", "give a name, a colon and a value"),
        (f"grpc-timeout: {VALUE}", "grpc-timeout: gRPC sets it itself"),
        (f"Content-Type: {VALUE}", "content-type: gRPC sets it itself"),
        (f"key-bin: {VALUE}", "key-bin: names in -bin are for bytes"),
        (f"a: {VALUE}\r\nb: c", "a: its value is not one line of printable ASCII"),
        (f"a: {VALUE}\n", "a: its value is not one line"),
        (f"a: {VALUE}ä", "a: its value is not one line"),
        (f"a: {VALUE}" + "x" * 2**14, "a: its value is not one line"),
        ("a: env:ABSENT", "the variable ABSENT is not set"),
        ("a: Bearer env:EMPTY", "the variable EMPTY is not set, or empty"),
        ("a: env:LINES", "a: its value is not one line"),
        ("a: file:absent", "a: absent: No such file or directory; name another"),
        ("a: file:folder", "a: folder: Is a directory"),
        ("a: file:empty", "a: empty is empty"),
        ("a: file:lines", "a: its value is not one line"),
        ("a: file:bytes", "a: its value is not one line"),
    ],
)
def test_a_header_is_refused_without_its_value(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMPTY", " ")
    monkeypatch.setenv("LINES", f"{VALUE}\n{VALUE}")
    Path("folder").mkdir()
    Path("empty").write_text("\n")
    Path("lines").write_text(f"{VALUE}\n{VALUE}\n")
    Path("bytes").write_bytes(VALUE.encode() + b"\xff\x00")
    with pytest.raises(UsageError, match=message) as caught:
        header_in(text)
    assert VALUE not in "".join(traceback.format_exception(caught.value))


def test_a_secret_shows_itself_nowhere() -> None:
    connection = Connection(headers=(header_in(f"authorization: Bearer {VALUE}"),))
    shown = [repr(connection), str(asdict(connection)), f"{connection.headers[0].value}"]
    assert [text for text in shown if VALUE in text] == []
    assert connection.flags() == "--endpoint localhost:8001 --header 'authorization: ...'"


def test_a_secret_is_taken_out_of_texts_whole_and_without_its_scheme() -> None:
    secret = Secret(f"Bearer {VALUE}")
    assert secret.hidden_in(f"no Bearer {VALUE}; {VALUE}.") == "no ***; ***."
    assert Secret("a").hidden_in("a banana") == "a banana"


@pytest.mark.parametrize(
    "words",
    [
        ("--data", "x.csv", "--target", "Finding: cardiomegaly"),
        ("--header", "authorization: Bearer x", "--model", "token"),
        ("--header=authorization: Bearer x",),
        ("--tls",),
        (),
    ],
)
def test_a_sound_command_line_holds_no_loose_header(words: tuple[str, ...]) -> None:
    assert refuse_loose_headers(words) is None  # type: ignore[func-returns-value]  # or it raises
