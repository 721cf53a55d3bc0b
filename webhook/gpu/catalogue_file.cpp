// Reads a catalogue file (policies/catalogue/README.md, "gpus.json"): JSON or YAML, and nothing that the format does not know.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <set>

#include "base/digest.hpp"
#include "base/nearest.hpp"
#include "gpu/catalogue.hpp"

namespace rightslice::embedded {
std::string_view gpus_json();
}

namespace rightslice::gpu {
namespace {

constexpr std::int64_t kMaxMiB = std::int64_t{1} << 31;
constexpr std::int64_t kMaxCount = 4096;

/// A value of the file and its JSON pointer.
struct Node {
  json::View view;
  std::string pointer;
  Node operator[](std::string_view key) const { return {view[key], pointer + "/" + json::escapeToken(key)}; }
  std::vector<Node> elements() const {
    std::vector<Node> nodes;
    for (const json::View element : view.elements()) nodes.push_back({element, fmt::format("{}/{}", pointer, nodes.size())});
    return nodes;
  }
};

/// Keeps the first error; after it nothing that was read counts.
class Reader {
 public:
  Reader(std::string_view file, const json::Marks& marks) : file_(file), marks_(marks) {}

  const std::optional<Error>& error() const { return error_; }

  void refuse(const Node& node, std::string message, bool atKey = false) {
    if (error_) return;
    const json::Marks::Place place = marks_.find(node.pointer);
    const json::Mark& mark = atKey ? place.key : place.value;
    error_ = Error{std::move(message), fmt::format("{}:{}:{}", file_, mark.line, mark.column)};
  }

  bool object(const Node& node, std::string_view what, std::initializer_list<const char*> keys) {
    if (!node.view.isObject()) {
      refuse(node, fmt::format("{} must be an object, not {}", what, node.view.typeName()));
      return false;
    }
    const std::vector<std::string> known(keys.begin(), keys.end());
    for (const auto [key, value] : node.view.members()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      const std::optional<std::string> meant = nearest(key, known);
      refuse({value, node.pointer + "/" + json::escapeToken(key)},
             fmt::format("{} has no field \"{}\"; {}", what, key,
                         meant ? fmt::format("did you mean \"{}\"?", *meant) : "remove it, or put it into \"notes\""),
             true);
    }
    return true;
  }

  std::string text(const Node& parent, std::string_view key, bool required) {
    const Node node = parent[key];
    if (!node.view.exists()) {
      if (required) refuse(parent, fmt::format("\"{}\" is missing; write it here", key));
      return {};
    }
    return text(node, fmt::format("\"{}\"", key));
  }

  std::string text(const Node& node, std::string_view what) {
    const std::optional<std::string_view> value = node.view.string();
    if (!value || value->empty()) refuse(node, fmt::format("{} must be a string that is not empty", what));
    return std::string(value.value_or(""));
  }

  std::vector<std::string> texts(const Node& parent, std::string_view key) {
    std::vector<std::string> result;
    for (const Node& element : list(parent, key)) result.push_back(text(element, fmt::format("each of \"{}\"", key)));
    return result;
  }

  std::vector<Node> list(const Node& parent, std::string_view key, bool required = false) {
    const Node node = parent[key];
    if (!node.view.exists() && required) refuse(parent, fmt::format("\"{}\" is missing; write a list here", key));
    if (node.view.exists() && !node.view.isArray()) {
      refuse(node, fmt::format("\"{}\" must be a list, not {}", key, node.view.typeName()));
    }
    return node.elements();
  }

  template <class Int>
  std::optional<Int> number(const Node& node, std::string_view what, Int least, Int most) {
    if (!node.view.exists()) return std::nullopt;
    const std::optional<std::int64_t> value = node.view.integer();
    if (value && *value >= least && *value <= most) return static_cast<Int>(*value);
    refuse(node, fmt::format("{} must be a whole number from {} to {}; leave the field out where it is not known", what,
                             least, most));
    return std::nullopt;
  }

