// `serve --audit`: its flags, and the part of the program that hangs on serve.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "app/serve.hpp"
#include "cli/flags.hpp"
#include "cli/metrics_flags.hpp"
#include "cli/store_flags.hpp"

namespace rightslice::cli {

class ServeAudit {
 public:
  ServeAudit();
  ~ServeAudit();
  void declare(Flags& flags);
  /// What is wrong with the flags together; empty: nothing.
  std::string wrong() const;
  /// Nothing hangs on serve without --audit. As long as this lives.
  app::ServePart part();

 private:
  struct Running;
  Result<bool> start(const app::ServeContext& context);
  http::Response page() const;

  bool wanted_ = false, page_ = false;
  std::chrono::seconds every_{300};
  std::string reports_ = "none", prices_;
  StoreFlags history_;
  MetricsFlags metrics_;
  std::unique_ptr<Running> running_;
};

}  // namespace rightslice::cli
