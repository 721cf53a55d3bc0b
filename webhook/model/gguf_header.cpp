// Format: ggml's docs/gguf.md; keys: gguf-py/gguf/constants.py of llama.cpp.
#include "model/gguf_header.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fmt/format.h>
#include <map>
#include <set>
#include <vector>

#include "model/gguf.hpp"
#include "model/shape.hpp"

namespace rightslice::model {
namespace {

constexpr std::size_t kMostText = 1 << 16;  // of keys and names; longer values are skipped, not kept
constexpr std::size_t kMostKept = 4096;     // numbers kept of one array
constexpr std::uint32_t kString = 8, kArray = 9;

/// Bytes of the fixed sizes, by the number of the type; 0: string, array or unknown.
std::size_t widthOf(std::uint32_t type) {
  constexpr std::array<std::size_t, 13> widths{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return type < widths.size() ? widths[type] : 0;
}

using Fault = tl::unexpected<Error>;

/// Reads little-endian values; past the end it stays there and is `broken`.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  std::size_t at() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }
  bool broken() const { return broken_; }

  template <class T>
  T number() {
    T value{};
    const std::string_view raw = take(sizeof(T));
    if (raw.size() == sizeof(T)) std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }
  std::string_view text() { return take(number<std::uint64_t>()); }
  std::string_view take(std::uint64_t count) {
    if (broken_ || count > left()) {
      broken_ = true;
      return {};
    }
    const std::string_view result = bytes_.substr(at_, static_cast<std::size_t>(count));
    at_ += static_cast<std::size_t>(count);
    return result;
  }

 private:
  static_assert(std::endian::native == std::endian::little);
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool broken_ = false;
};

/// The values that say something of the shape.
struct Metadata {
  std::map<std::string, std::int64_t, std::less<>> integers;
  std::map<std::string, std::vector<std::int64_t>, std::less<>> lists;  // the first kMostKept of each
  std::map<std::string, std::uint64_t, std::less<>> lengths;            // of arrays
  std::map<std::string, std::string, std::less<>> texts;

  std::optional<std::int64_t> integer(std::string_view key) const {
    if (const auto at = integers.find(key); at != integers.end()) return at->second;
    if (const auto at = lists.find(key); at != lists.end() && !at->second.empty())
      return *std::max_element(at->second.begin(), at->second.end());
    return std::nullopt;
  }
};

/// Families of parameters.cpp by general.architecture. Others count as decoders like Llama: their weights are measured,
/// only the KV cache is taken from the shape.
struct Family {
  std::string_view architecture, family;
};
constexpr Family kFamilies[] = {
    {"llama", "llama"},           {"mistral3", "llama"},    {"phi3", "llama"},       {"granite", "llama"},
    {"command-r", "llama"},       {"cohere2", "llama"},     {"olmo", "llama"},       {"olmo2", "llama"},
    {"internlm2", "llama"},       {"exaone", "llama"},      {"exaone4", "llama"},    {"glm4", "llama"},
    {"smollm3", "llama"},         {"stablelm", "llama"},    {"nemotron", "llama"},   {"minicpm", "llama"},
    {"baichuan", "llama"},        {"chatglm", "llama"},     {"arctic", "moe"},       {"qwen2", "qwen2"},
    {"qwen2vl", "qwen2_vl"},      {"qwen3", "qwen3"},       {"qwen3vl", "qwen3"},    {"qwen2moe", "moe"},
    {"qwen3moe", "moe"},          {"qwen3vlmoe", "moe"},    {"glm4moe", "moe"},      {"ernie4_5-moe", "moe"},
    {"granitemoe", "moe"},        {"dbrx", "moe"},          {"grok", "moe"},         {"deepseek", "moe"},
    {"deepseek2", "mla_moe"},     {"minicpm3", "mla_moe"},  {"gemma", "gemma"},      {"gemma2", "gemma2"},
    {"gemma3", "gemma3"},         {"phi2", "phi"},          {"gptneox", "gpt_neox"}, {"falcon", "falcon"},
    {"starcoder2", "starcoder2"}, {"gpt-oss", "gpt_oss"},   {"llama4", "llama4"},    {"bert", "bert"},
    {"nomic-bert", "bert"},       {"jina-bert-v2", "bert"},
};

class HeaderReader {
 public:
  explicit HeaderReader(std::string_view bytes) : cursor_(bytes) {}

