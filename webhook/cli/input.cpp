#include "cli/input.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "app/files.hpp"
#include "json/writer.hpp"
#include "workload/list.hpp"

namespace rightslice::cli {

namespace {

constexpr std::size_t kKeptBytes = std::size_t{32} << 20;

std::string placeText(const InputFile& file, const json::Mark& mark) {
  return fmt::format("{}:{}:{}", file.name, mark.line, mark.column);
}

/// What the items of a typed list are ("PodList" -> "Pod"); empty for a List of anything; nothing for other objects.
std::optional<std::string> itemKind(json::View object) {
  if (!workload::isList(object)) return std::nullopt;
  const std::string_view kind = object["kind"].stringOr("");
  return std::string(kind.substr(0, kind.size() - 4));
}

/// A tree of its own for an item, with the kind that only its list names.
Result<json::Document> ownTree(json::View item, const std::string& kind, std::string_view apiVersion) {
  json::Writer out;
  out.beginObject();
  if (!kind.empty() && !item["kind"].exists()) out.member("apiVersion", apiVersion).member("kind", kind);
  for (const auto member : item.members()) {
    if (!kind.empty() && !item["kind"].exists() && member.key == "apiVersion") continue;
    out.key(member.key).value(member.value);
  }
  out.endObject();
  return json::Document::parse(out.text());
}

class Walk {
 public:
  Walk(const InputFile& file, const std::function<void(const InputObject&)>& use,
       const std::function<void(const Error&)>& wrong)
      : file_(file), use_(use), wrong_(wrong) {}

  void document(const json::YamlDocument& document) {
    item_ = 0;
    const json::View root = document.document.root();
    if (!root.isObject()) {
      wrong_({fmt::format("document {} is no object of Kubernetes but a value of type {}", document.index,
                          root.typeName()),
              placeText(file_, document.marks.find("").value)});
    } else if (const auto kind = itemKind(root)) {
      items(document, root, "", *kind);
    } else {
      use_(InputObject{&file_, &document, 0, "", nullptr});
    }
  }

 private:
  void items(const json::YamlDocument& document, json::View list, const std::string& prefix, const std::string& kind) {
    std::size_t index = 0;
    for (const json::View item : list["items"].elements()) {
      const std::string pointer = fmt::format("{}/items/{}", prefix, index++);
      if (const auto inner = itemKind(item)) {
        items(document, item, pointer, *inner);
        continue;
      }
      ++item_;
      const std::string place = placeText(file_, document.marks.find(pointer).value);
      if (!item.isObject()) {
        wrong_({fmt::format("item {} of the list is no object but a value of type {}", item_, item.typeName()), place});
        continue;
      }
      auto tree = ownTree(item, kind, list["apiVersion"].stringOr(""));
      if (!tree) {
        wrong_({tree.error().message, place});
        continue;
      }
      use_(InputObject{&file_, &document, item_, pointer, std::make_shared<const json::Document>(std::move(*tree))});
    }
  }

  const InputFile& file_;
  const std::function<void(const InputObject&)>& use_;
  const std::function<void(const Error&)>& wrong_;
  int item_ = 0;
};

}  // namespace

void forEachObject(const InputFile& file, const std::function<void(const InputObject&)>& use,
                   const std::function<void(const Error&)>& wrong) {
  for (const auto& document : file.stream.documents) Walk(file, use, wrong).document(document);
}

std::string InputObject::where(std::string_view pointer) const { return placeText(*file, place(pointer).key); }

Input::Input(const std::vector<std::string>& arguments) {
  for (const auto& argument : arguments) {
    std::error_code ignored;
    if (argument == "-") {
      names_.push_back(argument);
    } else if (app::isFolder(argument)) {
      auto listing = app::filesUnder(argument);
      if (listing.files.empty() && listing.errors.empty())
        listing.errors.push_back({"no *.yaml, *.yml or *.json in this folder", argument});
      names_.insert(names_.end(), listing.files.begin(), listing.files.end());
      errors_.insert(errors_.end(), listing.errors.begin(), listing.errors.end());
    } else if (!std::filesystem::exists(argument, ignored)) {
      errors_.push_back({"no such file or folder", argument});
    } else {
      names_.push_back(argument);
    }
  }
  kept_.resize(names_.size());
}

Result<std::shared_ptr<const InputFile>> Input::open(std::size_t index) {
  if (kept_[index]) return kept_[index];
  const std::string& name = names_[index];
  auto text = name == "-" ? app::readStandardInput() : app::readFile(name);
  if (!text) return tl::unexpected(text.error());
  auto file = std::make_shared<InputFile>();
  file->name = name;
  file->text = std::move(*text);
  file->stream = json::parseYaml(file->text);
  if (name == "-" || keptBytes_ + file->text.size() <= kKeptBytes) {
    keptBytes_ += file->text.size();
    kept_[index] = file;
  }
  return file;
}

}  // namespace rightslice::cli
