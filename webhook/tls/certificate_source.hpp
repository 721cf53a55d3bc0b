// The serving certificate from files, followed by content: kubelet swaps a symlink, which watching the file would miss.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "host/published.hpp"
#include "tls/context.hpp"

namespace rightslice::tls {

/// The text of a file of certificates or of a key, at most 1 MiB, and not empty; Error.where is the flag and the path.
Result<std::string> readPem(const std::string& flag, const std::string& path);

/// current() and expiry() are thread-safe; poll() is for one thread.
class CertificateSource {
 public:
  /// Reads the files; an unreadable or mismatched pair is an error.
  static Result<std::unique_ptr<CertificateSource>> open(CertificateFiles files);

  enum class Poll { Unchanged, Changed, Failed };
  /// Reads again. A pair that does not load keeps the last good one; it is Failed once and Unchanged until the files change
  /// again. `error` says why.
  Poll poll(std::string& error);

  /// For new handshakes; sessions in progress keep theirs.
  Context current() const { return std::const_pointer_cast<ssl_ctx_st>(published_.get()); }
  std::chrono::system_clock::time_point expiry() const;

 private:
  struct Contents {
    std::string certificate, key, clientCa;
    friend bool operator==(const Contents&, const Contents&) = default;
  };
  explicit CertificateSource(CertificateFiles files) : files_(std::move(files)) {}
  Result<Contents> read() const;
  Result<bool> adopt(const Contents& contents);

  CertificateFiles files_;
  Contents tried_;              ///< what was last tried, good or bad
  std::string lastReadError_;
  host::Published<ssl_ctx_st> published_;
  host::Published<std::chrono::system_clock::time_point> expiry_;
};

}  // namespace rightslice::tls
