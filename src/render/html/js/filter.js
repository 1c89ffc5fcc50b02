// What is shown: the filter, its form in the address, and whether a row passes.
// A row is judged by what belongs to it: a mapping by its actions and findings, an action or finding by its mapping.
const NOTHING = { q: "", kind: "", state: "", finding: "", forest: "", actions: "", mappings: "" };
const filter = { ...NOTHING };

const readFragment = () => {
  const given = new URLSearchParams(location.hash.slice(1));
  Object.keys(NOTHING).forEach((key) => (filter[key] = given.get(key) ?? ""));
};

const writeFragment = () => {
  const set = Object.entries(filter).filter(([, wish]) => wish !== "");
  const fragment = new URLSearchParams(set).toString();
  history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname + location.search);
};

const placeOf = (choices, word) => choices.findIndex((choice) => choice.word === word);

// For each word that is searched, which texts contain it.
const hitsOf = (query) =>
  query.toLowerCase().split(/\s+/).filter(Boolean).map((word) => {
    const hits = new Uint8Array(texts.length);
    for (let place = 0; place < hits.length; place++) hits[place] = lower(place).includes(word) ? 1 : 0;
    return hits;
  });

const hasText = (hits, places) => places.some((place) => place !== null && hits[place]);
const mappingHit = (hits, mapping) =>
  hasText(hits, mappings.next[mapping]) ||
  ["id", "file", "ad", "dn", "sam", "guid", "sid", "upn", "account", "anchor", "anchorGuid"].some((column) => {
    const place = mappings[column][mapping];
    return place !== null && hits[place];
  });
const actionHit = (hits, step) =>
  hits[actions.name[step]] || hits[actions.target[step]] || hits[actions.upn[step]] || hits[actions.reason[step]] ||
  hasText(hits, actions.title[step]) ||
  actions.changes[step].some(([, before, after]) => hits[before[2]] || hits[after[2]]);
const findingHit = (hits, finding) => {
  const mapping = findings.mapping[finding];
  return hasText(hits, findings.texts[finding]) || (mapping !== null && hits[mappings.id[mapping]]);
};

// Makes the three tests of the filter as it stands.
const tests = () => {
  const searches = hitsOf(filter.q);
  const kind = placeOf(plan.kinds, filter.kind), state = placeOf(plan.states, filter.state);
  const code = placeOf(plan.codes, filter.finding), severity = placeOf(plan.severities, filter.finding);
  const forest = placeOf(plan.forests, filter.forest);

  const isFound = (finding) => (code < 0 || findings.code[finding] === code) && (severity < 0 || findings.severity[finding] === severity);
  const ofMapping = (mapping) =>
    mapping === null ? state < 0 && forest < 0
      : (state < 0 || mappings.state[mapping] === state) && (forest < 0 || mappings.forest[mapping] === forest);
  const hasKind = (mapping) => kind < 0 || (mapping !== null && actionsOf[mapping].some((step) => actions.kind[step] === kind));
  const hasFinding = (mapping) => filter.finding === "" || (mapping !== null && findingsOf[mapping].some(isFound));
  const all = (hit, row) => searches.every((hits) => hit(hits, row));

  return {
    action: (step) => {
      const mapping = actions.mapping[step];
      return (kind < 0 || actions.kind[step] === kind) && ofMapping(mapping) && hasFinding(mapping) && all(actionHit, step);
    },
    mapping: (mapping) => ofMapping(mapping) && hasKind(mapping) && hasFinding(mapping) && all(mappingHit, mapping),
    finding: (finding) => {
      const mapping = findings.mapping[finding];
      return isFound(finding) && ofMapping(mapping) && hasKind(mapping) && all(findingHit, finding);
    },
  };
};

const passing = (length, test) => {
  const rows = [];
  for (let row = 0; row < length; row++) if (test(row)) rows.push(row);
  return rows;
};
