// SPDX-License-Identifier: MIT
// What people do with the page: zoom, move, choose, search, read.

const $ = (id) => document.getElementById(id);
const ROWS_MAX = 2000;
const pageBytes = Math.min(...data.spaces.map((space) => 2 ** space.page_shift));

let view = {from: 0, to: axisLength};
let chosenVa = null;
let drawn = null;
let motion = 0;

function element(parent, name, text, className) {
	const made = document.createElement(name);
	if (text !== undefined && text !== null) {
		made.textContent = text;
	}
	if (className) {
		made.className = className;
	}
	parent.append(made);
	return made;
}

// --- the view ---

// A view that lies in the space and is at least a page wide; `whole`: of whole pages.
function fitting(from, to, whole) {
	const unit = whole ? pageBytes : 1;
	const size = Math.min(Math.max(Math.round((to - from) / unit) * unit, pageBytes), axisLength);
	const start = Math.min(Math.max(Math.round(from / unit) * unit, 0), axisLength - size);
	return {from: start, to: start + size};
}

function redraw() {
	drawn = draw($("drawing"), view, chosenVa);
}

function tellView() {
	const count = mappings.slice(indexFrom(mappings, view.from))
		.findIndex((mapping) => mapping.from >= view.to);
	const shown = count < 0 ? mappings.length - indexFrom(mappings, view.from) : count;
	const size = sizeText(BigInt(Math.round(view.to - view.from)));
	$("status").textContent = `In view: ${size} from ${addressText(addressAt(view.from))}, ` +
		`${shown} mapping${shown === 1 ? "" : "s"}`;
	const root = document.documentElement.dataset;
	root.from = "0x" + addressAt(view.from).toString(16);
	root.last = "0x" + addressAt(view.to - 1).toString(16);
	root.mappings = shown;
}

// Goes to a view, smoothly if the eye can follow: sizes change by equal factors in equal times.
function go(from, to, atOnce) {
	const target = fitting(from, to, true);
	const start = view;
	const began = performance.now();
	const still = atOnce || document.hidden ||
		matchMedia("(prefers-reduced-motion: reduce)").matches;
	const mine = ++motion;

	document.documentElement.dataset.moving = "";
	function frame(now) {
		const t = still ? 1 : Math.min((now - began) / 300, 1);
		const ease = t * t * (3 - 2 * t);
		if (mine !== motion) {
			return;
		}
		if (t >= 1) {
			view = target;
		} else {
			const a = start.to - start.from;
			const b = target.to - target.from;
			const size = a * (b / a) ** ease;
			// How far of the way, measured by size, so that the target stays in sight.
			const way = Math.abs(a - b) < 1 ? ease : (size - a) / (b - a);
			view = fitting(start.from + (target.from - start.from) * way,
				start.from + (target.from - start.from) * way + size);
		}
		redraw();
		if (t < 1) {
			requestAnimationFrame(frame);
		} else {
			tellView();
			delete document.documentElement.dataset.moving;
		}
	}
	if (still) {
		frame(began);
	} else {
		requestAnimationFrame(frame);
	}
}

function zoom(factor, center) {
	const size = (view.to - view.from) * factor;
	const middle = center !== undefined ? center : (view.from + view.to) / 2;
	const share = (middle - view.from) / (view.to - view.from);
	go(middle - size * share, middle - size * share + size, center !== undefined);
}

// The chosen address if it is in view, or the view's middle: what zooming by key keeps in place.
function center() {
	const position = chosenVa !== null && partOf(chosenVa) ? axisOf(chosenVa) : -1;
	return position >= view.from && position < view.to ? position : (view.from + view.to) / 2;
}

function zoomByKey(factor) {
	const size = (view.to - view.from) * factor;
	const middle = center();
	go(middle - size / 2, middle + size / 2);
}

function pan(share) {
	const by = (view.to - view.from) * share;
	go(view.from + by, view.to + by);
}

// Fills the view with a range and a little around it, in the same half.
function goTo(range) {
	const around = (range.to - range.from) * 0.15;
	const part = partAt(range.from);
	go(Math.max(range.from - around, part.offset),
		Math.min(range.to + around, part.offset + part.length));
}

// --- what is chosen ---

function link(parent, text, va) {
	const button = element(parent, "button", text, "link");
	button.type = "button";
	button.addEventListener("click", () => {
		choose(va, true);
		$("map").focus({preventScroll: false});
	});
	return button;
}

function fact(term, text, className) {
	element($("here"), "dt", term);
	return element($("here"), "dd", text, className);
}

function rightsText(rights) {
	return `kernel ${rights.slice(0, 3)}, user ${rights.slice(3)}`;
}

