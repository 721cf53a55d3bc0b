#include "kube/config.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "base/base64.hpp"
#include "json/place.hpp"
#include "json/yaml.hpp"

namespace rightslice::kube {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxBytes = 1U << 20;

Result<std::string> readFile(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return fail("is a folder", path);
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(fmt::format("cannot be read: {}", std::strerror(errno)), path);
  std::string text(kMaxBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return fail("cannot be read", path);
  if (text.size() > kMaxBytes) return fail("is larger than 1 MiB", path);
  return text;
}

/// A place in the kubeconfig. Reads with the first error kept; what follows reads as empty.
class Reader {
 public:
  Reader(const std::string& file, const json::Marks& marks) : file_(file), marks_(marks) {}

  void refuse(const std::string& pointer, const std::string& message) {
    if (error_) return;
    std::string field = pointer.empty() ? "the file" : pointer.substr(1);
    for (char& c : field) c = c == '/' ? '.' : c;
    error_ = Error{fmt::format("{}: {}", field, message), fmt::format("{}:{}", file_, json::placeText(marks_.find(pointer).value))};
  }

  std::string text(json::View parent, const std::string& at, std::string_view key) {
    const json::View value = parent[key];
    if (!value.exists() || value.isNull()) return {};
    if (const auto string = value.string()) return std::string(*string);
    refuse(fmt::format("{}/{}", at, key), fmt::format("must be a string, not {}", value.typeName()));
    return {};
  }

  bool flag(json::View parent, const std::string& at, std::string_view key) {
    const json::View value = parent[key];
    if (!value.exists() || value.isNull()) return false;
    if (const auto boolean = value.boolean()) return *boolean;
    refuse(fmt::format("{}/{}", at, key), fmt::format("must be true or false, not {}", value.typeName()));
    return false;
  }

  std::vector<std::string> texts(json::View parent, const std::string& at, std::string_view key) {
    std::vector<std::string> out;
    const json::View list = parent[key];
    if (!list.exists() || list.isNull()) return out;
    const std::string here = fmt::format("{}/{}", at, key);
    if (!list.isArray()) refuse(here, fmt::format("must be a list, not {}", list.typeName()));
    std::size_t index = 0;
    for (const json::View each : list.elements()) {
      if (!each.isString()) refuse(fmt::format("{}/{}", here, index), fmt::format("must be a string, not {}", each.typeName()));
      out.emplace_back(each.stringOr(""));
      ++index;
    }
    return out;
  }

  /// `<key>-data` in base64, or the file that `<key>` names.
  Secret secret(json::View parent, const std::string& at, const std::string& key) {
    Secret out;
    const std::string data = text(parent, at, key + "-data");
    if (!data.empty()) {  // as client-go: the data win
      const auto bytes = fromBase64(data);
      if (!bytes) refuse(fmt::format("{}/{}-data", at, key), "is no base64");
      out.text = bytes.value_or("");
      return out;
    }
    out.file = path(text(parent, at, key));
    return out;
  }

  std::string path(const std::string& written) const {
    if (written.empty() || written.front() == '/') return written;
    return (fs::path(file_).parent_path() / written).string();
  }

  /// The element of the list `key` called `name`, under `inner`; its pointer goes to `at`.
  json::View named(json::View root, std::string_view key, std::string_view inner, const std::string& name, std::string& at) {
    std::size_t index = 0;
    for (const json::View each : root[key].elements()) {
      at = fmt::format("/{}/{}/{}", key, index++, inner);
      if (each["name"].stringOr("") != name) continue;
      if (!each[inner].isObject()) refuse(at, fmt::format("must be a mapping, not {}", each[inner].typeName()));
      return each[inner];
    }
    at = fmt::format("/{}", key);
    refuse(at, fmt::format("none is called '{}'", name));
    return {};
  }

  const std::optional<Error>& error() const { return error_; }
  const std::string& file() const { return file_; }

 private:
  const std::string& file_;
  const json::Marks& marks_;
  std::optional<Error> error_;
};

void readCluster(json::View cluster, const std::string& at, Reader& reader, Config& out) {
  if (const auto url = parseUrl(reader.text(cluster, at, "server"))) {
    out.server = *url;
  } else {
    reader.refuse(at + "/server", url.error().message);
  }
  if (!reader.text(cluster, at, "proxy-url").empty()) reader.refuse(at + "/proxy-url", "a proxy to the API server is not supported");
  out.serverName = reader.text(cluster, at, "tls-server-name");
  out.insecure = reader.flag(cluster, at, "insecure-skip-tls-verify");
  out.authorities = reader.secret(cluster, at, "certificate-authority");
  if (out.insecure && !out.authorities.empty()) {
    reader.refuse(at + "/insecure-skip-tls-verify", "contradicts certificate-authority: give one of them");
  }
}

ExecPlugin readExec(json::View exec, const std::string& at, Reader& reader) {
  ExecPlugin out;
  out.apiVersion = reader.text(exec, at, "apiVersion");
  out.command = reader.text(exec, at, "command");
  out.args = reader.texts(exec, at, "args");
  out.installHint = reader.text(exec, at, "installHint");
  out.provideClusterInfo = reader.flag(exec, at, "provideClusterInfo");
  std::size_t index = 0;
  for (const json::View each : exec["env"].elements()) {
    const std::string here = fmt::format("{}/env/{}", at, index++);
    std::string name = reader.text(each, here, "name");
    if (name.empty() || name.find('=') != std::string::npos) reader.refuse(here + "/name", "must be the name of a variable");
    out.env.emplace_back(std::move(name), reader.text(each, here, "value"));
  }
  if (out.apiVersion != "client.authentication.k8s.io/v1" && out.apiVersion != "client.authentication.k8s.io/v1beta1") {
    reader.refuse(at + "/apiVersion", fmt::format("'{}' is neither client.authentication.k8s.io/v1 nor v1beta1", out.apiVersion));
  }
  if (out.command.empty()) reader.refuse(at + "/command", "is missing");
  if (reader.text(exec, at, "interactiveMode") == "Always") {
    reader.refuse(at + "/interactiveMode", "there is nobody to ask: a program that always asks cannot be used");
  }
  // Only a path is relative to the file; a plain name is found in PATH.
  if (out.command.find('/') != std::string::npos) out.command = reader.path(out.command);
  return out;
}

/// A name that becomes the value of a header.
void impersonate(std::string header, const std::string& value, const std::string& at, Reader& reader, Config& out) {
  for (const char c : value) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) return reader.refuse(at, "holds a control character");
  }
  out.impersonate.emplace_back(std::move(header), value);
}

