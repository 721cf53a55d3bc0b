#include "kube/config.hpp"

#include <doctest/doctest.h>

#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <map>

using namespace rightslice;
using namespace rightslice::kube;

namespace {

std::string kubeconfig(const std::string& cluster, const std::string& user, const std::string& more = "") {
  return "apiVersion: v1\nkind: Config\ncurrent-context: here\ncontexts:\n- name: here\n  context: {cluster: c, user: u, namespace: team-a}\n" + more +
         "clusters:\n- name: c\n  cluster: " + cluster + "\nusers:\n- name: u\n  user: " + user + "\n";
}

const std::string kCluster = "{server: 'https://10.0.0.1:6443', certificate-authority: pki/ca.crt}";

Result<Config> read(const std::string& text, std::string_view context = {}) { return readKubeconfig(text, "/etc/kube/config", context); }

}  // namespace

TEST_CASE("addresses of API servers") {
  struct Row {
    const char *text, *host, *port, *path;
    bool tls;
  };
  for (const Row& row : {Row{"https://10.0.0.1:6443", "10.0.0.1", "6443", "", true}, Row{"https://kube.example.com", "kube.example.com", "443", "", true},
                         Row{"http://localhost:8080/", "localhost", "8080", "", false}, Row{"https://[::1]:6443", "::1", "6443", "", true},
                         Row{"https://[fe80::1]", "fe80::1", "443", "", true},
                         Row{"https://rancher.example.com/k8s/clusters/c-1/", "rancher.example.com", "443", "/k8s/clusters/c-1", true}}) {
    CAPTURE(row.text);
    const auto url = parseUrl(row.text);
    REQUIRE(url);
    CHECK(url->host == row.host);
    CHECK(url->port == row.port);
    CHECK(url->path == row.path);
    CHECK(url->tls == row.tls);
  }
  CHECK(parseUrl("https://[::1]:6443/a")->text() == "https://[::1]:6443/a");
  for (const char* bad : {"", "10.0.0.1:6443", "ftp://a", "https://", "https://:6443", "https://a:", "https://a:0", "https://a:65536", "https://a:64b3",
                          "https://[::1", "https://[::1]x", "https://a/b?c", "https://a b", "https://user@host", "https://a\r\nX: y"}) {
    CAPTURE(bad);
    CHECK(!parseUrl(bad));
  }
}

TEST_CASE("a kubeconfig's context, with files relative to it") {
  const auto config = read(kubeconfig(kCluster, "{client-certificate: a.crt, client-key: /abs/a.key, tokenFile: t}"));
  REQUIRE(config);
  CHECK(config->source == "/etc/kube/config (context here)");
  CHECK(config->server.host == "10.0.0.1");
  CHECK(config->ns == "team-a");
  CHECK(config->authorities.file == "/etc/kube/pki/ca.crt");
  CHECK(config->certificate.file == "/etc/kube/a.crt");
  CHECK(config->key.file == "/abs/a.key");
  CHECK(config->token.file == "/etc/kube/t");
}

TEST_CASE("data in place win over files") {
  const auto config = read(kubeconfig("{server: 'https://a', certificate-authority: x, certificate-authority-data: Q0E=, tls-server-name: kubernetes}",
                                      "{client-certificate-data: Q1JU, client-key-data: S0VZ, token: abc, username: me, password: secret}"));
  REQUIRE(config);
  CHECK(config->authorities.text == "CA");
  CHECK(config->authorities.file.empty());
  CHECK(config->certificate.text == "CRT");
  CHECK(config->key.text == "KEY");
  CHECK(config->token.text == "abc");
  CHECK(config->username == "me");
  CHECK(config->serverName == "kubernetes");
}

