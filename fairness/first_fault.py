"""One line about text that pydantic refused."""

from pydantic import ValidationError


def first_fault(error: ValidationError, whole: str = "") -> str:
    """`where: message` of the first fault, `where` being names and indices joined by dots.

    `whole` stands for it where the fault lies in no field; without it the message stands alone.
    """
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or whole
    return f"{where}: {first['msg']}" if where else str(first["msg"])
