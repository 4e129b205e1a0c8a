/** The view as SVG: a drawing surface with the part of Canvas 2D that the plots use, which writes shapes down. */

/** A recorder of drawing calls. */
export class SvgSurface {
  constructor(width, height) {
    Object.assign(this, {
      width,
      height,
      parts: [],
      stack: [],
      path: "",
      clipping: 0,
      open: 0,
      fillStyle: "#000",
      strokeStyle: "#000",
      lineWidth: 1,
      globalAlpha: 1,
      font: "11px sans-serif",
      textAlign: "left",
      textBaseline: "alphabetic",
      dash: [],
      lineCap: "butt",
      lineJoin: "miter",
    });
    this.measurer = document.createElement("canvas").getContext("2d");
  }

  save() {
    const {
      fillStyle,
      strokeStyle,
      lineWidth,
      globalAlpha,
      font,
      textAlign,
      textBaseline,
      dash,
      lineCap,
      lineJoin,
      open,
    } = this;
    this.stack.push({
      fillStyle,
      strokeStyle,
      lineWidth,
      globalAlpha,
      font,
      textAlign,
      textBaseline,
      dash,
      lineCap,
      lineJoin,
      open,
    });
  }

  restore() {
    const state = this.stack.pop();
    for (; this.open > state.open; this.open -= 1) this.parts.push("</g>");
    Object.assign(this, state);
  }

  beginPath() {
    this.path = "";
  }

  moveTo(x, y) {
    this.path += `M${short(x)} ${short(y)}`;
  }

  lineTo(x, y) {
    this.path += `L${short(x)} ${short(y)}`;
  }

  closePath() {
    this.path += "Z";
  }

  rect(x, y, width, height) {
    this.path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}Z`;
  }

  clip() {
    this.clipping += 1;
    this.open += 1;
    const id = `clip${this.clipping}`;
    this.parts.push(`<clipPath id="${id}"><path d="${this.path}"/></clipPath><g clip-path="url(#${id})">`);
  }

  setLineDash(dash) {
    this.dash = dash;
  }

  measureText(text) {
    this.measurer.font = this.font;
    return this.measurer.measureText(text);
  }

  stroke() {
    if (this.path) this.parts.push(`<path d="${this.path}" fill="none" ${this.strokeAttributes()}/>`);
  }

  fill() {
    if (this.path) this.parts.push(`<path d="${this.path}" ${this.fillAttributes()}/>`);
  }

  fillRect(x, y, width, height) {
    this.parts.push(`<rect ${box(x, y, width, height)} ${this.fillAttributes()}/>`);
  }

  strokeRect(x, y, width, height) {
    this.parts.push(`<rect ${box(x, y, width, height)} fill="none" ${this.strokeAttributes()}/>`);
  }

  fillText(text, x, y) {
    this.text(text, x, y, this.fillAttributes());
  }

  strokeText(text, x, y) {
    this.text(text, x, y, `fill="none" ${this.strokeAttributes()}`);
  }

  text(text, x, y, attributes) {
    const anchor = { left: "start", center: "middle", right: "end" }[this.textAlign];
    const baseline =
      { middle: "central", bottom: "text-after-edge", top: "text-before-edge" }[this.textBaseline] ?? "auto";
    const [, weight, size] = /^(?:(\d+) )?([\d.]+)px/.exec(this.font);
    this.parts.push(
      `<text x="${short(x)}" y="${short(y)}" font-size="${size}" font-weight="${weight ?? 400}" ` +
        `text-anchor="${anchor}" dominant-baseline="${baseline}" ${attributes}>${escaped(text)}</text>`,
    );
  }

  strokeAttributes() {
    const dash = this.dash.length ? ` stroke-dasharray="${this.dash.join(" ")}"` : "";
    const pen = `stroke="${this.strokeStyle}" stroke-width="${this.lineWidth}" stroke-opacity="${this.globalAlpha}"`;
    return `${pen} stroke-linecap="${this.lineCap}" stroke-linejoin="${this.lineJoin}"${dash}`;
  }

  fillAttributes() {
    return `fill="${this.fillStyle}" fill-opacity="${this.globalAlpha}"`;
  }

  /** What was drawn, moved down by `top`. */
  group(top) {
    return `<g transform="translate(0 ${top})">${this.parts.join("")}</g>`;
  }
}

/** One SVG of several surfaces, one under the other. */
export function joinSurfaces(surfaces, width, title) {
  let top = 0;
  const groups = surfaces.map((surface) => {
    const group = surface.group(top);
    top += surface.height;
    return group;
  });
  const size = `width="${width}" height="${top}" viewBox="0 0 ${width} ${top}"`;
  const open = `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="system-ui, sans-serif">`;
  return `${open}<title>${escaped(title)}</title>${groups.join("")}</svg>`;
}

function box(x, y, width, height) {
  return `x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}"`;
}

function short(value) {
  return Math.round(value * 100) / 100;
}

function escaped(text) {
  return String(text).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
