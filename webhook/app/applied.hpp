// What an object becomes when a manifest is applied to it.
#pragma once
#include "json/document.hpp"

namespace rightslice::app {

/// As `kubectl apply` merges (client side): what the manifest says, over what is there, without what the last applied manifest said and
/// this one does not. Lists of the kinds that Kubernetes itself defines are merged by the key of their elements (containers by name),
/// those of other kinds are replaced whole.
/// Source: kubernetes apimachinery pkg/util/strategicpatch and jsonmergepatch (CreateThreeWayMergePatch); the keys are those that
/// k8s.io/api core/v1 types.go names as patchMergeKey.
json::Document applied(json::View live, json::View manifest);

}  // namespace rightslice::app
