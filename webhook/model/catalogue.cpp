#include "model/catalogue.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/glob.hpp"
#include "base/limits.hpp"
#include "base/nearest.hpp"
#include "json/document.hpp"
#include "json/yaml.hpp"
#include "model/format_name.hpp"
#include "model/name_size.hpp"
#include "model/shape.hpp"
#include "model/served_names.hpp"
#include "model/spelling.hpp"

namespace rightslice::embedded {
std::string_view models_json();
}

namespace rightslice::model {
namespace {

// Fields that are no numbers and no flags.
constexpr std::array<std::string_view, 15> kOtherFields{
    "id",         "aliases", "family",     "torch_dtype", "format", "norms_per_layer", "qk_norm", "declared_parameters",
    "unmodelled", "note",    "unverified", "source",      "config", "models",
    "components"};

/// Reads one row; the first fault ends it.
class RowReader {
 public:
  RowReader(json::View row, std::string pointer, std::string_view file, const json::Marks& marks)
      : row_(row), pointer_(std::move(pointer)), file_(file), marks_(marks) {}

  Result<Architecture> read() {
    if (!row_.isObject()) return faultAt(pointer_, fmt::format("a model is an object, not a {}", row_.typeName()));
    Architecture a;
    if (const json::View config = row_["config"]; config.exists()) {  // as the repository has it; the rest of the row adds
      auto read = fromConfig(config, row_["id"].stringOr(""));
      if (!read) return faultAt(pointer_ + "/config" + read.error().where, std::move(read.error().message));
      a = std::move(*read);
      a.source.clear();
    }
    const bool flat = a.family.empty();
    if (flat) a.pooler = row_["family"].stringOr("") == "bert";
    for (const auto& [key, value] : row_.members()) {
      if (auto fault = readField(a, key, value))
        return faultAt(pointer_ + "/" + json::escapeToken(key), std::move(*fault), key);
    }
    if (a.id.empty()) return faultAt(pointer_, "id is missing: the repository that the model is served under");
    if (a.family.empty()) return faultAt(pointer_, fmt::format("family of {} is missing, for example llama", a.id));
    if (a.family == "diffusion") completeDiffusion(a);
    if (a.headDim == 0 && a.heads > 0) a.headDim = a.hidden / a.heads;
    if (a.isEncoder()) a.tiedEmbeddings = true;
    if (flat && a.slidingLayers == 0 && a.fullLayers == 0) a.fullLayers = a.layers;
    if (auto fault = shapeFault(a))
      return faultAt(pointer_ + "/" + std::string(fault->key), fmt::format("{}: {}", a.id, fault->message));
    return a;
  }

 private:
  std::optional<std::string> readField(Architecture& a, std::string_view key, json::View value) {
    for (const IntegerField& field : integerFields()) {
      if (field.key != key) continue;
      const auto number = value.integer();
      if (!number || *number < field.least || *number > field.most) {
        return fmt::format("{} must be a whole number from {} to {}", key, field.least, field.most);
      }
      a.*field.member = *number;
      return std::nullopt;
    }
    for (const FlagField& field : flagFields()) {
      if (field.key != key) continue;
      if (!value.isBool()) return fmt::format("{} must be true or false", key);
      a.*field.member = *value.boolean();
      return std::nullopt;
    }
    return readOther(a, key, value);
  }

  /// A pipeline is the sum of its components: no layers that a formula could use, no KV cache.
  static void completeDiffusion(Architecture& a) {
    a.layers = a.layersWithoutAttention = a.layersWithoutFeedForward = 1;
    constexpr std::int64_t kWidth = 1024;  // of its matrices, as far as scales of formats depend on it
    a.hidden = kWidth;
    a.heads = a.kvHeads = a.headDim = a.vocab = a.maxPositions = 1;
    a.fullLayers = a.finalNorms = a.normsPerLayer = 0;
    a.extraLinear = std::max<std::int64_t>(0, a.extraLinear - kWidth);  // what the one word of its vocabulary counts
    if (a.unmodelled.empty()) a.unmodelled = "denoising and decoding, whose memory grows with the picture";
  }

