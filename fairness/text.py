"""Text from files and servers as one printable line."""


def one_line(value: object) -> str:
    """`1` for 1.0 and true, nothing for None, blanks for control characters and line breaks."""
    if value is None:
        return ""
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        value = int(value)
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
