// SPDX-License-Identifier: GPL-2.0-only
// The filters, and what they change.
"use strict";

function showAll() {
	const columns = chosenColumns();
	const chosen = chosenTests(columns);
	failuresShown = FAILURES_AT_ONCE;
	showFailures(chosen, columns);
	fillGrid(chosen, columns);
	const filtered = Object.values(filter).some(Boolean);
	$("matches").textContent = filtered ? `${chosen.length} of ${tests.length} tests` : "";
	$("clear").hidden = !filtered;
}

function fieldsFromFilter() {
	for (const name of Object.keys(filter)) {
		const field = $(`filter-${name}`);
		if (field.type === "checkbox")
			field.checked = Boolean(filter[name]);
		else
			field.value = filter[name];
	}
}

let timer = 0;

function onFilter() {
	for (const name of Object.keys(filter)) {
		const field = $(`filter-${name}`);
		filter[name] = field.type === "checkbox" ? (field.checked ? "1" : "") : field.value.trim();
	}
	clearTimeout(timer);
	timer = setTimeout(() => {
		writeAddress();
		showAll();
	}, 80);
}

function onAddress() {
	readAddress();
	fieldsFromFilter();
	showAll();
}

function start() {
	for (const [program] of data.programs)
		$("filter-program").append(make("option", {value: program}, program));
	$("filters").addEventListener("input", onFilter);
	$("filters").addEventListener("submit", (event) => event.preventDefault());
	$("clear").addEventListener("click", () => {
		for (const name of Object.keys(filter))
			filter[name] = "";
		fieldsFromFilter();
		writeAddress();
		showAll();
	});
	$("fold").addEventListener("click", () => foldAll(true));
	$("unfold").addEventListener("click", () => foldAll(false));
	window.addEventListener("hashchange", onAddress);
	document.addEventListener("click", (event) => {
		const wanted = event.target.closest("[data-filter]");
		if (!wanted)
			return;
		event.preventDefault();
		location.hash = wanted.dataset.filter;
		$("all").scrollIntoView();
	});
	document.documentElement.classList.add("scripted");
	onAddress();
}

start();
