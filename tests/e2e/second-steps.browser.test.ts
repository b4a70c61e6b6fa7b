import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreatedOrganization, OperatorReset } from "#src/main/host/contract";
import { callOver } from "../support/control-plane";
import { registerSecret } from "../support/secrets";
import {
  accountOf,
  addPasskey,
  callApi,
  enterPassword,
  type Inviter,
  invite,
  join,
  newPassword,
  pathOf,
  signOut,
  tokenOf,
} from "./members";
import { type Portcullis, startPortcullis } from "./portcullis";
import { addAuthenticator, openVisitors, type Visitors } from "./visitors";

let portcullis: Portcullis;
let visitors: Visitors;
let acme: Inviter;
/** This organization requires a second factor. */
let beta: Inviter;

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

const refusedWith = (reason: string) => ({ status: 403, reason });
const done = { status: 200, reason: null };

describe("a person whose password was reset on the host", () => {
  test("a person with a reset password chooses a new one first and then continues to the requested page (TM-23, AM-5)", async () => {
    const ada = await join(acme, await visitors.visitor(), "ada@example.org");
    const { page, email, inBothColours } = ada;
    await addAuthenticator(ada);
    await addPasskey(page, "Laptop");
    const reset = await portcullis.onHost<OperatorReset>("operator reset-password", { email });
    registerSecret(new URL(reset.url).hash.slice(1));
    expect(reset.endedSessions).toBe(1);
    await page.reload();
    await page.waitForURL("**/sign-in?callbackUrl=%2Faccount");
    await enterPassword(ada);
    await page.getByRole("alert").filter({ hasText: "the password is incorrect" }).waitFor();

    const invitation = await invite(beta, email);
    await page.goto(`${portcullis.url}/sign-in?callbackUrl=%2Faccept-invitation#${tokenOf(invitation)}`);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByText("You can use the other functions after that.").waitFor();
    expect(pathOf(page)).toBe("/account");
    expect(await page.getByRole("heading", { level: 2 }).allTextContents()).toEqual(["Password", "Sessions"]);
    expect(await callApi(page, "organizations.list")).toEqual(refusedWith("password_change_required"));
    await inBothColours("password-required");

    await page.goto(invitation.url); // the direct way does not lead there either
    await page.getByText("You can use the other functions after that.").waitFor();
    expect(pathOf(page)).toBe("/account");
    await page.getByRole("textbox", { name: "New password" }).fill("password1234");
    await page.getByRole("button", { name: "Change password" }).click();
    await page.locator('input[aria-invalid="true"]').waitFor();
    expect(await callApi(page, "organizations.list")).toEqual(refusedWith("password_change_required"));
    await page.getByRole("textbox", { name: "New password" }).fill(newPassword());
    await page.getByRole("button", { name: "Change password" }).click();

    await page.waitForURL("**/accept-invitation#*");
    await page.getByRole("heading", { name: "Join Beta" }).waitFor();
    expect(await callApi(page, "organizations.list")).toEqual(done);

    await page.goto(reset.url); // the link on the host's terminal is no longer valid
    await page.getByText("the password was changed. Sign in with the new password.").waitFor();
    await inBothColours("setup-ended");
  });
});

describe("an organization that requires a second factor", () => {
  test("a member without a second factor can only enrol one, and has access afterwards (TM-21, PO-20)", async () => {
    const bob = await join(beta, await visitors.visitor(), "bob@example.org");
    const { page, inBothColours } = bob;
    await page.getByText("Your organization requires one").waitFor();
    expect(await callApi(page, "organizations.list")).toEqual(refusedWith("second_factor_enrolment_required"));
    await inBothColours("enrolment-required");

    await signOut(page);
    await page.goto(`${portcullis.url}/sign-in?callbackUrl=${encodeURIComponent("/?wanted")}`);
    await enterPassword(bob);
    await page.getByText("Your organization requires one").waitFor();
    expect(pathOf(page)).toBe("/account");
    expect(await callApi(page, "organizations.list")).toEqual(refusedWith("second_factor_enrolment_required"));

    await page.getByRole("button", { name: "Set up authenticator" }).click();
    const secret = registerSecret(((await page.getByTestId("totp-secret").textContent()) ?? "").replaceAll(/\s/g, ""));
    const code = page.getByLabel("Code that the app shows now");
    await code.fill("000000");
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.locator('input[aria-invalid="true"]').waitFor();
    expect(await callApi(page, "organizations.list")).toEqual(refusedWith("second_factor_enrolment_required"));
    await inBothColours("enrolment-refused");
    await code.fill(codeOf(secret));
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByTestId("recovery-codes").waitFor();
    await page.getByText("Your organization requires one").waitFor({ state: "hidden" });
    expect(pathOf(page)).toBe("/account"); // the codes are shown only here
    await inBothColours("enrolment-codes");
    await page.getByRole("button", { name: "I saved these codes" }).click();
    await page.waitForURL(`${portcullis.url}/?wanted`);
    expect(await callApi(page, "organizations.list")).toEqual(done);
  });
});

