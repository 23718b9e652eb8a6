/* test_sharing.mjs - people share devices, give them away, lose browsers and
 * come back: as test_owning.mjs, at phone and at desktop size. */

import { says, setting } from "./browser.mjs";
import { begin, claim, deviceOn, end, finishClaim, keyLinkOf, named,
  noComplaints, openShare, ownership, person, share, showDevice, type,
  withCheck } from "./owning.mjs";
import { flow, picturesOf } from "./sides.mjs";
import { assert, main, test, until } from "./tap.mjs";

const SECRET = "opensesame";

/* --- sharing ---------------------------------------------------------------- */

flow("viewer", "a viewer looks and may not set; taken away, it is gone",
  async (s, w) => {
    s.door = await deviceOn(w, `D-${s.size}`);
    s.ann = await person(w, s, "ann");
    await claim(s.ann, w, s.door);
    await showDevice(s.ann, w, s.door);
    await setting(s.ann, "pin").field.fill(SECRET);
    await setting(s.ann, "pin").set.click();
    await says(setting(s.ann, "pin").state, /^applied/);
    await s.ann.getByRole("button", { name: "Identify" }).click();
    s.bob = await person(w, s, "bob");
    const link = await keyLinkOf(s.bob);
    await s.shoot(s.bob, "account");
    await share(s.ann, link, "viewer");
    await says(ownership(s.ann), `${named(s, "bob")} viewer`);
    await s.shoot(s.ann, "shared");
    await s.bob.getByRole("link", { name: "‹ Devices" }).click();
    await s.bob.getByRole("link", { name: /Front door/ }).click();
    await says(ownership(s.bob),
      `It belongs to ${named(s, "ann")}. You may look at it`);
    const pin = setting(s.bob, "pin");
    await until("the private value", async () =>
      await pin.field.inputValue() === SECRET);
    await pin.field.fill("hijack");
    await pin.set.click();
    await says(pin.state, /your role does not allow this/);
    await setting(s.bob, "power").field.fill("1");
    await setting(s.bob, "power").set.click();
    await says(setting(s.bob, "power").state, /Your role.*Ask its owner/);
    await s.shoot(s.bob, "viewer");
    await ownership(s.ann).getByRole("button",
      { name: `Remove ${named(s, "bob")}` }).click();
    await until("bob's page knows", async () => await s.bob.getByRole(
      "heading", { name: "No such device" }).count() === 1, 30000);
    assert.equal((await s.bob.request.get(`${w.world.address}/api/things/${
      encodeURIComponent(s.door.thing)}`)).status(), 404);
  });

flow("share-link",
  "a link that is opened fills the form of the device that is chosen",
  async (s) => {
    const link = await keyLinkOf(s.bob);
    await s.ann.goto(link);
    await s.ann.reload(); // as a new visit would
    await s.ann.goto(link);
    await says(s.ann.locator(".notice"),
      `Choose the device to share with ${named(s, "bob")}`);
    assert.ok(!s.ann.url().includes("k="));
    await s.ann.getByRole("link", { name: /Front door/ }).click();
    const card = ownership(s.ann);
    await card.getByLabel("This person").selectOption("operator");
    assert.equal(await card.getByLabel("Name").inputValue(), named(s, "bob"));
    assert.ok(await s.ann.locator("main > .notice").isHidden());
    await s.shoot(s.ann, "share-link");
    // Another device after all, perhaps: the list asks again.
    await s.ann.getByRole("link", { name: "Devices" }).click();
    await says(s.ann.locator(".notice"), "Choose the device");
    await s.ann.getByRole("link", { name: /Front door/ }).click();
    await card.getByLabel("This person").selectOption("operator");
    await card.getByRole("button", { name: "Do it" }).click();
    await says(card, `${named(s, "bob")} operator`);
    await s.ann.getByRole("link", { name: "Devices" }).click();
    await s.ann.getByRole("link", { name: /Front door/ }).waitFor();
    assert.ok(await s.ann.locator("main > .notice").isHidden(), "asks again");
    await s.ann.getByRole("link", { name: /Front door/ }).click();
    await says(card, `${named(s, "bob")} operator`);
  });

flow("second-browser", "a second browser of the owner's is an owner too",
  async (s, w) => {
    const page = await person(w, s, "ann");
    await showDevice(page, w, s.door);
    await says(ownership(page), /This browser is not known to the device/);
    const link = await keyLinkOf(page);
    await showDevice(s.ann, w, s.door);
    await share(s.ann, link, "browser");
    await says(ownership(s.ann), /owner, browser 2/);
    await showDevice(page, w, s.door);
    await says(ownership(page), /It is yours/);
    await until("it reads what is private", async () =>
      await setting(page, "pin").field.inputValue() === SECRET);
    await s.shoot(page, "second-browser");
    // What somebody types meanwhile in the first one stays, when it changes.
    await openShare(s.ann);
    const card = ownership(s.ann);
    await card.getByLabel("Name").fill("Some");
    await card.getByLabel("This person").selectOption("give");
    await share(page, await keyLinkOf(s.bob), "viewer");
    await says(card, `${named(s, "bob")} viewer`);
    assert.equal(await card.getByLabel("Name").inputValue(), "Some");
    assert.equal(await card.getByLabel("This person").inputValue(), "give");
    await page.context().close();
  });

