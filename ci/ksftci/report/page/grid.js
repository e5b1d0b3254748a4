// SPDX-License-Identifier: GPL-2.0-only
// Tests and kernels as a grid that scrolls both ways. Only the cells in view are elements.
"use strict";

const ROW = 26; // pixels, as in page.css
const FEW = 8; // so many kernels get wide columns with their names lying
const SCROLLBAR = 18; // pixels, and borders
const OVERSCAN = 4; // rows and columns drawn beyond what is seen

const grid = {
	box: $("grid"),
	sheet: $("sheet"),
	columns: [], // numbers of kernels, left to right
	rows: [], // what is shown, top to bottom: {kind, title, id, tests, open}
	folded: new Map(), // id of a program or group to whether it is closed, where the reader said so
	at: {row: 0, column: -1}, // the active cell; column -1 is the name
	tallies: new Map(),
};

function fillGrid(chosen, columns) {
	grid.columns = columns;
	grid.chosen = chosen;
	grid.tallies.clear();
	grid.wide = columns.length <= FEW;
	grid.box.classList.toggle("wide", grid.wide);
	arrangeRows();
}

// The chosen tests below their program and group, without those in closed ones.
function arrangeRows() {
	const rows = [];
	const filtered = Object.entries(filter).some(([name, value]) => value && name !== "kernel");
	for (const [program, members] of gather(grid.chosen, (test) => test.program)) {
		const top = {kind: "program", title: program, id: program, tests: members};
		top.open = isOpen(top, filtered || grid.chosen.length <= 60);
		rows.push(top);
		if (!top.open)
			continue;
		for (const [group, inner] of gather(members, (test) => test.group)) {
			const short = group.startsWith(`${program}.`) ? group.slice(program.length + 1) : group;
			const middle = {kind: "group", title: short, id: `${program}.${group}`, tests: inner};
			const single = inner.length === 1 && group;
			if (single) {
				rows.push({kind: "test single", title: `${short}.${inner[0].name}`, id: inner[0].id, tests: inner});
				continue;
			}
			if (group) {
				middle.open = isOpen(middle, filtered || grid.chosen.length <= 60);
				rows.push(middle);
			}
			if (!group || middle.open)
				rows.push(...inner.map((test) => ({kind: "test", title: test.name, id: test.id, tests: [test]})));
		}
	}
	grid.rows = rows;
	grid.at.row = Math.min(grid.at.row, Math.max(rows.length - 1, 0));
	grid.at.column = Math.min(grid.at.column, grid.columns.length - 1);
	grid.box.setAttribute("aria-rowcount", rows.length + 1);
	grid.box.setAttribute("aria-colcount", grid.columns.length + 1);
	drawGrid();
}

function gather(found, key) {
	const groups = new Map();
	for (const test of found) {
		if (!groups.has(key(test)))
			groups.set(key(test), []);
		groups.get(key(test)).push(test);
	}
	return groups;
}

const isTest = (row) => row.kind.startsWith("test");

// Open are those that the reader opened, and at first those in which something is bad.
function isOpen(row, atFirst) {
	const said = grid.folded.get(row.id);
	return said === undefined ? atFirst || row.tests.some(isBadSomewhere) : !said;
}

const isBadSomewhere = (test) => grid.columns.some((column) => isBad(outcome(test, column)));

function fold(row) {
	if (isTest(row))
		return;
	grid.folded.set(row.id, row.open);
	arrangeRows();
}

function foldAll(closed) {
	for (const [program, members] of gather(tests, (test) => test.program)) {
		grid.folded.set(program, closed);
		for (const group of gather(members, (test) => test.group).keys())
			grid.folded.set(`${program}.${group}`, closed);
	}
	arrangeRows();
}

