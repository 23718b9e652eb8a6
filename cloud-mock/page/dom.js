/* dom.js - making elements.  Text goes in as text, never as markup: whatever a
 * device sends is shown, not run.  There is no way to set markup from here. */

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined));
  return node;
}

/** An element: `el("a", {href, onclick}, "text", otherNode)`.  The names of
 * attributes are ours, never a device's. */
export function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Change the text only when it differs: selections and screen readers stay
 * calm. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setClass(node, name) {
  if (node.getAttribute("class") !== name) node.setAttribute("class", name);
}

/** Put these children there, leaving alone those that already stand right, so
 * that focus and scrolling survive. */
export function setChildren(parent, children) {
  children.forEach((child, i) => {
    if (parent.childNodes[i] !== child) {
      parent.insertBefore(child, parent.childNodes[i] ?? null);
    }
  });
  while (parent.childNodes.length > children.length) parent.lastChild.remove();
}

/** For one text an assistive program should say now. */
export function announce(text) {
  let node = document.getElementById("said");
  if (!node) {
    node = el("p", { id: "said", class: "unseen", "aria-live": "polite" });
    document.body.append(node);
  }
  node.textContent = text;
}
