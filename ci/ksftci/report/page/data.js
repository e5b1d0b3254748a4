// SPDX-License-Identifier: GPL-2.0-only
// The data of the page, which pagedata.py encodes, and the filters that choose tests and kernels.
"use strict";

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const kernels = data.kernels;
const verdicts = data.verdicts;

const tests = data.programs.flatMap(([program, groups]) =>
	groups.flatMap(([group, rows]) =>
		rows.map(([name, cellsNumber, seconds, records]) => ({
			id: [program, group, name].filter(Boolean).join("."),
			program, group, name, seconds, records,
			cells: data.cells[cellsNumber], // a character for each kernel
		}))));

// {verdict, reason, known, earlier, expected, flaky} of a cell; null when the kernel has no result of the test.
// A verdict is a number, an index of `verdicts`.
function outcome(test, column) {
	const code = test.cells.charCodeAt(column);
	if (code === 0x20)
		return null;
	const [verdict, reason, known, earlier, expected] = data.outcomes[code - (code < 0x100 ? 0x30 : 0x100)];
	return {verdict, reason, known, earlier, expected, flaky: earlier.some((attempt) => attempt !== verdict)};
}

// {place, log, text, map}: file:line, number and text of the log, and page map of a cell; null without any.
function record(test, column) {
	const encoded = test.records.find(([, , columns]) => columns.includes(column));
	if (!encoded)
		return null;
	const [place, log] = encoded;
	const [text, map] = log < 0 ? ["The log is left out: the page would be too large.", ""] : data.logs[log];
	return {place, log, text, map};
}

// The filters. The address holds them, too, so that a filtered page can be linked to.
const filter = {text: "", verdict: "", program: "", kernel: "", differ: ""};

const isFiltered = () => Object.values(filter).some(Boolean);

function readAddress() {
	if (/^#[\w-]+$/.test(location.hash)) // the id of a part of the page
		return;
	const parameters = new URLSearchParams(location.hash.slice(1));
	for (const name of Object.keys(filter))
		filter[name] = parameters.get(name) || "";
}

function writeAddress() {
	const parameters = new URLSearchParams();
	for (const [name, value] of Object.entries(filter))
		if (value)
			parameters.set(name, value);
	history.replaceState(null, "", `#${parameters}`);
}

const words = (text) => text.toLowerCase().split(/[\s,]+/).filter(Boolean);

// The columns whose kernel has the filter as its name; if there are none, whose name has any of the filter's words.
function chosenColumns() {
	const kernelWords = words(filter.kernel);
	const all = kernels.map((_, column) => column);
	if (kernels.includes(filter.kernel))
		return all.filter((column) => kernels[column] === filter.kernel);
	if (!kernelWords.length)
		return all;
	return all.filter((column) => kernelWords.some((word) => kernels[column].toLowerCase().includes(word)));
}

// The tests that match the filters. Tests with equal cells are checked once.
function chosenTests(columns) {
	const textWords = words(filter.text);
	const matching = new Map(); // the cells of a test to whether they match
	const cellsMatch = (test) => {
		if (!matching.has(test.cells))
			matching.set(test.cells, matchesVerdict(test, columns) && (!filter.differ || differs(test, columns)));
		return matching.get(test.cells);
	};
	return tests.filter((test) => (!filter.program || test.program === filter.program) &&
		textWords.every((word) => test.id.toLowerCase().includes(word)) && cellsMatch(test));
}

function matchesVerdict(test, columns) {
	if (!filter.verdict)
		return true;
	return columns.some((column) => cellMatchesVerdict(outcome(test, column)));
}

// Whether a cell matches the verdict filter.
function cellMatchesVerdict(cell) {
	if (!cell)
		return false;
	switch (filter.verdict) {
	case "": return true;
	case "bad": return data.bad[cell.verdict];
	case "flaky": return cell.flaky;
	case "expected": return cell.expected !== "";
	case "known": return cell.known !== "";
	default: return verdicts[cell.verdict] === filter.verdict;
	}
}

// Whether a test has different verdicts on the kernels.
function differs(test, columns) {
	const different = new Set();
	for (const column of columns) {
		const cell = outcome(test, column);
		if (cell)
			different.add(cell.verdict);
	}
	return different.size > 1;
}
