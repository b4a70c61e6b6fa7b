import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreatedOrganization, OperatorReset } from "../../src/main/host/contract";
import { callOver } from "../support/control-plane";
import { registerSecret } from "../support/secrets";
import {
  accountOf,
  addPasskey,
  ask,
  type Host,
  invite,
  join,
  newPassword,
  pathOf,
  showPassword,
  signOut,
  tokenOf,
} from "./members";
import { type Portcullis, startPortcullis } from "./portcullis";
import { addAuthenticator, openVisitors, type Visitors } from "./visitors";

let portcullis: Portcullis;
let visitors: Visitors;
let acme: Host;
/** It requires a second factor. */
let beta: Host;

beforeAll(async () => {
  [portcullis, visitors] = await Promise.all([startPortcullis(), openVisitors()]);
  const { url } = portcullis;
  const owner = "owner@example.org";
  const first = await portcullis.onHost<CreatedOrganization>("setup", { email: owner, organization: "Acme" });
  const second = await portcullis.onHost<CreatedOrganization>("organization create", { name: "Beta", owner });
  acme = { url, organization: "Acme", key: registerSecret(first.apiKey.key) };
  beta = { url, organization: "Beta", key: registerSecret(second.apiKey.key) };
  const required = await callOver(url, beta.key)("organizations.update", { requireSecondFactor: true });
  expect(required.status).toBe(200);
});

afterAll(async () => {
  await visitors?.close();
  await portcullis?.stop();
});

const codeOf = (secret: string) => new TOTP({ secret: Secret.fromBase32(secret) }).generate();

const refusedFor = (reason: string) => ({ status: 403, reason });
const done = { status: 200, reason: null };

describe("somebody whose password was taken away on the host", () => {
  test("chooses another before anything else, and then goes on to where they wanted (TM-23, AM-5)", async () => {
    const ada = await join(acme, await visitors.visitor(), "ada@example.org");
    const { page, email, inBothColours } = ada;
    await addAuthenticator(ada);
    await addPasskey(page, "Laptop");
    const reset = await portcullis.onHost<OperatorReset>("operator reset-password", { email });
    registerSecret(new URL(reset.url).hash.slice(1));
    expect(reset.endedSessions).toBe(1);
    await page.reload();
    await page.waitForURL("**/sign-in?callbackUrl=%2Faccount");
    await showPassword(ada);
    await page.getByRole("alert").filter({ hasText: "the password is incorrect" }).waitFor();

    const invitation = await invite(beta, email);
    await page.goto(`${portcullis.url}/sign-in?callbackUrl=%2Faccept-invitation#${tokenOf(invitation)}`);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByText("Everything else waits until you have.").waitFor();
    expect(pathOf(page)).toBe("/account");
    expect(await page.getByRole("heading", { level: 2 }).allTextContents()).toEqual(["Password", "Sessions"]);
    expect(await ask(page, "organizations.list")).toEqual(refusedFor("password_change_required"));
    await inBothColours("password-required");

    await page.goto(invitation.url); // straight there: no other way
    await page.getByText("Everything else waits until you have.").waitFor();
    expect(pathOf(page)).toBe("/account");
    await page.getByRole("textbox", { name: "New password" }).fill("password1234");
    await page.getByRole("button", { name: "Change password" }).click();
    await page.locator('input[aria-invalid="true"]').waitFor();
    expect(await ask(page, "organizations.list")).toEqual(refusedFor("password_change_required"));
    await page.getByRole("textbox", { name: "New password" }).fill(newPassword());
    await page.getByRole("button", { name: "Change password" }).click();

    await page.waitForURL("**/accept-invitation#*");
    await page.getByRole("heading", { name: "Join Beta" }).waitFor();
    expect(await ask(page, "organizations.list")).toEqual(done);

    await page.goto(reset.url); // the link on the host's terminal is worth nothing from here on
    await page.getByText("The password was changed meanwhile. Sign in.").waitFor();
    await inBothColours("setup-ended");
  });
});

describe("an organization that requires a second factor", () => {
  test("leads whoever has none to enrolment only, and lets them in with one (TM-21, PO-20)", async () => {
    const bob = await join(beta, await visitors.visitor(), "bob@example.org");
    const { page, inBothColours } = bob;
    await page.getByText("Your organization requires one").waitFor();
    expect(await ask(page, "organizations.list")).toEqual(refusedFor("second_factor_enrolment_required"));
    await inBothColours("enrolment-required");

    await signOut(page);
    await page.goto(`${portcullis.url}/sign-in?callbackUrl=${encodeURIComponent("/?wanted")}`);
    await showPassword(bob);
    await page.getByText("Your organization requires one").waitFor();
    expect(pathOf(page)).toBe("/account");
    expect(await ask(page, "organizations.list")).toEqual(refusedFor("second_factor_enrolment_required"));

    await page.getByRole("button", { name: "Set up authenticator" }).click();
    const secret = registerSecret(((await page.getByTestId("totp-secret").textContent()) ?? "").replaceAll(/\s/g, ""));
    const code = page.getByLabel("Code that the app shows now");
    await code.fill("000000");
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.locator('input[aria-invalid="true"]').waitFor();
    expect(await ask(page, "organizations.list")).toEqual(refusedFor("second_factor_enrolment_required"));
    await inBothColours("enrolment-refused");
    await code.fill(codeOf(secret));
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByTestId("recovery-codes").waitFor();
    await page.getByText("Your organization requires one").waitFor({ state: "hidden" });
    expect(pathOf(page)).toBe("/account"); // the codes are shown only here
    await inBothColours("enrolment-codes");
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.waitForURL(`${portcullis.url}/?wanted`);
    expect(await ask(page, "organizations.list")).toEqual(done);
  });
});

