"use strict";
// Draws a crystal as balls and sticks in SVG, far things first, and lets pointer and keys turn it.
// Vectors, not WebGL: sharp on paper, on any machine, and any number of them on one page.

const SVG = "http://www.w3.org/2000/svg";
const START = rotationBetween([-0.32, 0.22]);
const STICK = 0.1; // radius in angstrom
const ball = (element) => 0.2 + 0.3 * element.radius; // small atoms stay visible beside large ones

function svgElement(name, attributes, parent) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (parent) parent.append(element);
  return element;
}

function multiply(a, b) {
  return a.map((row) => [0, 1, 2].map((k) => row[0] * b[0][k] + row[1] * b[1][k] + row[2] * b[2][k]));
}

function rotationBetween([right, down]) {
  const [cr, sr, cd, sd] = [Math.cos(right), Math.sin(right), Math.cos(down), Math.sin(down)];
  return multiply([[1, 0, 0], [0, cd, -sd], [0, sd, cd]], [[cr, 0, sr], [0, 1, 0], [-sr, 0, cr]]);
}

// Rows: right, up, towards the reader. The axis points to the reader, another one upwards.
function lookAlong(cell, axis) {
  const unit = (v) => v.map((x) => x / Math.hypot(...v));
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const out = unit(cell[axis]);
  const right = unit(cross(cell[axis === 2 ? 1 : 2], out));
  return [right, cross(out, right), out];
}

class CrystalView {
  constructor(host, view, name) {
    this.view = view;
    this.zoom = 1;
    const corners = [[0, 0], [0, 1], [1, 0], [1, 1]].map(([u, v]) => view.origin.map((value, k) => value + u * view.cell[0][k] + v * view.cell[1][k]));
    const tips = view.atoms.map(([x, y, z, kind]) => Math.hypot(x, y, z) + ball(view.elements[kind]));
    this.reach = Math.max(...tips, ...corners.map((corner) => Math.hypot(...corner))); // opposite corners are as far
    const atoms = view.elements.map((element) => element.symbol).join(", ");
    this.svg = svgElement("svg", { tabindex: 0, role: "img", "aria-label": `${name}: crystal structure of ${atoms}. Arrow keys rotate.` });
    this.defineGradients();
    this.scene = svgElement("g", {}, this.svg);
    host.append(this.svg, this.controls());
    this.listen();
    this.home();
  }

  defineGradients() {
    const defs = svgElement("defs", {}, this.svg);
    this.view.elements.forEach((element) => {
      const id = `ball-${element.symbol}`;
      const gradient = svgElement("radialGradient", { id, cx: 0.36, cy: 0.32, r: 0.72 }, defs);
      for (const [offset, mix] of [[0, "white 65%"], [0.35, "white 8%"], [1, "black 38%"]])
        svgElement("stop", { offset, style: `stop-color: color-mix(in srgb, ${element.colour}, ${mix})` }, gradient);
    });
  }

