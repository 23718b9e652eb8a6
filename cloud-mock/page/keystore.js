/* keystore.js - this browser's own key for an account, and what it shares with
 * devices.  No script can read any of it out: WebCrypto keeps the keys
 * non-extractable, IndexedDB keeps them for the next visit. */

import { encode } from "./bytes.js";

const DATABASE = "nameplate", STORE = "keys";
const ES256 = { name: "ECDSA", hash: "SHA-256" };
const P256 = { name: "ECDSA", namedCurve: "P-256" };

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** {get(name), put(name, value), remove(name)} in IndexedDB. */
async function database() {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const db = await done(opening);
  const store = (mode) => db.transaction(STORE, mode).objectStore(STORE);
  return {
    get: (name) => done(store("readonly").get(name)),
    put: (name, value) => done(store("readwrite").put(value, name)),
    remove: (name) => done(store("readwrite").delete(name)),
  };
}

/** {point, sign(bytes)}: one who can sign; `point` is base64url. */
export async function signerOf(pair) {
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw",
    pair.publicKey));
  return { point: encode(raw), raw, async sign(bytes) {
    return encode(new Uint8Array(await crypto.subtle.sign(ES256,
      pair.privateKey, bytes)));
  } };
}

/** A new key pair; only its public half can be read. */
export const newPair = () => crypto.subtle.generateKey(P256, false,
  ["sign", "verify"]);

/** Did the holder of `point` (bytes) sign `bytes`?  Never throws. */
export async function verify(point, signature, bytes) {
  try {
    const key = await crypto.subtle.importKey("raw", point, P256, false,
      ["verify"]);
    return await crypto.subtle.verify(ES256, key, signature, bytes);
  } catch {
    return false;
  }
}

/** What this browser keeps for the account `user`.  `db` is for tests. */
export async function openKeystore(user, db) {
  const kept = db ?? await database();
  const name = (what) => `${user} ${what}`;
  let pair = await kept.get(name("key"));
  if (!pair) {
    pair = await newPair();
    await kept.put(name("key"), pair);
    // Ask the browser not to throw it away when space gets short.
    await globalThis.navigator?.storage?.persist?.().catch(() => false);
  }
  return { ...await signerOf(pair),
    psk: (thing) => kept.get(name(`psk ${thing}`)),
    keepPsk: (thing, key) => kept.put(name(`psk ${thing}`), key),
    forgetPsk: (thing) => kept.remove(name(`psk ${thing}`)),
    proof: (thing) => kept.get(name(`proof ${thing}`)),
    keepProof: (thing, proof) => kept.put(name(`proof ${thing}`), proof),
  };
}
