// SPDX-License-Identifier: GPL-2.0-only
// A cell of the grid: what it counts, says and looks like. Rows are those of grid.js.
"use strict";

// {counts, flaky}: the number of a row's tests by verdict on one kernel, and whether any of them is flaky.
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
	const result = {counts, flaky};
	grid.tallies.set(key, result);
	return result;
}

// A row has the colour of the first of these verdicts that any of its tests has.
const WORST_FIRST = ["crash", "timeout", "error", "fail", "not_run", "xpass", "xfail", "pass", "skip"];

// The cell in the row of this number, for the kernel of this index among the shown ones; `left`, `width` in pixels.
function cellElement(row, number, index, left, width) {
	const column = grid.columns[index];
	const {counts, flaky} = tally(row, column);
	const found = WORST_FIRST.map((verdict) => verdicts.indexOf(verdict)).filter((verdict) => counts.has(verdict));
	const cell = make("div", {role: "gridcell", class: "cell", id: `cell-${number}-${index}`, "aria-colindex": index + 2});
	cell.style.left = `${left}px`;
	cell.style.width = `${width}px`;
	if (!found.length)
		return cell;
	const verdictsText = [...counts].map(([verdict, count]) =>
		isTest(row) ? verdicts[verdict] : `${count} ${verdicts[verdict]}`).join(", ");
	cell.classList.add(verdicts[found[0]]);
	cell.classList.toggle("flaky", flaky);
	cell.append(...marks(row, found, counts, width));
	shadeSkipped(cell, counts);
	const reason = isTest(row) ? outcome(row.tests[0], column).reason : "";
	cell.title = `${kernels[column]}: ${verdictsText}${flaky ? ", flaky" : ""}${reason ? `: ${reason}` : ""}`;
	cell.setAttribute("aria-label", cell.title);
	return cell;
}

// What a cell says: the mark of the only verdict, or how many tests have each. A narrow cell has room for the number of
// failed tests, else for the marks.
function marks(row, found, counts, width) {
	const bad = found.filter((verdict) => data.bad[verdict]);
	const mark = (verdict) => data.marks[verdict];
	if (isTest(row) || (found.length === 1 && !bad.length))
		return [mark(found[0])];
	if (width > NARROW)
		return found.map((verdict) => make("span", {class: verdicts[verdict]}, `${counts.get(verdict)}${mark(verdict)}`));
	return [bad.length ? `${bad.reduce((sum, verdict) => sum + counts.get(verdict), 0)}` : found.map(mark).join("")];
}

// Give a cell in which some tests are skipped as much of their colour as there are, but always enough to be seen.
function shadeSkipped(cell, counts) {
	const skipped = counts.get(verdicts.indexOf("skip"));
	if (!skipped || counts.size === 1)
		return;
	const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
	cell.classList.add("partly");
	cell.style.setProperty("--skipped", `${Math.min(Math.max(Math.round(100 * skipped / total), 15), 85)}%`);
}
