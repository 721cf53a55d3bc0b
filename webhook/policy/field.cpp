#include "policy/field.hpp"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rightslice::policy {

std::string_view name(DocumentKind kind) {
  constexpr std::string_view kNames[] = {"SlicePolicy", "ClusterSlicePolicy", "SliceException"};
  return kNames[static_cast<std::size_t>(kind)];
}

const Field* Field::find(std::string_view field, DocumentKind kind) const {
  for (const Field& each : fields) {
    if (each.name == field && each.isFor(kind)) return &each;
  }
  return nullptr;
}

std::vector<std::string_view> Field::spoken() const {
  std::vector<std::string_view> words;
  for (const std::string& each : values) {
    if (!each.empty()) words.push_back(each);
  }
  return words;
}

std::string Field::expectation() const {
  switch (type) {
    case Type::Object: return "a mapping of fields";
    case Type::Array: return "a list";
    case Type::Map: return "a mapping of names to values";
    case Type::String:
      if (values.empty()) return std::string(form->says);
      return values.size() == 1 ? fmt::format("'{}'", values.front()) : fmt::format("one of {}", fmt::join(spoken(), ", "));
    case Type::Quantity: return std::string(form::kQuantity.says);
    case Type::Integer: return fmt::format("a whole number from {} to {}", minimum, maximum);
    case Type::Number: return "a number above 0";
    case Type::Boolean: return "true or false";
    case Type::Anything: break;
  }
  return "anything";
}

namespace field {
namespace {

Field make(Field::Type type, std::string name, std::string meaning) {
  Field made;
  made.type = type;
  made.name = std::move(name);
  made.meaning = std::move(meaning);
  return made;
}

}  // namespace

Field object(std::string name, std::string meaning, std::vector<Field> fields) {
  Field made = make(Field::Type::Object, std::move(name), std::move(meaning));
  made.fields = std::move(fields);
  return made;
}

Field list(std::string name, std::string meaning, Field element) {
  Field made = make(Field::Type::Array, std::move(name), std::move(meaning));
  made.fields.push_back(std::move(element));
  return made;
}

Field map(std::string name, std::string meaning, Field value) {
  Field made = make(Field::Type::Map, std::move(name), std::move(meaning));
  made.fields.push_back(std::move(value));
  return made;
}

Field text(std::string name, std::string meaning, const Form& form) {
  Field made = make(Field::Type::String, std::move(name), std::move(meaning));
  made.form = &form;
  return made;
}

Field choice(std::string name, std::string meaning, std::vector<std::string> values) {
  Field made = make(Field::Type::String, std::move(name), std::move(meaning));
  made.values = std::move(values);
  return made;
}

Field quantity(std::string name, std::string meaning) {
  return make(Field::Type::Quantity, std::move(name), std::move(meaning));
}

Field integer(std::string name, std::string meaning, std::int64_t minimum, std::int64_t maximum) {
  Field made = make(Field::Type::Integer, std::move(name), std::move(meaning));
  made.minimum = minimum;
  made.maximum = maximum;
  return made;
}

Field number(std::string name, std::string meaning) {
  Field made = make(Field::Type::Number, std::move(name), std::move(meaning));
  made.aboveZero = true;
  return made;
}

Field boolean(std::string name, std::string meaning) {
  return make(Field::Type::Boolean, std::move(name), std::move(meaning));
}

Field anything(std::string name, std::string meaning) {
  return make(Field::Type::Anything, std::move(name), std::move(meaning));
}

}  // namespace field
}  // namespace rightslice::policy
