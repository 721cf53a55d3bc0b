#include "app/serve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <tuple>

#include "cli/command.hpp"
#include "cli/duration_flags.hpp"
#include "cli/serve_audit.hpp"
#include "cli/terminal.hpp"

namespace rightslice::cli {

namespace {

constexpr std::chrono::seconds kLeastPolicyAge{10};  // files are read every two seconds; with less, one late look makes it unready

/// RFC 1123 names, as those of Kubernetes' objects are (k8s.io/apimachinery, pkg/util/validation).
bool isObjectName(std::string_view text) {
  const auto alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 253 && alnum(text.front()) && alnum(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return alnum(c) || c == '-' || c == '.'; });
}

/// A flag that names one object of a namespace.
Flag named(std::string& target, std::string name, std::string help) {
  Flag flag{.name = std::move(name), .value = "NAMESPACE/NAME", .help = std::move(help)};
  flag.set = [&target](const std::string& text) -> Result<bool> {
    const std::size_t slash = text.find('/');
    if (slash == std::string::npos || !isObjectName(std::string_view(text).substr(0, slash)) || !isObjectName(std::string_view(text).substr(slash + 1))) {
      return fail(fmt::format("'{}' is no NAMESPACE/NAME of an object", text));
    }
    target = text;
    return true;
  };
  return flag;
}

/// Hours where it is whole hours: "720h".
std::string lifetimeText(std::chrono::seconds time) {
  return time.count() % 3600 == 0 ? fmt::format("{}h", time.count() / 3600) : fmt::format("{}s", time.count());
}

void lifetime(Flags& flags, std::optional<std::chrono::seconds>& target, std::string name, std::chrono::seconds without, std::string help) {
  Flag flag{.name = std::move(name), .value = "DURATION", .help = std::move(help), .defaultText = lifetimeText(without)};
  flag.set = [&target](const std::string& text) -> Result<bool> {
    constexpr std::chrono::seconds kLeast{5}, kMost = std::chrono::hours(24) * 36500;
    const auto value = parseSeconds(text);
    if (!value || *value < kLeast || *value > kMost) return fail(fmt::format("'{}' is no lifetime; write 720h, at least 5s", text));
    target = *value;
    return true;
  };
  flags.add(std::move(flag));
}

class Serve : public Command {
 public:
  Manual manual() const override {
    return {"serve",
            "the webhook: /validate and /mutate over TLS",
            "rightslice serve --cert FILE --key FILE [--policies DIR] [--kubeconfig FILE] [FLAG]...\n"
            "rightslice serve --cert-secret NAMESPACE/NAME --service NAMESPACE/NAME --webhook-configuration NAME [FLAG]...",
            "Answers the AdmissionReviews of kube-apiserver on /validate and /mutate, and /livez, /readyz and /metrics "
            "on a plain "
            "port. Policies and certificates are read again when their content changes; a bad change keeps the last "
            "good version "
            "in force.\n\n"
            "In a pod with the token of a service account, or with --kubeconfig, it follows that cluster: SlicePolicy, "
            "ClusterSlicePolicy and SliceException objects beside those of --policies, the labels of namespaces, the "
            "GPUs of nodes "
            "and what is requested on them. It answers 503 and is unready until all of that was read once. What its role "
            "does not let it read of namespaces and nodes counts as unknown. Without a cluster it does not start "
            "without a valid "
            "policy in --policies.\n\n"
            "With --cert-secret it needs nobody else for certificates: one of the replicas makes a CA and a certificate, keeps them in the Secret, renews "
            "them, and writes the CA into the webhook configurations; all replicas serve from the Secret. It is ready once kube-apiserver trusts it.\n\n"
            "On SIGTERM it becomes unready, goes on answering for --shutdown-delay, then drains and ends.",
            "0  ended by SIGTERM or SIGINT\n2  could not start",
            "rightslice serve --cert certs/tls.crt --key certs/tls.key --policies policies/starter\n"
            "rightslice serve --listen 127.0.0.1:0 --ops-listen 127.0.0.1:0 --cert tls.crt --key tls.key --policies "
            "policies/"};
  }

