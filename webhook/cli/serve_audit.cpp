#include "cli/serve_audit.hpp"

#include <fmt/format.h>

#include "cli/audit_flags.hpp"
#include "cli/duration_flags.hpp"
#include "cli/price_flags.hpp"
#include "cli/version.hpp"
#include "json/writer.hpp"
#include "observe/audit/audit_loop.hpp"
#include "observe/audit/audit_source.hpp"

namespace rightslice::cli {

namespace audit = observe::audit;

struct ServeAudit::Running {
  Running(audit::AuditInputs inputs, const app::ServeContext& context, audit::Schedule::Pace pace)
      : leads(context.leads), auditor(std::move(inputs), context.metrics, context.log, host::systemClock()), loop(options(context, pace)) {}

  audit::AuditLoop::Options options(const app::ServeContext& context, audit::Schedule::Pace pace) {
    audit::AuditLoop::Options out;
    out.pace = pace;
    out.leads = [held = context.leads, policies = context.policies] { return held() && policies() != nullptr; };   // before that there is nothing to judge by
    out.changes = context.changes;
    out.audit = [this] { return auditor.look(); };
    out.lost = [this] { auditor.lost(); };
    out.interrupt = [this] { auditor.interrupt(); };
    return out;
  }

  std::string report() const {
    const audit::AuditState state = auditor.state();
    const auto now = host::systemClock().now();
    json::Writer out;
    out.beginObject().memberBool("leads", leads());
    if (state.good) {
      out.member("lastLook", std::string_view(host::timestamp(*state.good)));
      out.member("ageSeconds", std::chrono::duration_cast<std::chrono::seconds>(now - *state.good).count());
    }
    if (!state.trouble.empty()) out.member("trouble", std::string_view(state.trouble));
    return out.endObject().take();
  }

  std::function<bool()> leads;
  audit::Auditor auditor;
  audit::AuditLoop loop;   // ends first
};

ServeAudit::ServeAudit() = default;
ServeAudit::~ServeAudit() = default;

void ServeAudit::declare(Flags& flags) {
  Flag& wanted = flags.toggle(wanted_, "--audit",
                              "The replica that leads also looks at what runs, as rightslice scan does, judges it under the policies in force, and tells what it "
                              "finds as metrics, and as reports where they are wanted. Needs a cluster.");
  wanted.group = "audit";
  durationFlag(flags, every_, "--audit-every",
               "From one look to the next, at least 5s. When policies, nodes or workloads change it looks earlier: after a fifth of it, a minute at most.")
      .group = "audit";
  declareReports(flags, reports_, "--audit-reports").group = "audit";
  flags.toggle(page_, "--audit-page",
               "Serve the last look on the ops port as /page, on the replica that leads. Whoever reaches that port then reads names of workloads, models and nodes.")
      .group = "audit";
  flags.text(prices_, "--audit-prices", "FILE", "Price book, as --prices of scan. Without it prices are those of --surroundings and --catalogue.").group = "audit";
  declareHistory(flags, history_, "--audit-", "audit");
  metrics_.declareServer(flags);
}

std::string ServeAudit::wrong() const {
  if (std::string text = metrics_.wrong(); !text.empty()) return text;
  if (std::string text = history_.wrong(); !text.empty()) return text;
  if (wanted_ && every_ < std::chrono::seconds(5)) return "--audit-every is at least 5s: each look reads all that runs";
  if (wanted_) return {};
  for (const auto& [flag, given] : {std::pair{"--audit-reports", reports_ != "none"}, {"--audit-page", page_}, {"--audit-prices", !prices_.empty()},
                                    {"--audit-store", history_.given()},
                                    {"--prometheus", metrics_.places.given()}})
    if (given) return fmt::format("{} goes with --audit", flag);
  return {};
}

app::ServePart ServeAudit::part() {
  if (!wanted_) return {};
  app::ServePart out;
  out.flag = "--audit";
  out.name = "audit";
  out.report = [this] { return running_ ? running_->report() : std::string("{}"); };
  out.start = [this](const app::ServeContext& context) { return start(context); };
  out.interrupt = [this] {
    if (running_) running_->loop.interrupt();
  };
  out.stop = [this] { running_.reset(); };
  if (page_) out.routes.push_back({"GET", "/page", "", [this](const http::Request&) { return page(); }});
  return out;
}

http::Response ServeAudit::page() const {
  const auto text = running_ ? running_->auditor.page() : nullptr;
  if (!text) {
    return http::errorResponse(503, "NoPage", running_ && running_->leads() ? "there was no look yet" : "another replica leads, and has the page");
  }
  http::Response out;
  out.contentType = "text/html; charset=utf-8";
  out.headers = {{"Content-Security-Policy", observe::pagePolicyHeader()}, {"X-Content-Type-Options", "nosniff"}, {"Referrer-Policy", "no-referrer"},
                 {"Cache-Control", "no-store"}};
  out.body = *text;
  return out;
}

Result<bool> ServeAudit::start(const app::ServeContext& context) {
  audit::AuditInputs inputs;
  inputs.cluster = context.cluster;
  inputs.catalogue = context.catalogues.view();
  inputs.policies = context.policies;
  inputs.prices = [prices = context.catalogues.prices, surroundings = context.surroundings] {
    const auto now = surroundings();
    return now && now->prices ? *now->prices : *prices;
  };
  auto book = readPrices(prices_);
  if (!book) return tl::unexpected(book.error());
  inputs.book = std::move(*book);
  inputs.metrics = metrics_.places;
  auto history = history_.address();
  if (!history) return tl::unexpected(history.error());
  inputs.history = {std::move(*history), history_.retention()};
  inputs.reports = audit::findReportKind(reports_);
  inputs.leads = context.leads;
  if (page_) inputs.page = observe::PageOptions{std::string(version())};
  if (const std::string text = metrics_.caution(); !text.empty()) context.log.write(host::Level::Warn, text);
  running_ = std::make_unique<Running>(std::move(inputs), context, audit::Schedule::paceOf(every_));
  running_->loop.start();
  return true;
}

}  // namespace rightslice::cli
