// SPDX-License-Identifier: MIT
// The drawing: the whole space, what each table on the way covers, and the view, one bar above the
// other, each to scale. What would be thinner than a hair is as wide as a hair.

const SVG = "http://www.w3.org/2000/svg";
const HAIR = 2;
const CONTEXT_HEIGHT = 18;
const CONTEXT_STEP = CONTEXT_HEIGHT + 22;
const VIEW_LEAST = 92;
const LABEL_ROWS = 4;
const LABEL_STEP = 16;
// How names stand out against their box: see page.css.
const TONES = {
	"code": "on-dark", "data": "on-dark", "user-code": "on-dark", "user-data": "on-dark",
	"several": "on-dark", "read-only": "on-light", "user-read-only": "on-light",
	"device": "on-bright", "uncached": "on-bright",
};

function svg(parent, name, attributes, text) {
	const element = document.createElementNS(SVG, name);
	for (const [key, value] of Object.entries(attributes || {})) {
		element.setAttribute(key, value);
	}
	if (text !== undefined) {
		element.textContent = text;
	}
	parent.append(element);
	return element;
}

function pattern(parent, id, size, angle, draw) {
	draw(svg(parent, "pattern", {id, width: size, height: size, patternUnits: "userSpaceOnUse",
		patternTransform: `rotate(${angle})`}));
}

function patterns(parent) {
	const defs = svg(parent, "defs");
	const rect = (target, fill, width, height) =>
		svg(target, "rect", {width, height, style: `fill:${fill}`});
	pattern(defs, "pattern-wx", 6, 45, (p) => {
		rect(p, "var(--card)", 6, 6);
		rect(p, "var(--wx)", 4, 6);
	});
	pattern(defs, "pattern-guard", 5, 45, (p) => rect(p, "var(--soft)", 1, 5));
	pattern(defs, "pattern-bad", 5, -45, (p) => {
		rect(p, "#ffd54f", 5, 5);
		rect(p, "var(--ink)", 2, 5);
	});
	pattern(defs, "pattern-lazy", 5, 0, (p) =>
		svg(p, "circle", {cx: 2, cy: 2, r: 1, style: "fill:var(--soft)"}));
}

// What is drawn of [from, to) in `width` pixels: things that are wide enough by themselves, and
// clusters of neighbors that aren't.
function boxes(from, to, width) {
	const scale = width / (to - from);
	const result = [];
	for (const thing of things) {
		if (thing.to <= from) {
			continue;
		}
		if (thing.from >= to) {
			break;
		}
		const x = Math.max((thing.from - from) * scale, 0);
		const end = Math.min((thing.to - from) * scale, width);
		const last = result[result.length - 1];
		if (end - x >= HAIR) {
			result.push({x, end, thing, kind: thing.kind, count: 1, from: thing.from,
				to: thing.to});
		} else if (last && last.small && x - last.end < 1) {
			last.end = Math.max(last.end, end, last.x + HAIR);
			last.count++;
			last.to = Math.max(last.to, thing.to);
			last.kind = last.kind === thing.kind ? last.kind : "several";
			last.thing = null;
		} else {
			result.push({x: Math.min(x, width - HAIR), end: Math.max(end, x + HAIR), thing,
				kind: thing.kind, count: 1, small: true, from: thing.from,
				to: thing.to});
		}
	}
	return result;
}

function boxText(box) {
	if (!box.thing) {
		return `${box.count} ranges`;
	}
	const name = box.thing.name || CLASSES[box.kind];
	return box.kind === "guard" ? `${name} (guard)` : name;
}

function drawBoxes(parent, list, y, height, chosen) {
	for (const box of list) {
		const rect = svg(parent, "rect", {x: box.x, y, width: box.end - box.x, height,
			class: box.kind});
		if (chosen && box.thing === chosen) {
			rect.classList.add("chosen");
		}
		if (box.thing && box.thing.mapping) {
			rect.dataset.va = "0x" + box.thing.va.toString(16);
		}
		svg(rect, "title", {}, box.thing ?
			`${boxText(box)}\n${addressText(box.thing.va)}, ${sizeText(box.thing.size)}` :
			boxText(box));
	}
}

