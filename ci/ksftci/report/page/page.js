// SPDX-License-Identifier: GPL-2.0-only
// The filter form, the address and the links that set filters. `start` draws the page.
"use strict";

// Show the failures and the grid for the current filters.
function showAll() {
	const columns = chosenColumns();
	const chosen = chosenTests(columns);
	failuresShown = FAILURES_AT_ONCE;
	showFailures(chosen, columns);
	fillGrid(chosen, columns);
	$("matches").textContent = isFiltered() ? `${chosen.length} of ${tests.length} tests` : "";
	$("clear").hidden = !isFiltered();
}

// Set the fields of the form to the filters.
function fillForm() {
	for (const name of Object.keys(filter)) {
		const field = $(`filter-${name}`);
		if (field.type === "checkbox")
			field.checked = Boolean(filter[name]);
		else
			field.value = filter[name];
	}
}

let timer = 0;

// Set the filters to the fields of the form; show the tests when typing pauses.
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
	fillForm();
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
		fillForm();
		writeAddress();
		showAll();
	});
	$("fold").addEventListener("click", () => foldAll(true));
	$("unfold").addEventListener("click", () => foldAll(false));
	window.addEventListener("hashchange", onAddress);
	document.addEventListener("click", (event) => {
		const link = event.target.closest("[data-filter]");
		if (!link)
			return;
		event.preventDefault();
		location.hash = link.dataset.filter;
		$("all").scrollIntoView();
	});
	document.documentElement.classList.add("scripted");
	onAddress();
}

start();
