import pytest

from bgood_lib.training.config import METHODS, PROFILES, Config, make_config


def test_profile_gives_the_schedule_and_settings_win():
    config = make_config("cpu", dataset="cifar10", width=16)
    assert (config.stages, config.epochs, config.batch_size) == (3, 7, 128)
    assert (config.dataset, config.width) == ("cifar10", 16)


def test_zero_epochs_keeps_those_of_the_profile():
    assert make_config("scenes", epochs=0).epochs == PROFILES["scenes"]["epochs"]
    assert make_config("scenes", epochs=2).epochs == 2


def test_two_ways_of_writing_cross_entropy_are_one_configuration():
    plain = make_config("scenes", method="cross_entropy")
    fancy = make_config(
        "scenes", method="cross_entropy", selector="rank", weight=3.0, patch_size=2, n_patches=5, top_k=7,
        logitnorm_temperature=0.5,
    )  # fmt: skip
    assert plain == fancy
    assert (plain.selector, plain.weight, plain.patch_size, plain.n_patches, plain.top_k) == (None, 0, None, None, None)
    assert plain.logitnorm_temperature is None


@pytest.mark.parametrize("selector, used", [
    ("least_evidence", {"n_patches"}), ("random", {"n_patches"}), ("rank", {"top_k"}), ("all", set()), ("oracle", set()),
])  # fmt: skip
def test_a_selector_keeps_only_what_it_reads(selector, used):
    config = make_config("scenes", selector=selector, n_patches=5, top_k=2)
    assert {name for name in ("n_patches", "top_k") if getattr(config, name) is not None} == used
    assert config.patch_size == 1 and config.weight == 0.1


def test_what_a_method_uses():
    kept = {m: make_config("scenes", method=m) for m in METHODS}
    assert {m for m, c in kept.items() if c.logitnorm_temperature == 0.04} == {"logitnorm", "logitnorm_background"}
    assert {m for m, c in kept.items() if c.weight} == {m for m in METHODS if "background" in m}


@pytest.mark.parametrize("profile, settings, message", [
    ("cpus", {}, "unknown profile 'cpus'.*scenes, cpu.*did you mean 'cpu'"),
    ("scenes", {"wieght": 1}, "unknown setting 'wieght'.*did you mean 'weight'"),
    ("scenes", {"method": "cross-entropy"}, "unknown method 'cross-entropy'.*did you mean 'cross_entropy'"),
    ("scenes", {"selector": "least-evidence"}, "selector.*'least-evidence'.*least_evidence"),
])  # fmt: skip
def test_unknown_names_are_refused_with_the_nearest(profile, settings, message):
    with pytest.raises(ValueError, match=message):
        make_config(profile, **settings)


@pytest.mark.parametrize("name, value", [
    ("seed", -1), ("weight", -0.1), ("weight", float("nan")), ("patch_size", 0), ("n_patches", -1), ("top_k", 0),
    ("n_train", -5), ("epochs", -1), ("batch_size", 1), ("learning_rate", -0.1), ("learning_rate", float("nan")), ("bias_rate", -1.0),
    ("crop_padding", -1),
])  # fmt: skip
def test_values_out_of_range_are_named(name, value):
    with pytest.raises(ValueError, match=f"{name} is {value}"):
        make_config("scenes", **{name: value})


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_hold_fields_of_a_configuration(profile):
    assert set(PROFILES[profile]) <= set(Config.__dataclass_fields__)
    make_config(profile)


def test_an_optimizer_keeps_only_what_it_reads():
    muon = make_config("strong")
    assert (muon.optimizer, muon.bias_rate, muon.head_rate, muon.flip) == ("muon", 0.8, 0.1 / 0.12, "alternate")
    sgd = make_config("strong", optimizer="sgd", bias_rate=3.0)
    assert sgd == make_config("strong", optimizer=None) and sgd.bias_rate is sgd.head_rate is sgd.optimizer is None
    with pytest.raises(ValueError, match="unknown optimizer 'moun'.*did you mean 'muon'"):
        make_config("strong", optimizer="moun")
    with pytest.raises(ValueError, match="flip is 'always'; choose one of False, True, alternate"):
        make_config("strong", flip="always")


def test_digits_are_not_mirrored():
    assert make_config("scenes").flip is False


def test_forms_of_the_background_loss_keep_what_they_use():
    def form(**settings):
        return make_config("scenes", method="background", **settings)

    assert (form().selector, form().threshold) == ("cam_threshold", 0.5)
    assert form().judge is None and form().penalty == "norm"
    assert form(selector="low_confidence").threshold == 0.05
    assert form(selector="cam_threshold", threshold=0.3).threshold == 0.3
    assert form(selector="rank", threshold=0.3).threshold is None
    assert form(layer="both").judge == "last"
    assert form(judge="own") == form(), "the last map needs no other judge"
    plain = make_config("scenes", method="t2fnorm", penalty="entropy", layer="both")
    assert plain.penalty is plain.layer is None and plain.t2fnorm_temperature == 0.1


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"penalty": "nrom"}, "unknown penalty 'nrom'.*did you mean 'norm'"),
        ({"layer": "first"}, "unknown layer 'first'; choose one of last, previous, both"),
        ({"layer": "both", "judge": "me"}, "unknown judge 'me'"),
        ({"selector": "cam_threshold", "threshold": 1.0}, "threshold is 1.0"),
        ({"layer": "previous", "penalty": "entropy"}, "penalty 'entropy' needs a head of the map"),
        ({"layer": "both", "judge": "own", "penalty": "ood_head"}, "penalty 'ood_head' needs a head of the map"),
    ],
)
def test_a_form_that_cannot_be_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        make_config("scenes", method="background", **settings)


def test_zero_keeps_what_the_profile_says():
    zeros = dict.fromkeys(("stages", "width", "epochs", "batch_size", "learning_rate"), 0)
    assert make_config("cpu", **zeros) == make_config("cpu")
    other = make_config("cpu", width=8, batch_size=32, learning_rate=0.05)
    assert (other.width, other.batch_size, other.learning_rate) == (8, 32, 0.05)
    for name in zeros:
        with pytest.raises(ValueError, match=f"{name} is -1; it must be"):
            make_config("cpu", **{name: -1})


def test_minus_one_keeps_what_the_profile_says():
    kept, given = make_config("photos", weight_decay=-1, weight=-1), make_config("photos", weight_decay=0, weight=0)
    assert (kept.weight_decay, kept.weight) == (5e-4, 0.01) and (given.weight_decay, given.weight) == (0, 0)
    with pytest.raises(ValueError, match="weight_decay is -2"):
        make_config("photos", weight_decay=-2)
