// From command, args, env and image to engine, model and flags.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/glob.hpp"
#include "model/disclosure.hpp"
#include "model/engine.hpp"
#include "model/gguf.hpp"
#include "model/image.hpp"
#include "model/shell.hpp"
#include "model/spelling.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model {
namespace {

constexpr int kMaxShellDepth = 4;

std::string_view baseName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Programs that run what follows them.
constexpr std::array<std::string_view, 16> kWrappers{"exec",      "env",       "nohup",   "nice",   "time", "timeout",
                                                     "tini",      "dumb-init", "numactl", "stdbuf", "sudo", "command",
                                                     "catatonit", "taskset",   "setsid",  "eval"};
constexpr std::array<std::string_view, 3> kRunners{"uv", "poetry", "conda"};  // with the word "run"
constexpr std::array<std::string_view, 6> kShells{"sh", "bash", "dash", "ash", "zsh", "ksh"};
// Set in the pods of a LeaderWorkerSet.
constexpr std::array<std::string_view, 3> kGroupVariables{"LWS_LEADER_ADDRESS", "LWS_GROUP_SIZE", "LWS_WORKER_INDEX"};

template <std::size_t n>
bool contains(const std::array<std::string_view, n>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool listed(Words words, std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); }

class InvocationReader {
 public:
  explicit InvocationReader(const Invocation& invocation)
      : invocation_(invocation), image_(splitImage(invocation.image)) {
    lookup_ = [this](std::string_view name) { return variable(name); };
  }

  EngineRun read() {
    noteWhatIsThere();
    std::vector<PlacedWord> words;
    for (std::size_t i = 0; i < invocation_.command.size(); ++i)
      words.push_back({ShellWord{invocation_.command[i], true, {}}, {false, i, false, false}});
    for (std::size_t i = 0; i < invocation_.args.size(); ++i)
      words.push_back({ShellWord{invocation_.args[i], true, {}}, {true, i, false, false}});
    if (!findCommand(words, 0)) findByImage(words);
    if (run_.engine == nullptr) findByTold(words);
    noteWhatIsTold();
    if (run_.engine == nullptr) {
      takeToldModel(false);  // the name alone, for who declares what it needs
      return std::move(run_);
    }
    run_.multiNode = run_.multiNode || sawRay_ || sawGroupScript_;
    if (run_.engine->name == "ray") rest_.clear();  // Ray's own flags
    addToldWords();
    readVersion();
    readWords();
    settleModel();
    return std::move(run_);
  }

 private:
  void noteWhatIsThere() {
    if (!invocation_.command.empty()) run_.lookedAt.emplace_back("command");
    if (!invocation_.args.empty()) run_.lookedAt.emplace_back("args");
    for (const Invocation::Env& env : invocation_.env) {
      if (contains(kGroupVariables, env.name)) run_.multiNode = true;
      const auto engineList = engines();
      const bool namesModel = std::any_of(engineList.begin(), engineList.end(), [&](const Engine* engine) {
        return listed(engine->signature.modelEnv, env.name);
      });
      if (namesModel) run_.lookedAt.push_back("env " + env.name);
    }
    if (!invocation_.image.empty()) run_.lookedAt.push_back("image " + invocation_.image);
  }

  const Invocation::Told* told() const { return invocation_.told.empty() ? nullptr : &invocation_.told.front(); }

  void findByTold(const std::vector<PlacedWord>& words) {
    if (sawRay_) return take(*findEngine("ray"), Confidence::High, "ray start");
    const Engine* engine = told() != nullptr ? findEngine(told()->engine) : nullptr;
    if (engine == nullptr) return;
    // A program of the container's own stands in the place of the operator's; Ray's workers are told by the cluster, whatever they start.
    if (!invocation_.command.empty() && engine->name != "ray") return;
    take(*engine, told()->engineIsSure ? Confidence::High : Confidence::Medium, {});
    rest_ = words;
  }

  void noteWhatIsTold() {
    if (told() == nullptr) return;
    if (!told()->from.empty()) run_.lookedAt.push_back(told()->from);
    if (told()->adapters) run_.open.push_back(told()->from + ": LoRA adapters are not modelled");
    run_.unread = told()->unread;
    for (const std::string& each : run_.unread) run_.open.push_back(each + " is not read: what it says is not known here");
  }

