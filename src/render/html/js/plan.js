// The plan, as columns of numbers that point into `texts`; see data.rs.
const plan = JSON.parse(document.getElementById("data").textContent);
const { texts, actions, mappings, findings } = plan;
const text = (place) => (place === null || place === undefined ? "" : texts[place]);
const count = { actions: actions.kind.length, mappings: mappings.state.length, findings: findings.code.length };

// The texts in lower case, for searching and sorting; made when they are first needed.
let lowered = null;
const lower = (place) => {
  lowered ??= texts.map((text) => text.toLowerCase());
  return place === null ? "" : lowered[place];
};

// What belongs to a mapping.
const actionsOf = Array.from({ length: count.mappings }, () => []);
const findingsOf = Array.from({ length: count.mappings }, () => []);
actions.mapping.forEach((mapping, step) => mapping !== null && actionsOf[mapping].push(step));
findings.mapping.forEach((mapping, finding) => mapping !== null && findingsOf[mapping].push(finding));

// The steps that wait for a step.
let waiting = null;
const neededBy = (step) => {
  if (!waiting) {
    waiting = Array.from({ length: count.actions }, () => []);
    actions.after.forEach((earlier, later) => earlier.forEach((one) => waiting[one].push(later)));
  }
  return waiting[step];
};

const nextSync = (mapping) => mappings.next[mapping].map(text).join("");
const cannotBeUndone = (step) => actions.sign[step] === "!";
const number = (value) => value.toLocaleString("en-US");
const counted = (value, word) => `${number(value)} ${word}${value === 1 ? "" : "s"}`;
const share = (shown, all) => (shown === all ? number(all) : `${number(shown)} of ${number(all)}`);
