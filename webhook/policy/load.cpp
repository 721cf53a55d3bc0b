#include "policy/load.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "policy/compile.hpp"
#include "policy/line_cursor.hpp"
#include "policy/shape.hpp"

namespace rightslice::policy {
namespace {

std::optional<DocumentKind> parseKind(std::string_view text) {
  for (const DocumentKind kind : kDocumentKinds) {
    if (name(kind) == text) return kind;
  }
  return std::nullopt;
}

std::string_view groupOf(std::string_view apiVersion) {
  const std::size_t slash = apiVersion.find('/');
  return slash == std::string_view::npos ? std::string_view() : apiVersion.substr(0, slash);
}

/// True for what can only be meant as a policy, well written or not.
bool isMeantAsPolicy(json::View root) {
  const std::string_view apiVersion = root["apiVersion"].stringOr("");
  if (groupOf(apiVersion) == kGroup) return true;
  if (!parseKind(root["kind"].stringOr(""))) return false;
  return apiVersion.empty() || !suggestion(groupOf(apiVersion), {std::string(kGroup)}).empty();
}

bool isList(json::View root) {
  const std::string_view kind = root["kind"].stringOr("");
  const std::string_view apiVersion = root["apiVersion"].stringOr("v1");
  return root["items"].isArray() && ((kind == "List" && apiVersion == "v1") ||
                                     (kind.ends_with("List") && groupOf(apiVersion) == kGroup));
}

/// Reads the documents of one file.
class Loader {
 public:
  Loader(std::string_view file, std::string_view source, const LoadOptions& options, bool strict)
      : file_(file), source_(source), lines_(source), options_(options), strict_(strict) {}

  void document(json::View root, const json::Marks& marks, std::string prefix);
  void broken(const Error& what);
  Loaded take();