// Where names go: into the boxes that have room for them, else below, as far as there is room for rows.
function placeLabels(list, width) {
	const free = new Array(LABEL_ROWS).fill(-Infinity);
	const labels = [];
	for (const box of list) {
		const text = boxText(box);
		const needed = text.length * 7.4 + 10;
		const middle = (box.x + box.end) / 2;
		if (box.end - box.x >= needed) {
			labels.push({box, text, middle, row: -1});
			continue;
		}
		const start = Math.min(Math.max(middle - needed / 2, 0), width - needed);
		const row = free.findIndex((end) => end <= start);
		if (row >= 0) {
			free[row] = start + needed;
			labels.push({box, text, middle, row, x: start + needed / 2});
		}
	}
	return labels;
}

function drawLabels(parent, labels, y, height) {
	for (const label of labels) {
		if (label.row < 0) {
			svg(parent, "text", {x: label.middle, y: y + height / 2 + 4, "text-anchor": "middle",
				class: `inside ${TONES[label.box.kind] || "outlined"}`}, label.text);
			continue;
		}
		const base = y + height + 20 + label.row * LABEL_STEP;
		svg(parent, "path", {class: "leader",
			d: `M${label.middle},${y + height}V${y + height + 4}L${label.x},${base - 11}`});
		svg(parent, "text", {x: label.x, y: base, "text-anchor": "middle", class: "outlined"},
			label.text);
	}
}

// The bars above the view: the whole space, then what one descriptor of each level covers.
function contextBars(view) {
	const size = view.to - view.from;
	const center = (view.from + view.to) / 2;
	const part = partAt(center);
	const space = part.space;
	const bars = [];
	if (size < axisLength * 0.999) {
		bars.push({from: 0, to: axisLength, what: "the whole space"});
	}
	for (let level = rootLevel(space); level >= 0; level--) {
		const reach = 2 ** levelShift(space, level);
		if (reach >= part.length || reach <= size) {
			continue;
		}
		const from = part.offset + Math.floor((center - part.offset) / reach) * reach;
		bars.push({from, to: from + reach, what:
			`one level ${space.levels[level].level} descriptor`});
	}
	return bars;
}

function drawEnds(parent, bar, y, width) {
	const size = sizeText(BigInt(Math.round(bar.to - bar.from)));
	const narrow = width < 620;
	svg(parent, "text", {x: 0, y, class: "mono soft"}, addressText(addressAt(bar.from)));
	svg(parent, "text", {x: width, y, "text-anchor": "end", class: "mono soft"},
		addressText(addressAt(bar.to - 1)));
	if (!narrow) {
		svg(parent, "text", {x: width / 2, y, "text-anchor": "middle", class: "soft"},
			bar.what ? `${bar.what}: ${size}` : size);
	}
}

// The addresses between the halves, which no table translates, are left out: a gap shows where.
function drawBreaks(parent, bar, y, height, width) {
	for (const part of parts.slice(1)) {
		if (part.offset > bar.from && part.offset < bar.to) {
			const x = (part.offset - bar.from) / (bar.to - bar.from) * width;
			const teeth = Array.from({length: Math.ceil(height / 6) + 1}, (_, i) =>
				`${x + (i % 2 ? 3 : -3)},${Math.min(y + i * 6, y + height)}`);
			svg(parent, "polyline", {points: teeth.join(" "), class: "mark",
				style: "fill:none;stroke:var(--soft)"});
			svg(parent, "title", {}, "addresses that no table translates are left out here");
		}
	}
}

function drawBar(parent, bar, y, height, width, chosen) {
	const list = boxes(bar.from, bar.to, width);
	svg(parent, "rect", {x: 0, y, width, height, class: "frame"});
	drawBoxes(parent, list, y, height, chosen);
	drawBreaks(parent, bar, y, height, width);
	svg(parent, "rect", {x: 0, y, width, height, class: "edge"});
	return list;
}