  Result<GgufHeader> read() {
    if (auto fault = readStart()) return *fault;
    for (std::uint64_t i = 0; i < keys_; ++i) {
      if (auto fault = readKey()) return *fault;
    }
    header_.architecture = textOf("general.architecture");
    if (header_.architecture.empty()) return faultHere("general.architecture is missing: no model of llama.cpp");
    header_.name = textOf("general.name");
    if (const GgufType* type = ggufTypeOf(metadata_.integer("general.file_type").value_or(-1)))
      header_.fileType = type->name;
    header_.parts = std::max<std::int64_t>(1, metadata_.integer("split.count").value_or(1));
    for (std::uint64_t i = 0; i < tensors_; ++i) {
      if (auto fault = readTensor()) return *fault;
    }
    if (header_.tensors == 0) return faultHere("it lists no tensors: a vocabulary or an adapter, no model");
    if (auto fault = buildShape()) return *fault;
    return std::move(header_);
  }

 private:
  using MaybeFault = std::optional<Fault>;

  Fault faultHere(std::string message) const { return fail(std::move(message), fmt::format("byte {}", cursor_.at())); }
  Fault truncated() const {
    return faultHere(
        fmt::format("the file ends within its header after {} bytes; it is not complete, or its header is larger "
                    "than the {} MiB that are read",
                    cursor_.at() + cursor_.left(), kGgufHeaderMost >> 20));
  }

  MaybeFault readStart() {
    if (cursor_.take(4) != "GGUF") return fail("no GGUF file: it does not begin with GGUF", "byte 0");
    const auto version = cursor_.number<std::uint32_t>();
    if (cursor_.broken()) return truncated();
    if (version != 0 && (version & 0xFFFFU) == 0)
      return fail("a big-endian GGUF file, which no GPU server loads; convert it with gguf_convert_endian.py",
                  "byte 4");
    if (version != 2 && version != 3)
      return fail(fmt::format("GGUF version {}; versions 2 and 3 are read, convert the model again", version),
                  "byte 4");
    tensors_ = cursor_.number<std::uint64_t>();
    keys_ = cursor_.number<std::uint64_t>();
    if (cursor_.broken()) return truncated();
    // The smallest entry of each kind; more of them than fit is a lie that would only be found at the end.
    if (keys_ > cursor_.left() / 13 || tensors_ > cursor_.left() / 24) {
      return faultHere(fmt::format("{} keys and {} tensors do not fit into the {} bytes that follow", keys_, tensors_,
                                   cursor_.left()));
    }
    return std::nullopt;
  }

  MaybeFault readKey() {
    const std::string_view key = cursor_.text();
    const auto type = cursor_.number<std::uint32_t>();
    if (cursor_.broken()) return truncated();
    if (key.empty() || key.size() > kMostText) return faultHere(fmt::format("a key of {} bytes", key.size()));
    if (!seen_.insert(key).second) return faultHere(fmt::format("the key {} stands twice", shown(key)));
    if (type == kString) {
      const std::string_view value = cursor_.text();
      if (cursor_.broken()) return truncated();
      if (value.size() <= kMostText && key.starts_with("general.")) metadata_.texts.emplace(key, value);
      return std::nullopt;
    }
    if (type == kArray) return readArray(key);
    if (widthOf(type) == 0)
      return faultHere(fmt::format("the value of {} is of the unknown type {}", shown(key), type));
    if (const auto number = readInteger(type)) metadata_.integers.emplace(key, *number);
    if (cursor_.broken()) return truncated();
    return std::nullopt;
  }

  MaybeFault readArray(std::string_view key) {
    const auto type = cursor_.number<std::uint32_t>();
    const auto count = cursor_.number<std::uint64_t>();
    if (cursor_.broken()) return truncated();
    metadata_.lengths.emplace(key, count);
    if (type == kString) {
      for (std::uint64_t i = 0; i < count; ++i) {
        cursor_.text();
        if (cursor_.broken()) return truncated();
      }
      return std::nullopt;
    }
    const std::size_t width = widthOf(type);
    if (width == 0) return faultHere(fmt::format("{} is an array of type {}, which no model has", shown(key), type));
    if (count > cursor_.left() / width) return truncated();
    std::vector<std::int64_t>* list = nullptr;
    if (count <= kMostKept) list = &metadata_.lists[std::string(key)];
    for (std::uint64_t i = 0; list != nullptr && i < count; ++i) {
      if (const auto number = readInteger(type)) list->push_back(*number);
    }
    if (list == nullptr) cursor_.take(count * width);
    return std::nullopt;
  }

