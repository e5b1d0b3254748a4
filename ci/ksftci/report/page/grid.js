// SPDX-License-Identifier: GPL-2.0-only
// The grid of tests and kernels, which scrolls in both directions. Only cells in view are elements.
"use strict";

const ROW = 26; // pixels, as in page.css
const FEW = 8; // up to so many kernels have wide columns with horizontal labels, if there is room
const BORDERS = 2; // pixels, of the box
const OVERSCAN = 4; // rows and columns that are drawn beyond the view

const grid = {
	box: $("grid"),
	sheet: $("sheet"),
	columns: [], // indexes of the chosen kernels, left to right
	rows: [], // top to bottom: {kind, title, id, tests, open}
	folded: new Map(), // id of a program or group to whether it is folded, once the reader folded or unfolded it
	active: {row: 0, column: -1}, // the cell that the keyboard moves; column -1 is the name
	tallies: new Map(), // cache of `tally`
	longest: 0, // characters of the longest name, its indentation and number included
};

// Show the chosen tests and columns.
function fillGrid(chosen, columns) {
	grid.columns = columns;
	grid.chosen = chosen;
	grid.tallies.clear();
	arrangeRows();
}

// Characters that the indentation and the number of a name of each kind take.
const INDENTATION = {program: 10, group: 11, test: 8, "test single": 6};

// Make the rows: programs, groups and tests. A folded program or group has no rows below it.
function arrangeRows() {
	const rows = [];
	grid.longest = 0;
	const add = (row, shown) => {
		grid.longest = Math.max(grid.longest, row.title.length + INDENTATION[row.kind]);
		if (shown)
			rows.push(row);
	};
	const filtered = Object.entries(filter).some(([name, value]) => value && name !== "kernel");
	const unfoldAtFirst = filtered || grid.chosen.length <= 60;
	for (const [program, programTests] of groupBy(grid.chosen, (test) => test.program)) {
		const programRow = {kind: "program", title: program, id: program, tests: programTests};
		programRow.open = isOpen(programRow, unfoldAtFirst);
		add(programRow, true);
		for (const [group, groupTests] of groupBy(programTests, (test) => test.group)) {
			const title = group.startsWith(`${program}.`) ? group.slice(program.length + 1) : group;
			const [first] = groupTests;
			if (group && groupTests.length === 1) {
				add({kind: "test single", title: `${title}.${first.name}`, id: first.id, tests: groupTests}, programRow.open);
				continue;
			}
			const groupRow = {kind: "group", title, id: `${program}.${group}`, tests: groupTests};
			groupRow.open = programRow.open && (!group || isOpen(groupRow, unfoldAtFirst));
			if (group)
				add(groupRow, programRow.open);
			for (const test of groupTests)
				add({kind: "test", title: test.name, id: test.id, tests: [test]}, groupRow.open);
		}
	}
	grid.rows = rows;
	grid.active.row = Math.min(grid.active.row, Math.max(rows.length - 1, 0));
	grid.active.column = Math.min(grid.active.column, grid.columns.length - 1);
	grid.box.setAttribute("aria-rowcount", rows.length + 1);
	grid.box.setAttribute("aria-colcount", grid.columns.length + 1);
	drawGrid();
}

// A Map from key to tests.
function groupBy(members, key) {
	const groups = new Map();
	for (const test of members) {
		if (!groups.has(key(test)))
			groups.set(key(test), []);
		groups.get(key(test)).push(test);
	}
	return groups;
}

const isTest = (row) => row.kind.startsWith("test");

// Whether a program or group is unfolded: as the reader left it, else when it has failures, or `atFirst`.
function isOpen(row, atFirst) {
	const folded = grid.folded.get(row.id);
	return folded === undefined ? atFirst || row.tests.some(hasFailure) : !folded;
}

const hasFailure = (test) => grid.columns.some((column) => isFailure(outcome(test, column)));

// Fold or unfold a program or group.
function toggle(row) {
	if (isTest(row))
		return;
	grid.folded.set(row.id, row.open);
	arrangeRows();
}

function foldAll(folded) {
	for (const [program, programTests] of groupBy(tests, (test) => test.program)) {
		grid.folded.set(program, folded);
		for (const group of groupBy(programTests, (test) => test.group).keys())
			grid.folded.set(`${program}.${group}`, folded);
	}
	arrangeRows();
}

const NARROW = 30; // pixels of a column with a vertical label
const WIDE = 92; // pixels of a column with a horizontal label, at least
const WIDEST = 240;
const HEADS = {horizontal: 34, vertical: 190}; // pixels, the latter at most
const probe = make("div", {class: "probe", "aria-hidden": "true"}, "0".repeat(100));
document.body.append(probe);
const character = probe.scrollWidth / 100; // pixels, of names and labels
const bar = probe.offsetWidth - probe.clientWidth; // pixels of a scrollbar
probe.remove();

