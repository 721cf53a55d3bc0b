"""Manifests as people write them: block YAML with quoted strings, nothing clever."""
import json
import re

_PLAIN = re.compile(r"^[A-Za-z][A-Za-z0-9./_-]*$")
_WORDS = {"yes", "no", "true", "false", "null", "on", "off", "y", "n"}


def scalar(value):
    if isinstance(value, str) and _PLAIN.match(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value)


def block(value, indent=0):
    pad = " " * indent
    if isinstance(value, dict) and value:
        lines = []
        for key, item in value.items():
            if isinstance(item, (dict, list)) and item:
                lines.append(f"{pad}{scalar(key)}:\n{block(item, indent + 2)}")
            else:
                lines.append(f"{pad}{scalar(key)}: {scalar(item) if not isinstance(item, (dict, list)) else json.dumps(item)}")
        return "\n".join(lines)
    if isinstance(value, list) and value:
        lines = []
        for item in value:
            if isinstance(item, (dict, list)) and item:
                text = block(item, indent + 2)
                lines.append(f"{pad}- {text.lstrip()}")
            else:
                lines.append(f"{pad}- {scalar(item) if not isinstance(item, (dict, list)) else json.dumps(item)}")
        return "\n".join(lines)
    return pad + json.dumps(value)


def documents(items):
    return "---\n".join(block(i) + "\n" for i in items)