  controls() {
    const row = document.createElement("div");
    row.className = "views";
    for (const [label, key] of [["a", "a"], ["b", "b"], ["c", "c"], ["+", "+"], ["−", "-"], ["reset", "0"]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.title = "abc".includes(key) ? `look along ${key}` : label;
      button.addEventListener("click", () => this.press(key));
      row.append(button);
    }
    const legend = Object.assign(document.createElement("div"), { className: "key-line" });
    row.append(legend);
    for (const element of this.view.elements) {
      const [key, dot] = [document.createElement("span"), document.createElement("span")];
      dot.className = "dot";
      dot.style.background = element.colour;
      key.append(dot, element.symbol);
      legend.append(key);
    }
    return row;
  }

  listen() {
    this.svg.addEventListener("pointerdown", (event) => this.svg.setPointerCapture(event.pointerId));
    this.svg.addEventListener("pointermove", (event) => {
      if (this.svg.hasPointerCapture(event.pointerId)) this.turn(event.movementX / 120, event.movementY / 120);
    });
    this.svg.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && this.press(event.key.toLowerCase())) event.preventDefault();
    });
  }

  press(key) {
    const turns = { arrowleft: [-0.12, 0], arrowright: [0.12, 0], arrowup: [0, -0.12], arrowdown: [0, 0.12] };
    if (key in turns) this.turn(...turns[key]);
    else if (key === "+" || key === "=") this.scale(1.2);
    else if (key === "-") this.scale(1 / 1.2);
    else if (key === "0") this.home();
    else if (key === "a" || key === "b" || key === "c") this.look(lookAlong(this.view.cell, "abc".indexOf(key)));
    else return false;
    return true;
  }

  turn(right, down) { this.look(multiply(rotationBetween([right, down]), this.rotation)); }
  home() { this.zoom = 1; this.look(multiply(START, lookAlong(this.view.cell, 0))); }
  scale(factor) { this.zoom = Math.min(8, Math.max(0.4, this.zoom * factor)); this.draw(); }
  look(rotation) { this.rotation = rotation; this.draw(); }

  project([x, y, z]) {
    const [right, up, out] = this.rotation.map((row) => row[0] * x + row[1] * y + row[2] * z);
    return [right, -up, out];
  }

  draw() {
    const half = this.reach / this.zoom;
    this.svg.setAttribute("viewBox", `${-half} ${-half} ${2 * half} ${2 * half}`);
    const items = [...this.balls(), ...this.sticks(), ...this.edges()].sort((p, q) => p.depth - q.depth);
    this.scene.replaceChildren(...items.flatMap((item) => item.parts), ...this.axisNames());
  }

  balls() {
    return this.view.atoms.map(([x, y, z, kind]) => {
      const [cx, cy, depth] = this.project([x, y, z]);
      const element = this.view.elements[kind];
      return { depth, parts: [svgElement("circle", { class: "ball", cx, cy, r: ball(element), fill: `url(#ball-${element.symbol})` })] };
    });
  }

  // Each stick is two halves in the colours of their atoms.
  sticks() {
    return this.view.sticks.flatMap(([i, j]) => {
      const [p, q] = [this.project(this.view.atoms[i]), this.project(this.view.atoms[j])];
      const middle = p.map((value, k) => (value + q[k]) / 2);
      return [[p, i], [q, j]].map(([centre, atom]) => this.halfStick(centre, middle, this.view.elements[this.view.atoms[atom][3]]));
    });
  }

  // From the surface of the ball, not its centre: a stick towards the reader hides part of it.
  halfStick(centre, end, element) {
    const share = Math.min(1, (0.95 * ball(element)) / Math.hypot(...end.map((value, k) => value - centre[k])));
    const [x1, y1, z1] = centre.map((value, k) => value + share * (end[k] - value));
    const line = { x1, y1, x2: end[0], y2: end[1] };
    const rim = svgElement("line", { ...line, class: "rim", "stroke-width": 2 * STICK + 0.05 });
    const fill = svgElement("line", { ...line, class: "stick", stroke: element.colour, "stroke-width": 2 * STICK });
    return { depth: Math.min(z1, end[2]), parts: [rim, fill] };
  }

  // A point of the cell, given in fractions of its edges, on the page.
  corner(fractions) {
    const { cell, origin } = this.view;
    return this.project(origin.map((value, k) => value + fractions.reduce((sum, f, axis) => sum + f * cell[axis][k], 0)));
  }

  edges() {
    const width = this.reach / this.zoom / 130;
    const starts = [[0, 0], [0, 1], [1, 0], [1, 1]];
    return [0, 1, 2].flatMap((axis) => starts.map((others) => {
      const start = others.toSpliced(axis, 0, 0);
      const [[x1, y1, z1], [x2, y2, z2]] = [this.corner(start), this.corner(start.with(axis, 1))];
      return { depth: Math.min(z1, z2) - 0.01, parts: [svgElement("line", { class: "edge", x1, y1, x2, y2, "stroke-width": width })] };
    }));
  }

  axisNames() {
    const size = this.reach / this.zoom / 10;
    return ["a", "b", "c"].map((name, axis) => {
      const [x, y] = this.corner([0, 0, 0].with(axis, 0.5));
      const text = svgElement("text", { class: "axis-name", x, y, "font-size": size, "stroke-width": size / 4 });
      text.textContent = name;
      return text;
    });
  }
}