function tellAliases(thing) {
	const va = "0x" + thing.va.toString(16);
	for (const alias of data.summary.aliases) {
		if (alias.a === va || alias.b === va) {
			const other = BigInt(alias.a === va ? alias.b : alias.a);
			const mapping = mappingAt(other);
			const cell = fact("Same memory", "");
			link(cell, `${mapping.name || "-"} at ${addressText(other)}`, other);
			if (alias.mixed_wx) {
				element(cell, "div", "writable in one, executable in the other", "warning");
			}
			if (alias.mixed_type) {
				element(cell, "div", "as two kinds of memory", "warning");
			}
		}
	}
}

function tellMapping(thing) {
	const mapping = thing.mapping;
	fact("Range", `${addressText(thing.va)} to ${addressText(thing.last)}`, "mono");
	fact("Size", sizeText(thing.size));
	fact("Physical", `from ${addressText(thing.pa)}`, "mono");
	fact("Memory", mapping.memory);
	fact("Rights", rightsText(mapping.rights));
	fact("Global", mapping.global ? "yes, the same for every ASID" : "no, of one ASID");
	fact("Leaves", leavesText(thing.space, mapping) +
		(mapping.in_runs ? `, ${mapping.in_runs} in contiguous runs` : ""));
	if (mapping.class === "wx") {
		fact("Warning", "writable and executable", "warning");
	}
	tellAliases(thing);
}

function tellHere() {
	const thing = thingAt(chosenVa);
	const pa = translate(chosenVa);

	$("here").replaceChildren();
	fact("Address", addressText(chosenVa), "mono").id = "chosen-va";
	fact("Leads to", pa === null ? "nothing: an access faults" : addressText(pa),
		pa === null ? "warning" : "mono").id = "chosen-pa";
	if (!partOf(chosenVa)) {
		fact("Where", "no table translates it");
		return;
	}
	fact("Name", (thing && thing.name) || "-").id = "chosen-name";
	if (thing && thing.mapping) {
		tellMapping(thing);
	} else {
		const hole = holeAt(chosenVa);
		if (thing) {
			fact("Kind", CLASSES[thing.kind]);
			fact("Range", `${addressText(thing.va)} to ${addressText(thing.last)}`, "mono");
		}
		fact("Hole", `${addressText(hole.va)} to ${addressText(hole.last)}`, "mono");
		fact("Its size", sizeText(hole.size));
	}
}

function tellWalk() {
	const steps = walk(chosenVa);
	$("steps").replaceChildren();
	steps.forEach((step, i) => {
		const item = element($("steps"), "li");
		const says = element(item, "div", null, "says");
		element(says, "span", `Level ${step.level}`, "level");
		element(says, "span", ` table at ${addressText(BigInt(step.table.pa))}, ` +
			`descriptor ${step.index} of ${step.table.entries}: `, "where");
		element(says, "code", "0x" + step.descriptor.toString(16).padStart(16, "0"));
		element(says, "span", ` ${step.words}`);
		if (step.target !== null && (step.kind === "leaf" || step.kind === "table")) {
			element(says, "span", step.kind === "leaf" ? ", physical " : " at ");
			element(says, "code", addressText(step.target));
		}
		drawTable(item, step, i === steps.length - 1);
	});
	if (steps.length === 0) {
		element($("steps"), "li", "No table translates this address.");
	}
}

function markRow() {
	const thing = mappingAt(chosenVa);
	for (const row of document.querySelectorAll("tr.chosen")) {
		row.classList.remove("chosen");
	}
	const row = thing && document.getElementById(`row-${mappings.indexOf(thing)}`);
	if (row) {
		row.classList.add("chosen");
	}
}

// Chooses an address; `show`: brings what is there into view.
function choose(va, show) {
	chosenVa = va;
	tellHere();
	tellWalk();
	markRow();
	history.replaceState(null, "", `#0x${va.toString(16)}`);
	if (show && partOf(va)) {
		goTo(thingAt(va) || holeAt(va));
	} else {
		redraw();
	}
}

function step(direction) {
	if (mappings.length === 0) {
		return;
	}
	const position = chosenVa !== null && partOf(chosenVa) ? axisOf(chosenVa) : -1;
	let index = indexFrom(mappings, position);
	if (direction < 0) {
		index--;
	} else if (position >= 0 && mappings[index] && mappings[index].from <= position) {
		index++;
	}
	choose(mappings[(index + mappings.length) % mappings.length].va, true);
}

// --- around the drawing ---

