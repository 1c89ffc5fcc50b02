// What is opened below a row.
const described = (rows) =>
  element("dl", { class: "details" }, rows.filter(([, content]) => content.length !== 0).map(([name, content]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, content))));

const sideOf = ([isValue, guid, whole, pieces], sign) => {
  const marked = pieces.map((place, at) => (at % 2 ? element(sign === "-" ? "del" : "ins", {}, text(place)) : text(place)));
  const shown = isValue ? code(pieces.length ? marked : text(whole)) : text(whole);
  return [element("span", { class: "sign" }, sign), " ", shown, guid === null ? "" : ` (GUID ${text(guid)})`];
};

const changed = ([name, before, after]) =>
  element("div", { class: "change" }, element("p", { class: "fact" }, text(name)),
    element("p", { class: "before" }, sideOf(before, "-")), element("p", { class: "after" }, sideOf(after, "+")));

const conditions = (step) => {
  const places = actions.onlyIf[step], items = [];
  for (let at = 0; at < places.length; at += 2) items.push(element("li", {}, text(places[at]), " ", code(text(places[at + 1]))));
  return items.length ? [element("ul", {}, items)] : [];
};

const foundOf = (mapping) => (mapping === null ? [] : listed(findingsOf[mapping], findingLink));

const actionDetails = (step) =>
  described([
    ["what", title(step)],
    ["object", [code(text(actions.target[step])), " ", value(text(actions.upn[step])), " in ", value(text(actions.directory[step]))]],
    ["before and after", actions.changes[step].map(changed)],
    ["only if", conditions(step)],
    ["because", prose(text(actions.reason[step]))],
    ["waits for", listed(actions.after[step], stepLink)],
    ["needed by", listed(neededBy(step), stepLink)],
    ["undo", [cannotBeUndone(step) ? "! cannot be undone" : "possible"]],
    ["mapping", actions.mapping[step] === null ? [value(text(actions.name[step]))] : [mappingLink(actions.mapping[step]), " ", ...placeOfMapping(actions.mapping[step])]],
    ["findings", foundOf(actions.mapping[step])],
  ]);

const withCode = (place) => (place === null ? [] : [code(text(place))]);

const mappingDetails = (mapping) =>
  described([
    ["mapping", [value(text(mappings.id[mapping]))]],
    ["written at", placeOfMapping(mapping)],
    ["AD user", [value(text(mappings.ad[mapping]))]],
    ["DN", withCode(mappings.dn[mapping])],
    ["objectGUID", withCode(mappings.guid[mapping])],
    ["SID", withCode(mappings.sid[mapping])],
    ["cloud user", [value(text(mappings.upn[mapping])), " ", ...withCode(mappings.account[mapping])]],
    ["ImmutableID", mappings.anchor[mapping] === null ? ["(none)"] : anchorOf(mapping)],
    ["next sync", prose(nextSync(mapping))],
    ["notes", mappings.notes[mapping].length ? [element("ul", {}, mappings.notes[mapping].map((note) => element("li", {}, prose(text(note)))))] : []],
    ["steps", listed(actionsOf[mapping], stepLink)],
    ["findings", foundOf(mapping)],
  ]);

const anchorOf = (mapping) => {
  const guid = mappings.anchorGuid[mapping], from = mappings.anchorFrom[mapping];
  return [code(text(mappings.anchor[mapping])), guid === null ? "" : ` (GUID ${text(guid)})`, from === null ? "" : ` from ${text(from)}`];
};
