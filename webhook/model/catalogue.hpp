// The model catalogue: architectures by the name that people serve them under.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "model/architecture.hpp"
#include "model/format_name.hpp"

namespace rightslice::json {
class Marks;
}

namespace rightslice::model {

/// What a name resolved to.
struct Resolved {
  const Architecture* architecture = nullptr;
  /// High for an exact id or alias, Medium for a name that only looks like one, Low where only a size in the name is known.
  Confidence confidence = Confidence::High;
  std::optional<Format> formatFromName;      ///< "...-AWQ", "...-GPTQ-Int4", "...-FP8": the format in the repository's name
  bool formatIsCertain = false;              ///< The catalogue row itself carries the format.
  std::string why;                           ///< one clause for `from`: "catalogue: Qwen/Qwen2.5-7B-Instruct"
  int bitsFromName = 0, groupFromName = 0;   ///< of that format, where the name says them (Quantization)
  std::string kvCacheFromName{};             ///< type of the KV cache that the checkpoint brings by its name (Quantization)
  bool kvCachePerhaps = false;
  std::shared_ptr<const Architecture> guessed{};  ///< owns `architecture` where it is guessed from the name
};

/// A name as it is looked up, in lower case: of an address of the hub and of a folder of its cache the repository.
std::string foldedName(std::string_view name);

/// Immutable; const use from several threads is safe.
class Catalogue {
 public:
  static const Catalogue& builtIn();
  /// A file in the format of policies/catalogue/models.json over `base`: same id replaces, others are added.
  static Result<Catalogue> load(std::string_view text, std::string_view file, const Catalogue* base);

  const std::vector<Architecture>& models() const { return models_; }
  /// Without case: exact id, then alias, then the id with a format suffix (-AWQ, -GPTQ-Int8, -FP8, -Instruct variants as
  /// the catalogue's aliases say) taken off, then the last path segment where it is unique, then a shape guessed from the
  /// size in the name (Architecture::guess): that of a model whose name begins like it, else a typical one. Names of
  /// other registries count as aliases (served_names.hpp).
  std::optional<Resolved> find(std::string_view name) const;
  const std::string& digest() const { return digest_; }

 private:
  std::vector<Architecture> models_;
  static Result<Catalogue> read(json::View root, const json::Marks& marks, std::string_view text, std::string_view file,
                                const Catalogue* base);
  std::optional<Resolved> guess(std::string_view name, std::string_view wanted,
                                const std::optional<NamedFormat>& named) const;

  std::map<std::string, std::size_t, std::less<>> byName_;
  std::vector<std::pair<std::string, std::size_t>> globs_;  ///< aliases with `*` or `?`
  std::string digest_;
};

}  // namespace rightslice::model