  /// In front of the container's own: the last of a flag wins.
  void addToldWords() {
    if (told() == nullptr || (told()->engineIsSure && told()->engine != run_.engine->name)) return;
    const EngineRun::FlagPlace nowhere{false, kNoPlace, false, true};
    std::vector<PlacedWord> words;
    for (const std::string& word : told()->words) words.push_back({ShellWord{word, true, {}}, nowhere});
    rest_.insert(rest_.begin(), std::make_move_iterator(words.begin()), std::make_move_iterator(words.end()));
  }

  ShellValue variable(std::string_view name) const {
    for (auto env = invocation_.env.rbegin(); env != invocation_.env.rend(); ++env) {
      if (env->name == name) return {true, env->value.has_value(), env->value.value_or("")};
    }
    return {false, !invocation_.envIncomplete, ""};
  }

  /// $(NAME) as the kubelet expands it; what it cannot expand here makes the word unknown.
  ShellWord expanded(const ShellWord& word) const {
    if (word.text.find("$(") == std::string::npos) return word;
    ShellWord result;
    std::size_t at = 0;
    while (at < word.text.size()) {
      const auto open = word.text.find("$(", at);
      const auto close = open == std::string::npos ? std::string::npos : word.text.find(')', open);
      if (close == std::string::npos) break;
      result.text.append(word.text, at, open - at);
      const std::string whole = word.text.substr(open, close - open + 1);
      const ShellValue value = variable(std::string_view(whole).substr(2, whole.size() - 3));
      if (value.isSet && value.known) {
        result.text += value.text;
      } else {
        result.text += whole;
        if (result.known && !(value.known && !value.isSet)) {
          result.known = false;
          result.unknown = whole;
        }
      }
      at = close + 1;
    }
    if (at < word.text.size()) result.text.append(word.text, at);
    return result;
  }

  static bool isAssignment(const std::string& text) {
    const auto equals = text.find('=');
    return equals != std::string::npos && equals > 0 && text[0] != '-' && text.find('/') > equals;
  }

  /// Takes wrappers off: "exec env A=b nice -n 5 timeout 60 vllm ..." -> "vllm ...".
  static std::size_t skipWrappers(const std::vector<PlacedWord>& words) {
    std::size_t at = 0;
    while (at < words.size()) {
      const std::string_view program = baseName(words[at].word.text);
      if (contains(kRunners, program) && at + 1 < words.size() && words[at + 1].word.text == "run") {
        at += 2;
      } else if (contains(kWrappers, program)) {
        ++at;
        while (at < words.size()) {
          const std::string& text = words[at].word.text;
          const bool amount = !text.empty() && isDigitAscii(text[0]);
          if (!amount && !text.starts_with('-') && !isAssignment(text)) break;
          ++at;
        }
      } else {
        break;
      }
    }
    return at;
  }

  bool findCommand(const std::vector<PlacedWord>& all, int depth) {
    const std::size_t first = skipWrappers(all);
    if (first >= all.size()) return false;
    const std::vector<PlacedWord> words(all.begin() + static_cast<std::ptrdiff_t>(first), all.end());
    const std::string_view program = baseName(words[0].word.text);
    if (words[0].word.text.find("multi-node-serving") != std::string::npos) sawGroupScript_ = true;
    if (contains(kShells, program)) return depth < kMaxShellDepth && findInShell(words, depth);
    if (program.starts_with("python")) return findInPython(words);
    if (program == "ray" && words.size() > 1 && words[1].word.text == "start") {
      sawRay_ = true;
      return false;
    }
    for (const Engine* engine : engines()) {
      for (const std::string_view pattern : engine->signature.programs) {
        const auto space = pattern.find(' ');
        if (program != pattern.substr(0, space)) continue;
        std::size_t used = 1;
        if (space != std::string_view::npos) {
          if (words.size() < 2 || !words[1].word.text.starts_with(pattern.substr(space + 1))) continue;
          used = 2;
        }
        take(*engine, Confidence::High, pattern);
        rest_.assign(words.begin() + static_cast<std::ptrdiff_t>(used), words.end());
        return true;
      }
    }
    return false;
  }

