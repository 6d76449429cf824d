"""The schemas of the messages that a kernel sends, as the specification's text has them: which fields there are, of which types, and
that none is null. `check` raises AssertionError with what is wrong."""
import re


class Optional:
    def __init__(self, what):
        self.what = what


def one_of(*values):
    return lambda v: v in values


def list_of(what):
    return lambda v: isinstance(v, list) and all(fits(x, what) for x in v)


def fits(v, what):
    if isinstance(what, dict):
        return isinstance(v, dict) and not differences(v, what)
    if isinstance(what, type):
        return isinstance(v, what) and not (what is int and isinstance(v, bool))
    return bool(what(v))


def differences(content, schema):
    """Sentences about the fields that are not as the schema wants them. More fields than it names are allowed."""
    bad = []
    for name, what in schema.items():
        if name not in content:
            if not isinstance(what, Optional):
                bad.append("%s is missing" % name)
        elif not fits(content[name], what.what if isinstance(what, Optional) else what):
            bad.append("%s is %.80r" % (name, content[name]))
    return bad


def mime_bundle(v):
    """Keys are MIME types; JSON types hold JSON, the others text."""
    def right(kind, value):
        text = isinstance(value, str)
        return re.fullmatch(r"[\w.+-]+/[\w.+-]+(;.*)?", kind) and (text or kind.split(";")[0].endswith("json"))
    return isinstance(v, dict) and all(right(k, x) for k, x in v.items())


def with_text(v):
    """What is displayed should always have a plain text."""
    return mime_bundle(v) and (not v or "text/plain" in v)


def no_nulls(v):
    if isinstance(v, dict):
        return all(no_nulls(x) for x in v.values())
    if isinstance(v, list):
        return all(no_nulls(x) for x in v)
    return v is not None


version = re.compile(r"\d+\.\d+(\.\d+)?").fullmatch
positive = lambda v: fits(v, int) and v >= 0
display = {"data": with_text, "metadata": dict, "transient": Optional({"display_id": Optional(str)})}
error = {"ename": str, "evalue": str, "traceback": list_of(str)}
comm = {"comm_id": str, "data": dict}

IOPUB = {
    "iopub_welcome": {"subscription": str},
    "status": {"execution_state": one_of("busy", "idle", "starting")},
    "execute_input": {"code": str, "execution_count": positive},
    "stream": {"name": one_of("stdout", "stderr"), "text": str},
    "display_data": display,
    "update_display_data": dict(display, transient={"display_id": str}),
    "execute_result": dict(display, execution_count=positive),
    "error": error,
    "clear_output": {"wait": bool},
    "comm_open": dict(comm, target_name=str),
    "comm_msg": comm,
    "comm_close": comm,
    "shutdown_reply": {"status": one_of("ok"), "restart": bool},
}
STDIN = {"input_request": {"prompt": str, "password": bool}}
payload = lambda v: fits(v, dict) and isinstance(v.get("source"), str) and (
    v["source"] != "page" or fits(v, {"data": with_text, "start": int})) and (
    v["source"] != "set_next_input" or fits(v, {"text": str, "replace": bool}))
expression = lambda v: fits(v, {"status": one_of("ok"), "data": with_text, "metadata": dict}) or fits(v, dict(error, status=one_of("error")))
history_entry = lambda v: isinstance(v, list) and len(v) == 3 and fits(v[0], int) and fits(v[1], int) and (
    isinstance(v[2], str) or isinstance(v[2], list) and len(v[2]) == 2 and isinstance(v[2][0], str))

# Of replies whose status is ok. The others all have ERROR.
REPLIES = {
    "execute_reply": {"execution_count": positive, "payload": list_of(payload), "user_expressions": lambda v: isinstance(v, dict) and all(map(expression, v.values()))},
    "complete_reply": {"matches": list_of(str), "cursor_start": positive, "cursor_end": positive, "metadata": dict},
    "inspect_reply": {"found": bool, "data": with_text, "metadata": dict},
    "is_complete_reply": {"status": one_of("complete", "incomplete", "invalid", "unknown")},
    "history_reply": {"history": list_of(history_entry)},
    "kernel_info_reply": {
        "protocol_version": version, "implementation": str, "implementation_version": version, "banner": str, "debugger": bool,
        "language_info": {"name": str, "version": version, "mimetype": str, "file_extension": re.compile(r"\.\w+").fullmatch,
                          "pygments_lexer": Optional(str), "codemirror_mode": Optional(lambda v: isinstance(v, (str, dict))), "nbconvert_exporter": Optional(str)},
        "help_links": list_of({"text": str, "url": str}), "supported_features": list_of(str)},
    "connect_reply": {k + "_port": positive for k in ("shell", "iopub", "stdin", "hb", "control")},
    "comm_info_reply": {"comms": lambda v: isinstance(v, dict) and all(fits(c, {"target_name": str}) for c in v.values())},
    "interrupt_reply": {},
    "shutdown_reply": {"restart": bool},
    "create_subshell_reply": {"subshell_id": str},
    "delete_subshell_reply": {},
    "list_subshell_reply": {"subshell_id": list_of(str)},
}
ERROR = dict(error, status=one_of("error"))
HEADER = {"msg_id": str, "session": str, "username": str, "msg_type": str, "version": version}
# What an error reply must not have besides: the usual content of a successful one is omitted.
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)").fullmatch


def check(channel, m):
    kind, content = m["msg_type"], m["content"]
    bad = differences(m["header"], HEADER)
    date = m["header"]["date"]  # the client has made a datetime of it, if it could
    if isinstance(date, str) and not DATE(date):
        bad.append("date is %r" % date)
    for part in ("parent_header", "metadata", "content"):
        if not isinstance(m[part], dict):
            bad.append("%s is a %s" % (part, type(m[part]).__name__))
    if kind in ("debug_reply",):
        bad += differences(content, {"type": one_of("response"), "request_seq": int, "success": bool, "command": str})
    elif kind.endswith("_reply") and channel != "iopub":
        bad += reply(kind, content)
    else:
        schema = (IOPUB if channel == "iopub" else STDIN).get(kind)
        bad += ["it has no business on " + channel] if schema is None else differences(content, schema)
    if kind not in ("iopub_welcome",) and channel != "iopub" and not m["parent_header"]:
        bad.append("it has no parent")
    if kind != "history_reply" and not no_nulls(content) and not has_json(content):
        bad.append("there is a null in %.200r" % content)
    assert not bad, "%s on %s: %s" % (kind, channel, "; ".join(bad))


def has_json(content):
    """A null is JSON too, where a cell shows JSON or sends a comm message."""
    return "comm_id" in content or any("json" in k for k in content.get("data") or {})


def reply(kind, content):
    status = content.get("status")
    if status == "error":
        bad = differences(content, ERROR)
        if kind == "execute_reply":
            bad += differences(content, {"execution_count": positive}) if content.get("ename") not in ("BadRequest", "UnknownSubshell", "KernelError") else []
        return bad + ["%s is in a reply that says error" % k for k in ("payload", "user_expressions", "matches", "history", "data") if k in content]
    if kind not in REPLIES:
        return ["the type is unknown and yet it is ok"]
    if kind == "is_complete_reply":
        indent = isinstance(content.get("indent"), str) if status == "incomplete" else "indent" not in content
        return differences(content, REPLIES[kind]) + ([] if indent else ["indent is %r" % content.get("indent")])
    return differences(content, dict(REPLIES[kind], status=one_of("ok")))
