/* label_picture.mjs - docs/pictures/label.png: a label as the factory makes it,
 * of a device that is nobody's. */

import path from "node:path";
import { TOP, World } from "./world.mjs";

const world = new World();
try {
  world.makeVendor("Acme", "Thermo-1");
  world.factory("issue", "--model", "Thermo-1", "--serial", "TH-2041");
  world.factory("label", "--model", "Thermo-1", "--serial", "TH-2041", "--url",
    "https://meet.example/", "--out", world.path("label.svg"));
  const picture = path.join(TOP, "docs/pictures/label.png");
  world.run("rsvg-convert", ["--width", "800", world.path("label.svg"),
    "-o", picture]);
  console.log(picture);
} finally {
  await world.close();
}
