"""Seeded choices: a product, one of its names, a quantity, a need at a boundary."""
import random
from fractions import Fraction

from catalogue import usable

GIB = 1 << 30
COMMON = ["H100 80GB SXM5", "A100 80GB", "A100 40GB", "A30 24GB", "H200 141GB SXM5", "RTX PRO 6000 Blackwell 96GB"]


class Choices:
    """Seeded choices that every part of the generator makes."""

    def __init__(self, catalogue, seed):
        self.catalogue = catalogue
        self.random = random.Random(seed)
        self.sliced = [p for p in catalogue.products if p.profiles]
        self.focused = False  # scenes that are about fit: a slice of the product, a declared footprint, an offer

    def chance(self, share):
        return self.random.random() < share

    def pick(self, items):
        return self.random.choice(list(items))

    def quantity(self, amount):
        """One of the spellings of the same number of bytes."""
        forms = [str(amount), str(amount), f"{amount}000m"]
        for suffix, size in (("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", GIB), ("k", 1000), ("M", 10**6), ("G", 10**9)):
            if amount % size == 0:
                forms += [f"{amount // size}{suffix}"] * 2
        return self.pick(forms)

    def product(self):
        if self.chance(0.7):
            title = self.pick(COMMON)
            return next(p for p in self.catalogue.products if p.title == title)
        return self.pick(self.sliced)

    def name_of(self, product):
        """A product as people write it: label, alias or title, other case, other blanks."""
        name = self.pick(product.labels * 4 + product.names + [product.title])
        if self.chance(0.1):
            name = name.lower()
        if name.startswith("NVIDIA-") and self.chance(0.1):
            name = name[len("NVIDIA-"):]
        return name

    def label_of(self, product):
        name = self.pick(product.labels) if product.labels else self.pick(product.names + [product.title])
        return name.replace(" ", "-")

    def bytes_near(self, product, headroom):
        """A need at a boundary of one of the product's slices (or whole GPU), or anything."""
        amounts = [usable([product], n)[0] for n in product.profiles]
        amounts = [a for a in amounts if a] + ([product.total_mib << 20] if product.total_mib else [])
        if not amounts or self.chance(0.2):
            return self.pick([1, 2, 3, 5, 8, 10, 15, 18, 30, 60, 100]) * GIB
        amount = self.pick(amounts)
        edge = int(Fraction(amount) * 100 / (100 + headroom))
        return max(1, self.pick([edge, edge, edge + 1, edge + 1, edge - 1, amount, amount + 1, amount - 1,
                                 int(edge * 0.9), int(edge * 0.6)]))
