/* thing_name.js - the name a device has in the cloud, from its nameplate, as
 * agent/identity/thing_name.h makes it. */

import { utf8 } from "./bytes.js";

const NAME_MOST = 128;

const part = (text) => [...utf8(text)].map((byte) => {
  const c = String.fromCharCode(byte);
  return /[A-Za-z0-9-]/.test(c) ? c : `_${byte.toString(16).padStart(2, "0")}`;
}).join("");

/* ASCII only, as the device folds. */
const fold = (text) => text.replace(/[A-Z]/g, (c) => c.toLowerCase());

/** null: a part is missing, or it would be too long. */
export function thingName({ vendor, model, serial }) {
  if (vendor === "" || model === "" || serial === "") return null;
  const name = `${part(fold(vendor))}:${part(fold(model))}:${part(serial)}`;
  return name.length <= NAME_MOST ? name : null;
}
