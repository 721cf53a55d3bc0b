#include "app/descriptors.hpp"

#include <doctest/doctest.h>

using rightslice::app::connectionsWithin;
using rightslice::app::largeWithin;
using rightslice::app::parseMemoryLimit;

TEST_CASE("connections leave descriptors for everything else") {
  CHECK(connectionsWithin(1U << 20, std::nullopt, 10'000) == 10'000);
  CHECK(connectionsWithin(10'192, std::nullopt, 10'000) == 10'000);
  CHECK(connectionsWithin(1024, std::nullopt, 10'000) == 832);
  CHECK(connectionsWithin(64, std::nullopt, 10'000) == 32);
  CHECK(connectionsWithin(1, std::nullopt, 10'000) == 1);
}

TEST_CASE("idle connections take half of the memory at most") {
  CHECK(connectionsWithin(1U << 20, 256ULL << 20, 10'000) == 2048);
  CHECK(connectionsWithin(1U << 20, 64ULL << 30, 10'000) == 10'000);
  CHECK(connectionsWithin(1U << 20, 4096, 10'000) == 1);
  CHECK(connectionsWithin(1024, 256ULL << 20, 10'000) == 832);
}

TEST_CASE("two large bodies are judged at once only where there is memory for both") {
  CHECK(largeWithin(std::nullopt) == 2);
  CHECK(largeWithin(512ULL << 20) == 2);
  CHECK(largeWithin(256ULL << 20) == 1);
  CHECK(largeWithin(1) == 1);
}

TEST_CASE("a limit of memory is read as the kernel writes it") {
  CHECK(parseMemoryLimit("268435456\n") == 268435456);
  CHECK_FALSE(parseMemoryLimit("max\n"));
  CHECK_FALSE(parseMemoryLimit("9223372036854771712\n"));
  CHECK_FALSE(parseMemoryLimit(""));
}
