#include "base/bytes.hpp"

#include <limits>

#include <doctest/doctest.h>

using namespace rightslice;

TEST_CASE("sizes are written in the unit that people read") {
  struct Row {
    Bytes bytes;
    const char* text;
  };
  for (const Row& row : {Row{0, "0 B"}, Row{17, "17 B"}, Row{1023, "1023 B"}, Row{kKiB, "1 KiB"}, Row{1536, "2 KiB"},
                         Row{kMiB - 1, "1 MiB"}, Row{64 * kMiB, "64 MiB"}, Row{512 * kMiB, "512 MiB"}, Row{512 * kMiB + kMiB / 3, "512 MiB"},
                         Row{kGiB - 1, "1 GiB"}, Row{kGiB, "1 GiB"}, Row{39 * kGiB + kGiB / 2, "39.5 GiB"}, Row{21072183296, "19.6 GiB"},
                         Row{9 * kGiB + kGiB / 2, "9.5 GiB"}, Row{80 * kGiB, "80 GiB"}, Row{1023 * kGiB + 1023 * kMiB, "1 TiB"},
                         Row{1536 * kGiB, "1.5 TiB"}, Row{kMaxBytes, "4 EiB"}, Row{-512 * kMiB, "-512 MiB"},
                         Row{std::numeric_limits<Bytes>::min(), "-8 EiB"}}) {
    CAPTURE(row.bytes);
    CHECK(formatBytes(row.bytes) == row.text);
  }
}

TEST_CASE("products and sums saturate instead of overflowing") {
  CHECK(timesBytes(3, 5) == 15);
  CHECK(timesBytes(kMaxBytes, 2) == kMaxBytes);
  CHECK(timesBytes(kMaxBytes, kMaxBytes) == kMaxBytes);
  CHECK(plusBytes(kMaxBytes, kMaxBytes) == kMaxBytes);
  CHECK(plusBytes(kMaxBytes - 1, 1) == kMaxBytes);
}

TEST_CASE("ceilDiv rounds up to whole units") {
  CHECK(ceilDiv(0, 4) == 0);
  CHECK(ceilDiv(1, 4) == 1);
  CHECK(ceilDiv(4, 4) == 1);
  CHECK(ceilDiv(5, 4) == 2);
  CHECK(ceilDiv(-5, 4) == -1);
}