  bool findInShell(const std::vector<PlacedWord>& words, int depth) {
    std::size_t at = 1;
    bool hasScript = false;
    while (at < words.size() && words[at].word.text.size() > 1 &&
           (words[at].word.text[0] == '-' || words[at].word.text[0] == '+')) {
      const std::string& text = words[at++].word.text;
      if (!text.starts_with("--") && text.find('c') != std::string::npos) hasScript = true;
      if (text == "-o" || text == "+o") ++at;
    }
    if (at >= words.size()) return false;
    if (!hasScript) {
      if (words[at].word.text.find("multi-node-serving") != std::string::npos) sawGroupScript_ = true;
      return false;
    }
    if (!words[at].word.known) return false;
    std::vector<ShellWord> parameters;
    for (std::size_t i = at + 1; i < words.size(); ++i) parameters.push_back(expanded(words[i].word));
    EngineRun::FlagPlace place = words[at].place;
    place.inShell = true;
    std::vector<ShellCommand> commands = readShell(words[at].word.text, lookup_, parameters);
    for (const ShellCommand& command : commands) {
      std::vector<PlacedWord> inner;
      for (const ShellWord& word : command) inner.push_back({word, place});
      if (!findCommand(inner, depth + 1)) continue;
      if (script_.empty()) script_ = std::move(commands);
      return true;
    }
    return false;
  }

  bool findInPython(const std::vector<PlacedWord>& words) {
    std::size_t at = 1;
    std::string module;
    for (; at < words.size() && words[at].word.text.starts_with('-'); ++at) {
      const std::string& text = words[at].word.text;
      if (text == "-m" && at + 1 < words.size()) {
        module = words[++at].word.text;
        ++at;
        break;
      }
      if (text.starts_with("-m") && text.size() > 2) {
        module = text.substr(2);
        ++at;
        break;
      }
      if (text == "-W" || text == "-X") ++at;
      if (text == "-c") return false;
    }
    std::string path;
    if (module.empty() && at < words.size()) path = words[at++].word.text;
    if (path.find("multi-node-serving") != std::string::npos) sawGroupScript_ = true;
    for (const Engine* engine : engines()) {
      for (const std::string_view candidate : engine->signature.modules) {
        std::string file(candidate);
        std::replace(file.begin(), file.end(), '.', '/');
        if (module != candidate && !(path.ends_with(file + ".py") || path.ends_with(file + "/__main__.py"))) continue;
        take(*engine, Confidence::High, candidate);
        rest_.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
        return true;
      }
    }
    return false;
  }

  void findByImage(const std::vector<PlacedWord>& words) {
    for (const Engine* engine : engines()) {
      const Words images = engine->signature.images;
      const bool matches = std::any_of(images.begin(), images.end(),
                                       [&](std::string_view image) { return globMatches(image, image_.name); });
      if (!matches) continue;
      take(*engine, Confidence::Medium, {});
      if (invocation_.command.empty()) {
        rest_ = words;
        return;
      }
      run_.open.push_back(fmt::format("what {} starts is not visible here", toldWord(invocation_.command.front())));
      const auto flag = std::find_if(words.begin() + 1, words.end(),
                                     [](const PlacedWord& w) { return w.word.text.starts_with("--"); });
      const bool script = contains(kShells, baseName(invocation_.command.front()));
      if (!script || invocation_.command.size() > 1) rest_.assign(flag, words.end());
      return;
    }
  }

  void take(const Engine& engine, Confidence confidence, std::string_view program) {
    run_.engine = &engine;
    run_.engineConfidence = confidence;
    program_ = program;
  }

  void readVersion() {
    // A tag is the engine's version only on the engine's own images.
    const Words images = run_.engine->signature.images;
    const bool own = std::any_of(images.begin(), images.end(),
                                 [&](std::string_view image) { return globMatches(image, image_.name); });
    const bool runtimeOfDynamo = image_.name.find("ai-dynamo/") != std::string_view::npos;
    if (!own && (runtimeOfDynamo || baseName(image_.name).find(run_.engine->name) == std::string_view::npos)) return;
    if (!parseVersion(image_.tag)) return;
    run_.version = image_.tag.starts_with('v') ? image_.tag.substr(1) : image_.tag;
    run_.versionFromImage = true;
  }

  void readWords() {
    for (PlacedWord& word : rest_) {
      if (!word.place.inShell) word.word = expanded(word.word);
    }
    FlagSource source{std::move(rest_), lookup_, &image_, std::move(script_), invocation_.told, program_, {}, {}};
    run_.engine->read(source, run_);
    if (run_.engine->signature.positionalModel) readPositional(source.positional);
    servedNames_ = std::move(source.servedNames);
  }

