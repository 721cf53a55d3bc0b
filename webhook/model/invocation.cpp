// From command, args, env and image to engine, model and flags.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <utility>

#include "base/glob.hpp"
#include "base/limits.hpp"
#include "model/catalogue.hpp"
#include "model/disclosure.hpp"
#include "model/engine.hpp"
#include "model/gguf.hpp"
#include "model/image.hpp"
#include "model/launch.hpp"
#include "model/shell.hpp"
#include "model/spelling.hpp"
#include "model/flag_table.hpp"

namespace rightslice::model {
namespace {

std::string_view baseName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Set in the pods of a LeaderWorkerSet.
constexpr std::array<std::string_view, 3> kGroupVariables{"LWS_LEADER_ADDRESS", "LWS_GROUP_SIZE", "LWS_WORKER_INDEX"};

template <std::size_t n>
bool contains(const std::array<std::string_view, n>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool listed(Words words, std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); }

std::vector<PlacedWord> placedWords(const Invocation& invocation) {
  std::vector<PlacedWord> words;
  words.reserve(invocation.command.size() + invocation.args.size());
  for (std::size_t i = 0; i < invocation.command.size(); ++i)
    words.push_back({ShellWord{invocation.command[i], true, {}}, {false, i, false, false}});
  for (std::size_t i = 0; i < invocation.args.size(); ++i)
    words.push_back({ShellWord{invocation.args[i], true, {}}, {true, i, false, false}});
  return words;
}

/// The container's environment. References that name one long value again and again describe more than any memory holds: beyond
/// kMost bytes in all a value is not known.
class Environment {
 public:
  explicit Environment(const Invocation& invocation) : invocation_(invocation) {
    if (invocation.env.size() > kFew)
      for (const Invocation::Env& env : invocation.env) byName_.insert_or_assign(env.name, &env);
  }

  ShellValue of(std::string_view name) {
    const Invocation::Env* env = find(name);
    if (env == nullptr) return {false, !invocation_.envIncomplete, ""};
    const std::size_t size = env->value ? env->value->size() : 0;
    const bool fits = size <= room_;
    room_ -= std::min(room_, size);
    return fits ? ShellValue{true, env->value.has_value(), env->value.value_or("")} : ShellValue{true, false, ""};
  }

 private:
  /// Of several the last.
  const Invocation::Env* find(std::string_view name) const {
    if (const auto at = byName_.find(name); at != byName_.end()) return at->second;
    if (!byName_.empty()) return nullptr;
    const auto at = std::find_if(invocation_.env.rbegin(), invocation_.env.rend(), [&](const Invocation::Env& env) { return env.name == name; });
    return at == invocation_.env.rend() ? nullptr : &*at;
  }

  static constexpr std::size_t kFew = 32, kMost = 1U << 20;
  const Invocation& invocation_;
  std::map<std::string_view, const Invocation::Env*> byName_;  ///< empty: few, looked for one by one
  std::size_t room_ = kMost;
};

class InvocationReader {
 public:
  /// `launch` null: the command line names no engine. Its words are taken.
  InvocationReader(const Invocation& invocation, Environment& environment, const Launches& launches, Launch* launch)
      : invocation_(invocation), environment_(environment), launches_(launches), launch_(launch), image_(splitImage(invocation.image)) {
    lookup_ = [this](std::string_view name) { return variable(name); };
  }