describe("an invitation for a person who has an account (PO-19)", () => {
  test("a signed-in person accepts an invitation with one button, and only once", async () => {
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
    await page.getByRole("alert").filter({ hasText: "This invitation was already accepted. Sign in." }).waitFor();
    expect(await page.getByRole("button", { name: "Accept the invitation" }).count()).toBe(0);
    await inBothColours("invitation-accepted");
  });

  test("a signed-out person signs in and comes back to the invitation", async () => {
    const member = await join(acme, await visitors.visitor(), "dan@example.org");
    const { page, email } = member;
    await signOut(page);
    const { url } = await invite(beta, email);
    await page.goto(url);
    await page.getByLabel(/^Password/).fill(newPassword());
    await page.getByRole("button", { name: "Join" }).click();
    await page.getByRole("alert").filter({ hasText: "already has an account" }).waitFor();
    await member.inBothColours("invitation-known-address");
    await page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
    await page.getByLabel("E-mail address").waitFor();
    await enterPassword(member);
    await page.getByText(`You are signed in as ${email}.`).waitFor();
    expect(pathOf(page)).toBe("/accept-invitation");
    await page.getByRole("button", { name: "Accept the invitation" }).click();
    await accountOf(page, email, "Beta");
  });
});

describe("an invalid invitation link", () => {
  test("the page says that the invitation was revoked", async () => {
    const { url, invitationId } = await invite(acme, "erin@example.org");
    expect((await callOver(portcullis.url, acme.key)("invitations.delete", { invitationId })).status).toBe(200);
    const { page, inBothColours } = await visitors.visitor();
    await page.goto(url);
    await page.getByText("This invitation was cancelled. Ask the person who invited you for a new one.").waitFor();
    expect(await page.getByRole("textbox").count()).toBe(0);
    await inBothColours("invitation-revoked");
  });

  test("the page says that the invitation has expired", async () => {
    const { url } = await invite(acme, "frank@example.org");
    const { page, inBothColours } = await visitors.visitor();
    // The test cannot move the server's clock. The server's response for an expired invitation has its own tests.
    await page.route("**/api/trpc/invitations.look", async (route) => {
      const response = await route.fetch();
      const { result } = await response.json();
      await route.fulfill({ response, json: { result: { data: { ...result.data, state: "expired", email: null } } } });
    });
    await page.goto(url);
    await page.getByText("This invitation has expired. Ask the person who invited you for a new one.").waitFor();
    expect(await page.getByRole("textbox").count()).toBe(0);
    await inBothColours("invitation-expired");
  });

  test.each([
    ["with an unknown token", `#${"A".repeat(43)}`],
    ["with a token that is cut short", "#AAAA"],
    ["without a token", ""],
  ])("the page says that the invitation is unknown: a link %s", async (_which, hash) => {
    const { page, inBothColours } = await visitors.visitor();
    await page.goto(`${portcullis.url}/accept-invitation${hash}`);
    await page.getByText("This invitation is unknown. Copy the whole link and open it again.").waitFor();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Invitation");
    expect(await page.getByRole("textbox").count()).toBe(0);
    await inBothColours("invitation-unknown");
  });
});

test("a passkey works as the second factor after a password, and not after it was removed", async () => {
  const grace = await join(acme, await visitors.visitor(), "grace@example.org");
  const { page, inBothColours } = grace;
  await addAuthenticator(grace);
  await addPasskey(page, "Laptop");
  await signOut(page);

  await page.goto(`${portcullis.url}/sign-in?callbackUrl=/account`);
  await enterPassword(grace);
  await page.getByRole("heading", { name: "Your second factor" }).waitFor();
  await page.getByRole("button", { name: "Use a passkey" }).waitFor();
  expect(await callApi(page, "organizations.list")).toEqual(refusedWith("second_factor_required"));
  await inBothColours("second-factor-passkey");
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await accountOf(page, grace.email, "Acme");
  expect(await callApi(page, "organizations.list")).toEqual(done);

  await page.getByRole("button", { name: "Remove Laptop" }).click();
  await inBothColours("passkey-removal");
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("You do not have a passkey yet.").waitFor();
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
