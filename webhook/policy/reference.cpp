#include <fmt/format.h>
#include <fmt/ranges.h>

#include "policy/field.hpp"

namespace rightslice::policy {
namespace {

/// A cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

std::string typeText(const Field& field) {
  switch (field.type) {
    case Field::Type::Object: return "object";
    case Field::Type::Array: return "list of " + (field.element().type == Field::Type::Object ? "objects" : typeText(field.element()));
    case Field::Type::Map: return "map of name to " + typeText(field.element());
    case Field::Type::String:
      if (field.values.empty()) return std::string(field.form->says);
      if (field.values.size() > 16) return "one of the codes of findings";
      return field.values.size() == 1 ? fmt::format("`{}`", field.values[0]) : fmt::format("one of `{}`", fmt::join(field.spoken(), "` `"));
    case Field::Type::Quantity:
    case Field::Type::Integer:
    case Field::Type::Number:
    case Field::Type::Boolean: return field.expectation();
    case Field::Type::Anything: break;
  }
  return "not read";
}

/// The kinds that a field is for, where it is not for all of `among`.
std::string kindsText(const Field& field, const std::vector<DocumentKind>& among) {
  std::vector<std::string_view> names;
  for (const DocumentKind kind : among) {
    if (field.isFor(kind)) names.push_back(name(kind));
  }
  return names.size() == among.size() ? std::string() : fmt::format(" Only {}.", fmt::join(names, ", "));
}

void rows(const Field& parent, const std::string& path, const std::vector<DocumentKind>& among, std::string& out) {
  for (const Field& field : parent.fields) {
    bool here = false;
    for (const DocumentKind kind : among) here = here || field.isFor(kind);
    if (!here) continue;
    const std::string full = path.empty() ? field.name : fmt::format("{}.{}", path, field.name);
    std::string_view standard = field.standard;
    if (standard.starts_with('"')) standard = standard.substr(1, standard.size() - 2);
    const std::string value = field.isRequired ? "required" : standard.empty() ? "" : fmt::format("`{}`", standard);
    out += fmt::format("| `{}` | {} | {} | {}{} |\n", full, cell(typeText(field)), value, cell(field.meaning),
                       kindsText(field, among));
    if (field.type == Field::Type::Object) rows(field, full, among, out);
    if (field.type == Field::Type::Array) rows(field.element(), full + "[]", among, out);
  }
}

void table(std::string_view title, const std::vector<DocumentKind>& kinds, std::string& out) {
  out += fmt::format("## {}\n\n| field | what may stand there | default | meaning |\n|---|---|---|---|\n", title);
  rows(documentField(), "", kinds, out);
  out += "\n";
}

}  // namespace

std::string reference() {
  using enum DocumentKind;
  std::string out = fmt::format("# The policy language\n\nAll fields of `{}`. This page is generated from the schema.\n\n", kApiVersion);
  table("SlicePolicy and ClusterSlicePolicy", {SlicePolicy, ClusterSlicePolicy}, out);
  table("SliceException", {SliceException}, out);
  out.pop_back();
  return out;
}

}  // namespace rightslice::policy