  /// A whole number of 64 bits; nothing for floats and what does not fit.
  std::optional<std::int64_t> readInteger(std::uint32_t type) {
    switch (type) {
      case 0:
      case 7:
        return cursor_.number<std::uint8_t>();
      case 1:
        return cursor_.number<std::int8_t>();
      case 2:
        return cursor_.number<std::uint16_t>();
      case 3:
        return cursor_.number<std::int16_t>();
      case 4:
        return cursor_.number<std::uint32_t>();
      case 5:
        return cursor_.number<std::int32_t>();
      case 11:
        return cursor_.number<std::int64_t>();
      case 10: {
        const auto value = cursor_.number<std::uint64_t>();
        if (value > static_cast<std::uint64_t>(kMaxBytes)) return std::nullopt;
        return static_cast<std::int64_t>(value);
      }
      default:
        cursor_.take(widthOf(type));
        return std::nullopt;
    }
  }

  MaybeFault readTensor() {
    const std::string_view name = cursor_.text();
    const auto dimensions = cursor_.number<std::uint32_t>();
    if (cursor_.broken()) return truncated();
    if (name.empty() || name.size() > kMostText)
      return faultHere(fmt::format("a tensor's name of {} bytes", name.size()));
    if (dimensions > 4)
      return faultHere(fmt::format("{} has {} dimensions; GGUF has 4 at most", shown(name), dimensions));
    std::array<std::uint64_t, 4> extent{1, 1, 1, 1};
    Int128 elements = 1;
    for (std::uint32_t i = 0; i < dimensions; ++i) {
      extent[i] = cursor_.number<std::uint64_t>();
      if (extent[i] == 0 || extent[i] > (std::uint64_t{1} << 48))
        return cursor_.broken() ? truncated()
                                : faultHere(fmt::format("{} has a dimension of {}", shown(name), extent[i]));
      elements *= extent[i];
      if (elements > kMaxBytes) return faultHere(fmt::format("{} is larger than any file", shown(name)));
    }
    const auto typeId = cursor_.number<std::uint32_t>();
    cursor_.number<std::uint64_t>();  // where its data begins
    if (cursor_.broken()) return truncated();
    const GgmlType* type = ggmlTypeOf(typeId);
    if (type == nullptr)
      return faultHere(
          fmt::format("{} is of tensor type {}, which is not known; its size cannot be told", shown(name), typeId));
    if (static_cast<std::int64_t>(extent[0]) % type->block != 0)
      return faultHere(fmt::format("rows of {} hold {} weights, which are no whole blocks of {}", shown(name),
                                   extent[0], type->name));
    if (!tensorNames_.insert(name).second) return faultHere(fmt::format("the tensor {} stands twice", shown(name)));
    const Int128 size = ggmlBytes(type->type, elements);
    const Bytes bytes = size > kMaxBytes ? kMaxBytes : static_cast<Bytes>(size);
    ++header_.tensors;
    header_.parameters = plusBytes(header_.parameters, static_cast<std::int64_t>(elements));
    header_.bytes = plusBytes(header_.bytes, bytes);
    Bytes& ofType = header_.bytesByType[static_cast<std::size_t>(type->type)];
    ofType = plusBytes(ofType, bytes);
    if (name == "output.weight") header_.hasOutput = true;
    if (name == "token_embd.weight") {
      table_ = bytes;
      vocabulary_ = static_cast<std::int64_t>(extent[1]);
    }
    return std::nullopt;
  }

  std::int64_t value(std::string_view key, std::int64_t fallback = 0) const {
    return metadata_.integer(fmt::format("{}.{}", header_.architecture, key)).value_or(fallback);
  }
  std::string textOf(std::string_view key) const {
    const auto at = metadata_.texts.find(key);
    return at == metadata_.texts.end() ? std::string() : at->second;
  }
  /// Names come from the file: shortened, and without what a terminal would obey.
  static std::string shown(std::string_view text) {
    std::string result(text.substr(0, 60));
    for (char& c : result) {
      if (c < ' ' || c > '~') c = '?';
    }
    return result;
  }

