// Private to policy/: the fields of the policy language, as one tree. Everything that knows what may be written reads it.
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/form.hpp"
#include "policy/schema.hpp"

namespace rightslice::policy {

/// One field. Made by the functions below and their chained setters; immutable afterwards.
struct Field {
  enum class Type { Object, Array, Map, String, Quantity, Integer, Number, Boolean, Anything };

  std::string name;                     ///< empty for elements
  Type type = Type::Anything;
  std::string meaning;                  ///< one line
  std::vector<Field> fields;            ///< of an Object; of an Array or Map its one element
  std::vector<std::string> values;      ///< of a String: the only ones; empty: any of `form`
  const Form* form = nullptr;           ///< of a String
  std::int64_t minimum = 0, maximum = std::numeric_limits<std::int64_t>::max();  ///< of an Integer
  bool aboveZero = false;               ///< of a Number
  std::size_t minItems = 0;             ///< of an Array
  std::vector<std::string> listKeys;    ///< of an Array of objects: what tells its elements apart
  bool isRequired = false;
  bool isOpen = false;                  ///< an Object that may have other fields, which are not read
  std::string standard;                 ///< the default, as JSON; empty: none
  std::string kubernetesDefault;        ///< written by the API server; only for list keys, which it needs there
  std::string unknownCode = "UnknownField";  ///< of an Object: the diagnostic for another field
  std::string valueCode = "InvalidValue";    ///< of a String: the diagnostic for another value
  std::string valueNote;                ///< appended to that diagnostic: the remedy
  std::string oneOf;                    ///< an Object's rule among its fields, as JSON Schema; where there are `rules`, not for Kubernetes
  struct Rule { std::string cel, message; };
  std::vector<Rule> rules;              ///< the same for Kubernetes, whose own message on oneOf helps nobody
  std::string numberNote;               ///< remedy where a number stands in place of the string
  unsigned kinds = ~0U;                 ///< bits of DocumentKind

  Field required() && { isRequired = true; return std::move(*this); }
  Field byDefault(std::string json) && { standard = std::move(json); return std::move(*this); }
  Field only(DocumentKind kind) && { kinds = 1U << static_cast<unsigned>(kind); return std::move(*this); }
  Field notFor(DocumentKind kind) && { kinds = ~(1U << static_cast<unsigned>(kind)); return std::move(*this); }
  Field open() && { isOpen = true; return std::move(*this); }
  Field atLeast(std::size_t items) && { minItems = items; return std::move(*this); }

  bool isFor(DocumentKind kind) const { return (kinds >> static_cast<unsigned>(kind) & 1U) != 0; }
  const Field* find(std::string_view field, DocumentKind kind) const;
  const Field& element() const { return fields.front(); }
  /// `values` but for the empty one, which stands for an absent field.
  std::vector<std::string_view> spoken() const;
  /// What may stand here, for a message: "one of enforce, warn, audit", "a list".
  std::string expectation() const;
};

std::string_view name(DocumentKind kind);
constexpr DocumentKind kDocumentKinds[] = {DocumentKind::SlicePolicy, DocumentKind::ClusterSlicePolicy,
                                           DocumentKind::SliceException};
inline constexpr std::string_view kGroup = "rightslice.io";
inline constexpr std::string_view kApiVersion = "rightslice.io/v1alpha1";

/// The document as a whole; the fields of other kinds are in it too, marked by `kinds`.
const Field& documentField();

/// The fields of spec: of the two policies, and of the exception.
Field policySpec();
Field exceptionSpec();

namespace field {
Field object(std::string name, std::string meaning, std::vector<Field> fields);
Field list(std::string name, std::string meaning, Field element);
Field map(std::string name, std::string meaning, Field value);
Field text(std::string name, std::string meaning, const Form& form);
Field choice(std::string name, std::string meaning, std::vector<std::string> values);
Field quantity(std::string name, std::string meaning);
Field integer(std::string name, std::string meaning, std::int64_t minimum, std::int64_t maximum);
Field number(std::string name, std::string meaning);  ///< above 0
Field boolean(std::string name, std::string meaning);
Field anything(std::string name, std::string meaning);
}  // namespace field

}  // namespace rightslice::policy