void readUser(json::View user, const std::string& at, Reader& reader, Config& out) {
  out.certificate = reader.secret(user, at, "client-certificate");
  out.key = reader.secret(user, at, "client-key");
  if (out.certificate.empty() != out.key.empty()) {
    reader.refuse(at + (out.key.empty() ? "/client-certificate" : "/client-key"), "client-certificate and client-key belong together");
  }
  out.token.file = reader.path(reader.text(user, at, "tokenFile"));
  out.token.text = reader.text(user, at, "token");
  out.username = reader.text(user, at, "username");
  out.password = reader.text(user, at, "password");
  if (user["exec"].isObject()) out.exec = readExec(user["exec"], at + "/exec", reader);
  if (user["auth-provider"].exists()) {
    reader.refuse(at + "/auth-provider", "is gone since Kubernetes 1.26: the plugin of the provider is written under exec");
  }
  if (user["as-user-extra"].exists()) reader.refuse(at + "/as-user-extra", "is not supported");
  const std::string as = reader.text(user, at, "as"), uid = reader.text(user, at, "as-uid");
  if (!as.empty()) impersonate("Impersonate-User", as, at + "/as", reader, out);
  if (!uid.empty()) impersonate("Impersonate-Uid", uid, at + "/as-uid", reader, out);
  for (const std::string& group : reader.texts(user, at, "as-groups")) impersonate("Impersonate-Group", group, at + "/as-groups", reader, out);
}

}  // namespace

Result<std::string> Secret::read() const { return file.empty() ? Result<std::string>(text) : readFile(file); }

namespace {

/// One of the files that together are a kubeconfig.
struct Source {
  json::YamlStream stream;
  std::unique_ptr<Reader> reader;
  json::View root() const { return stream.documents.front().document.root(); }
};

Result<Source> parse(const KubeconfigText& file) {
  Source out;
  out.stream = json::parseYaml(file.text);
  if (!out.stream.broken.empty()) {
    const Error& error = out.stream.broken.front().error;
    return fail(error.message, fmt::format("{}:{}", file.file, error.where));
  }
  if (out.stream.documents.size() != 1) return fail("is no kubeconfig: it must hold one document", file.file);
  out.reader = std::make_unique<Reader>(file.file, out.stream.documents.front().marks);
  if (out.root()["kind"].stringOr("Config") != "Config") out.reader->refuse("/kind", "is no kubeconfig: kind must be Config");
  return out;
}

/// The first source whose list `key` has an element of the name; where none has, the first, which will say so.
Source& holderOf(std::vector<Source>& sources, std::string_view key, std::string_view name) {
  for (Source& source : sources) {
    for (const json::View each : source.root()[key].elements()) {
      if (each["name"].stringOr("") == name) return source;
    }
  }
  return sources.front();
}

}  // namespace

