"""The same value as text in every style that JSON and YAML have for it."""
import base64
import json
import re

PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*\Z")
SPECIAL = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def shuffled(value, rng):
    """The same, with the members of every object in another order."""
    if isinstance(value, dict):
        items = [(key, shuffled(item, rng)) for key, item in value.items()]
        rng.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        return [shuffled(item, rng) for item in value]
    return value


def escaped(text, rng, share):
    """A JSON string in which some characters are \\uXXXX."""
    out = []
    for char in text:
        if ord(char) < 0x10000 and rng.random() < share:
            out.append(f"\\u{ord(char):04{rng.choice('xX')}}")
        else:
            out.append(json.dumps(char, ensure_ascii=False)[1:-1])
    return '"' + "".join(out) + '"'


def to_json(value, rng):
    share = rng.choice([0, 0, 0.1, 1])
    blank = rng.choice(["", " ", "\n", "\t "])

    def write(part):
        if isinstance(part, dict):
            inner = ("," + blank).join(f"{escaped(k, rng, share)}{blank}:{blank}{write(v)}" for k, v in part.items())
            return "{" + blank + inner + blank + "}"
        if isinstance(part, list):
            return "[" + blank + ("," + blank).join(write(v) for v in part) + blank + "]"
        return escaped(part, rng, share) if isinstance(part, str) else json.dumps(part)

    return write(value)


def scalar(value, rng, key=False):
    if not isinstance(value, str):
        return json.dumps(value)
    styles = ["double"]
    if "\n" not in value and value.isprintable():
        styles.append("single")
    if PLAIN.match(value) and value.lower() not in SPECIAL:
        styles += ["plain", "plain"]
    if value and not key and rng.random() < 0.03:
        return "!!binary " + base64.b64encode(value.encode()).decode()
    style = rng.choice(styles)
    if style == "plain":
        return value
    if style == "single":
        return "'" + value.replace("'", "''") + "'"
    return escaped(value, rng, 0 if key else rng.choice([0, 0, 0.2]))


class Yaml:
    def __init__(self, rng):
        self.rng = rng
        self.anchors = 0
        self.known = {}  # text of a value -> the name of its anchor

    def document(self, value):
        text = self.block(value, 0)
        return (self.rng.choice(["", "---\n", "# a comment\n---\n", "%YAML 1.1\n---\n"])) + text.lstrip("\n") + "\n"

    def flow(self, value):
        if isinstance(value, dict):
            return "{" + ", ".join(f"{scalar(k, self.rng, True)}: {self.flow(v)}" for k, v in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self.flow(v) for v in value) + "]"
        return scalar(value, self.rng)

    def block(self, value, depth):
        """From behind a colon or a dash on; begins with a line break where the value stands on lines of its own."""
        pad = "  " * depth
        if isinstance(value, str) and self.literal(value):
            lines = value[:-1].split("\n")
            return " |\n" + "\n".join(pad + line if line else "" for line in lines)
        if not isinstance(value, (dict, list)) or not value or self.rng.random() < 0.2:
            return " " + self.flow(value)
        name = json.dumps(value)
        if depth > 0 and name in self.known and self.rng.random() < 0.7:
            return f" *{self.known[name]}"
        anchor = ""
        if depth > 0 and self.rng.random() < 0.2:
            self.anchors += 1
            anchor = f" &a{self.anchors}"
        lines = []
        if isinstance(value, dict):
            lines = [f"{pad}{scalar(k, self.rng, True)}:{self.block(v, depth + 1)}" for k, v in value.items()]
        else:
            lines = [f"{pad}-{self.block(item, depth + 1)}" for item in value]
        if anchor:
            self.known[name] = anchor[2:]
        return anchor + "\n" + "\n".join(lines)

    def literal(self, text):
        good = text.endswith("\n") and not text.endswith("\n\n") and text.strip() and text[0] not in " \n\t"
        return good and all(c.isprintable() or c == "\n" for c in text) and self.rng.random() < 0.7


def to_yaml(values, rng):
    """A document of each, or a List of all."""
    if len(values) > 1 and rng.random() < 0.3:
        values = [list_of(values)]
    first, *others = values
    return Yaml(rng).document(first) + "".join("---\n" + Yaml(rng).block(each, 0).lstrip("\n") + "\n" for each in others)


def list_of(values):
    return {"apiVersion": "v1", "kind": "List", "items": values}