// How many of a row's tests ended how on one kernel: {verdict: number}; and flags.
function tally(row, column) {
	const key = `${row.id} ${column}`;
	if (grid.tallies.has(key))
		return grid.tallies.get(key);
	const counts = new Map();
	let flaky = false;
	for (const test of row.tests) {
		const cell = outcome(test, column);
		if (!cell)
			continue;
		counts.set(cell.verdict, (counts.get(cell.verdict) || 0) + 1);
		flaky ||= cell.flaky;
	}
	const found = {counts, flaky};
	grid.tallies.set(key, found);
	return found;
}

// The verdict that a folded row shows: the worst, in the order in which they worry.
const WORST = ["crash", "timeout", "error", "fail", "not_run", "xpass", "xfail", "pass", "skip"];

function cellElement(row, number, index, left, width) {
	const column = grid.columns[index];
	const {counts, flaky} = tally(row, column);
	const worst = WORST.find((verdict) => counts.has(verdicts.indexOf(verdict)));
	const cell = make("div", {role: "gridcell", class: "cell", id: `cell-${number}-${index}`, "aria-colindex": index + 2});
	cell.style.left = `${left}px`;
	cell.style.width = `${width}px`;
	if (!worst)
		return cell;
	const said = [...counts].map(([verdict, count]) =>
		isTest(row) ? verdicts[verdict] : `${count} ${verdicts[verdict]}`).join(", ");
	const count = counts.get(verdicts.indexOf(worst));
	const bad = data.bad[verdicts.indexOf(worst)];
	cell.classList.add(worst);
	cell.classList.toggle("flaky", flaky);
	cell.textContent = !isTest(row) && bad ? count : data.marks[verdicts.indexOf(worst)];
	const reason = isTest(row) ? outcome(row.tests[0], column).reason : "";
	cell.title = `${kernels[column]}: ${said}${flaky ? ", flaky" : ""}${reason ? `: ${reason}` : ""}`;
	cell.setAttribute("aria-label", cell.title);
	return cell;
}

function sizes() {
	const style = getComputedStyle(grid.box);
	const size = (name) => parseFloat(style.getPropertyValue(name));
	return {name: size("--name"), head: size("--head"), column: size("--column")};
}

// Draw what is in view. Elements are made anew; there are never more than some thousand. Merely `moved`,
// nothing is drawn when the same rows and columns are in view: who is about to click keeps the cell.
function drawGrid(moved = false) {
	const {box, sheet, rows, columns} = grid;
	const {name, head, column: width} = sizes();
	sheet.style.width = `${name + columns.length * width}px`;
	sheet.style.height = `${head + rows.length * ROW}px`;
	box.style.maxWidth = `${name + columns.length * width + SCROLLBAR}px`;
	box.style.maxHeight = `${head + rows.length * ROW + SCROLLBAR}px`;
	const top = Math.max(0, Math.floor((box.scrollTop - head) / ROW) - OVERSCAN);
	const bottom = Math.min(rows.length, Math.ceil((box.scrollTop + box.clientHeight) / ROW) + OVERSCAN);
	const from = Math.max(0, Math.floor(box.scrollLeft / width) - OVERSCAN);
	const to = Math.min(columns.length, Math.ceil((box.scrollLeft + box.clientWidth - name) / width) + OVERSCAN);
	const view = [top, bottom, from, to, name, head, width].join();
	if (moved && view === grid.view)
		return;
	grid.view = view;

	const header = make("div", {role: "row", class: "head", "aria-rowindex": 1},
		make("div", {role: "columnheader", class: "corner", "aria-colindex": 1},
			`${grid.chosen.length} tests × ${columns.length} ${columns.length === 1 ? "kernel" : "kernels"}`));
	for (let index = from; index < to; index++) {
		const label = kernels[columns[index]];
		const cell = make("div", {role: "columnheader", class: "label", title: label, "aria-colindex": index + 2},
			make("span", {}, label));
		cell.style.left = `${name + index * width}px`;
		cell.style.width = `${width}px`;
		header.append(cell);
	}
	const elements = [header];
	for (let number = top; number < bottom; number++) {
		const row = rows[number];
		const element = make("div", {role: "row", class: `row ${row.kind}`, "aria-rowindex": number + 2});
		element.style.top = `${head + number * ROW}px`;
		element.append(nameElement(row, number));
		for (let index = from; index < to; index++)
			element.append(cellElement(row, number, index, name + index * width, width));
		elements.push(element);
	}
	sheet.replaceChildren(...elements);
	markActive();
}

