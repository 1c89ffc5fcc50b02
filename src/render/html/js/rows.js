// A table that draws only the rows that are seen. Every row is as high as any other; what is opened below a row is measured.
const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
const ROW = Math.round(3.5 * rem);
const AROUND = 8;

class Rows {
  constructor(name, columns, detail) {
    Object.assign(this, { name, columns, detail, rows: [], drawn: new Map(), opened: new Map(), current: 0, printing: false, span: columns.length });
    this.table = document.getElementById(`${name}-table`);
    this.frame = this.table.parentElement;
    this.above = this.spacer();
    this.below = this.spacer();
    this.body = element("tbody", {}, this.above, this.below);
    this.table.append(element("colgroup", {}, columns.map((column) => element("col", { class: column.class }))), this.head(), this.body);
    this.table.setAttribute("aria-colcount", columns.length);
    this.frame.addEventListener("scroll", () => this.draw(), { passive: true });
    this.body.addEventListener("click", (event) => this.clicked(event));
    this.body.addEventListener("keydown", (event) => this.pressed(event));
    new ResizeObserver(() => this.resized()).observe(this.frame);
  }

  // Where there is little room some columns are not shown; what spans the table must not span more.
  resized() {
    this.span = this.heads.filter((head) => getComputedStyle(head).display !== "none").length;
    this.body.querySelectorAll("td[colspan]").forEach((cell) => cell.setAttribute("colspan", this.span));
    this.draw();
  }

  spacer() {
    return element("tr", { class: "spacer", "aria-hidden": "true" }, element("td", { colspan: this.columns.length }));
  }

  head() {
    const cell = (column, at) => {
      const button = element("button", { type: "button" }, column.name);
      button.addEventListener("click", () => sortBy(this.name, at));
      return element("th", { scope: "col", class: column.class }, button);
    };
    this.heads = this.columns.map(cell);
    return element("thead", {}, element("tr", {}, this.heads));
  }

