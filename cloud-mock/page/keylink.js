/* keylink.js - a browser's key as a link or QR code, to be shared with. */

import { decode } from "./bytes.js";

/** The link that tells this key and whose it is. */
export function keyLink(point, name) {
  return `${location.origin}/#${new URLSearchParams({ k: point, n: name })}`;
}

/** {key, name} of a link, of its fragment, or of a bare key; null: neither. */
export function readKeyLink(text) {
  const trimmed = text.trim();
  const said = new URLSearchParams(trimmed.replace(/^[^#]*#/, ""));
  const key = said.get("k") ?? trimmed;
  try {
    if (decode(key, 65)[0] !== 4) return null;
  } catch {
    return null;
  }
  return { key, name: (said.get("n") ?? "").slice(0, 60) };
}