TEST_CASE("another context, impersonation, and a plugin") {
  const std::string other = "- name: there\n  context: {cluster: c, user: u}\n";
  const auto config = read(kubeconfig(kCluster, "{as: jane, as-uid: '7', as-groups: [devs, ops], exec: {apiVersion: client.authentication.k8s.io/v1, "
                                                "command: bin/login, args: [--quiet], env: [{name: A, value: b}], provideClusterInfo: true, "
                                                "interactiveMode: IfAvailable, installHint: install it}}", other),
                           "there");
  REQUIRE(config);
  CHECK(config->ns == "default");
  CHECK(config->impersonate == std::vector<std::pair<std::string, std::string>>{
                                   {"Impersonate-User", "jane"}, {"Impersonate-Uid", "7"}, {"Impersonate-Group", "devs"}, {"Impersonate-Group", "ops"}});
  REQUIRE(config->exec);
  CHECK(config->exec->command == "/etc/kube/bin/login");
  CHECK(config->exec->args == std::vector<std::string>{"--quiet"});
  CHECK(config->exec->env == std::vector<std::pair<std::string, std::string>>{{"A", "b"}});
  CHECK(config->exec->provideClusterInfo);
}

TEST_CASE("what is wrong with a kubeconfig is said with file, line and field") {
  struct Row {
    const char* name;
    std::string text, where, message;
  };
  const Row rows[] = {
      {"broken", "a: [", "/etc/kube/config:", ""},
      {"empty", "", "/etc/kube/config", "one document"},
      {"no context", "clusters: []\n", "/etc/kube/config:1:1", "current-context: is missing"},
      {"unknown context", "current-context: x\ncontexts: []\n", "/etc/kube/config:2:11", "contexts: none is called 'x'"},
      {"server", kubeconfig("{server: 10.0.0.1}", "{}"), "/etc/kube/config:9:21", "clusters.0.cluster.server: '10.0.0.1' is no address"},
      {"server with a password", kubeconfig("{server: 'https://ann:pw@10.0.0.1'}", "{}"), "/etc/kube/config:9:21", "clusters.0.cluster.server: holds a user or a password"},
      {"no server", kubeconfig("{}", "{}"), "/etc/kube/config:9", "clusters.0.cluster.server: '' is no address"},
      {"proxy", kubeconfig("{server: 'https://a', proxy-url: 'http://p'}", "{}"), "/etc/kube/config:9:45", "proxy-url: a proxy to the API server is not supported"},
      {"base64", kubeconfig("{server: 'https://a', certificate-authority-data: '***'}", "{}"), "/etc/kube/config:9:", "certificate-authority-data: is no base64"},
      {"insecure", kubeconfig("{server: 'https://a', insecure-skip-tls-verify: true, certificate-authority: a}", "{}"), "/etc/kube/config:9:", "contradicts"},
      {"insecure text", kubeconfig("{server: 'https://a', insecure-skip-tls-verify: 'yes'}", "{}"), "/etc/kube/config:9:", "must be true or false, not string"},
      {"half a pair", kubeconfig(kCluster, "{client-certificate: a}"), "/etc/kube/config:12:", "belong together"},
      {"auth-provider", kubeconfig(kCluster, "{auth-provider: {name: gcp}}"), "/etc/kube/config:12:", "gone since Kubernetes 1.26"},
      {"token type", kubeconfig(kCluster, "{token: 12}"), "/etc/kube/config:12:17", "users.0.user.token: must be a string, not number"},
      {"exec version", kubeconfig(kCluster, "{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}}"), "/etc/kube/config:12:", "neither"},
      {"exec asks", kubeconfig(kCluster, "{exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}}"), "/etc/kube/config:12:", "nobody to ask"},
      {"exec command", kubeconfig(kCluster, "{exec: {apiVersion: client.authentication.k8s.io/v1}}"), "/etc/kube/config:12:", "command: is missing"},
      {"as", kubeconfig(kCluster, "{as: \"a\\nb\"}"), "/etc/kube/config:12:", "control character"},
      {"extra", kubeconfig(kCluster, "{as-user-extra: {a: [b]}}"), "/etc/kube/config:12:", "not supported"},
      {"no such user", "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: v}}]\nclusters: [{name: c, cluster: {server: 'https://a'}}]\n",
       "/etc/kube/config:", "users: none is called 'v'"},
      {"another kind", "kind: Pod\n", "/etc/kube/config:1:7", "is no kubeconfig"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const auto config = read(row.text);
    REQUIRE(!config);
    CHECK(config.error().where.substr(0, row.where.size()) == row.where);
    CHECK_MESSAGE(config.error().message.find(row.message) != std::string::npos, config.error().message);
  }
  CHECK(loadKubeconfig("/nowhere/config").error().where == "/nowhere/config");
}

TEST_CASE("a pod with a token finds its cluster") {
  const auto folder = std::filesystem::temp_directory_path() / ("rightslice-account-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const Environment in = [](const char* name) {
    if (std::string_view(name) == "KUBERNETES_SERVICE_HOST") return std::string("fd00::1");
    return std::string(std::string_view(name) == "KUBERNETES_SERVICE_PORT" ? "443" : "");
  };
  const Environment out = [](const char*) { return std::string(); };
  CHECK(!inClusterConfig(in, folder));  // no token is mounted
  std::ofstream(folder / "token") << "abc\n";
  std::ofstream(folder / "namespace") << "rightslice";
  CHECK(!inClusterConfig(out, folder));
  const auto config = inClusterConfig(in, folder);
  REQUIRE(config);
  REQUIRE(*config);
  CHECK((*config)->server.text() == "https://[fd00::1]:443");
  CHECK((*config)->token.file == (folder / "token").string());
  CHECK((*config)->authorities.file == (folder / "ca.crt").string());
  CHECK((*config)->ns == "rightslice");
  std::filesystem::remove_all(folder);
}

TEST_CASE("a kubeconfig in several files: of each name the first file that has it") {
  const std::vector<KubeconfigText> files{
      {"/a/one", "contexts: [{name: x, context: {cluster: c, user: u, namespace: team-a}}]\n"},
      {"/b/two", "current-context: x\ncontexts: [{name: x, context: {cluster: other}}]\nclusters: [{name: c, cluster: {server: 'https://b', certificate-authority: ca.crt}}]\n"},
      {"/c/three", "current-context: other\nclusters: [{name: c, cluster: {server: 'https://c'}}]\nusers: [{name: u, user: {token: abc}}]\n"}};
  const auto config = readKubeconfigs(files);
  REQUIRE_MESSAGE(config, config.error().message);
  CHECK(config->source == "/a/one (context x)");
  CHECK(config->server.text() == "https://b:443");
  CHECK(config->authorities.file == "/b/ca.crt");  // relative to the file that names it
  CHECK(config->token.text == "abc");
  CHECK(config->ns == "team-a");
  const auto wrong = readKubeconfigs(files, "z");
  REQUIRE(!wrong);
  CHECK(wrong.error().message == "contexts: none is called 'z'");
  CHECK(!readKubeconfigs({}));
}

TEST_CASE("which kubeconfig is chosen, as kubectl does") {
  const auto folder = std::filesystem::temp_directory_path() / ("rightslice-choice-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder / ".kube");
  const auto write = [&](const std::string& name, const std::string& host) {
    std::ofstream(folder / name) << "current-context: x\ncontexts: [{name: x, context: {cluster: c}}, {name: other, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: 'https://"
                                 << host << "'}}]\n";
    return (folder / name).string();
  };
  const std::string one = write("one", "one"), two = write("two", "two");
  std::map<std::string, std::string> variables;
  const Environment environment = [&](const char* name) { return variables[name]; };
  const auto host = [&](const std::string& file, std::string_view context = {}) {
    const auto config = chooseConfig(file, context, environment, folder.string());
    return config ? config->server.host : config.error().message;
  };
  CHECK(host("") == "no kubeconfig: name one with --kubeconfig or in KUBECONFIG");
  variables["HOME"] = folder.string();
  CHECK(host("") == "no kubeconfig: " + (folder / ".kube/config").string() + " is not there, and --kubeconfig names none");
  variables["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
  variables["KUBERNETES_SERVICE_PORT"] = "443";
  std::ofstream(folder / "token") << "abc";
  CHECK(host("") == "10.0.0.1");
  CHECK(host("", "x").starts_with("no kubeconfig"));  // a context is one of a kubeconfig
  write(".kube/config", "home");
  CHECK(host("") == "home");
  variables["KUBECONFIG"] = "/nowhere/config::" + two + ":" + one;
  CHECK(host("") == "two");
  CHECK(host("", "other") == "two");
  CHECK(host(one) == "one");
  CHECK(host("/nowhere/config").starts_with("cannot be read"));
  std::filesystem::remove_all(folder);
}
