// The model catalogue: architectures by the name that people serve them under.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "model/architecture.hpp"

namespace rightslice::model {

/// What a name resolved to.
struct Resolved {
  const Architecture* architecture = nullptr;
  Confidence confidence = Confidence::High;  ///< High for an exact id or alias, Medium for a name that only looks like one.
  std::optional<Format> formatFromName;      ///< "...-AWQ", "...-GPTQ-Int4", "...-FP8": the format in the repository's name
  bool formatIsCertain = false;              ///< The catalogue row itself carries the format.
  std::string why;                           ///< one clause for `from`: "catalogue: Qwen/Qwen2.5-7B-Instruct"
  int bitsFromName = 0, groupFromName = 0;   ///< of that format, where the name says them (Quantization)
};

/// Immutable; const use from several threads is safe.
class Catalogue {
 public:
  static const Catalogue& builtIn();
  /// A file in the format of policies/catalogue/models.json over `base`: same id replaces, others are added.
  static Result<Catalogue> load(std::string_view text, std::string_view file, const Catalogue* base);

  const std::vector<Architecture>& models() const { return models_; }
  /// Without case: exact id, then alias, then the id with a format suffix (-AWQ, -GPTQ-Int8, -FP8, -Instruct variants as
  /// the catalogue's aliases say) taken off, then the last path segment where it is unique.
  std::optional<Resolved> find(std::string_view name) const;
  const std::string& digest() const { return digest_; }

 private:
  std::vector<Architecture> models_;
  std::map<std::string, std::size_t, std::less<>> byName_;
  std::vector<std::pair<std::string, std::size_t>> globs_;  ///< aliases with `*` or `?`
  std::string digest_;
};

}  // namespace rightslice::model
