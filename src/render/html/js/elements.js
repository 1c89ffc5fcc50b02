// Building elements. Values become text nodes only; the browser's policy forbids anything else.
const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== ""));
  return made;
};

// A value of a directory: with a direction of its own, so that it cannot turn what stands around it.
const value = (content) => element("bdi", {}, content);
const code = (content) => element("code", {}, value(content));

// A sentence in which pairs of backticks mark code.
const prose = (sentence) => {
  const spans = sentence.split("`");
  if (spans.length % 2 === 0) return [value(sentence)];
  return spans.map((span, place) => (place % 2 ? code(span) : span)).filter((span) => span !== "");
};

// Places of texts, words and values in turn.
const inTurn = (places, mark) => places.map((place, at) => (at % 2 ? mark(text(place)) : text(place)));

const title = (step) => inTurn(actions.title[step], code);

const stepLink = (step) =>
  element("a", { href: "#actions", class: "step", "data-step": step, "aria-label": `step ${step + 1}` }, number(step + 1));
const mappingLink = (mapping) =>
  element("a", { href: "#mappings", "data-mapping": mapping }, value(text(mappings.id[mapping])));
const findingLink = (finding) =>
  element("a", { href: `#finding-${finding}`, "data-to-finding": finding }, plan.codes[findings.code[finding]].word);

// Items one after another, separated by commas; of very many the first.
const MOST = 200;
const listed = (items, make) => {
  const shown = items.slice(0, MOST).flatMap((item, at) => (at ? [", ", make(item)] : [make(item)]));
  return items.length > MOST ? [...shown, ` and ${number(items.length - MOST)} more`] : shown;
};
