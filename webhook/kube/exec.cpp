#include "kube/exec.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/date.hpp"
#include "json/document.hpp"
#include "json/utf8.hpp"
#include "json/writer.hpp"

extern char** environ;

namespace rightslice::kube {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMaxOutput = 1U << 20, kMaxComplaint = 2000;

class Pipe {
 public:
  Pipe() { good_ = ::pipe2(ends_.data(), O_CLOEXEC) == 0; }
  ~Pipe() {
    closeEnd(0);
    closeEnd(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool good() const { return good_; }
  int end(std::size_t which) const { return ends_[which]; }
  void closeEnd(std::size_t which) {
    if (good_ && ends_[which] >= 0) ::close(ends_[which]);
    ends_[which] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
  bool good_ = false;
};

/// What the plugin is told about the cluster (ExecCredential.spec).
std::string execInfo(const ExecPlugin& plugin, const Config& config) {
  json::Writer out;
  out.beginObject().member("apiVersion", std::string_view(plugin.apiVersion)).member("kind", "ExecCredential");
  out.key("spec").beginObject();
  if (plugin.provideClusterInfo) {
    out.key("cluster").beginObject();
    out.member("server", std::string_view(config.server.text()));
    if (!config.serverName.empty()) out.member("tls-server-name", std::string_view(config.serverName));
    if (config.insecure) out.memberBool("insecure-skip-tls-verify", true);
    if (const auto authorities = config.authorities.read(); authorities && !authorities->empty()) {
      out.member("certificate-authority-data", std::string_view(base64(*authorities)));
    }
    out.endObject();
  }
  out.memberBool("interactive", false);
  out.endObject().endObject();
  return out.take();
}

/// Our environment with `more` laid over it.
std::vector<std::string> environmentWith(const std::vector<std::pair<std::string, std::string>>& more) {
  std::vector<std::string> out;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view line = *each;
    const bool replaced = std::any_of(more.begin(), more.end(), [&](const auto& pair) {
      return line.size() > pair.first.size() && line[pair.first.size()] == '=' && line.starts_with(pair.first);
    });
    if (!replaced) out.emplace_back(line);
  }
  for (const auto& [name, value] : more) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& each : texts) out.push_back(each.data());
  out.push_back(nullptr);
  return out;
}

Result<pid_t> spawn(const ExecPlugin& plugin, const Config& config, const Pipe& output, const Pipe& complaints) {
  std::vector<std::string> arguments{plugin.command};
  arguments.insert(arguments.end(), plugin.args.begin(), plugin.args.end());
  auto more = plugin.env;
  more.emplace_back("KUBERNETES_EXEC_INFO", execInfo(plugin, config));
  std::vector<std::string> environment = environmentWith(more);
  const auto argv = pointers(arguments), envp = pointers(environment);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output.end(1), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, complaints.end(1), STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // Of its own group, so that it is killed with what it starts; and our mask of blocked signals is not its own.
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  const int error = posix_spawnp(&child, plugin.command.c_str(), &actions, &attributes, argv.data(), envp.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return fail(fmt::format("the credential plugin '{}' cannot be started: {}{}{}", plugin.command, std::strerror(error),
                            plugin.installHint.empty() ? "" : "; ", plugin.installHint));
  }
  return child;
}

struct Heard {
  std::string output, complaints;
  bool late = false, tooMuch = false;
};

/// Reads both pipes until the plugin has closed them.
Heard listen(Pipe& output, Pipe& complaints, SteadyClock::time_point end) {
  Heard heard;
  std::array<pollfd, 2> ends{{{output.end(0), POLLIN, 0}, {complaints.end(0), POLLIN, 0}}};
  std::array<char, 4096> piece;
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - SteadyClock::now());
    heard.late = left.count() <= 0;
    heard.tooMuch = heard.output.size() > kMaxOutput;
    if (heard.late || heard.tooMuch) break;
    if (::poll(ends.data(), ends.size(), static_cast<int>(left.count())) < 0 && errno != EINTR) break;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      const ssize_t count = ::read(ends[i].fd, piece.data(), piece.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        ends[i].fd = -1;
        continue;
      }
      std::string& to = i == 0 ? heard.output : heard.complaints;
      to.append(piece.data(), static_cast<std::size_t>(count));
      if (i == 1 && to.size() > kMaxComplaint) to.erase(0, to.size() - kMaxComplaint);
    }
  }
  return heard;
}

