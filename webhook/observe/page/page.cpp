#include "observe/page/page.hpp"

#include <fmt/format.h>

#include "base/base64.hpp"
#include "observe/observation_json.hpp"
#include "observe/page/drawing.hpp"
#include "observe/page/repeats.hpp"
#include "observe/page/summary.hpp"

namespace rightslice::embedded {
std::string_view page_html();
std::string_view page_css();
std::string_view page_css_sha256();
std::string_view page_text_js(), page_text_js_sha256();
std::string_view page_look_js(), page_look_js_sha256();
std::string_view page_address_js(), page_address_js_sha256();
std::string_view page_table_js(), page_table_js_sha256();
std::string_view page_columns_js(), page_columns_js_sha256();
std::string_view page_views_js(), page_views_js_sha256();
std::string_view page_map_js(), page_map_js_sha256();
std::string_view page_detail_js(), page_detail_js_sha256();
std::string_view page_start_js(), page_start_js_sha256();
}  // namespace rightslice::embedded

namespace rightslice::observe {
namespace {

using page::Print;

/// In the order in which they run; each uses names of those before it.
struct Script {
  std::string_view (*text)();
  std::string_view (*sha256)();
};
constexpr Script kScripts[] = {
    {embedded::page_text_js, embedded::page_text_js_sha256},
    {embedded::page_look_js, embedded::page_look_js_sha256},
    {embedded::page_address_js, embedded::page_address_js_sha256},
    {embedded::page_table_js, embedded::page_table_js_sha256},
    {embedded::page_columns_js, embedded::page_columns_js_sha256},
    {embedded::page_views_js, embedded::page_views_js_sha256},
    {embedded::page_map_js, embedded::page_map_js_sha256},
    {embedded::page_detail_js, embedded::page_detail_js_sha256},
    {embedded::page_start_js, embedded::page_start_js_sha256},
};

/// Nothing may be asked for, nothing run but our own, and text only becomes markup by the parser of the page itself.
std::string policy() {
  std::string scripts;
  for (const Script& each : kScripts) scripts += fmt::format(" 'sha256-{}'", base64(each.sha256()));
  return fmt::format("default-src 'none'; script-src{}; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'; "
                     "require-trusted-types-for 'script'; trusted-types 'none'",
                     scripts, base64(embedded::page_css_sha256()));
}

/// Products as far as nodes have them: what a board and its slices are.
void writeProducts(json::Writer& out, const Observation& seen) {
  std::map<std::string, const gpu::Product*> products;
  for (const Board& each : seen.placement.boards)
    if (each.geometry.product != nullptr) products.emplace(each.geometry.product->label(), each.geometry.product);
  out.key("products").beginObject();
  for (const auto& [label, product] : products) {
    out.key(label).beginObject().member("title", std::string_view(product->title));
    if (product->totalMiB) out.member("mib", *product->totalMiB);
    if (product->memorySlices) out.member("memorySlices", std::int64_t{*product->memorySlices});
    if (product->computeSlices) out.member("computeSlices", std::int64_t{*product->computeSlices});
    out.key("profiles").beginObject();
    for (const gpu::Profile& each : product->profiles) {
      out.key(each.name).beginObject().member("compute", std::int64_t{each.computeSlices});
      if (each.memorySlices) out.member("memory", std::int64_t{*each.memorySlices});
      if (each.memoryMiB) out.member("mib", *each.memoryMiB);
      out.endObject();
    }
    out.endObject().endObject();
  }
  out.endObject();
}

/// What a piece is to the eye: what holds it by its verdict, else its bucket.
std::string_view stateOf(const page::Piece& each) { return each.deployed ? page::name(each.verdict) : each.bucket == Bucket::Unknown ? "unseen" : name(each.bucket); }

void writeNode(json::Writer& out, const page::DrawnNode& node) {
  out.beginObject().member("units", node.unitsPerGpu).memberBool("slices", node.slices).key("gpus").beginArray();
  for (const auto& gpu : node.gpus) {
    out.beginArray();
    for (const page::Piece& each : gpu) {
      out.beginArray().integer(each.length).string(stateOf(each)).string(each.profile);
      if (each.deployed) out.integer(static_cast<std::int64_t>(*each.deployed));
      if (each.oversized > 0 || each.idle > 0) out.integer(each.oversized).integer(each.idle);
      out.endArray();
    }
    out.endArray();
  }
  out.endArray().endObject();
}

/// What the page draws and colours beside what scan -o json says: verdicts of its results, and GPUs of its nodes, in their order.
void writeDrawing(const Report& report, const PageOptions& options, const Print& print) {
  json::Writer head;
  head.beginObject().member("version", std::string_view(options.version)).key("codes").beginObject();
  for (const CodeRow& each : codes()) head.key(each.name).string(each.summary);
  head.endObject();
  writeProducts(head, report.seen);
  head.key("verdicts").beginArray();
  for (const auto& each : report.seen.workloads) head.string(page::name(page::verdictOf(each)));
  head.endArray().endObject();
  std::string text = head.take();
  text.pop_back();
  print(page::inScript(text));
  print(",\"nodes\":[");
  bool first = true;
  for (const auto& node : page::drawingOf(report)) {
    json::Writer out;
    writeNode(out, node);
    print(first ? "\n" : ",\n");
    print(page::inScript(out.text()));
    first = false;
  }
  print("]}");
}

/// A value that stands by itself among the pieces of writeJson, which are brackets, commas and keys otherwise.
bool isValue(std::string_view piece) { return piece.size() > 2 && (piece.front() == '{' || piece.front() == '[') && (piece.back() == '}' || piece.back() == ']'); }

/// What scan -o json says, with values that are there more than once in a block of their own.
void writeScan(const Report& report, const PageOptions&, const Print& print) {
  const std::string money = moneyJson(report.snapshot, report.seen, report.money, report.use);
  page::Repeats repeats;
  const auto pieces = [&](const Print& sink) { writeJson(report.snapshot, report.seen, sink, {{"money", money}}); };
  pieces([&](std::string_view piece) {
    if (isValue(piece)) repeats.count(piece);
  });
  print("<script type=\"application/json\" id=\"scan\">");
  pieces([&](std::string_view piece) { print(page::inScript(isValue(piece) ? repeats.shortened(piece) : std::string(piece))); });
  print("</script>\n<script type=\"application/json\" id=\"repeated\">");
  print(page::inScript(repeats.dictionary()));
  print("</script>");
}

struct Slot {
  std::string_view name;
  void (*write)(const Report&, const PageOptions&, const Print&);
};
/// What stands as {{name}} in page.html.
constexpr Slot kSlots[] = {
    {"policy", [](const Report&, const PageOptions&, const Print& print) { print(policy()); }},
    {"title", [](const Report& report, const PageOptions&, const Print& print) { print(page::title(report)); }},
    {"style", [](const Report&, const PageOptions&, const Print& print) { print(embedded::page_css()); }},
    {"masthead", [](const Report& report, const PageOptions&, const Print& print) { print(page::masthead(report)); }},
    {"figures", [](const Report& report, const PageOptions&, const Print& print) { print(page::figures(report)); }},
    {"unseen", [](const Report& report, const PageOptions&, const Print& print) { print(page::unseen(report)); }},
    {"waterfall", [](const Report& report, const PageOptions&, const Print& print) { print(page::waterfall(report)); }},
    {"savings", [](const Report& report, const PageOptions&, const Print& print) { print(page::savings(report)); }},
    {"tables", [](const Report& report, const PageOptions&, const Print& print) { page::writePlainTables(report, print); }},
    {"version", [](const Report&, const PageOptions& options, const Print& print) { print(page::escaped(options.version)); }},
    {"scan", writeScan},
    {"drawing", writeDrawing},
    {"scripts",
     [](const Report&, const PageOptions&, const Print& print) {
       for (const Script& each : kScripts) {
         print("<script>");
         print(each.text());
         print("</script>\n");
       }
     }},
};

}  // namespace

void writePage(const Report& report, const PageOptions& options, const Print& print) {
  std::string_view rest = embedded::page_html();
  for (std::size_t at = rest.find("{{"); at != std::string_view::npos; at = rest.find("{{")) {
    print(rest.substr(0, at));
    const std::size_t end = rest.find("}}", at);
    const std::string_view name = rest.substr(at + 2, end - at - 2);
    for (const Slot& each : kSlots)
      if (each.name == name) each.write(report, options, print);
    rest.remove_prefix(end + 2);
  }
  print(rest);
}

std::string pagePolicyHeader() { return policy() + "; frame-ancestors 'none'"; }

}  // namespace rightslice::observe