  void declare(Flags& flags) override {
    flags.text(settings_.listen, "--listen", "ADDRESS:PORT",
               "Where to serve TLS. Port 0 takes a free one and prints it.");
    flags.text(settings_.cert, "--cert", "FILE", "The serving certificate with its chain, PEM. Required without --cert-secret.");
    flags.text(settings_.key, "--key", "FILE", "The private key of the certificate, PEM. Required without --cert-secret.");
    flags.add(named(settings_.certSecret, "--cert-secret",
                    "Instead of --cert and --key: a Secret that the program makes, renews and serves from, with a CA of its own. Needs a cluster, --service "
                    "and --webhook-configuration."));
    flags.add(named(settings_.service, "--service", "With --cert-secret: the Service that kube-apiserver calls; the certificate is for its names."));
    flags.list(settings_.webhookConfigurations, "--webhook-configuration", "NAME",
               "With --cert-secret: the validating and the mutating webhook configuration whose caBundle is kept right, in every "
               "webhook that calls --service.");
    lifetime(flags, certLifetime_, "--cert-lifetime", settings_.certLifetime,
             "With --cert-secret: how long a certificate is valid; it is renewed after two thirds of that.");
    lifetime(flags, caLifetime_, "--ca-lifetime", settings_.caLifetime,
             "With --cert-secret: how long its CA is valid, at least three times as long as --cert-lifetime; replaced after two thirds of that.");
    flags.text(settings_.clientCa, "--client-ca", "FILE",
               "Ask clients for a certificate of this CA (mutual TLS), PEM.");
    flags.text(settings_.opsListen, "--ops-listen", "ADDRESS:PORT",
               "Where to serve /livez, /readyz and /metrics, without TLS.");
    flags.integer(workers_, "--workers", "N", "Worker threads; 0 is one per processor, at most 4.", 0, 256);
    durationFlag(flags, settings_.shutdownDelay, "--shutdown-delay",
             "How long it goes on answering after SIGTERM before it drains.");
    flags.list(settings_.policies, "--policies", "DIR|FILE",
               "Policies: a file, or a folder with *.yaml, *.yml and *.json. Polled by content, also through the link "
               "swap of a mounted "
               "ConfigMap. Required where there is no cluster.");
    flags.text(settings_.kubeconfig, "--kubeconfig", "FILE",
               "The cluster to follow, as its current context says. Without it the one of the pod's service account, if "
               "there is one.");
    flags.add(named(settings_.lease, "--lease",
                    "The Lease by which one of the replicas leads: it does what is done once for all of them. Only with a cluster."))
        .defaultText = "rightslice in the namespace of the service account, or of the kubeconfig's context";
    flags.choice(events_, "--events", {"on", "off"},
                 "Events on objects of the cluster for what is denied, rewritten, or would be. Never for a dry run; a few a second at most.");
    flags.text(
        settings_.catalogue, "--catalogue", "DIR",
        "Folder with gpus.json, models.json or prices.yaml, laid over the built-in catalogues. Each is optional.");
    flags.text(settings_.surroundings, "--surroundings", "FILE",
               "Nodes, namespaces and prices, JSON or YAML, as for check.");
    flags.date(settings_.now, "--now", "The day on which exceptions are judged.").defaultText = "the clock's (UTC)";
    flags.list(settings_.trustedControllers, "--trusted-controllers", "GLOB",
               "Users whose objects with a controller owner count as proven children of it.");
    durationFlag(flags, settings_.maxPolicyAge, "--max-policy-age",
             "Unready when policies, namespaces or nodes could not be read, or their watch is without a word of the API server, for so long; at least 10s.",
             kLeastPolicyAge);
    flags.integer(maxExceptionDays_, "--max-exception-days", "N", "How far ahead a SliceException may reach.", 1,
                  36500);
    flags.text(settings_.documentationUrl, "--documentation-url", "URL",
               "Where the pages about findings are read; named in denials.");
    flags.choice(settings_.logLevel, "--log-level", {"debug", "info", "warn", "error"},
                 "The least level that is logged.");
    audit_.declare(flags);
  }

  int run() override {
    if (const std::string wrong = settings_.certSecret.empty() ? wrongWithFiles() : wrongWithSecret(); !wrong.empty()) {
      complain(wrong);
      return kUsage;
    }
    if (const std::string wrong = audit_.wrong(); !wrong.empty()) {
      complain(wrong);
      return kUsage;
    }
    settings_.certLifetime = certLifetime_.value_or(settings_.certLifetime);
    settings_.caLifetime = caLifetime_.value_or(settings_.caLifetime);
    settings_.events = events_ == "on";
    settings_.workers = static_cast<int>(workers_);
    settings_.maxExceptionDays = static_cast<int>(maxExceptionDays_);
    return app::serve(settings_, std::cout, std::cerr, audit_.part());
  }

 private:
  /// Empty: nothing is wrong.
  std::string wrongWithFiles() const {
    if (settings_.cert.empty() && settings_.key.empty()) {
      return "serve needs --cert and --key (rightslice certs makes a pair for trying out), or in a cluster --cert-secret";
    }
    for (const auto& [flag, value, other] : {std::tuple{"--cert", &settings_.cert, "--key"}, {"--key", &settings_.key, "--cert"}}) {
      if (value->empty()) return fmt::format("serve needs {} beside {}; rightslice certs makes a pair for trying out", flag, other);
    }
    for (const auto& [flag, given] : {std::pair{"--service", !settings_.service.empty()}, {"--webhook-configuration", !settings_.webhookConfigurations.empty()},
                                      {"--cert-lifetime", certLifetime_.has_value()}, {"--ca-lifetime", caLifetime_.has_value()}}) {
      if (given) return fmt::format("{} goes with --cert-secret, not with --cert and --key", flag);
    }
    return "";
  }

  std::string wrongWithSecret() const {
    for (const auto& [flag, value] : {std::pair{"--cert", &settings_.cert}, {"--key", &settings_.key}}) {
      if (!value->empty()) return fmt::format("{} and --cert-secret exclude each other: certificates come from files or from a Secret", flag);
    }
    if (settings_.service.empty()) return "--cert-secret needs --service NAMESPACE/NAME, whose names the certificate is for";
    if (settings_.webhookConfigurations.empty()) return "--cert-secret needs --webhook-configuration NAME, whose caBundle is to be kept right";
    for (const std::string& name : settings_.webhookConfigurations) {
      if (!isObjectName(name)) return fmt::format("--webhook-configuration: '{}' is no name of an object", name);
    }
    const auto cert = certLifetime_.value_or(settings_.certLifetime), ca = caLifetime_.value_or(settings_.caLifetime);
    if (ca < 3 * cert) return fmt::format("--ca-lifetime {} is less than three times --cert-lifetime {}", lifetimeText(ca), lifetimeText(cert));
    return "";
  }

  app::ServeSettings settings_;
  ServeAudit audit_;
  std::string events_ = "on";
  std::optional<std::chrono::seconds> certLifetime_, caLifetime_;
  std::int64_t workers_ = 0, maxExceptionDays_ = 180;
};

}  // namespace

std::unique_ptr<Command> makeServe() { return std::make_unique<Serve>(); }

}  // namespace rightslice::cli
