// The columns of the two tables: a name, what a cell shows, and what it is sorted by.
const two = (first, second) => [element("span", { class: "first" }, first), element("span", { class: "second" }, second)];
const signed = (sign) => element("span", { class: "sign", "data-sign": sign }, sign);
const dim = (content) => element("span", { class: "dim" }, content);

// A fact before and after, in one line.
const inShort = ([name, before, after]) => [`${text(name)}: `, plain(before), " → ", plain(after)];
const plain = ([isValue, , whole]) => (isValue ? value(text(whole)) : text(whole));

const changesInShort = (step) => actions.changes[step].flatMap((change, at) => (at ? ["; ", ...inShort(change)] : inShort(change)));

const actionColumns = [
  {
    name: "step", class: "narrow",
    cell: (step) => [signed(actions.sign[step]), ` ${number(step + 1)}`],
    key: (step) => step,
  },
  { name: "what", class: "wide", cell: (step) => two(title(step), changesInShort(step)), key: (step) => actions.title[step].map(lower).join("") },
  {
    name: "mapping", class: "secondary",
    cell: (step) => two(value(text(actions.name[step])), placeOfMapping(actions.mapping[step])),
    key: (step) => lower(actions.name[step]),
  },
  {
    name: "waits for", class: "secondary short",
    cell: (step) => (actions.after[step].length ? listed(actions.after[step].slice(0, 3), stepLink) : dim("nothing")),
    key: (step) => actions.after[step].at(-1) ?? -1,
  },
  {
    name: "undo", class: "secondary short",
    cell: (step) => (cannotBeUndone(step) ? element("strong", { class: "danger" }, "! impossible") : dim("possible")),
    key: (step) => (cannotBeUndone(step) ? 0 : 1),
  },
];

const placeOfMapping = (mapping) => (mapping === null ? [] : [value(text(mappings.file[mapping])), `:${mappings.line[mapping]}`]);
const STATE_SIGNS = { blocked: "x", planned: "~" };
const stateOf = (mapping) => plan.states[mappings.state[mapping]].word;
const orNone = (place, otherwise) => (place === null ? dim(otherwise) : value(text(place)));

const cloudName = (mapping) => (mappings.account[mapping] === null ? dim : value)(text(mappings.upn[mapping]));

const mappingColumns = [
  {
    name: "state", class: "state",
    cell: (mapping) => [signed(STATE_SIGNS[stateOf(mapping)] ?? "="), ` ${stateOf(mapping)}`],
    key: (mapping) => mappings.state[mapping],
  },
  { name: "mapping", class: "wide", cell: (mapping) => two(value(text(mappings.id[mapping])), placeOfMapping(mapping)), key: (mapping) => lower(mappings.id[mapping]) },
  { name: "AD user", class: "secondary", cell: (mapping) => two(value(text(mappings.ad[mapping])), value(text(mappings.dn[mapping]))), key: (mapping) => lower(mappings.ad[mapping]) },
  {
    name: "cloud user", class: "secondary",
    cell: (mapping) => two(cloudName(mapping), value(text(mappings.account[mapping]))),
    key: (mapping) => lower(mappings.upn[mapping]),
  },
  {
    name: "ImmutableID", class: "secondary",
    cell: (mapping) => two(orNone(mappings.anchor[mapping], "(none)"), value(text(mappings.anchorGuid[mapping]))),
    key: (mapping) => lower(mappings.anchor[mapping]),
  },
  {
    name: "next sync", class: "secondary",
    cell: (mapping) => {
      const outcome = mappings.outcome[mapping];
      if (outcome === null) return dim("nothing");
      const sign = mappings.surprise[mapping] ? [signed("?"), " "] : [];
      return two([...sign, plan.outcomes[outcome]], value(nextSync(mapping)));
    },
    key: (mapping) => (mappings.outcome[mapping] ?? 99) - 100 * mappings.surprise[mapping],
  },
];
