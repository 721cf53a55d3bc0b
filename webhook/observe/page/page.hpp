// A look as one HTML file that needs nothing else: what `scan -o html` prints and `serve` shows.
//
// All that comes from the cluster is hostile. It stands in the page as escaped text, or as JSON that the script puts in by textContent
// alone; the page's policy (Content-Security-Policy, Trusted Types) lets run only the script and style that are compiled in, by their
// hashes, and lets the page ask for nothing. The figures are those of `scan -o json`, which the page holds and reads (writeJson).
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "observe/report.hpp"

namespace rightslice::observe {

struct PageOptions {
  std::string version;                    ///< of the program
};

/// Pure. Piece by piece: a large cluster does not pile up. The same report gives the same bytes.
void writePage(const Report& report, const PageOptions& options, const std::function<void(std::string_view)>& print);

/// The policy that the page carries itself, and what only a header can say: for the header Content-Security-Policy of a server.
std::string pagePolicyHeader();

}  // namespace rightslice::observe
