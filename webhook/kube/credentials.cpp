#include "kube/credentials.hpp"

#include <fmt/format.h>

#include "base/base64.hpp"

namespace rightslice::kube {
namespace {

constexpr std::chrono::seconds kBeforeExpiry{10};

/// The text without the line end that files have; nothing that could end a header line.
Result<std::string> headerText(std::string text, const std::string& where) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7F) return fail("holds no token: a blank or another odd character is in it", where);
  }
  return text;
}

}  // namespace

Result<const ExecCredential*> Credentials::given() {
  if (!config_.exec) return nullptr;
  if (!given_ || (given_->expires && clock_.now() + kBeforeExpiry >= *given_->expires)) {
    auto fresh = runPlugin(*config_.exec, config_);
    if (!fresh) return tl::unexpected(fresh.error());
    given_ = std::move(*fresh);
  }
  return &*given_;
}

Result<std::vector<std::pair<std::string, std::string>>> Credentials::headers() {
  auto out = config_.impersonate;
  const auto plugin = given();
  if (!plugin) return tl::unexpected(plugin.error());
  std::string token;
  if (!config_.token.empty()) {
    const auto text = config_.token.read();
    if (!text) return tl::unexpected(text.error());
    token = *text;
  } else if (*plugin != nullptr) {
    token = (*plugin)->token;
  }
  if (!token.empty()) {
    const auto clean = headerText(std::move(token), config_.token.file);
    if (!clean) return tl::unexpected(clean.error());
    out.emplace_back("Authorization", "Bearer " + *clean);
  } else if (!config_.username.empty()) {
    out.emplace_back("Authorization", "Basic " + base64(config_.username + ":" + config_.password));
  }
  return out;
}

Result<tls::Context> Credentials::context() {
  const auto plugin = given();
  if (!plugin) return tl::unexpected(plugin.error());
  tls::ClientIdentity identity;
  identity.verify = !config_.insecure;
  struct Part {
    const Secret* from;
    std::string* to;
  };
  for (const auto& [from, to] : {Part{&config_.authorities, &identity.authorities}, Part{&config_.certificate, &identity.certificates},
                                 Part{&config_.key, &identity.key}}) {
    auto text = from->read();
    if (!text) return tl::unexpected(text.error());
    *to = std::move(*text);
  }
  if (*plugin != nullptr && !(*plugin)->certificate.empty()) {
    identity.certificates = (*plugin)->certificate;
    identity.key = (*plugin)->key;
  }
  if (context_ && identity == identity_) return context_;
  auto made = tls::clientContext(identity);
  if (!made) return tl::unexpected(made.error());
  identity_ = std::move(identity);
  context_ = *made;
  return context_;
}

}  // namespace rightslice::kube
