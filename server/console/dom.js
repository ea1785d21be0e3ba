// Elements, made one by one: what comes from the API is only ever text.

const SVG = "http://www.w3.org/2000/svg";

function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "value" || name === "checked") element[name] = value;
  else element.setAttribute(name, value === true ? "" : value);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) setAttribute(element, name, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined
    && child !== false));
  return element;
}

/** An element of HTML; children are elements, text and arrays of them, null: none. Attributes
 *  that begin with "on" are listeners. */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same of SVG. */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Text that somebody else wrote: in a direction of its own, so that it turns nothing around
 *  it. */
export function foreign(text, attributes) {
  return h("bdi", attributes, text);
}

/** A button that says what it does. */
export function button(label, onclick, attributes) {
  return h("button", { type: "button", onclick, ...attributes }, label);
}

/** Puts the children in place of what the element has, and leaves the focus on what has the
 *  same id, or the same data-focus, as what had it. */
export function replace(element, ...children) {
  const had = element.contains(document.activeElement) ? document.activeElement : null;
  const mark = had?.dataset.focus;
  const id = had?.id;
  element.replaceChildren(...children.flat(Infinity).filter((child) => child));
  if (!had || had.isConnected) return;
  const again = id ? document.getElementById(id)
    : [...element.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === mark);
  again?.focus();
}
