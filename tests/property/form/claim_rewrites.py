"""Rewrites of workloads that ask by a claim (DRA), as rewrites.py has them for all: the same verdict. None applies where a resource is asked for."""

# The claim.


def claim_in_another_version(form, rng):
    form.claiming.version = rng.choice(["v1beta1", "v1beta2", "v1"] if form.claiming.first else ["v1alpha3", "v1beta1", "v1beta2"])
    return True


def first_available_of_one(form, rng):
    if form.claiming.version == "v1alpha3" or form.claiming.resource:
        return False
    form.claiming.first = rng.choice(["only", form.claiming.request, "x-1"])
    return True


def what_is_so_anyhow_is_written(form, rng):
    form.claiming.written = set(rng.choice([["mode"], ["count"], ["mode", "count"]]))
    return not form.claiming.resource


def other_names(form, rng):
    one = form.claiming
    one.pod_claim, one.prefix, one.request = rng.choice(["c", "gpu-0", "a" * 63]), rng.choice(["claims.of-the.team", "x"]), rng.choice(["r", "0", "gpu-0"])
    return True


def container_names_the_request(form, rng):
    del rng
    form.claiming.named = True
    return not form.claiming.resource


def network_cards_in_the_same_claim(form, rng):
    if form.claiming.resource:
        return False
    form.claiming.cards += rng.choice([["before"], ["after"], ["before", "after"]])
    return True


def container_names_every_request(form, rng):
    del rng
    form.claiming.each = True
    return not form.claiming.resource


def one_claim_by_two_names(form, rng):
    """Of a template there would be two claims."""
    one = form.claiming
    if not one.ask.shared or one.resource:
        return False
    one.alias = rng.choice(["both", "helper"])
    return one.alias == "both" or one.ask.helper


def objects_of_the_same_name(form, rng):
    del rng
    form.claiming.decoys = True
    return not form.claiming.resource


def annotations_on_the_claim(form, rng):
    form.claiming.annotations = {"rightslice.io/footprint": rng.choice(["1Gi", "70Gi"]), "rightslice.io/concurrency": "1000"}
    return not form.claiming.resource


# The class and its resource.


def class_of_ones_own(form, rng):
    if form.claiming.resource:
        return False
    form.claiming.own_class = rng.choice(["base", "some", "all"])
    return True


def by_the_resource_of_the_class(form, rng):
    """A claim is made of the limit: one for each pod, and for the one container."""
    one = form.claiming
    if one.ask.shared or one.ask.helper:
        return False
    one.resource, one.own_class, one.sharing_for = rng.choice(["implicit", "extended"]), "all", "class"
    return True


# Selectors.


def selector_of_each_condition(form, rng):
    del rng
    form.claiming.parts = True
    return len(form.claiming.ask.conditions) > 1 or bool(form.claiming.own_class)


def selects(form):
    return bool(form.claiming.ask.conditions or form.claiming.own_class)


def cel_with_other_signs(form, rng):
    del rng
    form.claiming.style.add("signs")
    return selects(form)


def cel_turned_round(form, rng):
    del rng
    form.claiming.style.add("turned")
    return selects(form)


def attributes_by_other_ways(form, rng):
    del rng
    form.claiming.style.add("ways")
    return selects(form)


def cel_with_escapes(form, rng):
    del rng
    form.claiming.style.add("escapes")
    return selects(form)


def quantities_of_cel_in_other_units(form, rng):
    del rng
    form.claiming.style.add("units")
    return any(name in ("atLeast", "atMost") for name, _ in form.claiming.ask.conditions)


def narrowed_beside_a_profile(form, rng):
    """What is not read can only narrow what the profile says."""
    del rng
    one = form.claiming
    if one.resource or not any(name == "profile" for name, _ in one.ask.conditions):
        return False
    one.narrowed = True
    return True


# The driver's configuration.


def sharing_configured_elsewhere(form, rng):
    one = form.claiming
    if not one.ask.sharing or one.resource:
        return False
    one.sharing_for = rng.choice(["request"] + ["entry"] * bool(one.first) + ["class"] * bool(one.own_class))
    return True


def configuration_that_says_nothing(form, rng):
    one = form.claiming
    mine, other = ("MigDeviceConfig", "GpuConfig") if one.ask.type == "mig" else ("GpuConfig", "MigDeviceConfig")
    parameters = {"apiVersion": "resource.nvidia.com/v1beta1", "kind": other}
    one.idle.append(rng.choice([{"opaque": {"driver": "dra.net", "parameters": {"sharing": {"strategy": "MPS"}}}},
                                {"opaque": {"driver": "dra.net", "parameters": {"kind": mine}}, "requests": [one.request]},
                                {"opaque": {"driver": "gpu.nvidia.com", "parameters": parameters}},
                                {"opaque": {"driver": "gpu.nvidia.com", "parameters": {**parameters, "sharing": {"strategy": "MPS"}}}}]))
    return not one.resource


CLAIMS = [by_the_resource_of_the_class, class_of_ones_own, network_cards_in_the_same_claim, narrowed_beside_a_profile, claim_in_another_version,
          first_available_of_one, other_names, what_is_so_anyhow_is_written, container_names_the_request, container_names_every_request,
          one_claim_by_two_names, objects_of_the_same_name, annotations_on_the_claim, sharing_configured_elsewhere, selector_of_each_condition,
          cel_with_other_signs, cel_turned_round, attributes_by_other_ways, cel_with_escapes, quantities_of_cel_in_other_units,
          configuration_that_says_nothing]


# Unsure.


def claim_that_cannot_be_decided(form, rng):
    form.claiming.hidden = rng.choice(["selector", "selector", "selector", "missing", "class", "all", "undeclared"])
    return True


UNSURE_CLAIMS = [claim_that_cannot_be_decided]