  static std::optional<std::string> readComponents(Architecture& a, json::View value) {
    constexpr const char* kExpected = "components must be a list of {\"name\", \"parameters\"}";
    if (!value.isArray()) return kExpected;
    for (const json::View component : value.elements()) {
      const auto parameters = component["parameters"].integer();
      if (!component["name"].isString() || !parameters || *parameters < 1 || *parameters > kMostPositions) return kExpected;
      a.extraLinear = std::min(a.extraLinear + *parameters, kMostPositions);
    }
    return std::nullopt;
  }

  static std::optional<std::string> readOther(Architecture& a, std::string_view key, json::View value) {
    const struct {
      std::string_view key;
      std::string& member;
    } texts[] = {{"id", a.id},          {"family", a.family},         {"torch_dtype", a.dtype},
                 {"qk_norm", a.qkNorm}, {"unmodelled", a.unmodelled}, {"source", a.source}};
    for (const auto& text : texts) {
      if (text.key != key) continue;
      if (!value.isString() || value.stringOr("").empty()) return fmt::format("{} must be a text", key);
      text.member = value.stringOr("");
      if (key == "qk_norm" && a.qkNorm != "head" && a.qkNorm != "full") return "qk_norm must be \"head\" or \"full\"";
      return std::nullopt;
    }
    if (key == "aliases") {
      if (!value.isArray()) return "aliases must be a list of names";
      for (const json::View alias : value.elements()) {
        if (!alias.isString() || alias.stringOr("").empty()) return "aliases must be a list of names";
        a.aliases.emplace_back(alias.stringOr(""));
      }
      return std::nullopt;
    }
    if (key == "format") {
      const auto format = value.isString() ? parseFormat(value.stringOr("")) : std::nullopt;
      if (!format)
        return "format must be one of none, fp8, fp8-block, int8, awq, gptq, gptq-int8, w4a16, nf4, mxfp4, nvfp4, mxfp8, "
               "hqq, aqlm, gguf";
      a.format = *format;
      return std::nullopt;
    }
    if (key == "norms_per_layer") {
      const auto number = value.integer();
      if (!number || *number < 0 || *number > 16) return "norms_per_layer must be a whole number from 0 to 16";
      a.normsPerLayer = static_cast<int>(*number);
      return std::nullopt;
    }
    if (key == "declared_parameters") {
      const auto number = value.integer();
      if (!number || *number < 1 || *number > 1'000'000'000'000'000)
        return "declared_parameters must be a whole number above 0";
      a.declaredParameters = *number;
      return std::nullopt;
    }
    if (key == "components") return readComponents(a, value);
    if (key == "note" || key == "unverified" || key == "config") return std::nullopt;
    return fmt::format("unknown field {}", key);
  }

  tl::unexpected<Error> faultAt(const std::string& pointer, std::string message, std::string_view key = {}) const {
    if (message.starts_with("unknown field")) {
      std::vector<std::string> known;
      for (const IntegerField& field : integerFields()) known.emplace_back(field.key);
      for (const FlagField& field : flagFields()) known.emplace_back(field.key);
      for (const std::string_view field : kOtherFields) known.emplace_back(field);
      if (const auto suggestion = nearest(key, known)) message += fmt::format(", did you mean {}?", *suggestion);
    }
    const json::Marks::Place place = marks_.find(pointer);
    return fail(std::move(message), fmt::format("{}:{}:{}", file_, place.key.line, place.key.column));
  }

  json::View row_;
  std::string pointer_;
  std::string_view file_;
  const json::Marks& marks_;
};

std::string_view lastSegment(std::string_view name) { return name.substr(name.rfind('/') + 1); }

void setFormat(Resolved& resolved, const std::optional<NamedFormat>& named) {
  if (!named) return;
  resolved.formatFromName = named->format;
  resolved.bitsFromName = named->bits;
  resolved.groupFromName = named->group;
  resolved.kvCacheFromName = named->kvCacheDtype;
  resolved.kvCachePerhaps = named->kvCachePerhaps;
}

}  // namespace

/// "hf://Qwen/X", "/data/huggingface/hub/models--Qwen--X/snapshots/1a2b", "Qwen/X/" -> "qwen/x".
std::string foldedName(std::string_view text) {
  std::string name = lowered(text);
  for (const std::string_view scheme : {"hf://", "https://huggingface.co/", "huggingface.co/", "hf.co/"}) {
    if (name.starts_with(scheme)) name.erase(0, scheme.size());
  }
  while (!name.empty() && name.back() == '/') name.pop_back();
  if (const auto cache = name.find("models--"); cache != std::string::npos) {
    std::string segment = name.substr(
        cache + 8, name.find('/', cache) == std::string::npos ? std::string::npos : name.find('/', cache) - cache - 8);
    if (const auto dashes = segment.find("--"); dashes != std::string::npos) return segment.replace(dashes, 2, "/");
  }
  return name;
}

Result<Catalogue> Catalogue::load(std::string_view text, std::string_view file, const Catalogue* base) {
  // JSON is read by the faster parser; only a file with a fault is read again, by the one that knows places.
  if (const auto document = text.starts_with('{') ? json::Document::parse(text) : fail("not JSON")) {
    if (auto catalogue = read(document->root(), json::Marks(), text, file, base)) return catalogue;
  }
  const json::YamlStream stream = json::parseYaml(text);
  if (!stream.broken.empty())
    return fail(stream.broken.front().error.message, fmt::format("{}:{}", file, stream.broken.front().error.where));
  if (stream.documents.size() != 1)
    return fail("a model catalogue is one document with a list under models", fmt::format("{}:1:1", file));
  return read(stream.documents.front().document.root(), stream.documents.front().marks, text, file, base);
}

Result<Catalogue> Catalogue::read(json::View root, const json::Marks& marks, std::string_view text, std::string_view file,
                                  const Catalogue* base) {
  const json::View list = root["models"];
  if (!list.isArray())
    return fail("a model catalogue is an object with a list under models", fmt::format("{}:1:1", file));
  for (const auto& [key, value] : root.members()) {
    if (key == "models" || key == "note") continue;
    const auto mark = marks.find("/" + json::escapeToken(key)).key;
    return fail(fmt::format("unknown field {}, a model catalogue has models and note", key),
                fmt::format("{}:{}:{}", file, mark.line, mark.column));
  }

  Catalogue result;
  if (base != nullptr) result.models_ = base->models_;
  std::map<std::string, std::size_t> ofBase;
  for (std::size_t at = 0; at < result.models_.size(); ++at) ofBase.emplace(lowered(result.models_[at].id), at);
  result.models_.reserve(result.models_.size() + list.size());
  std::map<std::string, std::string> seen;  // name -> the row of this file that has it
  std::size_t index = 0;
  for (const json::View row : list.elements()) {
    const std::string pointer = fmt::format("/models/{}", index++);
    auto read = RowReader(row, pointer, file, marks).read();
    if (!read) return tl::unexpected<Error>(read.error());
    std::vector<std::string> names = read->aliases;
    names.push_back(read->id);
    for (const std::string& name : names) {
      const auto [at, isNew] = seen.emplace(lowered(name), read->id);
      if (isNew) continue;
      const auto mark = marks.find(pointer).value;
      return fail(fmt::format("the name {} of {} is already that of {}", name, read->id, at->second),
                  fmt::format("{}:{}:{}", file, mark.line, mark.column));
    }
    const auto old = ofBase.find(lowered(read->id));
    if (old != ofBase.end()) result.models_[old->second] = std::move(*read);
    else result.models_.push_back(std::move(*read));
  }
  for (std::size_t at = 0; at < result.models_.size(); ++at) {
    for (const std::string& alias : result.models_[at].aliases) {
      if (globIsExact(alias)) result.byName_.insert_or_assign(foldedName(alias), at);
      else result.globs_.emplace_back(alias, at);
    }
  }
  for (std::size_t at = 0; at < result.models_.size(); ++at)
    result.byName_.insert_or_assign(foldedName(result.models_[at].id), at);
  constexpr std::size_t kSeveral = static_cast<std::size_t>(-1);
  std::map<std::string, std::size_t, std::less<>> bySegment;
  for (const auto& [name, at] : result.byName_) {
    const auto [place, isNew] = bySegment.emplace(std::string(lastSegment(name)), at);
    if (!isNew && place->second != at) place->second = kSeveral;
  }
  for (const auto& [segment, at] : bySegment) {
    if (at != kSeveral) result.byName_.emplace("*/" + segment, at);
  }
  for (const ServedName& served : servedNames()) {
    if (const auto at = result.byName_.find(foldedName(served.model)); at != result.byName_.end())
      result.byName_.emplace(served.name, at->second);
  }
  Digest digest;
  if (base != nullptr) digest.add(base->digest());
  result.digest_ = digest.add(text).hex();
  return result;
}

const Catalogue& Catalogue::builtIn() {
  // The embedded file is tested; were it broken, an empty catalogue would make every model unknown, never a wrong
  // verdict.
  static const Catalogue catalogue =
      Catalogue::load(embedded::models_json(), "policies/catalogue/models.json", nullptr).value_or(Catalogue());
  return catalogue;
}

std::optional<Resolved> Catalogue::find(std::string_view name) const {
  if (name.size() > limits::kMaxModelName) return std::nullopt;  // looked at again and again below
  std::string wanted = foldedName(name);
  if (wanted.empty()) return std::nullopt;
  const auto resolved = [&](std::size_t at, Confidence confidence, const std::optional<NamedFormat>& named) {
    const Architecture& a = models_[at];
    Resolved result{&a, confidence, std::nullopt, a.format != Format::None, fmt::format("catalogue: {}", a.id)};
    setFormat(result, named);
    return result;
  };
  const auto exact = [&](std::string_view key) -> std::optional<std::size_t> {
    if (const auto at = byName_.find(key); at != byName_.end()) return at->second;
    for (const auto& [glob, at] : globs_) {
      if (globMatches(glob, key, true)) return at;
    }
    return std::nullopt;
  };
  if (wanted.starts_with("*/")) return std::nullopt;
  if (const auto at = exact(wanted)) return resolved(*at, Confidence::High, std::nullopt);

  if (wanted.find(':') != std::string::npos) {  // a tag of Ollama's library with its type: "llama3.1:8b-instruct-q8_0"
    if (const ServedName* known = findServedName(splitOllamaName(wanted).name)) {
      if (const auto at = exact(known->name)) return resolved(*at, Confidence::High, std::nullopt);
    }
  }

  // The format's words are taken off the whole name first, then its last segment is looked up:
  // "RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic".
  const auto named = formatInName(wanted);
  if (named) {
    if (const auto at = exact(named->bare)) return resolved(*at, Confidence::Medium, named);
  }
  const auto bySegment = [&](std::string_view key) { return byName_.find("*/" + std::string(lastSegment(key))); };
  if (const auto at = bySegment(wanted); at != byName_.end())
    return resolved(at->second, Confidence::Medium, std::nullopt);
  if (named) {
    if (const auto at = bySegment(named->bare); at != byName_.end())
      return resolved(at->second, Confidence::Medium, named);
  }
  return guess(name, wanted, named);
}

std::optional<Resolved> Catalogue::guess(std::string_view name, std::string_view wanted,
                                         const std::optional<NamedFormat>& named) const {
  const std::string_view bare = lastSegment(named ? std::string_view(named->bare) : wanted);
  const auto size = sizeInName(bare);
  if (!size) return std::nullopt;
  // "acme/Llama-3.1-8B-Instruct-SQL" begins like a model of the catalogue: the longest name that does, cut at a dash.
  const Architecture* like = nullptr;
  for (std::size_t end = bare.rfind('-'); end != std::string_view::npos && end > 0 && like == nullptr;
       end = bare.rfind('-', end - 1)) {
    const std::string_view start = bare.substr(0, end);
    if (!sizeInName(start)) break;
    if (const auto at = byName_.find("*/" + std::string(start)); at != byName_.end()) like = &models_[at->second];
  }
  const auto shape = std::make_shared<const Architecture>(guessedArchitecture(name, *size, like, named.has_value()));
  Resolved result{shape.get(), Confidence::Low, std::nullopt, false, "guessed by " + shape->source};
  result.guessed = shape;
  setFormat(result, named);
  return result;
}

}  // namespace rightslice::model
