"""Kubernetes quantities as exact fractions, and the counts that a container may ask for (DESIGN 3.1)."""
import re
from fractions import Fraction

# apimachinery, pkg/api/resource/quantity.go: <signedNumber><suffix>
_SHAPE = re.compile(r"^([+-]?)(\d+\.\d*|\d+|\.\d+)((?:[KMGTPE]i)|[numkMGTPE]|(?:[eE][+-]?\d+))?$")
_SUFFIX = {"Ki": Fraction(1 << 10), "Mi": Fraction(1 << 20), "Gi": Fraction(1 << 30), "Ti": Fraction(1 << 40),
           "Pi": Fraction(1 << 50), "Ei": Fraction(1 << 60), "n": Fraction(1, 10**9), "u": Fraction(1, 10**6),
           "m": Fraction(1, 1000), "k": Fraction(10**3), "M": Fraction(10**6), "G": Fraction(10**9),
           "T": Fraction(10**12), "P": Fraction(10**15), "E": Fraction(10**18)}


def parse(text):
    """The value as a Fraction, or None where the text is no quantity. Takes the numbers of JSON too."""
    if isinstance(text, bool) or text is None:
        return None
    if isinstance(text, (int, float)):
        return Fraction(str(text))
    match = _SHAPE.match(text) if isinstance(text, str) else None
    if not match:
        return None
    sign, number, suffix = match.groups()
    value = Fraction(number if not number.endswith(".") else number + "0")
    if suffix and suffix[0] in "eE" and suffix not in _SUFFIX:
        value *= Fraction(10) ** int(suffix[1:])
    elif suffix:
        value *= _SUFFIX[suffix]
    return -value if sign == "-" else value


def whole_bytes(text):
    """A quantity above 0 as whole bytes, or None where it is none; a part of a byte counts as a byte."""
    value = parse(text)
    if value is None or value <= 0:
        return None
    return -((-value.numerator) // value.denominator)
