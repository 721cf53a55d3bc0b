"""The GPU catalogue: names, products, what a slice holds (DESIGN 3.1 to 3.3), read from policies/catalogue/gpus.json."""
import json
import re
from dataclasses import dataclass, field
from fractions import Fraction

MIB = 1 << 20
NOMINAL = re.compile(r"^(\d+)g\.(\d+)gb(.*)$")


@dataclass(frozen=True)
class Profile:
    name: str
    compute: int
    memory_slices: int | None
    mib: int | None

    @property
    def nominal_gb(self):
        return int(NOMINAL.match(self.name).group(2))

    @property
    def media(self):
        return NOMINAL.match(self.name).group(3)


@dataclass
class Product:
    title: str
    names: list
    labels: list
    gke: list
    total_mib: int | None
    compute: int | None
    memory_slices: int | None
    profiles: dict = field(default_factory=dict)
    variants: dict = field(default_factory=dict)  # other driver's name -> (profile, MiB or None)

    def __hash__(self):
        return hash(self.title)

    def offers(self, name, with_variants):
        return name in self.profiles or (with_variants and name in self.variants)

    def share(self, profile):
        if profile.memory_slices is None or self.memory_slices is None:
            return None
        return Fraction(profile.memory_slices, self.memory_slices)

    def holds(self, name):
        """(bytes, measured) of a profile or variant; bytes None where nothing is known."""
        variant_mib = None
        if name in self.profiles:
            profile = self.profiles[name]
        else:
            profile, variant_mib = self.variants[name][0], self.variants[name][1]
        measured = [m for m in (profile.mib, variant_mib) if m is not None]
        if measured:
            return min(measured) * MIB, True
        return self._stand_in(profile), False

    def _stand_in(self, profile):
        if profile.nominal_gb == 0:
            return None
        on_board = [p for p in self.profiles.values() if p.mib is not None]
        if on_board:
            if profile.memory_slices is None:
                return None
            same = [p.mib for p in on_board if p.memory_slices == profile.memory_slices]
            if same:
                return min(same) * MIB
            fewer = [p for p in on_board if p.memory_slices is not None and p.memory_slices < profile.memory_slices]
            if fewer:
                best = max(fewer, key=lambda p: p.mib)
                return best.mib * profile.memory_slices // best.memory_slices * MIB
        return profile.nominal_gb * 1024 * 83 // 100 * MIB


def fold(name):
    """The name under which a product is found: without case, blanks as hyphens, no NVIDIA-, no -SHARED, no -MIG-x."""
    folded = name.strip().lower().replace(" ", "-")
    if folded.endswith("-shared"):
        folded = folded[: -len("-shared")]
    folded = re.sub(r"-mig-[^-]+(-me)?$", "", folded)
    return folded[len("nvidia-"):] if folded.startswith("nvidia-") else folded


class Catalogue:
    def __init__(self, path):
        with open(path, encoding="utf-8") as stream:
            data = json.load(stream)
        self.products = [self._product(p) for p in data["products"]]
        self._by_name = {}
        self._by_gke = {}
        self.canonical = {}  # device-plugin spelling -> catalogue name
        for product in self.products:
            for name in [product.title] + product.names + product.labels:
                self._by_name[fold(name)] = product
            for name in product.gke:
                self._by_gke[name.lower()] = product
            for name in list(product.profiles) + list(product.variants):
                self.canonical[name.replace("+", ".")] = name
                self.canonical[name] = name

    @staticmethod
    def _product(data):
        product = Product(data["title"], data.get("aliases", []), data.get("gfdLabels", []), data.get("gke", []),
                          data.get("totalMiB"), data.get("computeSlices"), data.get("memorySlices"))
        for item in data.get("profiles", []):
            profile = Profile(item["name"], item["computeSlices"], item.get("memorySlices"), item.get("memoryMiB"))
            product.profiles[profile.name] = profile
            for variant in item.get("variants", []):
                product.variants[variant["name"]] = (profile, variant.get("memoryMiB"))
        return product

    def product(self, name):
        return self._by_name.get(fold(name))

    def gke_product(self, name):
        return self._by_gke.get(name.lower())

    def offering(self, name):
        """Every product with the profile; a variant counts only if no product has the name as its own (3.1)."""
        own = [p for p in self.products if name in p.profiles]
        return own or [p for p in self.products if name in p.variants]


def usable(products, name):
    """(smallest, largest, stand-in?) over a set; a stand-in counts only if none of the set is measured (3.3)."""
    values = [p.holds(name) for p in products]
    measured = [b for b, is_measured in values if is_measured]
    stand_ins = [b for b, is_measured in values if not is_measured and b is not None]
    chosen = measured or stand_ins
    if not chosen:
        return None, None, False
    return min(chosen), max(chosen), not measured
