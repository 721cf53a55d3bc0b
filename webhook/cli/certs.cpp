#include <fmt/format.h>

#include <filesystem>

#include "base/base64.hpp"
#include "cli/command.hpp"
#include "cli/terminal.hpp"
#include "tls/authority.hpp"

namespace rightslice::cli {

namespace {

namespace fs = std::filesystem;

class Certs : public Command {
 public:
  Manual manual() const override {
    return {"certs",
            "make a CA and a serving certificate; print the caBundle",
            "rightslice certs --out DIR [FLAG]...",
            "Makes a certificate authority and, signed by it, a serving certificate (ECDSA P-256), and writes ca.crt, "
            "tls.crt and "
            "tls.key into the folder; keys are readable by their owner only. The key of the CA is not kept: run it "
            "again for new "
            "certificates. Prints the caBundle (base64) for the webhook configurations.\n\n"
            "Meant for development, and for clusters where neither cert-manager nor serve --cert-secret keeps certificates.",
            "0  written\n2  bad usage, files that are there already, or a folder that cannot be written",
            "rightslice certs --out certs/dev\nrightslice certs --out /tmp/certs --dns-name "
            "rightslice.gpu-platform.svc --ip 127.0.0.1 --days 90"};
  }

  void declare(Flags& flags) override {
    flags.text(out_, "--out", "DIR",
               "Where ca.crt, tls.crt and tls.key are written; made if it is not there. Required.");
    flags.list(dnsNames_, "--dns-name", "NAME", "Names that the certificate is for.");
    flags.list(ips_, "--ip", "ADDRESS", "Addresses that the certificate is for.");
    flags.integer(days_, "--days", "N", "How long the serving certificate is valid.", 1, 3650);
    flags.integer(caDays_, "--ca-days", "N", "How long the CA is valid.", 1, 36500);
    flags.toggle(client_, "--client", "Also make a client certificate of the same CA: client.crt and client.key.");
    flags.toggle(force_, "--force", "Replace files that are there.");
  }

  int run() override {
    if (out_.empty()) return refuse("certs needs --out DIR");
    if (days_ > caDays_) return refuse("--days: the serving certificate would outlive its CA (--ca-days)");
    const auto path = [&](const char* name) { return (fs::path(out_) / name).string(); };
    std::error_code error;
    if (!force_)
      for (const char* name : {"ca.crt", "tls.crt", "tls.key", "client.crt", "client.key"})
        if (fs::exists(path(name), error))
          return refuse(fmt::format("{} is there already; --force replaces it", path(name)));
    tls::IssueOptions options;
    options.dnsNames = dnsNames_;
    options.ips = ips_;
    options.days = static_cast<int>(days_);
    options.caDays = static_cast<int>(caDays_);
    const auto issued = tls::issue(options);
    if (!issued) return refuse(issued.error().message);
    fs::create_directories(out_, error);
    if (error) return refuse(fmt::format("cannot make the folder {}: {}", out_, error.message()));

    struct File {
      const char* name;
      const std::string* text;
      bool isKey;
    };
    std::vector<File> files{{"ca.crt", &issued->caCertificate, false},
                            {"tls.crt", &issued->certificate, false},
                            {"tls.key", &issued->key, true}};
    if (client_) {
      files.push_back({"client.crt", &issued->clientCertificate, false});
      files.push_back({"client.key", &issued->clientKey, true});
    }
    for (const auto& file : files)
      if (const auto done = tls::writeSecret(path(file.name), *file.text, file.isKey); !done)
        return refuse(done.error().where.empty() ? done.error().message
                                                 : done.error().where + ": " + done.error().message);
    print(base64(issued->caCertificate) + "\n");
    return kOk;
  }

 private:
  static int refuse(std::string_view message) {
    complain(message);
    return kUsage;
  }

  std::string out_;
  std::vector<std::string> dnsNames_{"rightslice.rightslice.svc", "rightslice.rightslice.svc.cluster.local",
                                     "rightslice.rightslice", "rightslice", "localhost"};
  std::vector<std::string> ips_{"127.0.0.1", "::1"};
  std::int64_t days_ = 365, caDays_ = 3650;
  bool client_ = false, force_ = false;
};

}  // namespace

std::unique_ptr<Command> makeCerts() { return std::make_unique<Certs>(); }

}  // namespace rightslice::cli
