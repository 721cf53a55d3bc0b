// The manifests that check reads: files, folders and standard input, document by document, object by object.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "json/yaml.hpp"

namespace rightslice::cli {

/// One file, read and parsed.
struct InputFile {
  std::string name;  ///< as it is reported; "-" is standard input
  std::string text;
  json::YamlStream stream;
};

/// One object in a file.
struct InputObject {
  const InputFile* file = nullptr;
  const json::YamlDocument* document = nullptr;
  int item = 0;                                 ///< from 1 in a List, else 0
  std::string prefix;                           ///< JSON pointer of the object in its document: "" or "/items/2"
  std::shared_ptr<const json::Document> owned;  ///< of an item
  const json::Document& object() const { return owned ? *owned : document->document; }
  json::View view() const { return object().root(); }

  /// The place of a pointer into the object; of the object itself where its kind stands.
  json::Marks::Place place(std::string_view pointer) const {
    return document->marks.find(prefix + std::string(pointer.empty() ? "/kind" : pointer));
  }
  /// "file:line:column" of it.
  std::string where(std::string_view pointer) const;
};

/// Every object of the file: Lists are taken apart (also typed ones, whose items name no kind of their own). A document
/// that is no object goes to `wrong` (Error.where has file, line and column), and so does an item.
void forEachObject(const InputFile& file, const std::function<void(const InputObject&)>& use,
                   const std::function<void(const Error&)>& wrong);

/// The files that the arguments name, in order, each read when it is asked for.
class Input {
 public:
  explicit Input(const std::vector<std::string>& arguments);

  std::size_t size() const { return names_.size(); }
  const std::string& name(std::size_t index) const { return names_[index]; }
  /// Paths that are not there, folders that could not be read.
  const std::vector<Error>& errors() const { return errors_; }
  /// Parsed again at each call, unless it is among the first megabytes of the input, which are kept.
  Result<std::shared_ptr<const InputFile>> open(std::size_t index);

 private:
  std::vector<std::string> names_;
  std::vector<Error> errors_;
  std::vector<std::shared_ptr<const InputFile>> kept_;
  std::size_t keptBytes_ = 0;
};

}  // namespace rightslice::cli