  EngineRun read(const std::vector<PlacedWord>& words) {
    noteWhatIsThere();
    if (launch_ != nullptr) {
      take(*launch_->engine, Confidence::High, launch_->program);
      rest_ = std::move(launch_->words);
      if (!launch_->by.empty())
        run_.open.push_back(fmt::format("what {} makes of the command line behind it is not visible here", toldWord(launch_->by).substr(0, 80)));
    } else {
      findByImage(words);
    }
    if (run_.engine == nullptr) findByTold(words);
    noteWhatIsTold();
    if (run_.engine == nullptr) {
      takeToldModel(false);  // the name alone, for who declares what it needs
      return std::move(run_);
    }
    run_.multiNode = run_.multiNode || launches_.ray || launches_.groupScript;
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
    if (launches_.ray) return take(*findEngine("ray"), Confidence::High, "ray start");
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
    if (launch_ != nullptr) {
      for (auto each = launch_->variables.rbegin(); each != launch_->variables.rend(); ++each)
        if (each->name == name) return each->value;
      if (launch_->bare) return {false, true, ""};
    }
    return environment_.of(name);
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
      const bool script = isShell(baseName(invocation_.command.front()));
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
      if (!word.place.inShell && word.word.text.find("$(") != std::string::npos) word.word = expandedByKubelet(word.word, lookup_);
    }
    std::span<const ShellCommand> script;
    if (launch_ != nullptr && launch_->script) script = *launch_->script;
    FlagSource source{std::move(rest_), lookup_, &image_, script, invocation_.told, program_, {}, {}};
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
        remember(
            run_.open,
            namesModel ? fmt::format("the model's name comes from {}, which is not known here", toldReference(word.word.unknown))
                       : fmt::format("{} adds words that are not known here", toldReference(word.word.unknown)));
      } else if (namesModel) {
        run_.model = text;
        if (word.place.index != kNoPlace) run_.places.insert_or_assign("model", word.place);
      }
      sawModel = true;
    }
  }

  /// The name to look up: that of the flags. For a path a name in the environment or among the served names may say more.
  void settleModel() {
    if (run_.model && run_.model->empty()) run_.model.reset();  // `--model ""` names none
    const bool isPath = run_.model && (run_.model->starts_with('/') || run_.model->starts_with("./") ||
                                       run_.model->find("://") != std::string::npos);
    if (takeToldModel(isPath)) return settleFile();
    if (isPath) {
      run_.modelConfidence = Confidence::Medium;
      if (const auto name = otherName()) takeLabel(name->first, name->second);
    } else if (!run_.model) {
      for (const std::string_view name : run_.engine->signature.modelEnv) {
        const ShellValue value = variable(name);
        if (!value.isSet || !value.known || value.text.empty() || value.text.starts_with('/')) continue;
        run_.modelConfidence = run_.engine->name == "vllm" ? Confidence::Medium : Confidence::High;
        run_.model = value.text;
        break;
      }
    }
    settleFile();
  }

  /// A repository's name that stands beside a path, and what gives it.
  std::optional<std::pair<std::string, std::string>> otherName() const {
    for (const std::string_view name : run_.engine->signature.modelEnv) {
      const ShellValue value = variable(name);
      if (value.isSet && value.known && !value.text.starts_with('/') && value.text.find('/') != std::string::npos)
        return std::pair(value.text, fmt::format("env {}", name));
    }
    for (const PlacedWord& name : servedNames_) {
      if (name.word.known && name.word.text.find('/') != std::string::npos) return std::pair(name.word.text, std::string("its served name"));
    }
    return std::nullopt;
  }

  /// A name for clients is no more than a label: anything may be served under it. It counts where the path tells no model, and where it
  /// names the same one, by which declarations find it; how the files are stored their path says.
  void takeLabel(const std::string& label, std::string by) {
    const Catalogue& known = Catalogue::builtIn();
    const auto ofPath = known.find(*run_.model), ofLabel = known.find(label);
    const bool pathTells = ofPath && !ofPath->guessed;
    const bool same = pathTells && ofLabel && ofPath->architecture == ofLabel->architecture;
    if (pathTells && !same) return;
    if (!same) run_.modelConfidence = Confidence::Low;
    settleFile();
    run_.path = *run_.model;
    run_.model = label;
    run_.modelBy = std::move(by);
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
    if (model.empty()) return false;
    run_.modelConfidence = hub || model.find("://") == std::string_view::npos ? Confidence::High : Confidence::Medium;
    run_.model = std::string(model);
    return true;
  }

  /// What the name of a GGUF file says of its type.
  void settleFile() {
    if (run_.model && run_.model->size() > limits::kMaxModelName) run_.model.reset();
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
  Environment& environment_;
  const Launches& launches_;
  Launch* launch_;
  Image image_;
  ShellLookup lookup_;
  EngineRun run_;
  std::string_view program_;  ///< of the signature that matched
  std::vector<PlacedWord> rest_, servedNames_;
};

/// A script that starts several servers: which of them run, and which at the same time, only the shell knows.
void joinRun(EngineRun& run, const EngineRun& other) {
  if (servesTheSame(run, other)) {
    remember(run.open, fmt::format("the script starts {} more than once", run.engine->title));
    return;
  }
  const auto shown = [](const EngineRun& each) {
    return fmt::format("{} with {}", each.engine->title, each.model.value_or("no model").substr(0, 80));
  };
  const std::string both = fmt::format("a script that starts different servers: {}, {}", shown(run), shown(other));
  remember(run.lookedAt, both);
  remember(run.open, both);
}

}  // namespace

bool servesTheSame(const EngineRun& a, const EngineRun& b) {
  return a.engine == b.engine && a.backend == b.backend && a.model == b.model && a.path == b.path && a.gguf == b.gguf && a.settings == b.settings &&
         a.badFlags == b.badFlags;
}

EngineRun readInvocation(const Invocation& invocation) {
  const std::vector<PlacedWord> words = placedWords(invocation);
  Environment environment(invocation);
  Launches launches = findLaunches(words, [&](std::string_view name) { return environment.of(name); });
  const auto read = [&](Launch* launch) {
    EngineRun run = InvocationReader(invocation, environment, launches, launch).read(words);
    if (run.model) run.model = withoutCredentials(*run.model);
    run.path = withoutCredentials(run.path);
    return run;
  };
  EngineRun run = read(launches.found.empty() ? nullptr : &launches.found.front());
  bool several = false;
  for (std::size_t i = 1; i < launches.found.size(); ++i) {
    const EngineRun other = read(&launches.found[i]);
    several = several || !servesTheSame(run, other);
    joinRun(run, other);
  }
  if (several) {
    run.model.reset();
    run.path.clear();
    run.gguf.reset();
    run.settings = {};
    run.badFlags.clear();
    run.places.clear();
  }
  return run;
}

}  // namespace rightslice::model
