"""CEL that selects the devices of some conditions: the plain way, and others that select the same."""

DRIVER = "gpu.nvidia.com"
MEMORY = ("atLeast", "atMost")   # of the conditions; the others are a field and its values
MI = 1 << 20


class Cel:
    """Writes conditions. `style`: in which ways it may do other than plainly: signs, turned, ways, escapes, units."""

    def __init__(self, style, rng):
        self.style, self.rng, self.bound = style, rng, {}

    def of(self, conditions):
        """All of them in one expression."""
        rng, wrap = self.rng, "{}"
        if "ways" in self.style and rng.random() < 0.3:
            which, name = rng.choice(["attributes", "capacity"]), rng.choice(["g", "device_", "gpu"])
            wrap = f"cel.bind({name}, {self.outer(which)}, {{}})".replace("{}", "\0").replace("{", "{{").replace("}", "}}").replace("\0", "{}")
            self.bound = {which: name}
        parts = [self.condition(field, value) for field, value in conditions]
        if "ways" in self.style:
            parts = [part for each in zip(self.guards(conditions), parts) for part in each if part]
        if "turned" in self.style:
            rng.shuffle(parts)
        while "signs" in self.style and len(parts) > 2 and rng.random() < 0.7:
            at = rng.randrange(len(parts) - 1)
            parts[at:at + 2] = [f"({parts[at]}{self.blank()}&&{self.blank()}{parts[at + 1]})"]
        text = wrap.format(f"{self.blank(' ')}&&{self.blank(' ')}".join(parts) or "true")
        self.bound = {}
        return f"({self.blank()}{text})" + self.blank() if "signs" in self.style and rng.random() < 0.3 else text

    def guards(self, conditions):
        for field, _ in conditions:
            if field == "driver" or self.rng.random() < 0.6:
                yield ""
            else:
                which, name = ("capacity", "memory") if field in MEMORY else ("attributes", field)
                yield self.rng.choice(["true", f"has({self.outer(which)}.{name})", f"{self.text(name)} in {self.outer(which)}",
                                       f"{self.text(DRIVER)} in device.{which}"])

    def blank(self, plain=""):
        if "signs" not in self.style:
            return plain
        return self.rng.choice(["", " ", "  ", "\n  ", "\t", " // is it?\n", plain])

    def text(self, value):
        rng = self.rng
        if "escapes" in self.style:
            return '"' + "".join(self.escaped(c) if rng.random() < 0.3 else c for c in value) + '"'
        if "signs" in self.style:
            quote = rng.choice(["'", '"', "'''", '"""'])
            return rng.choice(["", "", "r", "R"]) + quote + value + quote
        return f"'{value}'"

    def escaped(self, char):
        code = ord(char)
        return self.rng.choice([f"\\x{code:02x}", f"\\X{code:02X}", f"\\u{code:04x}", f"\\U{code:08x}", f"\\{code:03o}"])

    def outer(self, which):
        return self.bound.get(which) or f"device.{which}[{self.text(DRIVER)}]"

    def field(self, name):
        if name == "driver":
            return "device.driver"
        which = "capacity" if name == "memory" else "attributes"
        ways = [f"{self.outer(which)}{self.blank()}.{name}"]
        if "ways" in self.style:
            ways.append(f"{self.outer(which)}[{self.text(name)}]")
            if name != "memory":
                ways += [f"{self.outer(which)}.?{name}.orValue({self.text('none')})", f"{self.outer(which)}[?{self.text(name)}].orValue({self.text('')})"]
                if which not in self.bound:
                    ways.append(f"device.{which}[?{self.text(DRIVER)}].{name}.orValue({self.text('')})")
        return self.rng.choice(ways)

    def operation(self, left, op, right):
        space = " " if op == "in" else ""
        return f"{left}{space}{self.blank(' ')}{op}{space}{self.blank(' ')}{right}"

    def condition(self, field, value):
        if field in MEMORY:
            return self.rng.choice(self.bounds(field, value)) if "turned" in self.style else self.bounds(field, value)[0]
        values = list(value)
        if "turned" not in self.style:
            if len(values) == 1:
                return self.operation(self.field(field), "==", self.text(values[0]))
            return self.operation(self.field(field), "in", f"[{', '.join(self.text(each) for each in values)}]")
        self.rng.shuffle(values)
        ways = [self.among(field, values), self.among(field, values + values[:1]), self.equal(field, values),
                "!(" + f"{self.blank(' ')}&&{self.blank(' ')}".join(self.compared(field, each, "!=") for each in values) + ")",
                f"!!({self.equal(field, values)})"]
        return self.rng.choice(ways)

    def among(self, field, values):
        return self.operation(self.field(field), "in", "[" + f",{self.blank(' ')}".join(self.text(each) for each in values) + "]")

    def compared(self, field, value, op):
        sides = [self.field(field), self.text(value)]
        self.rng.shuffle(sides)
        return self.operation(sides[0], op, sides[1])

    def equal(self, field, values):
        text = f"{self.blank(' ')}||{self.blank(' ')}".join(self.compared(field, each, "==") for each in values)
        return text if len(values) == 1 else f"({text})"

    def bounds(self, field, amount):
        quantity = f"quantity({self.text(self.amount(amount))})"
        memory = self.field("memory")
        least = field == "atLeast"
        sign, turned, beyond = (">=", "<=", "<") if least else ("<=", ">=", ">")
        wrong, other = ("isLessThan", "isGreaterThan") if least else ("isGreaterThan", "isLessThan")
        order = f"{memory}.compareTo({quantity})"
        return [self.operation(order, sign, "0"), self.operation("0", turned, order), self.operation(f"{quantity}.compareTo({memory})", turned, "0"),
                f"!{memory}.{wrong}({quantity})", f"!({quantity}.{other}({memory}))", f"!({self.operation(order, beyond, '0')})",
                self.operation(order, ">" if least else "<", "-1" if least else "1"), f"!!({self.operation(order, sign, '0')})"]

    def amount(self, mebibytes):
        if "units" not in self.style:
            return f"{mebibytes}Mi"
        ways = [f"{mebibytes * MI}", f"{mebibytes << 10}Ki", f"{mebibytes}Mi", f"{mebibytes}.0Mi", f"{mebibytes * MI}000m", f"+{mebibytes}Mi"]
        if mebibytes % 1024 == 0:
            ways.append(f"{mebibytes >> 10}Gi")
        return self.rng.choice(ways)


UNREAD = ["{f}.startsWith('{v}')", "{f}.matches('^{v}$')", "{f} == '{v}' ? true : false", "['{v}'].exists(p, p == {f})", "{f} + '' == '{v}'", "{f}.size() > 0",
          "!({f} == 'x')", "{f} > ''", "!has({f}) || {f} == '{v}'"]


def unread(conditions, rng):
    """What a program that evaluates nothing cannot decide, in place of the conditions."""
    value = next((values[0] for field, values in conditions if field == "profile"), "3g.40gb")
    return rng.choice(UNREAD).format(f=f"device.attributes['{DRIVER}'].profile", v=value)
