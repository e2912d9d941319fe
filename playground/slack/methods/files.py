"""Methods about files: files.getUploadURLExternal, files.completeUploadExternal, files.info, files.delete."""

from playground.slack.call import Call
from playground.slack.files import SIZE_LIMIT, StoredFile, file_json
from playground.slack.grammar import Fault
from playground.slack.messages import Content
from playground.slack.people import Channel
from playground.slack.refusals import SlackRefusal, invalid_arguments
from playground.slack.shapes import Json, listing, mapping

ALT_TEXT = 1000  # characters


async def upload_url(call: Call) -> Json:
    """A place to put a file's bytes."""
    if call.core.switches.file_uploads_disabled:
        raise SlackRefusal("file_uploads_disabled")
    name, length = call.needed("filename"), call.needed("length")
    if not length.isdigit() or not 0 < int(length) <= SIZE_LIMIT:
        raise invalid_arguments([Fault("/length", "must be greater than 0")])
    if len(call.text("alt_txt")) > ALT_TEXT:
        raise invalid_arguments([Fault("/alt_txt", f"must be less than {ALT_TEXT + 1} characters")])
    core = call.core
    stored = core.files.promise(name, int(length), core.app.bot_user_id, int(core.clock.now()))
    return {"upload_url": f"{core.origin}/upload/v1/{stored.id}", "file_id": stored.id}


def _uploaded(call: Call) -> list[StoredFile]:
    wanted = [mapping(item) for item in listing(call.structure("files", "invalid_arguments"))]
    if not wanted:
        raise invalid_arguments([Fault("/files", "missing required field: files")])
    found = []
    for item in wanted:
        stored = call.core.files.find(str(item.get("id")))
        if stored.data is None or stored.complete:
            raise SlackRefusal("file_not_found")
        stored.title = str(item.get("title") or stored.name)
        found.append(stored)
    return found


def _targets(call: Call) -> list[Channel]:
    names = [call.text("channel_id"), *call.text("channels").split(",")]
    targets = []
    for name in filter(None, names):
        channel = call.core.workspace.channel(name)
        if channel is None:
            raise SlackRefusal("channel_not_found")
        if call.core.app.bot_user_id not in channel.members:
            raise SlackRefusal("not_in_channel")
        targets.append(channel)
    return targets


async def complete_upload(call: Call) -> Json:
    """Finish an upload and share it; the answer does not carry the message that shares it."""
    stored, targets = _uploaded(call), _targets(call)
    shapes = [file_json(one, call.core.origin) for one in stored]
    for one in stored:
        one.complete = True
    workspace = call.core.workspace
    for channel in targets:
        content = Content(call.text("initial_comment"))
        root = call.text("thread_ts") or None
        message = workspace.write(channel.id, call.core.app.bot_user_id, content, thread_ts=root)
        message.files = shapes
        workspace.post(message)
    return {"files": [{"id": one.id, "title": one.title} for one in stored]}


async def info(call: Call) -> Json:
    """One file."""
    stored = call.core.files.find(call.needed("file", "file_not_found"))
    return {"file": file_json(stored, call.core.origin), "comments": [], "paging": {"page": 1, "pages": 1}}


async def delete(call: Call) -> Json:
    """Take a file away."""
    stored = call.core.files.find(call.needed("file", "file_not_found"))
    if stored.owner != call.core.app.bot_user_id:
        raise SlackRefusal("cant_delete_file")
    del call.core.files.files[stored.id]
    return {}