function fillTop() {
	$("source").textContent = data.source;
	document.title = `Address space of ${data.source}`;
	$("facts").textContent = data.spaces.map((space) =>
		`${{lower: "Lower half", upper: "Upper half", both: "Both halves"}[space.half]}: ` +
		`${space.format_name}, ${space.va_bits}-bit addresses, root table at ${space.root}` +
		(space.cut ? " (only a part was read)" : "")).join(" · ");
	for (const name of new Set(things.map((thing) => thing.name).filter(Boolean))) {
		element($("names"), "option").value = name;
	}
	const used = new Set(things.map((thing) => thing.kind).concat("hole", "several"));
	for (const kind of Object.keys(CLASSES).filter((key) => used.has(key))) {
		const item = element($("legend"), "li");
		element(item, "span", "", `swatch ${kind}`);
		item.append(CLASSES[kind]);
	}
}

function fillRows() {
	mappings.slice(0, ROWS_MAX).forEach((thing, i) => {
		const row = element($("rows"), "tr");
		const name = element(row, "td");
		row.id = `row-${i}`;
		element(name, "span", "", `swatch ${thing.kind}`);
		link(name, thing.name || "-", thing.va);
		element(row, "td", `${addressText(thing.va)}`, "mono");
		element(row, "td", sizeText(thing.size));
		element(row, "td", addressText(thing.pa), "mono");
		element(row, "td", thing.mapping.memory);
		element(row, "td", thing.mapping.rights.slice(0, 3), "mono");
		element(row, "td", thing.mapping.rights.slice(3), "mono");
		element(row, "td", leavesText(thing.space, thing.mapping));
	});
	if (mappings.length > ROWS_MAX) {
		$("more").textContent = `The first ${ROWS_MAX} of ${mappings.length} are listed.`;
	}
}

function figure(title, lines, empty) {
	const box = element($("figures"), "div");
	element(box, "h3", title);
	if (lines.length === 0) {
		element(box, "div", empty);
		return;
	}
	const list = element(box, "ul");
	for (const [text, va, className] of lines.slice(0, 50)) {
		const item = element(list, "li", va === undefined ? text : null, className);
		if (va !== undefined) {
			link(item, text, BigInt(va));
		}
	}
	if (lines.length > 50) {
		element(list, "li", `and ${lines.length - 50} more`);
	}
}

function fillSummary() {
	const summary = data.summary;
	const nameAt = (va) => (mappingAt(BigInt(va)) || {}).name || va;
	const half = (space) => (data.spaces.length > 1 ? `, ${space.half} half` : "");
	const leaves = data.spaces.flatMap((space) => space.levels.filter((level) => level.leaves)
		.map((level) => [`${level.leaves} × ${sizeText(level.leaf_size)}` +
		(level.in_runs ? `, ${level.in_runs} of them in contiguous runs` : "") + half(space)]));
	const levels = data.spaces.flatMap((space) => space.levels.map((level) =>
		[`${level.tables} of level ${level.level}: ${level.used} of ${level.descriptors} ` +
		`descriptors in use${half(space)}`]));
	const runs = data.spaces.flatMap((space) => space.levels.filter((level) => level.could_be_runs)
		.map((level) => [`${level.could_be_runs} contiguous runs of ` +
		`${sizeText(level.leaf_size)}${half(space)}`]));
	const largest = [...summary.holes].sort((a, b) => (BigInt(b.size) > BigInt(a.size) ? 1 : -1));

	figure(`Mapped: ${sizeText(summary.mapped)}`, leaves, "nothing");
	figure(`Tables: ${sizeText(summary.table_bytes)} in ${summary.table_frames} frames`, levels);
	figure("Damaged", data.spaces.flatMap((space) => space.problems.map((problem) =>
		[problem.why, problem.va, "warning"])), "nothing");
	figure("Writable and executable", summary.wx.map((va) => [nameAt(va), va]), "nothing");
	figure("Memory mapped more than once", summary.aliases.map((alias) =>
		[`${sizeText(alias.size)}: ${nameAt(alias.a)} and ${nameAt(alias.b)}` +
		(alias.mixed_wx ? ", writable and executable" : "") +
		(alias.mixed_type ? ", two kinds of memory" : ""), alias.a]), "nothing");
	figure("Could be larger leaves", summary.could_be_larger.map((larger) =>
		[`one of ${sizeText(larger.size)}, which saves ${larger.tables} ` +
		`table${larger.tables === 1 ? "" : "s"}`, larger.va]).concat(runs), "none");
	figure(`Holes: ${summary.holes.length}; the largest`, largest.slice(0, 5).map((hole) =>
		[`${sizeText(hole.size)}${hole.guard ? `, guard of ${hole.guard}` : ""}`, hole.va]), "none");
	figure("Record and tables differ", summary.mismatches.map((mismatch) =>
		[`${sizeText(mismatch.mapped)} of it mapped`, mismatch.va]), "nowhere");
}

// --- events ---

