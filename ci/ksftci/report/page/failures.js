// SPDX-License-Identifier: GPL-2.0-only
// The list of failures, and the details of a cell. Texts of tests become text nodes, never HTML.
"use strict";

const FAILURES_AT_ONCE = 20;
const GROUPS_SHOWN = 10; // of kernels on which a test failed in the same way
const KERNELS_NAMED = 8;

// An element with attributes and children; a child may be a string.
function make(tag, attributes = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes))
		element.setAttribute(name, value);
	element.append(...children.filter((child) => child !== ""));
	return element;
}

const badge = (verdict) => make("span", {class: `badge ${verdicts[verdict]}`}, verdicts[verdict].replace("_", " "));

// The names of the kernels in some columns.
function kernelNames(columns) {
	const names = columns.map((column) => kernels[column]);
	const rest = names.length - KERNELS_NAMED;
	return rest > 1 ? `${names.slice(0, KERNELS_NAMED).join(", ")} and ${rest} more` : names.join(", ");
}

// A text in which the first address is a link.
function linked(text) {
	const url = text.match(/https?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:)]/);
	if (!url)
		return [text];
	const anchor = make("a", {href: url[0], rel: "noopener noreferrer"}, url[0]);
	return [text.slice(0, url.index), anchor, text.slice(url.index + url[0].length)];
}

// A name in parts between which a narrow line may break, as html.py's breakable() makes them.
const breakable = (name) => name.split(/(?<=[._:/])/).flatMap((part) => [part, make("wbr")]);

// The page map. In every row the wrong pages are marked: those with "^" in the row "wrong".
function drawMap(map) {
	const lines = map.split("\n");
	const wrong = lines.find((line) => /^ *wrong /.test(line)) || "";
	const pre = make("pre", {class: "map", tabindex: "0", "aria-label": "page map"});
	for (const line of lines) {
		const isRow = /^ *(folio|expected|wrong|shared|range) /.test(line);
		for (const [text, marked] of isRow ? splitAtMarks(line, wrong) : [[line, false]])
			pre.append(marked ? make("mark", {}, text) : text);
		pre.append("\n");
	}
	return pre;
}

// The line in parts, from left to right: [text, whether the row "wrong" has "^" in these places].
function splitAtMarks(line, wrong) {
	const parts = [];
	for (const [index, char] of [...line].entries()) {
		const marked = wrong[index] === "^";
		if (parts.length && parts.at(-1)[1] === marked)
			parts.at(-1)[0] += char;
		else
			parts.push([char, marked]);
	}
	return parts;
}

// Outcome, known issue, earlier attempts, page map and log of a test, on kernels that have all of them in common.
function cellDetails(test, columns) {
	const cell = outcome(test, columns[0]);
	const kept = record(test, columns[0]);
	const parts = [make("p", {class: "where"}, badge(cell.verdict), " on ", make("b", {}, kernelNames(columns)),
		kept && kept.place ? ", " : "", kept && kept.place ? make("code", {}, kept.place) : "")];
	if (cell.reason)
		parts.push(make("p", {class: "reason"}, ...linked(cell.reason)));
	if (cell.known)
		parts.push(make("p", {}, make("span", {class: "badge known"}, "known issue"), " ", ...linked(cell.known)));
	if (cell.expected)
		parts.push(make("p", {}, make("span", {class: "badge pass"}, "expected"), " ", ...linked(cell.expected)));
	if (cell.earlier.length) {
		const attempts = cell.earlier.map((verdict) => verdicts[verdict]).join(", ");
		const kind = cell.flaky ? make("span", {class: "badge flaky"}, "flaky") : "retried";
		parts.push(make("p", {}, kind, ` earlier attempts: ${attempts}`));
	}
	if (kept && kept.map)
		parts.push(drawMap(kept.map));
	if (kept && kept.text) {
		const log = make("pre", {class: "log", tabindex: "0", "aria-label": "log"}, kept.text);
		const details = make("details", {}, make("summary", {}, "log"), log);
		details.open = !kept.map;
		parts.push(details);
	}
	return make("div", {class: "details"}, ...parts);
}

// Whether a cell is a failure that matches the verdict filter.
const isFailure = (cell) => cell !== null && data.bad[cell.verdict] && cellMatchesVerdict(cell);

// The columns in which a test failed, grouped by outcome, file:line and log.
function failureGroups(test, columns) {
	const groups = new Map();
	for (const column of columns) {
		const cell = outcome(test, column);
		if (!isFailure(cell))
			continue;
		const kept = record(test, column);
		const key = `${test.cells[column]} ${kept ? `${kept.place} ${kept.log}` : ""}`;
		groups.set(key, [...(groups.get(key) || []), column]);
	}
	return [...groups.values()];
}

// A test of the list. Its details are made when the reader opens it.
function failureElement(test, chosenColumns) {
	const groups = failureGroups(test, chosenColumns);
	const columns = groups.flat().sort((a, b) => a - b);
	const first = outcome(test, columns[0]);
	const where = columns.length > 3 ? `${columns.length} of ${kernels.length} kernels` : kernelNames(columns);
	const summary = make("summary", {}, badge(first.verdict), " ", make("code", {}, ...breakable(test.id)), ` on ${where}`);
	const details = make("details", {class: "failure"}, summary);
	details.addEventListener("toggle", () => {
		details.append(...groups.slice(0, GROUPS_SHOWN).map((group) => cellDetails(test, group)));
		if (groups.length > GROUPS_SHOWN)
			details.append(make("p", {class: "details soft"}, `and ${groups.length - GROUPS_SHOWN} other outcomes, see the grid`));
	}, {once: true});
	return details;
}

let failuresShown = FAILURES_AT_ONCE;

// Fill the list with those of the chosen tests that failed in one of the columns.
function showFailures(chosen, columns) {
	const failed = chosen.filter((test) => columns.some((column) => isFailure(outcome(test, column))));
	const elements = failed.slice(0, failuresShown).map((test) => failureElement(test, columns));
	$("failure-list").replaceChildren(...elements);
	if (elements.length)
		elements[0].open = true;
	$("failure-count").textContent = failed.length;
	$("no-failures").hidden = failed.length > 0;
	$("no-failures").textContent = isFiltered() ? "No test that matches the filters failed." : "No test failed.";
	const rest = failed.length - elements.length;
	const more = $("more-failures");
	more.hidden = rest <= 0;
	more.textContent = `Show ${Math.min(rest, FAILURES_AT_ONCE)} more of ${rest}`;
	more.onclick = () => {
		failuresShown += FAILURES_AT_ONCE;
		showFailures(chosen, columns);
	};
}

// Open the dialog with the details of a cell.
function showCell(test, column) {
	const cell = outcome(test, column);
	$("detail-title").textContent = test.id;
	const body = cell ? cellDetails(test, [column]) : make("p", {}, `no result on ${kernels[column]}`);
	const time = test.seconds ? make("p", {class: "soft"}, `longest time on a kernel: ${test.seconds} s`) : "";
	$("detail-body").replaceChildren(body, time);
	$("detail").showModal();
}
