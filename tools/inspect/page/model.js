// SPDX-License-Identifier: MIT
// What the data means: addresses, mappings, walks. Knows nothing of how it is shown.
//
// Positions on the drawn axis are ordinary numbers: bytes from the left end, where the parts of the space
// stand side by side, the untranslated addresses between them left out. They are exact for
// multiples of a page. Addresses are BigInt.

const data = JSON.parse(document.getElementById("data").textContent);

const CLASSES = {
	"code": "kernel code",
	"read-only": "kernel, read-only",
	"data": "kernel data",
	"device": "device",
	"uncached": "not cached",
	"user-code": "user code",
	"user-read-only": "user, read-only",
	"user-data": "user data",
	"wx": "writable and executable",
	"guard": "guard, never mapped",
	"lazy": "mapped as it is used",
	"bad": "damaged",
	"several": "several, too small to tell apart",
	"hole": "nothing",
};

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

function sizeText(size) {
	let unit = 0;
	let left = BigInt(size);

	while (left >= 1024n && left % 1024n === 0n && unit < 6) {
		left /= 1024n;
		unit++;
	}
	let value = Number(left);
	while (value >= 10000 && unit < 6) {
		value /= 1024;
		unit++;
	}
	const text = Number.isInteger(value) ? value : "about " + value.toFixed(1).replace(".0", "");
	return `${text} ${UNITS[unit]}`;
}

function addressText(address) {
	return "0x" + address.toString(16).padStart(16, "0").replace(/(.{4})(?=.)/g, "$1_");
}

// Halves of the space, in the order of addresses, side by side on the axis.
const parts = [];
for (const space of data.spaces) {
	const size = 1n << BigInt(space.va_bits);
	const halves = {
		lower: [[0n, size]],
		upper: [[(1n << 64n) - size, size]],
		both: [[0n, size / 2n], [(1n << 64n) - size / 2n, size / 2n]],
	}[space.half];
	for (const [start, length] of halves) {
		const last = parts[parts.length - 1];
		parts.push({space, start, size: length, length: Number(length),
			offset: last ? last.offset + last.length : 0});
	}
}
const axisLength = parts.reduce((sum, part) => sum + part.length, 0);

function partOf(va) {
	return parts.find((part) => va >= part.start && va - part.start < part.size);
}

function axisOf(va) {
	const part = partOf(va);
	return part.offset + Number(va - part.start);
}

function partAt(position) {
	return parts.find((part) => position < part.offset + part.length) || parts[parts.length - 1];
}

function addressAt(position) {
	const part = partAt(position);
	const inside = Math.min(Math.max(Math.floor(position - part.offset), 0), part.length - 1);
	return part.start + BigInt(inside);
}

function placed(item, more) {
	const va = BigInt(item.va);
	const size = BigInt(item.size);
	const from = axisOf(va);
	return {va, size, last: va + size - 1n, from, to: from + Number(size), ...more};
}

// All that has a place: mappings; guards and lazy ranges; damage.
const things = [];
for (const space of data.spaces) {
	for (const mapping of space.mappings) {
		things.push(placed(mapping, {mapping, space, kind: mapping.class,
			pa: BigInt(mapping.pa), name: mapping.name || ""}));
	}
	for (const problem of space.problems) {
		things.push(placed(problem, {problem, space, kind: "bad", name: problem.why}));
	}
}
const mappings = things.filter((thing) => thing.mapping);
for (const name of data.names) {
	if ((name.kind === "guard" || name.kind === "lazy") && partOf(BigInt(name.va))) {
		things.push(placed(name, {kind: name.kind, name: name.name,
			space: partOf(BigInt(name.va)).space}));
	}
}
// What is drawn first is drawn below: lazy ranges and damage, then what is in them.
const layer = (thing) => (thing.mapping ? 1 : 0);
things.sort((a, b) => a.from - b.from || layer(a) - layer(b) || b.to - a.to);
mappings.sort((a, b) => a.from - b.from);