const actions = {
	whole: () => go(0, axisLength),
	in: () => zoomByKey(1 / 4),
	out: () => zoomByKey(4),
	left: () => pan(-0.25),
	right: () => pan(0.25),
	previous: () => step(-1),
	next: () => step(1),
	fill: () => chosenVa !== null && partOf(chosenVa) && goTo(thingAt(chosenVa) || holeAt(chosenVa)),
	page: () => {
		if (chosenVa !== null && partOf(chosenVa)) {
			const from = Math.floor(axisOf(chosenVa) / pageBytes) * pageBytes;
			go(from, from + pageBytes);
		}
	},
	search: () => $("query").select(),
	theme: () => {
		const root = document.documentElement.dataset;
		root.theme = root.theme === "dark" ? "light" : "dark";
	},
};

const keys = {
	"+": "in", "=": "in", "-": "out", "ArrowLeft": "left", "ArrowRight": "right", "Home": "whole",
	"0": "whole", "n": "next", "p": "previous", "Enter": "fill", "g": "page", "/": "search",
	"t": "theme",
};

document.addEventListener("keydown", (event) => {
	const typing = /^(INPUT|BUTTON)$/.test(event.target.tagName);
	const action = keys[event.key];
	if (event.key === "Escape" && event.target === $("query")) {
		$("map").focus();
	}
	if (!action || event.ctrlKey || event.altKey || event.metaKey ||
	    (typing && (event.target === $("query") || event.key === "Enter"))) {
		return;
	}
	event.preventDefault();
	actions[action]();
});

$("controls").addEventListener("click", (event) => {
	const button = event.target.closest("button");
	if (button) {
		actions[button.dataset.do]();
	}
});

$("theme").addEventListener("click", actions.theme);

$("search").addEventListener("submit", (event) => {
	const va = find($("query").value);
	event.preventDefault();
	if (va === null) {
		$("status").textContent = `Nothing has that address or name: ${$("query").value}`;
		return;
	}
	choose(va, true);
	$("map").focus();
});

// The bar under the mouse, and the position in it.
function hit(event) {
	const box = $("drawing").getBoundingClientRect();
	const x = (event.clientX - box.left) / box.width * drawn.width;
	const y = (event.clientY - box.top) / box.width * drawn.width;
	const bar = drawn.hits.find((one) => y >= one.y && y < one.y + one.height);
	return bar && {bar, x, position: bar.from + x / drawn.width * (bar.to - bar.from)};
}

let drag = null;

$("drawing").addEventListener("pointerdown", (event) => {
	const at = hit(event);
	drag = at && at.bar.main ? {x: event.clientX, view, moved: false} : null;
});

$("drawing").addEventListener("pointermove", (event) => {
	const at = hit(event);
	if (drag && event.buttons === 1) {
		const by = (drag.x - event.clientX) / drawn.width * (drag.view.to - drag.view.from);
		drag.moved = drag.moved || Math.abs(drag.x - event.clientX) > 3;
		if (drag.moved) {
			go(drag.view.from + by, drag.view.to + by, true);
		}
	} else if (at && at.position >= 0 && at.position < axisLength) {
		const va = addressAt(Math.floor(at.position / pageBytes) * pageBytes);
		const thing = thingAt(va);
		$("status").textContent = `${addressText(va)}: ${thing ? thing.name || CLASSES[thing.kind] : "nothing"}`;
	}
});

$("drawing").addEventListener("pointerleave", tellView);

$("drawing").addEventListener("click", (event) => {
	const at = hit(event);
	if (!at || (drag && drag.moved)) {
		return;
	}
	// A box is wider than what it stands for where that is less than a hair.
	const box = at.bar.list.find((one) => at.x >= one.x && at.x < one.end);
	const inside = box && at.position >= box.from && at.position < box.to;
	const position = box && !inside ? box.from : at.position;
	choose(addressAt(Math.floor(position / pageBytes) * pageBytes), !at.bar.main);
	if (box && box.count > 1 && at.bar.main) {
		goTo(box);
	}
});

$("drawing").addEventListener("dblclick", actions.fill);

$("map").addEventListener("wheel", (event) => {
	const at = hit(event);
	event.preventDefault();
	zoom(2 ** (Math.sign(event.deltaY) * 0.5), at && at.bar.main ? at.position : center());
}, {passive: false});

new ResizeObserver(redraw).observe($("map"));

document.documentElement.dataset.theme =
	matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => {
	document.documentElement.dataset.theme = event.matches ? "dark" : "light";
});

fillTop();
fillRows();
fillSummary();
redraw();
tellView();
{
	const asked = parseAddress(location.hash.slice(1));
	if (asked !== null) {
		choose(asked, true);
	} else if (mappings.length !== 0) {
		choose(mappings[0].va, false);
	}
}
