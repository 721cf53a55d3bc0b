#include "observe/history/rows_store.hpp"

#include <algorithm>
#include <array>

#include "json/document.hpp"
#include "json/utf8.hpp"
#include "json/writer.hpp"

namespace rightslice::observe::history {
namespace {

constexpr std::size_t kRows = 64;

constexpr std::array kStates{Seen::State::Read, Seen::State::Forbidden, Seen::State::Absent, Seen::State::Failed, Seen::State::NotGiven};

tl::unexpected<Error> broken() { return fail("a row of the history is damaged: it holds something else than what this program writes"); }

}  // namespace

std::string clean(std::string_view text) {
  if (json::validUtf8Prefix(text) == text.size() && text.find('\0') == std::string_view::npos) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const std::size_t length = text.front() == '\0' ? 0 : json::utf8SequenceLength(text);
    out += length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

Record cleaned(Record record) {
  const auto all = [](auto&... texts) { ((texts = clean(texts)), ...); };
  const auto set = [](std::set<std::string, std::less<>>& texts) {
    std::set<std::string, std::less<>> out;
    for (const auto& each : texts) out.insert(clean(each));
    texts = std::move(out);
  };
  all(record.cluster, record.source);
  for (Subject& each : record.subjects) {
    Fields fields;
    for (const auto& [field, value] : each.fields) fields.emplace(clean(field), clean(value));
    each.fields = std::move(fields);
    all(each.key);
    set(each.unread);
    set(each.untold);
  }
  for (Found& each : record.findings) {
    all(each.key, each.code, each.container, each.aspect, each.message, each.remedy, each.confidence);
    for (Evidence& one : each.evidence) all(one.name, one.value, one.source, one.at);
  }
  for (Peak& each : record.peaks) all(each.workload, each.container, each.model, each.engine, each.quantization, each.why, each.at);
  if (!record.costs) return record;
  all(record.costs->currency, record.costs->bookDate);
  for (Rate& each : record.costs->rates) all(each.ns, each.workload, each.bucket);
  return record;
}

std::string textOf(const Fields& fields) {
  json::Writer out;
  out.beginObject();
  for (const auto& [field, value] : fields) out.member(field, std::string_view(value));
  return out.endObject().take();
}

std::string textOf(const std::vector<Evidence>& evidence) {
  json::Writer out;
  out.beginArray();
  for (const Evidence& each : evidence)
    out.beginArray().string(each.name).string(each.value).string(each.source).string(each.at).endArray();
  return out.endArray().take();
}

std::string textOf(const std::vector<const Seen*>& unread) {
  json::Writer out;
  out.beginArray();
  for (const Seen* each : unread) out.beginArray().string(each->resource).string(each->ns).string(name(each->state)).string(each->reason).endArray();
  return out.endArray().take();
}

Result<Fields> fieldsOf(const std::string& text) {
  const auto document = json::Document::parse(text);
  if (!document || !document->root().isObject()) return broken();
  Fields out;
  for (const auto& each : document->root().members()) {
    const auto value = each.value.string();
    if (!value) return broken();
    out.emplace(each.key, *value);
  }
  return out;
}

Result<std::vector<Evidence>> evidenceOf(const std::string& text) {
  const auto document = json::Document::parse(text);
  if (!document || !document->root().isArray()) return broken();
  std::vector<Evidence> out;
  for (const json::View each : document->root().elements()) {
    const auto part = [&](std::size_t index) { return std::string(each.at(index).stringOr("")); };
    if (each.size() != 4) return broken();
    out.push_back({part(0), part(1), part(2), part(3)});
  }
  return out;
}

Result<Coverage> coverageOf(const std::string& text) {
  const auto document = json::Document::parse(text);
  if (!document || !document->root().isArray()) return broken();
  Coverage out;
  for (const json::View each : document->root().elements()) {
    const auto part = [&](std::size_t index) { return std::string(each.at(index).stringOr("")); };
    const auto state = std::find_if(kStates.begin(), kStates.end(), [&](Seen::State one) { return name(one) == part(2); });
    if (each.size() != 4 || state == kStates.end()) return broken();
    out.add({part(0), part(1), *state, part(3), 0});
  }
  return out;
}

Result<bool> Many::add(std::vector<Value> row) {
  std::move(row.begin(), row.end(), std::back_inserter(values_));
  return values_.size() / columns_ < kRows ? Result<bool>(true) : finish();
}

Result<bool> Many::finish() {
  if (values_.empty()) return true;
  std::string sql = begin_;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    sql += i % columns_ != 0 ? ", $" : i == 0 ? " ($" : "), ($";
    sql += std::to_string(i + 1);
  }
  sql += ") " + end_;
  auto done = connection_.run(sql, values_);
  values_.clear();
  if (!done) return tl::unexpected(done.error());
  return true;
}

}  // namespace rightslice::observe::history