describe("an invitation for somebody who has an account (PO-19)", () => {
  test("is accepted by one button when they are signed in, and is worth nothing afterwards", async () => {
    const { page, email, inBothColours } = await join(acme, await visitors.visitor(), "carol@example.org");
    const { url } = await invite(beta, email);
    await page.goto(url);
    await page.getByText(`You are signed in as ${email}.`).waitFor();
    await inBothColours("invitation-signed-in");
    await page.getByRole("button", { name: "Accept the invitation" }).click();
    await accountOf(page, email, "Beta");
    await page.getByText("Your organization requires one").waitFor();
    expect(new URL(page.url()).hash).toBe("");

    await page.goto(url);
    await page.getByRole("alert").filter({ hasText: "This invitation was accepted already. Sign in." }).waitFor();
    expect(await page.getByRole("button", { name: "Accept the invitation" }).count()).toBe(0);
    await inBothColours("invitation-accepted");
  });

  test("leads them to signing in and back when they are not", async () => {
    const member = await join(acme, await visitors.visitor(), "dan@example.org");
    const { page, email } = member;
    await signOut(page);
    const { url } = await invite(beta, email);
    await page.goto(url);
    await page.getByLabel(/^Password/).fill(newPassword());
    await page.getByRole("button", { name: "Join" }).click();
    await page.getByRole("alert").filter({ hasText: "There is an account for this e-mail address" }).waitFor();
    await member.inBothColours("invitation-known-address");
    await page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
    await page.getByLabel("E-mail address").waitFor();
    await showPassword(member);
    await page.getByText(`You are signed in as ${email}.`).waitFor();
    expect(pathOf(page)).toBe("/accept-invitation");
    await page.getByRole("button", { name: "Accept the invitation" }).click();
    await accountOf(page, email, "Beta");
  });
});

describe("an invitation's link that is not good", () => {
  test("says that it was taken back", async () => {
    const { url, invitationId } = await invite(acme, "erin@example.org");
    expect((await callOver(portcullis.url, acme.key)("invitations.delete", { invitationId })).status).toBe(200);
    const { page, inBothColours } = await visitors.visitor();
    await page.goto(url);
    await page.getByText("This invitation was taken back. Ask whoever invited you.").waitFor();
    expect(await page.getByRole("textbox").count()).toBe(0);
    await inBothColours("invitation-revoked");
  });

  test("says that it is too old", async () => {
    const { url } = await invite(acme, "frank@example.org");
    const { page, inBothColours } = await visitors.visitor();
    // The server's clock cannot be moved from here: what it says of one that is too old stands in its own tests.
    await page.route("**/api/trpc/invitations.look", async (route) => {
      const response = await route.fetch();
      const { result } = await response.json();
      await route.fulfill({ response, json: { result: { data: { ...result.data, state: "expired", email: null } } } });
    });
    await page.goto(url);
    await page.getByText("This invitation is too old. Ask whoever invited you for a new one.").waitFor();
    expect(await page.getByRole("textbox").count()).toBe(0);
    await inBothColours("invitation-expired");
  });

  test.each([
    ["of nobody's", `#${"A".repeat(43)}`],
    ["cut short", "#AAAA"],
    ["without its token", ""],
  ])("says that it is not known here: one %s", async (_which, hash) => {
    const { page, inBothColours } = await visitors.visitor();
    await page.goto(`${portcullis.url}/accept-invitation${hash}`);
    await page.getByText("This invitation is not known here. Open the link as it was given to you.").waitFor();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Invitation");
    expect(await page.getByRole("textbox").count()).toBe(0);
    await inBothColours("invitation-unknown");
  });
});

test("a passkey is the second factor after a password, and once removed it lets nobody in", async () => {
  const grace = await join(acme, await visitors.visitor(), "grace@example.org");
  const { page, inBothColours } = grace;
  await addAuthenticator(grace);
  await addPasskey(page, "Laptop");
  await signOut(page);

  await page.goto(`${portcullis.url}/sign-in?callbackUrl=/account`);
  await showPassword(grace);
  await page.getByRole("heading", { name: "Your second factor" }).waitFor();
  await page.getByRole("button", { name: "Use a passkey" }).waitFor();
  expect(await ask(page, "organizations.list")).toEqual(refusedFor("second_factor_required"));
  await inBothColours("second-factor-passkey");
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await accountOf(page, grace.email, "Acme");
  expect(await ask(page, "organizations.list")).toEqual(done);

  await page.getByRole("button", { name: "Remove Laptop" }).click();
  await inBothColours("passkey-removal");
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("You have none yet.").waitFor();
  await signOut(page);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page
    .getByRole("alert")
    .filter({ hasText: "This passkey was not accepted. Try again, or sign in another way." })
    .waitFor();
  expect(pathOf(page)).toBe("/sign-in");
  await inBothColours("passkey-removed");
  await page.goto(`${portcullis.url}/account`);
  await page.waitForURL("**/sign-in?callbackUrl=%2Faccount");
});
