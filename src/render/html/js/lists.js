// The lists that are there without a script: each element and the row that it tells of.
const listOf = (attribute, row) =>
  [...document.querySelectorAll(`[${attribute}]`)].map((item, at) => ({ item, row: row(item, at), passes: true }));
const lists = {
  finding: listOf("data-finding", (_, at) => at),
  action: listOf("data-lost", (item) => Number(item.dataset.lost)),
  mapping: listOf("data-surprise", (item) => Number(item.dataset.surprise)),
};
const entries = new Map(Object.values(lists).flat().map((entry) => [entry.item, entry]));
const within = (place) => [...place.querySelectorAll("li[data-finding], li[data-lost], li[data-surprise]")].map((item) => entries.get(item));
const totals = [...document.querySelectorAll(".shown[data-total]")].map((shown) => {
  const place = shown.closest("details.group, section");
  return { shown, place, listed: within(place) };
});
// Of very long lists a part is closed; it opens when few pass the filter.
const rests = [...document.querySelectorAll("details.rest")].map((rest) => ({ rest, listed: within(rest) }));
const FEW = 200;

const passed = (listed) => listed.reduce((sum, entry) => sum + (entry.passes ? 1 : 0), 0);

const filterLists = (test) => {
  for (const [sort, list] of Object.entries(lists)) {
    for (const entry of list) {
      entry.passes = test[sort](entry.row);
      if (entry.item.hidden === entry.passes) entry.item.hidden = !entry.passes;
    }
  }
  for (const { shown, place, listed } of totals) {
    const left = passed(listed);
    shown.textContent = share(left, listed.length);
    place.classList.toggle("is-empty", left === 0);
  }
  for (const { rest, listed } of rests) {
    const left = passed(listed);
    rest.hidden = left === 0;
    rest.open = left <= FEW && left < listed.length;
    rest.firstElementChild.textContent = `${number(left)} more`;
  }
};
