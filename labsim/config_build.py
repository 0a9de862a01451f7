"""Build a configuration: files laid over each other, policies found, settings applied, everything checked at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import pydantic

from labsim.config_base import ConfigBase, EvidenceGiven, defaults_of
from labsim.config_files import FileSet
from labsim.errors import ConfigError, Problem
from labsim.number_text import settled
from labsim.overlay import ABSENT, SETTING, Change, Layer, Tree, conflicts, merged, read_settings, split_evidence
from labsim.policy_source import PolicyOrigin, find_policy_class
from labsim.profile import Names, Profile, folder_hashes
from labsim.quantity import Parameters, QuantityInfo, describe, names_in
from labsim.text import LANGUAGES, _, did_you_mean, nearest
from labsim.validation import as_given, evidence_problems, problems_of, read_strictly, unknown_name, unknown_top_key
from labsim.yaml_source import KeyPath, Place, find_place

__all__ = ["build", "changes_on_top"]

Model = TypeVar("Model", bound=ConfigBase)
_WRITTEN_BY_LABSIM = ("province", "scenario", "origins", "changes", "given")
_RUN_KEYS = tuple(name for name in ConfigBase.model_fields if name not in _WRITTEN_BY_LABSIM)
_NOT_SET = ("extends", "name", "kind", "folder", "as_of")
_NOT_SET_WHOLE = ("fields", "groups", "institutions")
_UNITS_IN_PROFILE = {"seats": "persons", "fee": "million VND per programme"}  # of a programme
_PROFILE_KEYS = tuple(name for name in Profile.model_fields if name not in ("id", "files"))


def build(
    model: type[Model], files: FileSet, settings: Sequence[str] | Mapping[str, Any] = (), *, allow_code: bool = True
) -> Model:
    """Return the configuration that files and settings describe; raises ConfigError with all problems."""
    return _Builder(model, files, allow_code).build(settings)


def changes_on_top(model: type[Model], files: FileSet, *, allow_code: bool = True) -> tuple[str, ...]:
    """Return what the last file of a configuration changes of those that it extends; raises ConfigError."""
    return _Builder(model, files, allow_code).changes_on_top()


class _Builder(Generic[Model]):
    """Carry the tree of values and the problems found so far from one step to the next."""

    def __init__(self, model: type[Model], files: FileSet, allow_code: bool) -> None:
        self.model = model
        self.files = files
        self.allow_code = allow_code
        self.problems: list[Problem] = []
        self.changes: list[Change] = []
        self.classes: dict[str, type[Parameters]] = {}
        self.origins: dict[str, PolicyOrigin] = {}
        self.tree = Tree({name: defaults_of(section) for name, section in model.sections().items()})
        self.on_before: set[str] = set()
        self.start_at = 1  # the layer from which on changes are told: the first above the profile
        self.in_doubt: set[str] = set()  # keys whose number may be another; they are reported once
        self.tree.places[()] = Place(files.sources[0].file, 1, 1)

    def build(self, settings: Sequence[str] | Mapping[str, Any]) -> Model:
        self._lay_files()
        found, problems = read_settings(settings)
        self.problems += problems
        found = _words_in_one_language([(self._full_path(path), value) for path, value in found])
        # which policies there are must be settled before their parameters can be set
        naming = [one for one in found if one[0][0] == "policies" and (len(one[0]) <= 2 or one[0][2:] == ("use",))]
        self._apply(naming)
        self._switch_on(path for path, _value in found)
        self._log_switches()
        self._find_policies()
        self._apply([one for one in found if one not in naming])
        config = self._checked()
        if self.problems or config is None:
            raise ConfigError(_in_order(self.problems))
        return config

    def changes_on_top(self) -> tuple[str, ...]:
        """Build as `build` does, with what lies below the last file as the state that changes start from."""
        self.start_at = len(self.files.sources) - 1
        return self.build(()).changes if self.start_at else ()

    def _lay_files(self) -> None:
        layers = [split_evidence(source) for source in self.files.sources]
        self.problems += [problem for layer in layers for problem in layer.problems]
        clashes = conflicts(layers, self.files.ancestors)
        if clashes:
            raise ConfigError(self.problems + clashes)
        for position, layer in enumerate(layers):
            _say_in_every_language(layer.data)
            self._check_groups(layer)
            changes = self.tree.add(layer)
            if position >= self.start_at:
                self.changes += [one for one in changes if one.path[0] not in ("extends", "title", "question")]
            else:
                self.on_before = self._policies_on()
        self._join_words(layers)

    def _check_groups(self, layer: Layer) -> None:
        """Refuse a section or the policies given as anything but a group; an empty one changes nothing."""
        for name in ("policies", *self.model.sections()):
            value = layer.data.get(name, {})
            if value is None:
                layer.data[name] = {}
            elif not isinstance(value, dict):
                message = _("given {given}; allowed a group of `key: value`").format(given=as_given(value))
                self.problems.append(Problem(*find_place(layer.places, (name,)), name, message))
                del layer.data[name]

    def _join_words(self, layers: list[Layer]) -> None:
        """Join the titles and questions of several scenarios given side by side."""
        bases = set().union(*self.files.ancestors.values())
        for key, separator in (("title", " + "), ("question", " ")):
            top = [layer.data[key] for layer in layers if key in layer.data and layer.source.file not in bases]
            try:
                names = [Names.model_validate(one) for one in top]
            except pydantic.ValidationError:
                continue  # the wrong title is still in the tree and is reported with everything else
            if len(names) > 1:
                joined = {code: separator.join(getattr(one, code) for one in names) for code in ("en", "vi")}
                self.tree.data[key] = joined

    def _full_path(self, path: KeyPath) -> KeyPath:
        policies = self.tree.data.get("policies", {})
        is_policy = path[0] in policies or path[0] in self.model.built_in_policies
        return ("policies", *path) if is_policy and path[0] not in self._keys() else path

    def _keys(self) -> list[str]:
        return [*self.model.sections(), *_RUN_KEYS, *_PROFILE_KEYS, "extends"]

    def _apply(self, settings: Sequence[tuple[KeyPath, Any]]) -> None:
        for path, value in settings:
            if path[0] in _NOT_SET or (path[0] in _NOT_SET_WHOLE and len(path) == 1):
                message = _("is not a parameter; write it in a file")
                self.problems.append(Problem(SETTING, None, None, ".".join(path), message))
                continue
            try:
                self.changes += self.tree.set(path, value)
            except ValueError as error:
                self.problems.append(Problem(SETTING, None, None, ".".join(path), str(error)))

    def _switch_on(self, paths: Iterable[KeyPath]) -> None:
        policies = self.tree.data.setdefault("policies", {})
        if not isinstance(policies, dict):
            message = _("given {given}; allowed a group of `key: value`")
            self._report(("policies",), message.format(given=as_given(policies)))
            policies = self.tree.data["policies"] = {}
        for path in paths:
            if len(path) > 2 and path[0] == "policies" and policies.get(path[1], False) is False:
                policies[path[1]] = {}
                self.tree.places[path[:2]] = Place(SETTING, None, None)

    def _policies_on(self) -> set[str]:
        return {str(name) for name, values in self.tree.data.get("policies", {}).items() if values is not False}

    def _log_switches(self) -> None:
        """Log each policy that scenarios and settings brought in or took away, before its parameters."""
        on = self._policies_on()
        switched = sorted(on ^ self.on_before)
        noise = {("policies", name, "use") for name in switched}
        self.changes = [one for one in self.changes if one.path not in noise and not _is_policy(one.path)]
        self.changes = [Change(("policies", name), name not in on, name in on) for name in switched] + self.changes

    def _find_policies(self) -> None:
        """Find the class of every policy that is on, and fill in its defaults."""
        policies: dict[Any, Any] = {}
        for name, values in self.tree.data.get("policies", {}).items():
            path = ("policies", str(name))
            if values is False:
                continue
            values = {} if values is None or values is True else values
            if not isinstance(values, dict):
                message = _("given {given}; allowed its parameters, true or false").format(given=as_given(values))
                self._report(path, message)
                continue
            use = values.get("use", name)
            place = self.tree.place((*path, "use"))
            folder = self.tree.folders.get(place.file, Path.cwd())
            try:
                found, origin = find_policy_class(
                    str(use),
                    folder,
                    base=self.model.policy_base,
                    built_in=self.model.built_in_policies,
                    allow_code=self.allow_code,
                )
            except ValueError as error:
                self._report((*path, "use") if "use" in values else path, str(error))
                continue
            self.classes[str(name)], self.origins[str(name)] = found, origin
            given = {key: value for key, value in values.items() if key != "use"}
            replaced = [where[2:] for where in self.tree.whole if where[:2] == path]
            policies[str(name)] = merged(defaults_of(found), given, whole=replaced)
        self.tree.data["policies"] = policies

    @staticmethod
    def _takes_money(policy: type[Parameters]) -> bool:
        pays = getattr(policy, "pays", None)
        return "budget" in policy.model_fields and (pays is None or bool(pays()))

    def _check_budgets(self) -> None:
        """Refuse money for a policy that spends none: a budget would be taken and change nothing."""
        paid = sorted(name for name, one in self.model.built_in_policies.items() if self._takes_money(one))
        for name, policy in self.classes.items():
            if self.tree.data["policies"][name].get("budget") is None or self._takes_money(policy):
                continue
            own = ", ".join(key for key in policy.model_fields if key != "budget")
            parts = [_("this policy spends nothing and takes no budget; allowed: {options}").format(options=own)]
            if "budget" not in policy.model_fields and nearest("budget", policy.model_fields):
                parts.append(did_you_mean("budget", policy.model_fields))
            if paid:
                parts.append(_("policies with a budget: {names}").format(names=", ".join(paid)))
            self._report(("policies", name, "budget"), "; ".join(parts))

    def _settle_numbers(self, quantities: Mapping[str, QuantityInfo]) -> None:
        """Read the numbers that files write as people do (6,25), and refuse those that may mean two (25.000 seats)."""
        for info in quantities.values():
            self._settle(tuple(info.path.split(".")), info.unit)
        self._settle(("scale",), "")
        institutions = self.tree.data.get("institutions")
        for at, one in enumerate(institutions if isinstance(institutions, list) else ()):
            programmes = one.get("programmes") if isinstance(one, dict) else None
            for place, programme in enumerate(programmes if isinstance(programmes, list) else ()):
                for key, unit in _UNITS_IN_PROFILE.items() if isinstance(programme, dict) else ():
                    self._settle(("institutions", str(at), "programmes", str(place), key), unit)

    def _settle(self, path: KeyPath, unit: str) -> None:
        container = self.tree.data
        for part in path[:-1]:
            container = container[int(part)] if isinstance(container, list) else container.get(part, {})
            if not isinstance(container, dict | list):
                return
        if not isinstance(container, dict) or path[-1] not in container:
            return
        value = container[path[-1]]
        inside, keys = (value, list(value)) if isinstance(value, dict) else (container, [path[-1]])
        for key in keys:
            try:
                inside[key] = settled(inside[key], unit)
            except ValueError as error:
                where = path if inside is container else (*path, str(key))
                self._report(where, str(error))
                self.in_doubt.add(".".join(where))

    def _checked(self) -> Model | None:
        data = self.tree.data
        known = self._keys()
        units = self._quantities()
        self._settle_numbers(units)
        self._check_budgets()
        for key in data:
            if key not in known:
                policies_here = sorted({*self.model.built_in_policies, *map(str, self.classes)})
                self._report((str(key),), unknown_top_key(str(key), known, self.model, policies_here))
        province = self._read(Profile, self._profile_data(), ())
        policies = {
            name: policy
            for name, found in sorted(self.classes.items())
            if (policy := self._read(found, data["policies"][name], ("policies", name))) is not None
        }
        self._check_switched_off()
        wanted = [*self.model.sections(), *(key for key in _RUN_KEYS if key != "policies")]
        rest = {key: data[key] for key in wanted if key in data}
        fallback = Profile(id=self.files.world, name=Names(en="", vi=""))
        rest["province"] = (province or fallback).model_dump(mode="json")
        if not data.get("title") and province is not None:
            rest["title"] = province.name.model_dump()
        if province is not None and province.kind == "reference":
            rest.setdefault("by", ["field"])  # the answers of the reference models are about occupations
        config: Model | None = self._read(self.model, rest, ())
        if config is None:
            return None
        self._check_start(config)
        self._check_names(config, policies)
        checked: Model = config.model_copy(
            update={
                "policies": policies,
                "scenario": self.files.scenario,
                "origins": dict(sorted(self.origins.items())),
                "changes": tuple(self._worded(change, units) for change in self.changes),
                "given": self._evidence(units),
            }
        )
        return checked

    def _check_start(self, config: ConfigBase) -> None:
        """Refuse to call the people of one month those of another."""
        as_of, start = config.province.as_of, config.period.start
        if as_of is not None and start != as_of:
            message = _("given {start}; allowed {as_of}, the month that the province's margins describe")
            self._report(("period", "start"), message.format(start=start, as_of=as_of))

    def _check_names(self, config: ConfigBase, policies: Mapping[str, Parameters]) -> None:
        """Refuse weights of fields and districts that this world does not have; they would change nothing."""
        for name, policy in policies.items():
            for key, field in type(policy).model_fields.items():
                what = names_in(field)
                if not isinstance(what, str):
                    continue
                defaults = defaults_of(type(policy))[key]
                known = config.names_of(what)
                for one in getattr(policy, key):
                    if one not in known and one not in defaults:
                        self._report(("policies", name, key, one), unknown_name(one, known))

    def _profile_data(self) -> dict[str, Any]:
        profile = self.files.sources[0].path
        assert profile is not None
        data = {key: self.tree.data[key] for key in _PROFILE_KEYS if key in self.tree.data}
        folder = profile.parent / str(data.pop("folder", "margins"))
        data["id"] = self.files.world
        if folder.is_dir():
            data |= {"folder": str(folder.resolve()), "files": folder_hashes(folder)}
        return data

    def _read(self, model: Any, data: Mapping[Any, Any], prefix: KeyPath) -> Any:
        try:
            return read_strictly(model, data)
        except pydantic.ValidationError as error:
            found = problems_of(error, model, data, self.tree.places, prefix)
            self.problems += [one for one in found if one.path not in self.in_doubt]
        except Exception as error:  # of a policy of the user's own, whose class may do anything
            if prefix[:1] != ("policies",):
                raise
            self._report(prefix, _("raised {kind}: {error}").format(kind=type(error).__name__, error=str(error)[:200]))
        return None

    def _check_switched_off(self) -> None:
        names = self.tree.data.get("switched_off", [])
        known = self.model.process_names
        for position, name in enumerate(names if isinstance(names, list) and known else []):
            if name not in known:
                message = _("no process {name}; {hint}").format(
                    name=as_given(name), hint=did_you_mean(str(name), known)
                )
                self._report(("switched_off", str(position)), message)

    def _quantities(self) -> dict[str, QuantityInfo]:
        found = {info.path: info for info in describe(self.model)}
        for name, policy in self.classes.items():
            found |= {info.path: info for info in describe(policy, f"policies.{name}.")}
        return found

    def _evidence(self, quantities: Mapping[str, QuantityInfo]) -> dict[str, EvidenceGiven]:
        found: dict[str, EvidenceGiven] = {}
        for where, given in self.tree.given.items():
            path = ".".join(where)
            info = _owner(where, quantities)
            if info is None:
                if given.evidence is not None:
                    self.problems.append(Problem(*given.place, path, _("this key takes no evidence")))
                continue
            value = _value_at(self.tree.data, tuple(info.path.split(".")))
            facts = {"low": info.low, "high": info.high, "unit": info.unit}
            evidence = dict(given.evidence or {})
            wrong = evidence_problems(where, value, evidence, facts, given.place)
            self.problems += wrong
            if "source" not in evidence and value != info.default:
                evidence["source"] = _unsourced(given.place)
                evidence.setdefault("grade", "D")
            found.pop(info.path, None)
            if evidence and not wrong:
                found[info.path] = EvidenceGiven(**evidence)
        return found

    def _worded(self, change: Change, quantities: Mapping[str, QuantityInfo]) -> str:
        info = _owner(change.path, quantities)
        old, new = change.old, change.new
        if info is not None or change.path == ("scale",):
            old, new = (_as_number(one, info.unit if info is not None else "") for one in (old, new))
        if _is_policy(change.path):
            old, new = (_("on") if on else _("off") for on in (old, new))
        elif old is ABSENT and info is not None and ".".join(change.path) == info.path:
            old = info.default
            new = new if change.path in self.tree.whole else merged(old, new)
        unit = f" [{info.unit}]" if info is not None else ""
        return f"{'.'.join(change.path)}: {_word(old)} -> {_word(new)}{unit}"

    def _report(self, path: KeyPath, message: str) -> None:
        self.problems.append(Problem(*self.tree.place(path), ".".join(path), message))


def _say_in_every_language(data: dict[Any, Any]) -> None:
    """Let a name, title or question that a file gives in one language stand for all: that of a base names the base."""
    for key in ("name", "title", "question"):
        words = data.get(key)
        if isinstance(words, dict):
            given = [words[code] for code in LANGUAGES if code in words]
            if len(given) == 1 and isinstance(given[0], str):
                data[key] = dict.fromkeys(LANGUAGES, given[0]) | words


def _words_in_one_language(settings: Sequence[tuple[KeyPath, Any]]) -> list[tuple[KeyPath, Any]]:
    """Return settings in which a title or question set in one language is set in all, as in a file."""
    found = list(settings)
    paths = {path for path, _value in settings}
    for path, value in settings:
        if path[0] in ("title", "question") and len(path) == 2 and path[1] in LANGUAGES:
            others = [(path[0], code) for code in LANGUAGES if code != path[1]]
            found += [(other, value) for other in others if other not in paths]
    return found


def _is_policy(path: KeyPath) -> bool:
    return path[0] == "policies" and len(path) <= 2


def _as_number(value: Any, unit: str) -> Any:
    try:
        return settled(value, unit)
    except ValueError:
        return value  # a later file says something else


def _owner(path: KeyPath, quantities: Mapping[str, QuantityInfo]) -> QuantityInfo | None:
    """Return the quantity that a key is, or belongs to."""
    paths = [".".join(path[:length]) for length in range(len(path), 0, -1)]
    return next((quantities[one] for one in paths if one in quantities), None)


def _value_at(data: Any, path: KeyPath) -> Any:
    for part in path:
        data = data[part]
    return data


def _unsourced(place: Place) -> str:
    where = place.file if place.line is None else f"{place.file}:{place.line}"
    return _("given in {where} without a source").format(where=where)


def _word(value: Any) -> str:
    if value is ABSENT:
        return _("not set")
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_word(item)}" for key, item in value.items()) + "}"
    return value if isinstance(value, str) else as_given(value)


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Sort by file (in the order first met) and line, so that a user can go down the list."""
    files = list(dict.fromkeys(problem.file for problem in problems))
    unique = list(dict.fromkeys(problems))
    return sorted(unique, key=lambda one: (files.index(one.file), one.line or 0, one.column or 0))
