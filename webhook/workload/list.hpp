// List objects: v1 List and typed lists (DeploymentList ...), as kubectl prints them.
#pragma once
#include <utility>
#include <vector>

#include "json/view.hpp"

namespace rightslice::workload {

/// True for an object whose kind ends with "List" and that has an array `items`.
bool isList(json::View object);

/// The items, numbered from 1; those of a list within the list stand in its place. Items that are no objects are among them,
/// for the caller to report. Anything but a list is its own only item, with the number 0. In a typed list items may lack
/// apiVersion and kind.
std::vector<std::pair<json::View, int>> items(json::View object);

}  // namespace rightslice::workload
