// Where the API server is and who we are to it: from a kubeconfig, or from what a pod is given.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace rightslice::kube {

/// Where a text comes from: written in place, or a file that is read again whenever it is needed. `file` wins.
struct Secret {
  std::string text, file;
  bool empty() const { return text.empty() && file.empty(); }
  Result<std::string> read() const;  ///< at most 1 MiB; Error.where is the file
};

struct Url {
  bool tls = true;
  std::string host, port, path;  ///< host without brackets; path without a slash at its end
  std::string text() const;
};
/// "https://10.0.0.1:6443", "http://[::1]:8080/clusters/a"; nothing but scheme, host, port and path.
Result<Url> parseUrl(std::string_view text);

/// A program that gives credentials (client.authentication.k8s.io).
struct ExecPlugin {
  std::string apiVersion, command;                          ///< command: a path, or a name to be found in PATH
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string installHint;
  bool provideClusterInfo = false;
};

struct Config {
  std::string source;                     ///< "in-cluster", or the file and the context in it
  Url server;
  std::string serverName;                 ///< what the certificate must name; empty: the host
  bool insecure = false;
  Secret authorities, certificate, key, token;
  std::string username, password;
  std::optional<ExecPlugin> exec;
  std::vector<std::pair<std::string, std::string>> impersonate;  ///< headers
  std::string ns = "default";
};

/// One context of a kubeconfig; `context` empty: its current one. Files named in it are relative to its folder. What it asks for
/// and is not supported is an error. Error.where is "file:line:column" and the message names the field.
Result<Config> readKubeconfig(std::string_view text, const std::string& file, std::string_view context = {});
Result<Config> loadKubeconfig(const std::string& file, std::string_view context = {});

struct KubeconfigText {
  std::string file, text;
};
/// One context of a kubeconfig in several files, as client-go merges them: of each name the first file that has it.
Result<Config> readKubeconfigs(const std::vector<KubeconfigText>& files, std::string_view context = {});

using Environment = std::function<std::string(const char* name)>;  ///< "" where it is not set

constexpr std::string_view kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";
/// What a pod with a service account's token is given; nothing where this is no such pod.
std::optional<Result<Config>> inClusterConfig(const Environment& environment, const std::string& folder = std::string(kServiceAccount));

/// As kubectl chooses: `file`; else the files that KUBECONFIG lists (one that is not there is passed over); else ~/.kube/config; else
/// what a pod is given. Source: k8s.io/client-go tools/clientcmd/loader.go and merged_client_builder.go.
Result<Config> chooseConfig(const std::string& file, std::string_view context, const Environment& environment,
                            const std::string& serviceAccount = std::string(kServiceAccount));

}  // namespace rightslice::kube
