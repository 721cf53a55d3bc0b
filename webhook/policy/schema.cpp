#include "policy/schema.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "policy/field.hpp"
#include "policy/shape.hpp"

namespace rightslice::policy {
namespace {

/// The walk through one document along the tree of fields.
class Shape {
 public:
  Shape(DocumentKind kind, Site& site) : kind_(kind), site_(site) {}
  void check(const Field& field, json::View value, const Path& path);

 private:
  DocumentKind kind_;
  Site& site_;

  void object(const Field& field, json::View value, const Path& path);
  void string(const Field& field, json::View value, const Path& path);
  void quantity(const Field& field, json::View value, const Path& path);
  void integer(const Field& field, json::View value, const Path& path);
  void number(const Field& field, json::View value, const Path& path);
  void wrongType(const Field& field, json::View value, const Path& path);
  void unknownField(const Field& field, std::string_view key, const Path& path);
  void missing(const Field& field, const Path& object);
};

/// "spec.mode", or "the document".
std::string called(const Path& path) {
  std::string dotted = path.dotted();
  return dotted.empty() ? "the document" : dotted;
}

/// "the number 10", "a list", "nothing".
std::string found(json::View value) {
  if (value.isNull()) return "nothing";
  if (value.isObject()) return "a mapping";
  if (value.isArray()) return "a list";
  if (value.isString()) return fmt::format("the text '{}'", value.stringOr(""));
  return fmt::format("the {} {}", value.typeName(), value.scalarText().value_or(""));
}

bool readsAsNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

/// What to do about a value of another type; empty if nothing is plain.
std::string remedy(const Field& field, json::View value) {
  using enum Field::Type;
  if (value.isNull()) return "give it a value or leave the field out";
  const bool scalar = value.isString() || value.isNumber() || value.isBool();
  if (field.type == Array && scalar) return "write a list, such as [" + value.scalarText().value_or("") + "]";
  if (field.type == String && value.isNumber() && !field.numberNote.empty()) return field.numberNote;
  if (field.type == String && (value.isNumber() || value.isBool())) return "put the value in quotes";
  if ((field.type == Integer || field.type == Number) && readsAsNumber(value.stringOr(""))) return "write it without quotes";
  if (field.type == Quantity && value.isNumber()) return "write it with a unit, such as 7.5Gi";
  return {};
}

/// Where else in the language a field of this name stands: "spec.slices", "spec.models[]".
void collectHomes(const Field& field, const std::string& path, std::string_view wanted, DocumentKind kind,
                  std::vector<std::string>& homes) {
  for (const Field& each : field.fields) {
    if (!each.isFor(kind) || each.isOpen) continue;
    if (each.name == wanted) homes.push_back(path.empty() ? "the top level of the document" : path);
    const std::string front = path.empty() || each.name.empty() ? path : path + ".";
    const std::string below = front + each.name + (each.type == Field::Type::Array ? "[]" : "");
    collectHomes(each, below, wanted, kind, homes);
  }
}

/// "a ClusterSlicePolicy has it, under spec"; empty if no other kind has such a field.
std::string otherKindWith(std::string_view field, DocumentKind kind) {
  for (const DocumentKind other : kDocumentKinds) {
    std::vector<std::string> homes;
    if (other != kind) collectHomes(documentField(), "", field, other, homes);
    if (!homes.empty()) return fmt::format("a {} has it, under {}", name(other), homes.front());
  }
  return {};
}

std::vector<std::string> fieldNames(const Field& field, DocumentKind kind) {
  std::vector<std::string> names;
  for (const Field& each : field.fields) {
    if (each.isFor(kind)) names.push_back(each.name);
  }
  return names;
}

void Shape::check(const Field& field, json::View value, const Path& path) {
  switch (field.type) {
    case Field::Type::Object: return object(field, value, path);
    case Field::Type::String: return string(field, value, path);
    case Field::Type::Quantity: return quantity(field, value, path);
    case Field::Type::Integer: return integer(field, value, path);
    case Field::Type::Number: return number(field, value, path);
    case Field::Type::Boolean:
      if (!value.isBool()) wrongType(field, value, path);
      return;
    case Field::Type::Array: {
      if (!value.isArray()) return wrongType(field, value, path);
      if (value.size() < field.minItems) {
        site_.error("InvalidValue", path, Site::At::Value, fmt::format("{} must name at least {}", called(path), field.minItems));
      }
      std::size_t index = 0;
      for (const json::View element : value.elements()) check(field.element(), element, Path(path, index++));
      return;
    }
    case Field::Type::Map:
      if (!value.isObject()) return wrongType(field, value, path);
      for (const auto [key, member] : value.members()) check(field.element(), member, Path(path, key));
      return;
    case Field::Type::Anything: return;
  }
}

void Shape::object(const Field& field, json::View value, const Path& path) {
  if (!value.isObject()) return wrongType(field, value, path);
  for (const auto [key, member] : value.members()) {
    const Path below(path, key);
    if (const Field* child = field.find(key, kind_)) {
      check(*child, member, below);
    } else if (!field.isOpen) {
      unknownField(field, key, below);
    } else if (std::any_of(field.fields.begin(), field.fields.end(), [k = key](const Field& each) { return each.name == k; })) {
      site_.error("UnknownField", below, Site::At::Key, fmt::format("{}: a {} has none; leave it out", called(below), name(kind_)));
    }
  }
  for (const Field& child : field.fields) {
    if (child.isRequired && child.isFor(kind_) && !value[child.name].exists()) missing(child, path);
  }
}

void Shape::string(const Field& field, json::View value, const Path& path) {
  const std::optional<std::string_view> text = value.string();
  if (!text) return wrongType(field, value, path);
  const bool tooLong = field.form != nullptr && field.form->maxLength > 0 &&
                       text->size() > static_cast<std::size_t>(field.form->maxLength);
  const bool good = field.values.empty() ? !tooLong && field.form->accepts(*text)
                                         : std::find(field.values.begin(), field.values.end(), *text) != field.values.end();
  if (good) return;
  std::string message = fmt::format("{}: '{}' is not {}", called(path), *text, field.expectation());
  message += suggestion(*text, field.values);
  if (!field.valueNote.empty()) message += "; " + field.valueNote;
  site_.error(field.valueCode, path, Site::At::Value, std::move(message));
}

void Shape::quantity(const Field& field, json::View value, const Path& path) {
  const bool whole = value.isNumber() && value.integer().has_value();
  if (!value.isString() && !whole) return wrongType(field, value, path);
  const std::string text = value.scalarText().value_or("");
  if (!form::kQuantity.accepts(text)) {
    site_.error("InvalidValue", path, Site::At::Value, fmt::format("{}: '{}' is not {}", called(path), text, field.expectation()));
  }
}

void Shape::integer(const Field& field, json::View value, const Path& path) {
  if (!value.isNumber()) return wrongType(field, value, path);
  const std::optional<std::int64_t> number = value.integer();
  if (number && *number >= field.minimum && *number <= field.maximum) return;
  site_.error("InvalidValue", path, Site::At::Value,
              fmt::format("{}: {} is not {}", called(path), value.scalarText().value_or(""), field.expectation()));
}

void Shape::number(const Field& field, json::View value, const Path& path) {
  if (!value.isNumber()) return wrongType(field, value, path);
  if (value.number().value_or(0) > 0) return;
  site_.error("InvalidValue", path, Site::At::Value,
              fmt::format("{}: {} is not {}", called(path), value.scalarText().value_or(""), field.expectation()));
}

void Shape::wrongType(const Field& field, json::View value, const Path& path) {
  std::string message = fmt::format("{}: expected {}, found {}", called(path), field.expectation(), found(value));
  if (const std::string what = remedy(field, value); !what.empty()) message += "; " + what;
  site_.error("WrongType", path, Site::At::Value, std::move(message));
}

void Shape::unknownField(const Field& field, std::string_view key, const Path& path) {
  const std::string_view noun = field.unknownCode == "UnknownFinding" ? "finding" : "field";
  std::string message = fmt::format("{}: there is no such {}", called(path), noun);
  std::vector<std::string> homes;
  collectHomes(documentField(), "", key, kind_, homes);
  const std::vector<std::string> names = fieldNames(field, kind_);
  if (!homes.empty()) {
    message += fmt::format(" here; '{}' belongs under {}", key, fmt::join(homes, " or "));
  } else if (const std::string other = otherKindWith(key, kind_); !other.empty()) {
    message += fmt::format("; only {}", other);
  } else if (const std::string hint = suggestion(key, names); !hint.empty()) {
    message += hint;
  } else {
    message += fmt::format("; here may stand {}", fmt::join(names, ", "));
  }
  site_.error(field.unknownCode, path, Site::At::Key, std::move(message));
}

void Shape::missing(const Field& field, const Path& object) {
  const std::string path = Path(object, field.name).dotted();
  std::string message = fmt::format("{} is missing: {}", path, field.meaning);
  if (field.meaning.ends_with('.')) message.pop_back();
  if (field.values.size() > 1) message += fmt::format(" ({})", field.expectation());
  site_.error("MissingField", object, Site::At::Key, std::move(message));
}

}  // namespace

void checkShape(DocumentKind kind, json::View root, Site& site) { Shape(kind, site).check(documentField(), root, Path()); }

bool checkShape(DocumentKind kind, json::View root, const json::Marks& marks, std::string_view file, std::string_view source,
                std::vector<Diagnostic>& out) {
  Site site(marks, file, source, "", out);
  checkShape(kind, root, site);
  return !site.failed();
}

}  // namespace rightslice::policy