// The index of the first thing of a sorted list without overlaps that ends behind a position.
function indexFrom(list, position) {
	let low = 0;
	let high = list.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (list[middle].to <= position) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

function mappingAt(va) {
	if (!partOf(va)) {
		return null;
	}
	const mapping = mappings[indexFrom(mappings, axisOf(va))];
	return mapping && mapping.va <= va ? mapping : null;
}

function thingAt(va) {
	return mappingAt(va) || things.find((thing) => va >= thing.va && va <= thing.last) || null;
}

// The hole around an address: from the mapping before to the mapping behind, in one part.
function holeAt(va) {
	const part = partOf(va);
	const index = indexFrom(mappings, axisOf(va));
	const before = mappings[index - 1];
	const behind = mappings[index];
	const from = before && before.va >= part.start ? before.last + 1n : part.start;
	const end = behind && partOf(behind.va) === part ? behind.va : part.start + part.size;
	return {va: from, last: end - 1n, size: end - from, from: axisOf(from),
		to: axisOf(from) + Number(end - from)};
}

const levelShift = (space, depthFromPage) => space.page_shift + depthFromPage * space.index_bits;

function rootLevel(space) {
	return space.levels.length - 1;
}

// The run of a table that holds a descriptor; null: it is empty.
function runAt(table, index) {
	return table.runs.find((run) => index >= run[0] && index < run[0] + run[1]) || null;
}

const HEX = (1n << 64n) - 1n;
const UNREAD = {
	"missing": ", which is not in the memory that is known,",
	"loop": ", which is one of those that lead to it,",
	"left out": ", which was not looked at, as there were too many before,",
};

// The steps from the root to what decides about an address.
function walk(va) {
	const part = partOf(va);
	const steps = [];
	if (!part) {
		return steps;
	}
	const space = part.space;
	const inside = va & ((1n << BigInt(space.va_bits)) - 1n);
	let table = space.tables[0];
	let base = inside & 0n;
	for (let level = rootLevel(space); table; level--) {
		const size = 1n << BigInt(levelShift(space, level));
		const index = Number((inside - base) / size);
		const run = runAt(table, index);
		const step = {table, space, level: space.levels[level].level, index, size, run,
			start: va - (inside - base) % size, descriptor: 0n, kind: "empty",
			words: "empty", target: null};
		if (run) {
			const nth = BigInt(index - run[0]);
			step.descriptor = (BigInt(run[2]) + nth * BigInt(run[3])) & HEX;
			step.kind = run[4];
			step.words = data.words[run[5]];
			step.target = BigInt(run[6]) + (run[4] === "leaf" ? nth * size : 0n);
		}
		steps.push(step);
		base += BigInt(index) * size;
		table = run && run[7] !== null ? space.tables[run[7]] : null;
		if (table && table.state !== "read") {
			step.words += UNREAD[table.state];
			table = null;
		}
	}
	return steps;
}

// Where an address leads; null: nowhere.
function translate(va) {
	const steps = walk(va);
	const last = steps[steps.length - 1];
	return last && last.kind === "leaf" ? last.target + (va - last.start) : null;
}

function leavesText(space, mapping) {
	const texts = mapping.leaves.map(([level, count]) =>
		`${count} × ${sizeText(space.levels[level].leaf_size)}`);
	return texts.reverse().join(", ");
}

// A number as people write it: hexadecimal, with or without 0x, underscores or not.
function parseAddress(text) {
	const digits = text.replace(/[_\s]/g, "").replace(/^0x/i, "");
	return /^[0-9a-f]{1,16}$/i.test(digits) ? BigInt("0x" + digits) : null;
}

// What a search finds: an address, or the first thing whose name has the text in it.
function find(text) {
	const wanted = text.trim().toLowerCase();
	const first = (has) => mappings.find(has) || things.find(has);
	const named = wanted === "" ? null :
		first((thing) => thing.name.toLowerCase() === wanted) ||
		first((thing) => thing.name.toLowerCase().includes(wanted));
	const va = parseAddress(wanted);
	if (/^0x/.test(wanted) || (va !== null && !named)) {
		return va;
	}
	return named ? named.va : null;
}
