/* qr.js - QR codes, read and drawn; loaded only by who needs one. */

import encodeQR from "qr";
import { decodeQR } from "qr/decode.js";

/** The text in a picture (ImageData), or null. */
export function decode({ width, height, data }) {
  try {
    return decodeQR({ width, height, data });
  } catch {
    return null; // most pictures of a camera hold none
  }
}

/** Rows of booleans, true is dark. */
export const encode = (text) => encodeQR(text, "raw", { ecc: "medium" });
