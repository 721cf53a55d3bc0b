# Turns a data file into a C++ source with a function that returns its text. Bytes travel as hexadecimal pairs.
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUTPUT} "#include <string_view>
namespace rightslice::embedded {
static const unsigned char kBytes[] = {${bytes}0};
std::string_view ${SYMBOL}();
std::string_view ${SYMBOL}() { return {reinterpret_cast<const char*>(kBytes), sizeof kBytes - 1}; }
}
")
