#include <fmt/format.h>

#include "base/glob.hpp"
#include "policy/compile.hpp"
#include "workload/kind.hpp"

namespace rightslice::policy {
namespace {

/// At most `maxExceptionDays` ahead of the creation, or of today where that is not known (DESIGN 3.7).
void checkReach(json::View root, Date expires, const Path& path, Site& site, const LoadOptions& options) {
  const auto created = Date::parseTimestamp(root["metadata"]["creationTimestamp"].stringOr(""));
  const Date latest{(created ? *created : options.today).days + options.maxExceptionDays};
  if (expires <= latest) return;
  site.error("ExceptionTooLong", path, Site::At::Value,
             fmt::format("spec.expires: {} is more than {} days after {}; the latest date allowed is {}", expires.text(),
                         options.maxExceptionDays, created ? fmt::format("its creation on {}", created->text())
                                                           : fmt::format("today ({})", options.today.text()),
                         latest.text()));
}

/// A misspelt kind would make the exception count for nothing; kinds that this program does not know may be meant.
void checkKind(std::string_view kind, const Path& path, Site& site) {
  if (kind.empty() || !globIsExact(kind) || workload::isKnownKindName(kind)) return;
  std::vector<std::string> known;
  for (const workload::Kind& each : workload::kinds()) known.emplace_back(each.kind);
  const std::string hint = suggestion(kind, known);
  if (hint.empty()) return;
  site.warning("UnknownKind", path, Site::At::Value, fmt::format("spec.kind: no kind '{}' is known{}", kind, hint));
}

}  // namespace

Exception compileException(json::View root, Site& site, const LoadOptions& options) {
  const json::View spec = root["spec"];
  const Path top, path(top, "spec");
  Exception exception;
  exception.ns = namespaceOf(root);
  exception.name = root["metadata"]["name"].stringOr("");
  setPlace(exception, site);
  exception.kind = spec["kind"].stringOr("");
  exception.object = spec["name"].stringOr("");
  for (const std::string& text : stringsOf(spec["findings"])) {
    if (const auto code = parseCode(text)) exception.findings.push_back(*code);
  }
  exception.policies = stringsOf(spec["policies"]);
  exception.owner = spec["owner"].stringOr("");
  exception.reason = spec["reason"].stringOr("");
  checkKind(exception.kind, Path(path, "kind"), site);
  if (const auto expires = Date::parse(spec["expires"].stringOr(""))) {
    exception.expires = *expires;
    checkReach(root, *expires, Path(path, "expires"), site, options);
  }
  return exception;
}

}  // namespace rightslice::policy