  void readPositional(const std::vector<PlacedWord>& positional) {
    bool sawModel = run_.places.contains("model");
    for (const PlacedWord& word : positional) {
      const std::string& text = word.word.text;
      if (text == "serve" || text == "vllm" || text == "api_server") continue;
      const bool namesModel = !run_.model && !sawModel;
      if (!word.word.known) {
        run_.open.push_back(
            namesModel ? fmt::format("the model's name comes from {}, which is not known here", toldReference(word.word.unknown))
                       : fmt::format("{} adds words that are not known here", toldReference(word.word.unknown)));
      } else if (namesModel) {
        run_.model = text;
        if (word.place.index != kNoPlace) run_.places.insert_or_assign("model", word.place);
      }
      sawModel = true;
    }
  }

  /// The name to look up: that of the flags; for a local path a name in the environment or among the served names is
  /// better.
  void settleModel() {
    const bool isPath = run_.model && (run_.model->starts_with('/') || run_.model->starts_with("./") ||
                                       run_.model->find("://") != std::string::npos);
    if (takeToldModel(isPath)) return settleFile();
    if (!run_.model || isPath) {
      for (const std::string_view name : run_.engine->signature.modelEnv) {
        const ShellValue value = variable(name);
        if (!value.isSet || !value.known || value.text.empty() || value.text.starts_with('/')) continue;
        if (isPath && value.text.find('/') == std::string::npos) continue;
        run_.modelConfidence = run_.model || run_.engine->name == "vllm" ? Confidence::Medium : Confidence::High;
        run_.model = value.text;
        break;
      }
    }
    if (isPath && run_.modelConfidence == Confidence::High) {
      run_.modelConfidence = Confidence::Medium;
      for (const PlacedWord& name : servedNames_) {
        if (!name.word.known || name.word.text.find('/') == std::string::npos) continue;
        run_.model = name.word.text;
        break;
      }
    }
    settleFile();
  }

  /// The model that the object tells of, where the command line names none, or the path at which that one lies.
  bool takeToldModel(bool isPath) {
    if (told() == nullptr || told()->model.empty()) return false;
    const bool mounted = isPath && !told()->mountPath.empty() && run_.model->starts_with(told()->mountPath);
    if (run_.model && !mounted && (run_.engine == nullptr || run_.engine->name != "ray")) return false;
    constexpr std::string_view kHub = "hf://";
    std::string_view model = told()->model;
    while (model.ends_with('/')) model.remove_suffix(1);
    const bool hub = model.starts_with(kHub);
    if (hub) model.remove_prefix(kHub.size());
    if (hub) model = model.substr(0, model.find_first_of(":@"));  // the revision
    run_.modelConfidence = hub || model.find("://") == std::string_view::npos ? Confidence::High : Confidence::Medium;
    run_.model = std::string(model);
    return true;
  }

  /// What the name of a GGUF file says of its type.
  void settleFile() {
    if (!run_.model) return;
    const std::string_view model = *run_.model;
    const bool ggufFile = lowered(model).ends_with(".gguf");
    const auto colon = model.rfind(':');
    if (colon != std::string_view::npos && colon > 0 && model.substr(colon).find('/') == std::string_view::npos) {
      if (const GgufType* type = findGgufType(model.substr(colon + 1))) {
        run_.gguf = std::string(type->name);
        run_.model = std::string(model.substr(0, colon));
      }
    } else if (ggufFile) {
      if (const GgufType* type = findGgufType(baseName(model))) run_.gguf = std::string(type->name);
    }
  }

  const Invocation& invocation_;
  Image image_;
  ShellLookup lookup_;
  EngineRun run_;
  std::string_view program_;  ///< of the signature that matched
  std::vector<PlacedWord> rest_, servedNames_;
  std::vector<ShellCommand> script_;
  bool sawRay_ = false, sawGroupScript_ = false;
};

}  // namespace

EngineRun readInvocation(const Invocation& invocation) {
  EngineRun run = InvocationReader(invocation).read();
  if (run.model) run.model = withoutCredentials(*run.model);
  return run;
}

}  // namespace rightslice::model
