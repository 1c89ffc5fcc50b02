// The page: controls, lists, links between rows, theme, printing.
const root = document.documentElement;
root.classList.add("has-script");
const controls = document.getElementById("controls"), query = document.getElementById("query"), said = document.getElementById("shown");
const selects = [...controls.querySelectorAll("select")];

const tables = {
  actions: new Rows("actions", actionColumns, actionDetails),
  mappings: new Rows("mappings", mappingColumns, mappingDetails),
};

const isFiltered = () => ["q", "kind", "state", "finding", "forest"].some((key) => filter[key] !== "");

// Shows what the filter lets through.
const apply = () => {
  const test = tests();
  const rows = { actions: passing(count.actions, test.action), mappings: passing(count.mappings, test.mapping) };
  // First what takes elements away: the tables measure.
  filterLists(test);
  tables.actions.show(rows.actions);
  tables.mappings.show(rows.mappings);
  document.querySelectorAll("[data-count]").forEach((shown) => {
    shown.textContent = share(rows[shown.dataset.count].length, count[shown.dataset.count]);
  });
  const left = passed(lists.finding);
  const parts = [[rows.actions.length, count.actions, "action"], [rows.mappings.length, count.mappings, "mapping"], [left, count.findings, "finding"]];
  said.textContent = isFiltered()
    ? `Shown: ${parts.map(([shown, all, word]) => `${number(shown)} of ${counted(all, word)}`).join(", ")}`
    : `All shown: ${parts.map(([, all, word]) => counted(all, word)).join(", ")}`;
  document.getElementById("reset").disabled = !isFiltered();
};

const toControls = () => {
  query.value = filter.q;
  selects.forEach((select) => (select.value = filter[select.name]));
};
const change = (wishes) => {
  Object.assign(filter, wishes);
  writeFragment();
  apply();
};
const showAll = () => {
  change({ q: "", kind: "", state: "", finding: "", forest: "" });
  toControls();
};

// A column sorts upwards, then downwards, then not at all.
const sortBy = (table, column) => {
  const next = { [`${column}`]: `-${column}`, [`-${column}`]: "" }[filter[table]] ?? `${column}`;
  change({ [table]: next });
};

// Goes to a row; a filter that hides it is taken away.
const visit = (table, row) => {
  if (tables[table].placeOf(row) === undefined) {
    showAll();
    said.textContent = `The filter hid that row and was taken away. ${said.textContent}`;
  }
  tables[table].visit(row);
};

const goTo = (place) => {
  for (let outer = place; outer; outer = outer.parentElement) if (outer.tagName === "DETAILS") outer.open = true;
  if (place.closest("[hidden], .is-empty")) showAll();
  place.scrollIntoView({ block: "start" });
  (place.querySelector("h2") ?? place).focus({ preventScroll: true });
};

// Links within the page leave the address alone: that holds the filter.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { step, mapping } = link.dataset;
  if (step !== undefined) visit("actions", Number(step));
  else if (mapping !== undefined) visit("mappings", Number(mapping));
  else if (link.hasAttribute("data-filter")) {
    showAll();
    change(Object.fromEntries(new URLSearchParams(link.hash.slice(1))));
    toControls();
    goTo(controls);
  } else goTo(document.getElementById(link.hash.slice(1)));
});

query.addEventListener("input", () => change({ q: query.value }));
selects.forEach((select) => select.addEventListener("change", () => change({ [select.name]: select.value })));
document.getElementById("reset").addEventListener("click", () => {
  showAll();
  query.focus();
});
document.addEventListener("keydown", (event) => {
  const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    query.focus();
    query.select();
  } else if (event.key === "Escape" && event.target === query && query.value !== "") {
    query.value = "";
    change({ q: "" });
  }
});

const offer = (select, choices) =>
  select.append(...choices.filter(({ label }) => label !== "").map(({ word, label }) => element("option", { value: word }, label)));
selects.forEach((select) => {
  if (select.name === "kind") offer(select, plan.kinds);
  if (select.name === "state") offer(select, plan.states);
  if (select.name === "forest") offer(select, plan.forests);
  if (select.name === "finding") {
    offer(select, plan.severities);
    const codes = element("optgroup", { label: "by code" });
    offer(codes, plan.codes);
    select.append(codes);
  }
  if (select.options.length === 1) select.disabled = true;
});

const theme = document.getElementById("theme");
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ?? (systemIsDark.matches ? "dark" : "light")) === "dark";
const nameTheme = () => (theme.textContent = isDark() ? "Light" : "Dark");
theme.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
systemIsDark.addEventListener("change", nameTheme);

const copy = document.getElementById("copy");
copy.addEventListener("click", async () => {
  const digest = document.getElementById("digest");
  try {
    await navigator.clipboard.writeText(digest.textContent);
    copy.textContent = "Copied";
  } catch {
    // Not allowed here: what is selected can be copied by hand.
    getSelection().selectAllChildren(digest);
    copy.textContent = "Selected";
  }
  setTimeout(() => (copy.textContent = "Copy"), 2000);
});

// Paper has no scrolling and nothing to open.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  folded.forEach((one) => (one.open = true));
  Object.values(tables).forEach((table) => table.print(true));
});
addEventListener("afterprint", () => {
  folded.forEach((one) => (one.open = false));
  Object.values(tables).forEach((table) => table.print(false));
});

addEventListener("hashchange", () => {
  readFragment();
  toControls();
  apply();
});
readFragment();
toControls();
nameTheme();
apply();
