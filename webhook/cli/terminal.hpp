// Standard output and error: writing, colour, width, wrapping.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace rightslice::cli {

/// Results. A reader that went away (a broken pipe) is no error.
void print(std::string_view text);
/// Errors and notes, each "rightslice: text" on a line of its own.
void complain(std::string_view text);
/// Text on stderr as it is.
void printError(std::string_view text);
/// Flushes; false (after a message) if the output could not be written for another reason than a closed pipe.
bool finishOutput();

enum class Colour { None, Red, Yellow, Green, Cyan, Bold, Dim };

/// How results look: colours only where a terminal reads them and NO_COLOR is not set (https://no-color.org).
struct Style {
  bool colours = false;
  std::size_t width = 100;
  std::string paint(Colour colour, std::string_view text) const;
  static Style ofOutput();
};
bool errorIsTerminal();

/// "deny" -> "DENY", as decisions stand in reports.
std::string upper(std::string_view text);

/// Words of `text` in lines of at most `width` code points; the first begins with `first`, the others with `indent`.
/// A word that is longer stands alone. Ends with a newline.
std::string wrap(std::string_view text, std::size_t width, std::string_view first, std::string_view indent);

/// Columns as wide as their widest cell, two blanks between; columns named in `rightAligned` are right-aligned.
std::string table(const std::vector<std::vector<std::string>>& rows, const std::vector<std::size_t>& rightAligned = {},
                  std::string_view indent = "");

/// A line on stderr that is overwritten while work goes on; only where stderr is a terminal.
class Progress {
 public:
  explicit Progress(std::size_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void step(std::string_view what);
  void clear();  ///< before anything else is written on stderr

 private:
  std::size_t total_, done_ = 0;
  bool active_, shown_ = false;
};

}  // namespace rightslice::cli
