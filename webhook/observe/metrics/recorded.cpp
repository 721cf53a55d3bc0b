#include "observe/metrics/recorded.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "observe/metrics/exposition.hpp"

namespace rightslice::observe::metrics {

Result<Recorded> readRecorded(std::string_view text, std::string source, std::string ofPod, std::int64_t now, const ExpositionLimits& limits) {
  Recorded out;
  out.source = std::move(source);
  out.ofPod = std::move(ofPod);
  static const auto rows = [] {
    std::multimap<std::string_view, const MetricRow*> made;
    for (const MetricRow& each : metricRows()) made.emplace(each.name, &each);
    return made;
  }();
  std::unordered_map<std::string, std::vector<std::size_t>> known;   // identity of a series -> its rows
  const auto count = readExposition(text, [&](Sample&& sample) {
    const auto [begin, end] = rows.equal_range(sample.name);
    if (begin == end) return;
    std::sort(sample.labels.begin(), sample.labels.end());
    std::string key = sample.name;
    for (const auto& [name, value] : sample.labels) key.append(1, '\0').append(name).append(1, '\0').append(value);
    const std::size_t identity = std::hash<std::string>()(key);
    auto& places = known[std::move(key)];
    for (auto at = begin; places.empty() && at != end; ++at) {
      const MetricRow& row = *at->second;
      if (!row.label.empty() && labelOf(sample.labels, row.label) != row.value) continue;
      places.push_back(out.rows.size());
      Labels kept;
      for (const auto& label : sample.labels)
        if (Joiner::keeps(label.first)) kept.push_back(label);
      out.rows.push_back({&row, {sample.name, std::move(kept), {}}, identity});
    }
    out.timed |= sample.at.has_value();
    for (const std::size_t each : places) out.rows[each].series.points.push_back({sample.at.value_or(now), sample.value});
  }, limits);
  if (!count) return tl::unexpected(Error{count.error().message, out.source + (count.error().where.empty() ? "" : ":" + count.error().where)});
  for (auto& each : out.rows) std::sort(each.series.points.begin(), each.series.points.end(), [](const Point& a, const Point& b) { return a.at < b.at; });
  return out;
}

void Recorded::append(Recorded&& later) {
  std::map<std::pair<const MetricRow*, std::size_t>, std::size_t> known;
  for (std::size_t i = 0; i < rows.size(); ++i) known.emplace(std::pair(rows[i].row, rows[i].identity), i);
  for (Row& each : later.rows) {
    const auto at = known.find({each.row, each.identity});
    if (at == known.end()) {
      rows.push_back(std::move(each));
      continue;
    }
    auto& points = rows[at->second].series.points;
    for (const Point& point : each.series.points)
      if (points.empty() || points.back().at < point.at) points.push_back(point);
  }
  timed |= later.timed;
}

void addTo(Joiner& joiner, std::vector<Recorded> all) {
  for (Recorded& each : all) {
    if (each.asked) joiner.asked(each.source);
    for (auto& row : each.rows) joiner.add(*row.row, std::move(row.series), each.source, each.ofPod, each.ofNode);
  }
  joiner.settle();
}

}  // namespace rightslice::observe::metrics