/* --- giving away ------------------------------------------------------------ */

flow("transfer", "a transfer is accepted by the other, and wipes",
  async (s, w) => {
    const link = await keyLinkOf(s.bob);
    await showDevice(s.ann, w, s.door);
    // Bob's page asks of the device, and is told of the offer meanwhile.
    const path = `**/api/things/${encodeURIComponent(s.door.thing)}`;
    let asks = 0, offered;
    await s.bob.route(path, async (route) => {
      if (++asks > 1) return route.continue();
      const answer = await route.fetch();
      offered = share(s.ann, link, "give", named(s, "bob"));
      await offered;
      await until("the offer is kept", async () => Boolean((await w.admin(
        `/api/things/${encodeURIComponent(s.door.thing)}`)).offer), 30000);
      await route.fulfill({ response: answer });
    });
    await showDevice(s.bob, w, s.door);
    await offered;
    await s.bob.unroute(path);
    await says(ownership(s.bob),
      `${named(s, "ann")} wants to give you this device`);
    await s.shoot(s.bob, "transfer");
    await s.bob.getByRole("button", { name: "Accept it" }).click();
    await says(ownership(s.bob), /It is yours/);
    assert.deepEqual(s.door.settings.desired, {});
    await says(s.bob.locator(".events"), /was given to another owner/);
    assert.doesNotMatch(await s.bob.locator(".events").textContent(),
      /asked it to show/); // of the time before
    await s.ann.goto(`${w.world.address}/#/`);
    await says(s.ann.locator(".list"), /You have no device yet/);
  });

flow("release", "a release lists what is wiped and gives a new code",
  async (s, w) => {
    await showDevice(s.bob, w, s.door);
    const card = ownership(s.bob);
    await card.getByRole("button", { name: "Release" }).click();
    await says(card.getByRole("dialog"), /private settings.*history and/);
    await card.getByLabel(/Make a new code/).check();
    await s.shoot(s.bob, "release");
    s.door.newCode = withCheck("161803398");
    await card.getByRole("button", { name: "Release and wipe" }).click();
    await says(card, /Wiped on the device: private settings/);
    const code = (await card.locator(".secret").textContent())
      .replace(/\s/g, "");
    assert.equal(code, s.door.newCode);
    assert.equal(s.door.owned, false);
    await s.shoot(s.bob, "released");
    // The label is void now; the new code claims.
    await s.ann.goto(`${w.world.address}/${s.door.label}`);
    await s.ann.getByRole("button", { name: "Claim it" }).click();
    await says(s.ann.locator(".verdict"), /do not go together/);
    await s.ann.goto(`${w.world.address}/#/`);
    await s.ann.goto(`${w.world.address}/#/add`);
    await type(s.ann, s.door, code);
    s.recovery = await finishClaim(s.ann);
  });

/* --- coming back ------------------------------------------------------------ */

flow("recovery", "the recovery code brings the owner back in a new browser",
  async (s, w) => {
    const page = await person(w, s, "ann");
    await showDevice(page, w, s.door);
    const card = ownership(page);
    await card.getByText("I am the owner and lost my browser").click();
    await card.getByLabel("Recovery code").fill("ABC");
    await card.getByRole("button", { name: "Come back" }).click();
    await says(card, /that is 3 letters/);
    await s.shoot(page, "recovery");
    await card.getByLabel("Recovery code").fill(s.recovery.toLowerCase());
    await card.getByRole("button", { name: "Come back" }).click();
    await says(card, /It is yours.*owner, this browser/);
    await showDevice(s.ann, w, s.door); // the old one is no owner any more
    await says(ownership(s.ann), /This browser is not known/);
    s.back = page;
  });

flow("reset", "a reset at the device makes it nobody's, in the cloud too",
  async (s, w) => {
    await s.back.goto(`${w.world.address}/#/`);
    await s.back.getByRole("link", { name: /Front door/ }).waitFor();
    const { epoch } = s.door.record.value;
    s.door.reset();
    await says(s.back.locator(".list"), /You have no device yet/);
    await s.shoot(s.back, "reset");
    const whole = await w.admin(`/api/things/${encodeURIComponent(
      s.door.thing)}`);
    const record = JSON.parse(Buffer.from(whole.ownership.record,
      "base64url"));
    assert.equal(record.act, "reset");
    assert.equal(record.epoch, epoch + 1);
  });

picturesOf(["viewer", "share-link", "second-browser", "transfer", "release",
  "recovery", "reset"]);

test("no page of these tests complained", noComplaints);

await main({ before: () => begin(), after: end });
