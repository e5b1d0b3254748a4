// SPDX-License-Identifier: GPL-2.0-only
// The list of failures, and the account of one cell. Texts of tests become text nodes, never HTML.
"use strict";

const FAILURES_AT_ONCE = 20;
const WAYS_SHOWN = 10; // in which one test failed
const KERNELS_NAMED = 8;

// An element with attributes and children; a string is a text.
function make(tag, attributes = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes))
		element.setAttribute(name, value);
	element.append(...children.filter((child) => child !== ""));
	return element;
}

const badge = (verdict) => make("span", {class: `badge ${verdicts[verdict]}`}, verdicts[verdict].replace("_", " "));

function named(columns) {
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

// The page map, with what is wrong marked in every row: "^" in the row "wrong" says where.
function drawMap(map) {
	const lines = map.split("\n");
	const wrong = lines.find((line) => /^ *wrong /.test(line)) || "";
	const pre = make("pre", {class: "map", tabindex: "0", "aria-label": "page map"});
	for (const line of lines) {
		const row = /^ *(folio|expected|wrong|shared|range) /.test(line);
		for (const part of row ? split(line, wrong) : [[line, false]])
			pre.append(part[1] ? make("mark", {}, part[0]) : part[0]);
		pre.append("\n");
	}
	return pre;
}

// [text, whether "^" is below it] from left to right.
function split(line, wrong) {
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

// Everything that is known of a test on some kernels, on which it ended alike.
function account(test, columns) {
	const cell = outcome(test, columns[0]);
	const kept = record(test, columns[0]);
	const parts = [make("p", {class: "where"}, badge(cell.verdict), " on ", make("b", {}, named(columns)),
		kept && kept.place ? ", " : "", kept && kept.place ? make("code", {}, kept.place) : "")];
	if (cell.reason)
		parts.push(make("p", {class: "reason"}, ...linked(cell.reason)));
	if (cell.known)
		parts.push(make("p", {}, make("span", {class: "badge known"}, "known issue"), " ", ...linked(cell.known)));
	if (cell.earlier.length) {
		const before = cell.earlier.map((verdict) => verdicts[verdict]).join(", ");
		const what = cell.flaky ? make("span", {class: "badge flaky"}, "flaky") : "retried";
		parts.push(make("p", {}, what, ` attempts before this one: ${before}`));
	}
	if (kept && kept.map)
		parts.push(drawMap(kept.map));
	if (kept && kept.text) {
		const log = make("pre", {class: "log", tabindex: "0", "aria-label": "log"}, kept.text);
		const details = make("details", {}, make("summary", {}, "log"), log);
		details.open = !kept.map;
		parts.push(details);
	}
	return make("div", {class: "account"}, ...parts);
}

const isBad = (cell) => cell !== null && data.bad[cell.verdict] && isWanted(cell);

// Columns in which a test is bad and fits the filter, in groups that ended alike.
function badGroups(test, columns) {
	const groups = new Map();
	for (const column of columns) {
		const cell = outcome(test, column);
		if (!isBad(cell))
			continue;
		const kept = record(test, column);
		const key = `${test.cells[column]} ${kept ? `${kept.place} ${kept.log}` : ""}`;
		groups.set(key, [...(groups.get(key) || []), column]);
	}
	return [...groups.values()];
}

function failureElement(test, chosenColumns) {
	const groups = badGroups(test, chosenColumns);
	const columns = groups.flat().sort((a, b) => a - b);
	const first = outcome(test, columns[0]);
	const many = columns.length > 3 ? `${columns.length} of ${kernels.length} kernels` : named(columns);
	const summary = make("summary", {}, badge(first.verdict), " ", make("code", {}, test.id), ` on ${many}`);
	const details = make("details", {class: "failure"}, summary);
	details.addEventListener("toggle", () => {
		details.append(...groups.slice(0, WAYS_SHOWN).map((group) => account(test, group)));
		if (groups.length > WAYS_SHOWN)
			details.append(make("p", {class: "account soft"}, `and ${groups.length - WAYS_SHOWN} other logs, see the grid`));
	}, {once: true});
	return details;
}

let failuresShown = FAILURES_AT_ONCE;

function showFailures(chosen, columns) {
	const bad = chosen.filter((test) => columns.some((column) => isBad(outcome(test, column))));
	const elements = bad.slice(0, failuresShown).map((test) => failureElement(test, columns));
	$("failure-list").replaceChildren(...elements);
	if (elements.length)
		elements[0].open = true;
	$("failure-count").textContent = bad.length;
	$("no-failures").hidden = bad.length > 0;
	const rest = bad.length - elements.length;
	const more = $("more-failures");
	more.hidden = rest <= 0;
	more.textContent = `Show ${Math.min(rest, FAILURES_AT_ONCE)} more of ${rest}`;
	more.onclick = () => {
		failuresShown += FAILURES_AT_ONCE;
		showFailures(chosen, columns);
	};
}

function showCell(test, column) {
	const cell = outcome(test, column);
	$("detail-title").textContent = test.id;
	const body = cell ? account(test, [column]) : make("p", {}, `did not appear on ${kernels[column]}`);
	const time = test.seconds ? make("p", {class: "soft"}, `at most ${test.seconds} s on any kernel`) : "";
	$("detail-body").replaceChildren(body, time);
	$("detail").showModal();
}
