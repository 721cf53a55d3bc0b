// Small GGUF files for tests.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace rightslice::model::test {

class GgufBuilder {
 public:
  template <class T>
  static std::string raw(T value) {
    std::string bytes(sizeof(T), '\0');
    std::memcpy(bytes.data(), &value, sizeof(T));
    return bytes;
  }
  static std::string text(std::string_view value) { return raw<std::uint64_t>(value.size()) + std::string(value); }

  GgufBuilder& number(std::string_view key, std::uint32_t value) {
    return entry(key, raw<std::uint32_t>(4) + raw(value));
  }
  GgufBuilder& word(std::string_view key, std::string_view value) {
    return entry(key, raw<std::uint32_t>(8) + text(value));
  }
  GgufBuilder& numbers(std::string_view key, const std::vector<std::int32_t>& values) {
    std::string bytes = raw<std::uint32_t>(9) + raw<std::uint32_t>(5) + raw<std::uint64_t>(values.size());
    for (const std::int32_t value : values) bytes += raw(value);
    return entry(key, bytes);
  }
  GgufBuilder& words(std::string_view key, std::uint64_t count) {
    std::string bytes = raw<std::uint32_t>(9) + raw<std::uint32_t>(8) + raw(count);
    for (std::uint64_t i = 0; i < count; ++i) bytes += text("word");
    return entry(key, bytes);
  }
  GgufBuilder& entry(std::string_view key, const std::string& typed) {
    keys_ += text(key) + typed;
    ++keyCount_;
    return *this;
  }
  GgufBuilder& tensor(std::string_view name, const std::vector<std::uint64_t>& extents, std::uint32_t type) {
    tensors_ += text(name) + raw<std::uint32_t>(static_cast<std::uint32_t>(extents.size()));
    for (const std::uint64_t extent : extents) tensors_ += raw(extent);
    tensors_ += raw(type) + raw<std::uint64_t>(0);
    ++tensorCount_;
    return *this;
  }
  std::string bytes(std::uint32_t version = 3) const {
    return "GGUF" + raw(version) + raw(tensorCount_) + raw(keyCount_) + keys_ + tensors_;
  }

  /// A decoder of two layers like Llama, in Q4_K_M.
  static GgufBuilder llama() {
    GgufBuilder b;
    b.word("general.architecture", "llama").word("general.name", "Tiny").number("general.file_type", 15);
    b.number("llama.block_count", 2).number("llama.embedding_length", 256).number("llama.feed_forward_length", 512);
    b.number("llama.attention.head_count", 4).number("llama.attention.head_count_kv", 2);
    b.number("llama.context_length", 2048).words("tokenizer.ggml.tokens", 100);
    b.tensor("token_embd.weight", {256, 100}, 12).tensor("output.weight", {256, 100}, 14);
    b.tensor("output_norm.weight", {256}, 0);
    for (const char* layer : {"blk.0.", "blk.1."}) {
      const std::string at = layer;
      b.tensor(at + "attn_q.weight", {256, 256}, 12).tensor(at + "attn_k.weight", {256, 128}, 12);
      b.tensor(at + "attn_v.weight", {256, 128}, 14).tensor(at + "attn_output.weight", {256, 256}, 12);
      b.tensor(at + "ffn_gate.weight", {256, 512}, 12).tensor(at + "ffn_up.weight", {256, 512}, 12);
      b.tensor(at + "ffn_down.weight", {512, 256}, 14).tensor(at + "ffn_norm.weight", {256}, 0);
      b.tensor(at + "attn_norm.weight", {256}, 0);
    }
    return b;
  }

 private:
  std::string keys_, tensors_;
  std::uint64_t keyCount_ = 0, tensorCount_ = 0;
};

}  // namespace rightslice::model::test