 private:
  std::string_view file_, source_;
  LineCursor lines_;
  const LoadOptions& options_;
  bool strict_;
  Loaded loaded_;
  void noPolicy(json::View root, Site& site);
  void policy(DocumentKind kind, json::View root, Site& site);
};

void Loader::document(json::View root, const json::Marks& marks, std::string prefix) {
  if (isList(root)) {
    std::size_t index = 0;
    for (const json::View item : root["items"].elements()) document(item, marks, fmt::format("{}/items/{}", prefix, index++));
    return;
  }
  if (!strict_ && !isMeantAsPolicy(root)) return;
  ++loaded_.documents;
  Site site(marks, file_, source_, std::move(prefix), loaded_.diagnostics);
  if (const auto kind = parseKind(root["kind"].stringOr(""))) {
    policy(*kind, root, site);
  } else {
    noPolicy(root, site);
  }
}

void Loader::policy(DocumentKind kind, json::View root, Site& site) {
  checkShape(kind, root, site);
  if (kind == DocumentKind::SliceException) {
    Exception exception = compileException(root, site, options_);
    if (!site.failed()) loaded_.exceptions.push_back(std::move(exception));
  } else {
    Policy read = compilePolicy(kind, root, site, options_);
    if (!site.failed()) loaded_.policies.push_back(std::move(read));
  }
}

void Loader::noPolicy(json::View root, Site& site) {
  const Path top, kindAt(top, "kind"), versionAt(top, "apiVersion");
  std::vector<std::string> kinds;
  for (const DocumentKind each : kDocumentKinds) kinds.emplace_back(name(each));
  const std::string remedy = fmt::format("a policy begins with 'apiVersion: {}' and 'kind: SlicePolicy' (or ClusterSlicePolicy, "
                                         "SliceException)", kApiVersion);
  if (!root.isObject()) {
    site.error("NotAPolicy", top, Site::At::Value, fmt::format("expected a mapping, found a value of type {}; {}", root.typeName(), remedy));
    return;
  }
  const json::View kind = root["kind"], version = root["apiVersion"];
  if (!version.exists()) site.error("MissingField", top, Site::At::Key, fmt::format("apiVersion is missing; {}", remedy));
  if (!kind.exists()) {
    site.error("MissingField", top, Site::At::Key, fmt::format("kind is missing; {}", remedy));
  } else {
    const std::string written = kind.scalarText().value_or(std::string(kind.typeName()));
    const std::string hint = suggestion(written, kinds);
    site.error("NotAPolicy", kindAt, Site::At::Value,
               fmt::format("'{}' is no kind of policy{}", written, hint.empty() ? "; " + remedy : hint));
  }
  if (version.exists() && version.stringOr("") != kApiVersion && groupOf(version.stringOr("")) == kGroup) {
    site.error("NotAPolicy", versionAt, Site::At::Value,
               fmt::format("apiVersion: '{}' is not known; did you mean '{}'?", version.stringOr(""), kApiVersion));
  }
}

void Loader::broken(const Error& what) {
  Diagnostic diagnostic;
  diagnostic.code = "SyntaxError";
  diagnostic.file = file_;
  diagnostic.message = what.message;
  const std::string& where = what.where;
  const char* end = where.data() + where.size();
  const auto line = std::from_chars(where.data(), end, diagnostic.line);
  if (line.ptr != end && *line.ptr == ':') std::from_chars(line.ptr + 1, end, diagnostic.column);
  if (const auto offset = lines_.offsetOf(diagnostic.line)) diagnostic.snippet = lineAt(source_, *offset);
  loaded_.diagnostics.push_back(std::move(diagnostic));
  ++loaded_.documents;
}

Loaded Loader::take() {
  std::stable_sort(loaded_.diagnostics.begin(), loaded_.diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return std::move(loaded_);
}

using Identity = std::tuple<std::string, std::string, std::string>;  // kind, namespace, name

Identity identity(const Policy& policy) {
  return {policy.cluster ? "ClusterSlicePolicy" : "SlicePolicy", policy.ns, policy.name};
}
Identity identity(const Exception& exception) { return {"SliceException", exception.ns, exception.name}; }

Diagnostic duplicate(const Identity& what, const std::string& file, const NamePlace& place, const std::string& first) {
  const auto& [kind, ns, name] = what;
  Diagnostic diagnostic;
  diagnostic.code = "DuplicatePolicy";
  diagnostic.file = file;
  diagnostic.line = place.line;
  diagnostic.column = place.column;
  diagnostic.pointer = "/metadata/name";
  diagnostic.message = fmt::format("there is a {} '{}' already{}, in {}; give this one another name or leave it out", kind, name,
                                   ns.empty() ? "" : fmt::format(" in namespace '{}'", ns), first);
  diagnostic.snippet = place.text;
  return diagnostic;
}

/// Moves `from` into `into`, but for what is there already.
template <class T>
void add(std::vector<T>& from, std::vector<T>& into, std::map<Identity, std::string>& seen, std::vector<Diagnostic>& diagnostics) {
  for (T& each : from) {
    const Identity what = identity(each);
    const auto [first, isNew] = seen.emplace(what, fmt::format("{}:{}", each.file, each.line));
    if (isNew) {
      into.push_back(std::move(each));
    } else {
      diagnostics.push_back(duplicate(what, each.file, each.namePlace, first->second));
    }
  }
}

}  // namespace

bool Loaded::ok() const {
  return std::all_of(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& each) { return each.warning; });
}

Loaded load(std::string_view text, std::string_view file, const LoadOptions& options, bool strict) {
  Loader loader(file, text, options, strict);
  json::eachYaml(text, [&](const Result<json::YamlDocument>& each, int) {
    if (each) loader.document(each->document.root(), each->marks, "");
    else loader.broken(each.error());
  });
  std::vector<Loaded> parts;
  parts.push_back(loader.take());
  return merge(std::move(parts));
}

Loaded loadObject(json::View object, const json::Marks& marks, std::string_view file, std::string_view source,
                  const LoadOptions& options, std::string_view prefix) {
  Loader loader(file, source, options, true);
  loader.document(object, marks, std::string(prefix));
  return loader.take();
}

Loaded merge(std::vector<Loaded> parts) {
  Loaded merged;
  std::map<Identity, std::string> seen;
  for (Loaded& part : parts) {
    merged.documents += part.documents;
    std::move(part.diagnostics.begin(), part.diagnostics.end(), std::back_inserter(merged.diagnostics));
    add(part.policies, merged.policies, seen, merged.diagnostics);
    add(part.exceptions, merged.exceptions, seen, merged.diagnostics);
  }
  return merged;
}

}  // namespace rightslice::policy
