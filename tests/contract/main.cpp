// Reads lines {"path": "/validate", "review": {...}, "answer": {...}} and prints what breaks the contract of kube-apiserver.
#include <cstdio>
#include <iostream>

#include "contract.hpp"
#include "json/document.hpp"

int main() {
  using namespace rightslice;
  int wrong = 0;
  for (std::string line; std::getline(std::cin, line);) {
    const auto document = json::Document::parse(line);
    if (!document) {
      std::printf("no JSON: %s\n", document.error().message.c_str());
      return 2;
    }
    const auto root = document->root();
    const auto path = root["path"].stringOr("") == "/mutate" ? admission::Path::Mutate : admission::Path::Validate;
    for (const auto& complaint : contract::violations(root["review"].text(), root["answer"].text(), path)) {
      std::printf("%s: %s\n", root["answer"].text().c_str(), complaint.c_str());
      ++wrong;
    }
  }
  return wrong == 0 ? 0 : 1;
}