// The sizes of names, header and columns in pixels: names and labels are whole where the page has room for them. Labels
// are vertical where horizontal ones would leave too little for names.
function sizes() {
	const count = Math.max(grid.columns.length, 1);
	const room = grid.box.parentElement.clientWidth - BORDERS - bar;
	const label = Math.ceil(Math.max(...grid.columns.map((column) => kernels[column].length), 1) * character) + 14;
	const names = Math.ceil(Math.max(grid.longest, "1716 tests × 400 kernels".length) * character);
	const least = Math.min(names, 380, Math.floor(room * 0.45));
	const horizontal = Math.min(Math.max(label, WIDE), WIDEST, Math.floor((room - least) / count));
	const wide = count <= FEW && horizontal >= WIDE;
	const column = wide ? horizontal : NARROW;
	const name = Math.min(names, Math.max(least, room - count * column));
	return {name, column, wide, head: wide ? HEADS.horizontal : Math.min(label, HEADS.vertical)};
}

// Make the box as large as what is in it, with room for a scrollbar only where there is one.
function fitBox(width, height) {
	const {style, parentElement} = grid.box;
	const most = Math.min(0.8 * innerHeight, 60 * parseFloat(getComputedStyle(document.documentElement).fontSize));
	const whole = width + BORDERS + (height + BORDERS > most ? bar : 0);
	style.maxWidth = `${whole}px`;
	style.height = `${Math.min(most, height + BORDERS + (whole > parentElement.clientWidth ? bar : 0))}px`;
}

// Draw the rows and columns in view: new elements, some thousand at most. After a scroll or a resize (`moved`)
// that brings no other rows or columns into view the elements stay, so that a click meets the cell it aimed at.
function drawGrid(moved = false) {
	const {box, sheet, rows, columns} = grid;
	const {name, head, column: width, wide} = sizes();
	for (const [property, value] of Object.entries({name, head}))
		box.style.setProperty(`--${property}`, `${value}px`);
	box.classList.toggle("wide", wide);
	sheet.style.width = `${name + columns.length * width}px`;
	sheet.style.height = `${head + rows.length * ROW}px`;
	fitBox(name + columns.length * width, head + rows.length * ROW);
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

const activeId = () => `cell-${grid.active.row}-${grid.active.column}`;

function markActive() {
	for (const old of grid.sheet.querySelectorAll(".active"))
		old.classList.remove("active");
	const cell = $(activeId());
	if (cell)
		cell.classList.add("active");
	grid.box.setAttribute("aria-activedescendant", activeId());
}

// Move the active cell, and scroll until neither the names nor the labels cover it.
function moveTo(row, column) {
	const {box, active} = grid;
	const {name, head, column: width} = sizes();
	active.row = Math.max(0, Math.min(row, grid.rows.length - 1));
	active.column = Math.max(-1, Math.min(column, grid.columns.length - 1));
	const y = active.row * ROW;
	const x = active.column * width;
	box.scrollTop = Math.min(y, Math.max(box.scrollTop, y + ROW + head - box.clientHeight));
	if (active.column >= 0)
		box.scrollLeft = Math.min(x, Math.max(box.scrollLeft, x + width + name - box.clientWidth));
	drawGrid();
}

// Fold or unfold the active row, or show the details of the active cell.
function activate() {
	const row = grid.rows[grid.active.row];
	if (!row)
		return;
	if (!isTest(row))
		toggle(row);
	else if (grid.active.column >= 0)
		showCell(row.tests[0], grid.columns[grid.active.column]);
}

function onKey(event) {
	const {row, column} = grid.active;
	const page = Math.max(1, Math.floor(grid.box.clientHeight / ROW) - 8);
	const activeRow = grid.rows[row];
	const onFoldable = column < 0 && activeRow && !isTest(activeRow);
	const actions = {
		ArrowUp: () => moveTo(row - 1, column),
		ArrowDown: () => moveTo(row + 1, column),
		ArrowLeft: () => onFoldable && activeRow.open ? toggle(activeRow) : moveTo(row, column - 1),
		ArrowRight: () => onFoldable && !activeRow.open ? toggle(activeRow) : moveTo(row, column + 1),
		PageUp: () => moveTo(row - page, column),
		PageDown: () => moveTo(row + page, column),
		Home: () => event.ctrlKey ? moveTo(0, column) : moveTo(row, -1),
		End: () => event.ctrlKey ? moveTo(grid.rows.length, column) : moveTo(row, grid.columns.length),
		Enter: activate,
		" ": activate,
	};
	if (!(event.key in actions) || event.altKey || event.metaKey)
		return;
	event.preventDefault();
	actions[event.key]();
}

function onClick(event) {
	const cell = event.target.closest("[id^=cell-]");
	if (!cell)
		return;
	const [, row, column] = cell.id.match(/^cell-(\d+)-(-?\d+)$/).map(Number);
	grid.active = {row, column};
	markActive();
	activate();
}

let drawRequested = false;

// Draw once before the next frame, however many events come until then.
function drawSoon() {
	if (drawRequested)
		return;
	drawRequested = true;
	requestAnimationFrame(() => {
		drawRequested = false;
		drawGrid(true);
	});
}

grid.box.addEventListener("scroll", drawSoon, {passive: true});
grid.box.addEventListener("keydown", onKey);
grid.box.addEventListener("click", onClick);
for (const element of [grid.box, grid.box.parentElement])
	new ResizeObserver(drawSoon).observe(element);
