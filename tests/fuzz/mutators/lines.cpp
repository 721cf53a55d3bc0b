// Changes a text line by line: YAML, scripts and lists of words mean something by their lines, and bytes alone seldom make a new one.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t maxSize);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t maxSize, unsigned int seed);

namespace {

std::vector<std::string> linesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

/// The line's content changed by libFuzzer, with the dictionary; its indentation stays.
void changeLine(std::string& line) {
  const auto start = std::min(line.find_first_not_of(' '), line.size());
  std::string content = line.substr(start);
  const auto size = content.size();
  content.resize(size + 64);
  content.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(content.data()), size, content.size()));
  line.replace(start, std::string::npos, content);
}

void changeLines(std::vector<std::string>& lines, std::minstd_rand& random) {
  const auto below = [&](std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random); };
  const auto at = [](std::size_t index) { return static_cast<std::ptrdiff_t>(index); };
  const std::size_t one = below(lines.size()), other = below(lines.size());
  switch (below(8)) {
    case 0: lines.erase(lines.begin() + at(one)); break;
    case 1: lines.insert(lines.begin() + at(one), std::string(lines[other])); break;
    case 2: std::swap(lines[one], lines[other]); break;
    case 3: lines[one].insert(0, below(4) + 1, ' '); break;
    case 4: lines[one].erase(0, std::min(lines[one].find_first_not_of(' '), below(4) + 1)); break;
    default: changeLine(lines[one]); break;
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t maxSize, unsigned int seed) {
  auto lines = linesOf({reinterpret_cast<const char*>(data), size});
  std::minstd_rand random(seed);
  if (seed % 4 == 0 || lines.empty()) return LLVMFuzzerMutate(data, size, maxSize);
  for (unsigned i = 0; i <= seed / 4 % 3 && !lines.empty(); ++i) changeLines(lines, random);
  std::string text;
  for (const auto& line : lines) (text += line) += '\n';
  if (text.size() > maxSize) return LLVMFuzzerMutate(data, size, maxSize);
  std::memcpy(data, text.data(), text.size());
  return text.size();
}