  std::optional<int> count(const Node& parent, const char* key, int least) {
    return number<int>(parent[key], fmt::format("\"{}\"", key), least, static_cast<int>(kMaxCount));
  }
  std::optional<std::int64_t> mebibytes(const Node& parent, const char* key) {
    return number<std::int64_t>(parent[key], fmt::format("\"{}\"", key), 1, kMaxMiB);
  }

  bool flag(const Node& parent, const char* key) {
    const Node node = parent[key];
    if (node.view.exists() && !node.view.isBool()) refuse(node, fmt::format("\"{}\" must be true or false", key));
    return node.view.boolean().value_or(false);
  }

  /// A name of a whole GPU instance, in the catalogue's spelling.
  std::optional<ProfileName> profileName(const Node& parent) {
    const std::string name = text(parent, "name", true);
    const std::optional<ProfileName> parsed = ProfileName::parse(name);
    if (error_) return std::nullopt;
    if (!parsed || parsed->computeInstanceSlices != 0) {
      refuse(parent["name"], fmt::format("\"{}\" is no profile name; write it as nvidia-smi does, like 1g.10gb or 1g.10gb+me", name));
      return std::nullopt;
    }
    if (parsed->text() != name) {
      refuse(parent["name"], fmt::format("write \"{}\" as \"{}\", as nvidia-smi does", name, parsed->text()));
      return std::nullopt;
    }
    return parsed;
  }

