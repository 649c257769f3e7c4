"""Flower's ClientApp of an audit: hands over the file that the site wrote and looked at.

The file is named when the SuperNode is started, by `summary` of `--node-config`. Nothing is
computed for whoever asks, and nothing else is answered.
"""

from pathlib import Path

from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.clientapp import ClientApp

from audit.pool.files import read_content
from fairness.errors import DataError, FairAuditError, UsageError
from fairness.pooling.document import parsed

REFUSED = "this site refuses: "
"""Before an error of ours, so that it is told from a crash in whatever Flower makes of it."""

app = ClientApp()


@app.query()
def hand_over(message: Message, context: Context) -> Message:
    """The text of the site's file."""
    try:
        record = ConfigRecord({"summary": text_of(context)})
    except FairAuditError as error:
        raise DataError(f"{REFUSED}{error}") from error
    return Message(RecordDict({"summary": record}), reply_to=message)


def text_of(context: Context) -> str:
    """The file that this node was started with.

    Raises:
        UsageError: it was started without one.
        DataError: the file is none that others would take.
    """
    if "summary" not in context.node_config:
        raise UsageError("start the SuperNode with --node-config 'summary=\"FILE\"'")
    path = Path(str(context.node_config["summary"]))
    content = read_content(path)
    parsed(content, str(path))
    return content.decode()