function nameElement(row, number) {
	const open = isTest(row) ? "" : make("span", {class: "fold", "aria-hidden": "true"}, row.open ? "▾" : "▸");
	const count = isTest(row) ? "" : make("span", {class: "soft"}, ` ${row.tests.length}`);
	const title = make("span", {class: "title"}, row.title);
	const name = make("div", {role: "rowheader", class: "name", title: row.id, id: `cell-${number}--1`, "aria-colindex": 1},
		open, title, count);
	if (!isTest(row))
		name.setAttribute("aria-expanded", row.open);
	return name;
}

const activeId = () => `cell-${grid.at.row}-${grid.at.column}`;

function markActive() {
	for (const old of grid.sheet.querySelectorAll(".active"))
		old.classList.remove("active");
	const cell = $(activeId());
	if (cell)
		cell.classList.add("active");
	grid.box.setAttribute("aria-activedescendant", activeId());
}

// Move the active cell, and scroll it into what is left free by the names and the labels.
function moveTo(row, column) {
	const {box, at} = grid;
	const {name, head, column: width} = sizes();
	at.row = Math.max(0, Math.min(row, grid.rows.length - 1));
	at.column = Math.max(-1, Math.min(column, grid.columns.length - 1));
	const y = at.row * ROW;
	const x = at.column * width;
	box.scrollTop = Math.min(y, Math.max(box.scrollTop, y + ROW + head - box.clientHeight));
	if (at.column >= 0)
		box.scrollLeft = Math.min(x, Math.max(box.scrollLeft, x + width + name - box.clientWidth));
	drawGrid();
}

function activate() {
	const row = grid.rows[grid.at.row];
	if (!row)
		return;
	if (!isTest(row))
		fold(row);
	else if (grid.at.column >= 0)
		showCell(row.tests[0], grid.columns[grid.at.column]);
}

function onKey(event) {
	const {row, column} = grid.at;
	const page = Math.max(1, Math.floor(grid.box.clientHeight / ROW) - 8);
	const here = grid.rows[row];
	const folds = column < 0 && here && !isTest(here);
	const moves = {
		ArrowUp: () => moveTo(row - 1, column),
		ArrowDown: () => moveTo(row + 1, column),
		ArrowLeft: () => folds && here.open ? fold(here) : moveTo(row, column - 1),
		ArrowRight: () => folds && !here.open ? fold(here) : moveTo(row, column + 1),
		PageUp: () => moveTo(row - page, column),
		PageDown: () => moveTo(row + page, column),
		Home: () => event.ctrlKey ? moveTo(0, column) : moveTo(row, -1),
		End: () => event.ctrlKey ? moveTo(grid.rows.length, column) : moveTo(row, grid.columns.length),
		Enter: activate,
		" ": activate,
	};
	if (!(event.key in moves) || event.altKey || event.metaKey)
		return;
	event.preventDefault();
	moves[event.key]();
}

function onClick(event) {
	const cell = event.target.closest("[id^=cell-]");
	if (!cell)
		return;
	const [, row, column] = cell.id.match(/^cell-(\d+)-(-?\d+)$/).map(Number);
	grid.at = {row, column};
	markActive();
	activate();
}

let waiting = false;

function drawSoon() {
	if (waiting)
		return;
	waiting = true;
	requestAnimationFrame(() => {
		waiting = false;
		drawGrid(true);
	});
}

grid.box.addEventListener("scroll", drawSoon, {passive: true});
grid.box.addEventListener("keydown", onKey);
grid.box.addEventListener("click", onClick);
new ResizeObserver(drawSoon).observe(grid.box);