Result<Config> readKubeconfigs(const std::vector<KubeconfigText>& files, std::string_view context) {
  std::vector<Source> sources;
  for (const KubeconfigText& file : files) {
    auto source = parse(file);
    if (!source) return tl::unexpected(source.error());
    sources.push_back(std::move(*source));
  }
  if (sources.empty()) return fail("no kubeconfig");
  Config out;
  std::string name(context);
  for (const Source& source : sources) {
    if (name.empty()) name = source.reader->text(source.root(), "", "current-context");
  }
  if (name.empty()) sources.front().reader->refuse("/current-context", "is missing, and no context was named");
  std::string at;
  Source& home = holderOf(sources, "contexts", name);
  const json::View chosen = home.reader->named(home.root(), "contexts", "context", name, at);
  out.source = fmt::format("{} (context {})", home.reader->file(), name);
  if (const std::string ns = home.reader->text(chosen, at, "namespace"); !ns.empty()) out.ns = ns;
  const std::string cluster = home.reader->text(chosen, at, "cluster"), user = home.reader->text(chosen, at, "user");
  Source& clusterHome = holderOf(sources, "clusters", cluster);
  const json::View clusterView = clusterHome.reader->named(clusterHome.root(), "clusters", "cluster", cluster, at);
  readCluster(clusterView, at, *clusterHome.reader, out);
  if (!user.empty()) {
    Source& userHome = holderOf(sources, "users", user);
    const json::View userView = userHome.reader->named(userHome.root(), "users", "user", user, at);
    readUser(userView, at, *userHome.reader, out);
  }
  for (const Source& source : sources) {
    if (source.reader->error()) return tl::unexpected(*source.reader->error());
  }
  return out;
}

Result<Config> readKubeconfig(std::string_view text, const std::string& file, std::string_view context) {
  return readKubeconfigs({{file, std::string(text)}}, context);
}

Result<Config> loadKubeconfig(const std::string& file, std::string_view context) {
  const auto text = readFile(file);
  if (!text) return tl::unexpected(text.error());
  return readKubeconfig(*text, file, context);
}

Result<Config> chooseConfig(const std::string& file, std::string_view context, const Environment& environment, const std::string& serviceAccount) {
  if (!file.empty()) return loadKubeconfig(file, context);
  std::vector<std::string> names;
  std::string list = environment("KUBECONFIG");
  if (list.empty() && !environment("HOME").empty()) list = environment("HOME") + "/.kube/config";
  while (!list.empty()) {
    const auto end = std::min(list.find(':'), list.size());
    if (end > 0) names.push_back(list.substr(0, end));
    list.erase(0, std::min(end + 1, list.size()));
  }
  std::vector<KubeconfigText> files;
  for (const std::string& name : names) {
    std::error_code ignored;
    if (!fs::exists(name, ignored)) continue;
    auto text = readFile(name);
    if (!text) return tl::unexpected(text.error());
    files.push_back({name, std::move(*text)});
  }
  if (!files.empty()) return readKubeconfigs(files, context);
  if (context.empty()) {
    if (auto found = inClusterConfig(environment, serviceAccount)) return std::move(*found);
  }
  return fail(names.empty() ? "no kubeconfig: name one with --kubeconfig or in KUBECONFIG"
                            : fmt::format("no kubeconfig: {} {} not there, and --kubeconfig names none", fmt::join(names, ", "),
                                          names.size() == 1 ? "is" : "are"));
}

std::optional<Result<Config>> inClusterConfig(const Environment& environment, const std::string& folder) {
  const std::string host = environment("KUBERNETES_SERVICE_HOST"), port = environment("KUBERNETES_SERVICE_PORT");
  const std::string token = folder + "/token";
  std::error_code ignored;
  if (host.empty() || port.empty() || !fs::exists(token, ignored)) return std::nullopt;
  Config out;
  out.source = "in-cluster";
  Url address;
  address.host = host;
  address.port = port;
  const auto url = parseUrl(address.text());
  if (!url) return Result<Config>(fail(url.error().message, "KUBERNETES_SERVICE_HOST"));
  out.server = *url;
  out.token.file = token;
  out.authorities.file = folder + "/ca.crt";
  if (const auto ns = readFile(folder + "/namespace"); ns && !ns->empty()) out.ns = *ns;
  return Result<Config>(std::move(out));
}

}  // namespace rightslice::kube