  MaybeFault buildShape() {
    header_.tokenTable = header_.hasOutput ? table_ : 0;
    Architecture& a = header_.shape;
    a.id = shown(header_.name.empty() ? header_.architecture : header_.name);
    a.source = "GGUF header";
    a.family = "llama";
    bool known = false;
    for (const Family& row : kFamilies) {
      if (row.architecture != header_.architecture) continue;
      a.family = row.family;
      known = true;
    }
    const bool recurrent = value("ssm.state_size") > 0 || value("ssm.conv_kernel") > 0 || value("wkv.head_size") > 0 ||
                           value("shortconv.l_cache") > 0;
    if (recurrent) {
      a.family = "hybrid";
      a.unmodelled = "layers with linear attention or Mamba state";
    } else if (!known) {
      a.unmodelled = fmt::format("architecture {} is not known; its KV cache is counted as a decoder's like Llama",
                                 shown(header_.architecture));
    }
    a.layers = value("block_count");
    a.hidden = value("embedding_length");
    a.intermediate = value("feed_forward_length");
    a.heads = value("attention.head_count");
    a.kvHeads = value("attention.head_count_kv", a.heads);
    a.headDim = value("attention.key_length", a.heads > 0 ? a.hidden / a.heads : 0);
    a.maxPositions = value("context_length");
    a.experts = value("expert_count");
    a.expertsPerToken = value("expert_used_count");
    a.moeIntermediate = a.experts > 0 ? value("expert_feed_forward_length", a.intermediate) : 0;
    a.sharedIntermediate = a.experts > 0 ? value("expert_shared_feed_forward_length") : 0;
    a.sharedExperts = a.experts > 0 ? value("expert_shared_count") : 0;
    a.firstDenseLayers = value("leading_dense_block_count");
    a.moeLayerStep = std::max<std::int64_t>(1, value("interleave_moe_layer_step", 1));
    if (a.family == "mla_moe" && value("attention.kv_lora_rank") > 0) {
      a.kvLoraRank = value("attention.kv_lora_rank");
      a.qLoraRank = value("attention.q_lora_rank");
      a.qkRopeDim = value("rope.dimension_count", 64);
      a.vHeadDim = value("attention.value_length_mla", value("attention.value_length", 128));
      a.qkNopeDim = std::max<std::int64_t>(1, value("attention.key_length_mla", a.headDim) - a.qkRopeDim);
      a.kvHeads = a.heads;
    }
    a.slidingWindow = value("attention.sliding_window");
    if (a.slidingWindow > 0) setSliding(a);
    a.vocab = vocabulary_ > 0 ? vocabulary_ : value("vocab_size");
    if (a.vocab == 0) {
      if (const auto at = metadata_.lengths.find("tokenizer.ggml.tokens"); at != metadata_.lengths.end())
        a.vocab = static_cast<std::int64_t>(std::min<std::uint64_t>(at->second, 1U << 30));
    }
    a.tiedEmbeddings = !header_.hasOutput;
    a.dtype = "float16";
    a.format = Format::Gguf;
    if (header_.parts == 1) {
      a.measuredWeights = MeasuredWeights{header_.bytes, header_.tokenTable, header_.parameters, 0};
      a.declaredParameters = std::max<std::int64_t>(1, header_.parameters);
    } else {  // the other parts hold the rest: back to the arithmetic
      a.tiedEmbeddings = a.family.starts_with("gemma");
    }
    if (const auto fault = shapeFault(a))
      return fail(fmt::format("the header gives no shape: {}", fault->message), shown(header_.architecture));
    return std::nullopt;
  }

  /// Which layers slide is a rule of each architecture in llama.cpp, not a key: full ones are every sixth of Gemma 3,
  /// every second of Gemma 2 and gpt-oss, every fourth of Llama 4 and Command R7B.
  static void setSliding(Architecture& a) {
    std::int64_t period = 0;
    if (a.family == "gemma3")
      period = 6;
    else if (a.family == "gemma2" || a.family == "gpt_oss")
      period = 2;
    else if (a.family == "llama4")
      period = 4;
    if (period == 0) {
      a.slidingWindow = 0;  // counted as full
      return;
    }
    a.fullLayers = a.layers / period;
    a.slidingLayers = a.layers - a.fullLayers;
    if (a.slidingLayers == 0) a.slidingWindow = 0;
  }

  Cursor cursor_;
  std::uint64_t tensors_ = 0, keys_ = 0;
  Metadata metadata_;
  std::set<std::string_view> seen_, tensorNames_;
  Bytes table_ = 0;
  std::int64_t vocabulary_ = 0;
  GgufHeader header_;
};

}  // namespace

Result<GgufHeader> readGgufHeader(std::string_view bytes) { return HeaderReader(bytes).read(); }

}  // namespace rightslice::model