// From the part of a bar that the next one enlarges to that one's ends.
function drawZoom(parent, bar, next, y, height, bottom, width) {
	const scale = width / (bar.to - bar.from);
	const x = Math.max((next.from - bar.from) * scale, 0);
	const end = Math.min(Math.max((next.to - bar.from) * scale, x + HAIR), width);
	svg(parent, "polygon", {points: `${x},${y + height} ${end},${y + height} ${width},${bottom} 0,${bottom}`,
		class: "zoom"});
	svg(parent, "rect", {x, y, width: Math.max(end - x, 1), height, class: "view"});
}

function drawMark(parent, bar, position, y, height, width) {
	if (position < bar.from || position >= bar.to) {
		return;
	}
	const x = (position - bar.from) / (bar.to - bar.from) * width;
	svg(parent, "line", {x1: x, x2: x, y1: y, y2: y + height, class: "mark"});
	svg(parent, "polygon", {points: `${x - 5},${y - 6} ${x + 5},${y - 6} ${x},${y}`,
		class: "marker"});
}

// All levels have room, and what they leave is the view's, so that the page below keeps still.
function totalHeight() {
	const levels = Math.max(...data.spaces.map((space) => space.levels.length));
	return (levels + 1) * CONTEXT_STEP + VIEW_LEAST + 30 + LABEL_ROWS * LABEL_STEP;
}

// Draws everything into an emptied element; returns where the bars are, for the mouse.
function draw(drawing, view, chosenVa) {
	const width = Math.max(drawing.clientWidth, 200);
	const total = totalHeight();
	const bars = [...contextBars(view), {from: view.from, to: view.to, main: true}];
	const chosen = chosenVa === null ? null : thingAt(chosenVa);
	const position = chosenVa !== null && partOf(chosenVa) ? axisOf(chosenVa) : null;
	const labels = placeLabels(boxes(view.from, view.to, width), width);
	const rows = Math.max(0, ...labels.map((label) => label.row + 1));
	const hits = [];
	let y = 0;

	drawing.replaceChildren();
	patterns(drawing);
	bars.forEach((bar, i) => {
		y += 14;
		const below = rows * LABEL_STEP + 14;
		const height = bar.main ? total - y - 8 - below : CONTEXT_HEIGHT;
		if (bars[i - 1]) {
			drawZoom(drawing, bars[i - 1], bar, y - 14 - CONTEXT_HEIGHT, CONTEXT_HEIGHT, y + 8,
				width);
		}
		drawEnds(drawing, bar, y, width);
		y += 8;
		const list = drawBar(drawing, bar, y, height, width, bar.main ? chosen : null);
		hits.push({...bar, y, height, list});
		if (position !== null) {
			drawMark(drawing, bar, position, y, height, width);
		}
		if (bar.main) {
			drawLabels(drawing, labels, y, height);
		}
		y += height;
	});
	drawing.setAttribute("height", total);
	drawing.setAttribute("viewBox", `0 0 ${width} ${total}`);
	return {hits, width};
}

// One table as a strip, descriptor by descriptor, the walk's one marked, and the way to the next.
function drawTable(parent, step, isLast) {
	const width = 1000;
	const strip = svg(parent, "svg", {viewBox: `0 0 ${width} 34`, preserveAspectRatio: "none",
		"aria-hidden": "true"});
	const scale = width / step.table.entries;
	svg(strip, "rect", {x: 0, y: 2, width, height: 14, class: "frame"});
	for (const run of step.table.runs) {
		if (run[4] === "empty") {
			continue;
		}
		const start = BigInt(step.table.va) + BigInt(run[0]) * step.size;
		const mapping = run[4] === "leaf" ? mappingAt(start) : null;
		const kind = run[4] === "table" ? "table" : mapping ? mapping.kind : "bad";
		svg(strip, "rect", {x: run[0] * scale, y: 2, width: Math.max(run[1] * scale, 1.5),
			height: 14, class: kind});
	}
	const x = step.index * scale;
	const slot = Math.max(scale, 3);
	svg(strip, "rect", {x, y: 1, width: slot, height: 16, class: "slot"});
	if (!isLast) {
		svg(strip, "polygon", {points: `${x},17 ${x + slot},17 ${width},34 0,34`, class: "zoom"});
	}
}