  // Shows these rows, sorted as the filter says: "2" by the third column, "-2" backwards.
  show(rows) {
    const wish = filter[this.name], backwards = wish.startsWith("-");
    const column = wish === "" ? null : this.columns[Number(wish.replace("-", ""))];
    this.heads.forEach((head, at) => {
      const sorted = column && this.columns[at] === column;
      if (sorted) head.setAttribute("aria-sort", backwards ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    this.rows = column ? this.sorted(rows, column, backwards) : rows;
    this.places = null;
    this.current = 0;
    this.drawn.forEach((row) => this.remove(row));
    this.drawn.clear();
    this.table.setAttribute("aria-rowcount", rows.length + 1);
    this.frame.scrollTop = 0;
    this.draw();
  }

  sorted(rows, column, backwards) {
    const keys = new Map(rows.map((row) => [row, column.key(row)]));
    const sign = backwards ? -1 : 1;
    return rows.slice().sort((left, right) => {
      const [a, b] = [keys.get(left), keys.get(right)];
      return a < b ? -sign : a > b ? sign : left - right;
    });
  }

  placeOf(row) {
    this.places ??= new Map(this.rows.map((one, place) => [one, place]));
    return this.places.get(row);
  }

  // Opened rows by place, with what they add.
  additions() {
    const known = [...this.opened].map(([row, height]) => [this.placeOf(row), height]);
    return known.filter(([place]) => place !== undefined).sort((a, b) => a[0] - b[0]);
  }

  topOf(place, additions = this.additions()) {
    return additions.reduce((top, [opened, height]) => (opened < place ? top + height : top), place * ROW);
  }

  placeAt(top, additions) {
    let before = 0;
    for (const [opened, height] of additions) {
      if (opened * ROW + before + ROW + height > top) break;
      before += height;
    }
    const place = Math.floor((top - before) / ROW);
    return Math.max(0, Math.min(place, this.rows.length - 1));
  }

  draw() {
    const additions = this.additions(), last = this.rows.length;
    // A frame that was empty grows only once there are rows, so what the window holds is drawn at least.
    const height = Math.max(this.frame.clientHeight, innerHeight);
    const seen = this.printing || !this.frame.classList.contains("is-long") ? [0, last] : [
      this.placeAt(this.frame.scrollTop, additions) - AROUND,
      this.placeAt(this.frame.scrollTop + height, additions) + AROUND + 1,
    ];
    const [from, to] = [Math.max(0, seen[0]), Math.min(last, seen[1])];
    // A row with the focus stays in the document, or the keys would lose their place.
    let next = this.below;
    this.drawn.forEach((row, place) => {
      if (place >= from && place < to) return;
      if (!row.line.contains(document.activeElement)) this.forget(place);
      else if (place >= to) next = row.line;
    });
    for (let place = to - 1; place >= from; place--) next = this.put(place, next);
    const below = this.topOf(last, additions) - this.topOf(to, additions);
    this.above.firstChild.style.height = `${this.topOf(from, additions)}px`;
    this.below.firstChild.style.height = `${below}px`;
    this.above.hidden = from === 0;
    this.below.hidden = below <= 0;
    this.frame.classList.toggle("is-empty", last === 0);
    this.measure();
  }

  // Puts the row at a place before another, and says what comes first now.
  put(place, next) {
    let row = this.drawn.get(place);
    if (!row) this.drawn.set(place, (row = this.make(place)));
    if (row.more && row.more.nextSibling !== next) this.body.insertBefore(row.more, next);
    const after = row.more ?? next;
    if (row.line.nextSibling !== after) this.body.insertBefore(row.line, after);
    return row.line;
  }

  make(place) {
    const row = this.rows[place], isOpen = this.opened.has(row);
    const cells = this.columns.map((column, at) => {
      const content = column.cell(row);
      const children = at === 0 ? [this.toggle(place, isOpen, content)] : content;
      return element("td", { class: column.class }, element("div", {}, children));
    });
    const line = element("tr", { "aria-rowindex": place + 2, "data-place": place, class: isOpen ? "is-open" : null }, cells);
    const more = isOpen
      ? element("tr", { class: "more", "data-below": place }, element("td", { colspan: this.span }, this.detail(row)))
      : null;
    return { line, more };
  }

  toggle(place, isOpen, content) {
    const index = place === this.current ? "0" : "-1";
    return element("button", { type: "button", class: "toggle", "aria-expanded": String(isOpen), tabindex: index }, content);
  }

  remove(row) {
    row.line.remove();
    row.more?.remove();
  }

  forget(place) {
    this.remove(this.drawn.get(place));
    this.drawn.delete(place);
  }

  measure() {
    let changed = false;
    this.drawn.forEach(({ more }, place) => {
      if (!more) return;
      const height = more.getBoundingClientRect().height;
      const row = this.rows[place];
      if (Math.abs(this.opened.get(row) - height) > 0.5) {
        this.opened.set(row, height);
        changed = true;
      }
    });
    if (changed && !this.printing) this.draw();
  }

  clicked(event) {
    const line = event.target.closest("tr[data-place]");
    const isSelecting = !event.target.closest(".toggle") && getSelection().toString() !== "";
    if (!line || event.target.closest("a") || isSelecting) return;
    const place = Number(line.dataset.place);
    this.turn(place, !this.opened.has(this.rows[place]));
    this.focus(place);
  }

  // Opens or closes what is below a row.
  turn(place, open) {
    const row = this.rows[place];
    if (open) this.opened.set(row, this.opened.get(row) ?? 0);
    else this.opened.delete(row);
    if (this.drawn.has(place)) this.forget(place);
    this.draw();
  }

  pressed(event) {
    if (!event.target.classList.contains("toggle")) return;
    const page = Math.max(1, Math.floor(this.frame.clientHeight / ROW) - 1);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const here = Number(event.target.closest("tr").dataset.place);
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") this.turn(here, event.key === "ArrowRight");
    else if (!(event.key in moves)) return;
    event.preventDefault();
    this.focus(Math.max(0, Math.min(this.rows.length - 1, here + (moves[event.key] ?? 0))));
  }

  // Scrolls to a row and puts the focus on it.
  focus(place) {
    const before = this.drawn.get(this.current);
    before?.line.querySelector(".toggle").setAttribute("tabindex", "-1");
    this.current = place;
    this.reveal(place);
    const toggle = this.drawn.get(place).line.querySelector(".toggle");
    toggle.setAttribute("tabindex", "0");
    toggle.focus({ preventScroll: true });
  }

  reveal(place) {
    const top = this.topOf(place), head = this.table.tHead.getBoundingClientRect().height;
    const room = this.frame.clientHeight - head - ROW;
    if (top < this.frame.scrollTop) this.frame.scrollTop = top;
    else if (top > this.frame.scrollTop + room) this.frame.scrollTop = top - room;
    this.draw();
    this.drawn.get(place).line.scrollIntoView({ block: "nearest" });
  }

  // Opens a row wherever it is.
  visit(row) {
    const place = this.placeOf(row);
    this.turn(place, true);
    this.focus(place);
    this.drawn.get(place).line.scrollIntoView({ block: "center" });
  }

  // Paper shows all rows and columns.
  print(on) {
    this.printing = on;
    this.body.querySelectorAll("td[colspan]").forEach((cell) => cell.setAttribute("colspan", this.columns.length));
    if (on) this.draw();
    else this.resized();
  }
}
