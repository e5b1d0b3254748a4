// SPDX-License-Identifier: GPL-2.0-only
// What the page knows (see pagedata.py), and which of it the filters let through.
"use strict";

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const kernels = data.kernels;
const verdicts = data.verdicts;

const tests = data.programs.flatMap(([program, groups]) =>
	groups.flatMap(([group, rows]) =>
		rows.map(([name, line, seconds, records]) => ({
			id: [program, group, name].filter(Boolean).join("."),
			program, group, name, seconds, records,
			cells: data.cells[line],
		}))));

// {verdict, reason, known, earlier} of a cell, null where the test did not appear.
function outcome(test, column) {
	const code = test.cells.charCodeAt(column);
	if (code === 0x20)
		return null;
	const [verdict, reason, known, earlier] = data.outcomes[code - (code < 0x100 ? 0x30 : 0x100)];
	return {verdict, reason, known, earlier, flaky: earlier.some((one) => one !== verdict)};
}

// [file:line, text, page map] of a cell, null when nothing was kept.
function record(test, column) {
	const found = test.records.find(([, , columns]) => columns.includes(column));
	if (!found)
		return null;
	const [text, map] = found[1] < 0 ? ["The log is left out, the page would be too large.", ""] : data.logs[found[1]];
	return {place: found[0], log: found[1], text, map};
}

// What the reader asks for. The address keeps it, so that a filtered page can be linked to.
const filter = {text: "", verdict: "", program: "", kernel: "", differ: ""};

function readAddress() {
	if (/^#[\w-]+$/.test(location.hash)) // a part of the page
		return;
	const wanted = new URLSearchParams(location.hash.slice(1));
	for (const name of Object.keys(filter))
		filter[name] = wanted.get(name) || "";
}

function writeAddress() {
	const wanted = new URLSearchParams();
	for (const [name, value] of Object.entries(filter))
		if (value)
			wanted.set(name, value);
	history.replaceState(null, "", `#${wanted}`);
}

const words = (text) => text.toLowerCase().split(/[\s,]+/).filter(Boolean);

// Numbers of the columns that are shown: any of the words is in the kernel's name, or the filter is its name.
function chosenColumns() {
	const any = words(filter.kernel);
	const all = kernels.map((_, column) => column);
	if (kernels.includes(filter.kernel))
		return all.filter((column) => kernels[column] === filter.kernel);
	return any.length ? all.filter((column) => any.some((word) => kernels[column].toLowerCase().includes(word))) : all;
}

// The tests that pass the filters. Rows that are alike are looked at once.
function chosenTests(columns) {
	const all = words(filter.text);
	const seen = new Map();
	const fits = (test) => {
		if (!seen.has(test.cells))
			seen.set(test.cells, fitsVerdict(test, columns) && (!filter.differ || differs(test, columns)));
		return seen.get(test.cells);
	};
	return tests.filter((test) => (!filter.program || test.program === filter.program) &&
		all.every((word) => test.id.toLowerCase().includes(word)) && fits(test));
}

function fitsVerdict(test, columns) {
	if (!filter.verdict)
		return true;
	return columns.some((column) => isWanted(outcome(test, column)));
}

// Whether a cell is what the verdict filter asks for.
function isWanted(cell) {
	if (!cell)
		return false;
	switch (filter.verdict) {
	case "": return true;
	case "bad": return data.bad[cell.verdict];
	case "flaky": return cell.flaky;
	case "known": return cell.known !== "";
	default: return verdicts[cell.verdict] === filter.verdict;
	}
}

function differs(test, columns) {
	const found = new Set();
	for (const column of columns) {
		const cell = outcome(test, column);
		if (cell)
			found.add(cell.verdict);
	}
	return found.size > 1;
}