/// How the child ended; at `end` its group is killed, and it counts as late.
std::pair<int, bool> await(pid_t child, SteadyClock::time_point end) {
  int status = 0;
  for (;;) {
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child || (ended < 0 && errno != EINTR)) return {status, false};
    if (SteadyClock::now() >= end) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ::kill(-child, SIGKILL);
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return {status, true};
}

}  // namespace

Result<ExecCredential> readExecCredential(std::string_view text, const ExecPlugin& plugin) {
  const auto wrong = [&](std::string_view what) { return fail(fmt::format("the credential plugin '{}' {}", plugin.command, what)); };
  const auto document = json::Document::parse(text);
  if (!document) return wrong("wrote no JSON: " + document.error().message);
  const json::View root = document->root();
  if (root["kind"].stringOr("") != "ExecCredential") return wrong("wrote no ExecCredential");
  if (root["apiVersion"].stringOr("") != plugin.apiVersion) {
    return wrong(fmt::format("speaks '{}', not '{}'", root["apiVersion"].stringOr(""), plugin.apiVersion));
  }
  const json::View status = root["status"];
  ExecCredential out;
  out.token = status["token"].stringOr("");
  out.certificate = status["clientCertificateData"].stringOr("");
  out.key = status["clientKeyData"].stringOr("");
  if (out.certificate.empty() != out.key.empty()) return wrong("gave a client certificate without its key, or the reverse");
  if (out.token.empty() && out.certificate.empty()) return wrong("gave neither a token nor a client certificate");
  if (const auto expires = status["expirationTimestamp"].string()) {
    const auto seconds = secondsOfTimestamp(*expires);
    if (!seconds) return wrong(fmt::format("gave an expirationTimestamp that is no time: '{}'", *expires));
    // The clock counts nanoseconds and ends in 2262: what is beyond does not expire, what is before it began has.
    constexpr auto last = std::chrono::duration_cast<std::chrono::seconds>(host::Clock::Time::max().time_since_epoch()).count();
    out.expires = host::Clock::Time(std::chrono::seconds(std::clamp<std::int64_t>(*seconds, 0, last)));
  }
  return out;
}

Result<ExecCredential> runPlugin(const ExecPlugin& plugin, const Config& config, std::chrono::seconds limit) {
  Pipe output, complaints;
  if (!output.good() || !complaints.good()) return fail(fmt::format("no pipe: {}", std::strerror(errno)));
  const auto child = spawn(plugin, config, output, complaints);
  if (!child) return tl::unexpected(child.error());
  output.closeEnd(1);
  complaints.closeEnd(1);
  const auto end = SteadyClock::now() + limit;
  const Heard heard = listen(output, complaints, end);
  const auto [status, late] = await(*child, heard.late || heard.tooMuch ? SteadyClock::now() : end);
  std::string why = json::printable(heard.complaints);
  if (!why.empty()) why = ": " + why;
  if (heard.late || (late && !heard.tooMuch)) return fail(fmt::format("the credential plugin '{}' took longer than {} s{}", plugin.command, limit.count(), why));
  if (heard.tooMuch) return fail(fmt::format("the credential plugin '{}' wrote more than 1 MiB", plugin.command));
  if (!WIFEXITED(status)) return fail(fmt::format("the credential plugin '{}' was killed by signal {}{}", plugin.command, WTERMSIG(status), why));
  if (WEXITSTATUS(status) != 0) {
    return fail(fmt::format("the credential plugin '{}' ended with status {}{}", plugin.command, WEXITSTATUS(status), why));
  }
  return readExecCredential(heard.output, plugin);
}

}  // namespace rightslice::kube