 private:
  std::string_view file_;
  const json::Marks& marks_;
  std::optional<Error> error_;
};

void readPlacements(Reader& in, const Node& node, const Product& product, Profile& profile) {
  const Node placements = node["placements"];
  if (!placements.view.exists() || !in.object(placements, "\"placements\"", {"start", "size"})) return;
  const std::optional<int> size = in.count(placements, "size", 1);
  if (!size) return in.refuse(placements, "\"size\" is missing; write the number of memory slices here");
  for (const Node& element : in.list(placements, "start", true)) {
    const std::optional<int> start = in.number<int>(element, "each of \"start\"", 0, static_cast<int>(kMaxCount));
    if (!start) continue;
    if (product.memorySlices && *start + *size > *product.memorySlices) {
      in.refuse(element, fmt::format("a slice of {} at {} goes beyond the {} memory slices of the board", *size, *start,
                                     *product.memorySlices));
    }
    profile.placements.push_back({*start, *size});
  }
}

void readVariants(Reader& in, const Node& node, Profile& profile) {
  for (const Node& element : in.list(node, "variants")) {
    if (!in.object(element, "a variant", {"name", "memoryMiB", "source"})) continue;
    in.text(element, "source", false);
    if (const std::optional<ProfileName> name = in.profileName(element)) {
      if (name->attributes != profile.parts.attributes || name->computeSlices != profile.parts.computeSlices) {
        in.refuse(element["name"], fmt::format("{} cannot be another name of {}: its compute slices or attributes differ",
                                               name->text(), profile.name));
      }
      profile.variants.push_back({name->text(), in.mebibytes(element, "memoryMiB")});
    }
  }
}

/// Recorded for people; no rule reads them.
void checkAlternatives(Reader& in, const Node& node) {
  for (const Node& element : in.list(node, "alternatives")) {
    if (!in.object(element, "an alternative", {"memoryMiB", "source"})) continue;
    in.mebibytes(element, "memoryMiB");
    in.text(element, "source", true);
  }
}

void checkAgainstBoard(Reader& in, const Node& node, const Product& product, const Profile& profile) {
  struct Bound {
    const char* key;
    std::optional<std::int64_t> value, board;
  };
  const Bound bounds[] = {{"computeSlices", profile.computeSlices, product.computeSlices},
                          {"memorySlices", profile.memorySlices, product.memorySlices},
                          {"memoryMiB", profile.memoryMiB, product.totalMiB}};
  for (const Bound& bound : bounds) {
    if (!bound.value || !bound.board || *bound.value <= *bound.board) continue;
    const Node at = node[bound.key];
    in.refuse(at.view.exists() ? at : node["name"],
              fmt::format("{} has {} of {}, more than the {} of the board {}; correct one of them", profile.name, *bound.value,
                          bound.key, *bound.board, product.title));
  }
}

Profile readProfile(Reader& in, const Node& node, const Product& product) {
  Profile profile;
  if (!in.object(node, "a profile",
                 {"name", "id", "computeSlices", "memorySlices", "memoryMiB", "memoryMiBReported", "alternatives",
                  "multiprocessors", "copyEngines", "decoders", "encoders", "jpeg", "ofa", "maxInstances", "placements",
                  "placementsInferred", "variants", "source"})) {
    return profile;
  }
  const std::optional<ProfileName> name = in.profileName(node);
  if (!name) return profile;
  profile.parts = *name;
  profile.name = name->text();
  profile.computeSlices = in.count(node, "computeSlices", 1).value_or(name->computeSlices);
  if (profile.computeSlices != name->computeSlices) {
    in.refuse(node["computeSlices"], fmt::format("\"computeSlices\" is {}, but the name {} says {}", profile.computeSlices,
                                                 profile.name, name->computeSlices));
  }
  profile.memorySlices = in.count(node, "memorySlices", 1);
  profile.memoryMiB = in.mebibytes(node, "memoryMiB");
  in.mebibytes(node, "memoryMiBReported");
  checkAlternatives(in, node);
  profile.nvidiaSmiId = in.count(node, "id", 0);
  profile.multiprocessors = in.count(node, "multiprocessors", 1);
  profile.copyEngines = in.count(node, "copyEngines", 0);
  profile.decoders = in.count(node, "decoders", 0);
  profile.encoders = in.count(node, "encoders", 0);
  profile.jpeg = in.count(node, "jpeg", 0);
  profile.ofa = in.count(node, "ofa", 0);
  profile.maxInstances = in.count(node, "maxInstances", 1);
  readPlacements(in, node, product, profile);
  profile.placementsInferred = in.flag(node, "placementsInferred");
  readVariants(in, node, profile);
  profile.source = in.text(node, "source", false);
  checkAgainstBoard(in, node, product, profile);
  return profile;
}

Product readProduct(Reader& in, const Node& node) {
  Product product;
  if (!in.object(node, "a product",
                 {"title", "aliases", "gfdLabels", "gke", "totalMiB", "computeSlices", "memorySlices", "pciDeviceIds",
                  "inMigUserGuide", "notes", "placementsInferredFrom", "source", "profiles"})) {
    return product;
  }
  product.title = in.text(node, "title", true);
  product.aliases = in.texts(node, "aliases");
  product.gfdLabels = in.texts(node, "gfdLabels");
  product.gkeLabels = in.texts(node, "gke");
  product.totalMiB = in.mebibytes(node, "totalMiB");
  product.computeSlices = in.count(node, "computeSlices", 1);
  product.memorySlices = in.count(node, "memorySlices", 1);
  product.pciDeviceIds = in.texts(node, "pciDeviceIds");
  in.flag(node, "inMigUserGuide");
  product.notes = in.texts(node, "notes");
  in.text(node, "placementsInferredFrom", false);
  product.source = in.text(node, "source", false);
  std::set<std::string, std::less<>> proper, variants;
  const std::vector<Node> profiles = in.list(node, "profiles", true);
  for (const Node& each : profiles) {
    Profile profile = readProfile(in, each, product);
    if (!proper.insert(profile.name).second) {
      in.refuse(each["name"], fmt::format("{} stands twice in {}; keep one", profile.name, product.title));
    }
    product.profiles.push_back(std::move(profile));
  }
  for (std::size_t i = 0; i < product.profiles.size(); ++i) {
    for (const Profile::Variant& variant : product.profiles[i].variants) {
      if (!proper.contains(variant.name) && variants.insert(variant.name).second) continue;
      in.refuse(profiles[i]["variants"],
                fmt::format("the variant {} of {} is also a name of another profile of {}; remove one of them", variant.name,
                            product.profiles[i].name, product.title));
    }
  }
  return product;
}

struct Named {
  Node node;
  std::string name;
};

/// Title, labels and aliases, each with its place.
std::vector<Named> namesOf(const Node& product) {
  std::vector<Named> names{{product["title"], std::string(product.view["title"].stringOr(""))}};
  for (const char* key : {"gfdLabels", "aliases"}) {
    for (const Node& element : product[key].elements()) names.push_back({element, std::string(element.view.stringOr(""))});
  }
  return names;
}

bool contains(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

Result<Catalogue> Catalogue::load(std::string_view text, std::string_view file, const Catalogue* base) {
  const json::YamlStream stream = json::parseYaml(text);
  if (!stream.broken.empty()) {
    const Error& error = stream.broken.front().error;
    return fail(error.message, fmt::format("{}:{}", file, error.where));
  }
  if (stream.documents.size() != 1) {
    return fail(fmt::format("a catalogue file holds one document with \"products\", not {}", stream.documents.size()),
                fmt::format("{}:1:1", file));
  }
  Reader in(file, stream.documents.front().marks);
  const Node root{stream.documents.front().document.root(), ""};
  Catalogue catalogue;
  if (base != nullptr) catalogue.products_ = base->products_;

  in.object(root, "a catalogue file", {"note", "sources", "products"});
  in.text(root, "note", false);
  in.texts(root, "sources");
  std::vector<Node> nodes = in.list(root, "products", true);
  std::vector<std::size_t> places;
  std::set<std::string, std::less<>> titles;
  for (const Node& node : nodes) {
    Product product = readProduct(in, node);
    if (in.error()) return tl::unexpected(*in.error());
    const std::string title = ProductName::normalised(product.title);
    if (!titles.insert(title).second) {
      in.refuse(node["title"], fmt::format("the product \"{}\" stands twice in this file; keep one", product.title));
    }
    const auto known = std::find_if(catalogue.products_.begin(), catalogue.products_.end(), [&](const Product& other) {
      return ProductName::normalised(other.title) == title;
    });
    places.push_back(static_cast<std::size_t>(known - catalogue.products_.begin()));
    if (known == catalogue.products_.end()) {
      catalogue.products_.push_back(std::move(product));
    } else {
      *known = std::move(product);
    }
  }
  if (in.error()) return tl::unexpected(*in.error());

  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Product& self = catalogue.products_[places[i]];
    const auto refuseShared = [&](const Named& named, const auto& isNameOf) {
      for (const Product& other : catalogue.products_) {
        if (&other == &self || !isNameOf(other)) continue;
        in.refuse(named.node, fmt::format("\"{}\" already names the product \"{}\"; remove it from one of them", named.name,
                                          other.title));
      }
    };
    for (const Named& named : namesOf(nodes[i])) {
      const ProductName parsed = ProductName::parse(named.name);
      if (parsed.shared || parsed.profile) {
        in.refuse(named.node, fmt::format("\"{}\" ends in -SHARED or -MIG-<profile>, which is cut off wherever a product is "
                                          "named; write \"{}\"", named.name, parsed.base));
      }
      const std::string normal = ProductName::normalised(named.name);
      refuseShared(named, [&](const Product& other) { return contains(other.normalNames(), normal); });
    }
    for (const Node& label : nodes[i]["gke"].elements()) {
      const std::string name(label.view.stringOr(""));
      refuseShared({label, name}, [&](const Product& other) { return contains(other.gkeLabels, name); });
    }
  }
  if (in.error()) return tl::unexpected(*in.error());

  catalogue.index();
  Digest digest;
  if (base != nullptr) digest.add(base->digest());
  catalogue.digest_ = digest.add(text).hex();
  return catalogue;
}

const Catalogue& Catalogue::builtIn() {
  static const Catalogue catalogue = [] {
    Result<Catalogue> loaded = load(embedded::gpus_json(), "gpus.json", nullptr);
    if (!loaded) {
      fmt::print(stderr, "the GPU catalogue of this program is broken: {}: {}\n", loaded.error().where, loaded.error().message);
      std::abort();
    }
    return std::move(*loaded);
  }();
  return catalogue;
}

}  // namespace rightslice::gpu
