/* scan.js - reading a label with the camera.  Pictures stay in this page. */

import { el, setText, svg } from "./dom.js";

const LOOK_MS = 150;

async function reader() {
  const detector = globalThis.BarcodeDetector;
  const formats = await detector?.getSupportedFormats?.().catch(() => []);
  if (formats?.includes("qr_code")) {
    const own = new detector({ formats: ["qr_code"] });
    return async (video) => (await own.detect(video))[0]?.rawValue ?? null;
  }
  const { decode } = await import("./qr.js");
  const canvas = document.createElement("canvas");
  return async (video) => {
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(video, 0, 0);
    return decode(context.getImageData(0, 0, canvas.width, canvas.height));
  };
}

const REFUSED = {
  NotAllowedError: "The camera was not allowed. Allow it for this site, or" +
    " type the code.",
  NotFoundError: "There is no camera here. Type the code.",
};

/** A camera; `found(text)` says whether that was it. {node, start(), stop()} */
export function scanner(found) {
  const video = el("video", { class: "camera", playsinline: true, muted: true,
    "aria-label": "Camera picture", hidden: true });
  const says = el("p", { class: "quiet", role: "status" });
  let stream = null, timer = null;

  function stop() {
    clearInterval(timer);
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = timer = null;
    video.hidden = true;
  }

  async function start() {
    if (stream) return;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video:
        { facingMode: "environment" } });
    } catch (error) {
      setText(says, REFUSED[error.name] ?? "The camera does not work." +
        " Type the code.");
      return;
    }
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    setText(says, "Hold the label's square code before the camera.");
    const look = await reader();
    timer = setInterval(async () => {
      if (!stream || video.videoWidth === 0) return;
      const text = await look(video).catch(() => null);
      if (text === null || !stream) return;
      if (found(text)) stop();
      else setText(says, "That is another kind of code. Look for the label.");
    }, LOOK_MS);
  }
  return { node: el("div", { class: "scan" }, video, says), start, stop };
}

/** A text as a QR code, black on white in every theme. */
export async function drawQr(text, label) {
  const { encode } = await import("./qr.js");
  const rows = encode(text), size = rows.length;
  const path = rows.map((row, y) => row.map((dark, x) =>
    dark ? `M${x} ${y}h1v1h-1z` : "").join("")).join("");
  return svg("svg", { viewBox: `-2 -2 ${size + 4} ${size + 4}`, class: "qr",
    role: "img", "aria-label": label },
  svg("rect", { x: -2, y: -2, width: size + 4, height: size + 4,
    fill: "#ffffff" }), svg("path", { d: path, fill: "#000000" }));
}
