import { Secret, TOTP } from "otpauth";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { registerSecret } from "../support/secrets";
import { type Portcullis, startPortcullis } from "./portcullis";
import { addAuthenticator, openVisitors, type Visitors } from "./visitors";

/** With or without the mark of a required input. */
const passwordLabel = /^Password( \*)?$/;

const email = "ada@example.org";
const password = registerSecret("correct horse battery staple 1");

let portcullis: Portcullis;
let visitors: Visitors;

beforeAll(async () => {
  [portcullis, visitors] = await Promise.all([startPortcullis(), openVisitors()]);
}); // this builds the console if it was not built before

afterAll(async () => {
  await visitors?.close();
  await portcullis?.stop();
});

/** The code that an authenticator app shows, `steps` periods of 30 s from now. */
const codeOf = (secret: string, steps = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 });

async function signInByPassword(page: Page): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel(passwordLabel).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

const accountIsOpen = (page: Page) => page.getByRole("heading", { name: "Sessions" }).waitFor();

describe("a person with a browser", () => {
  let recoveryCodes: string[] = [];
  let secret = "";

  test("the first person sets up with the printed link and enrols an authenticator app (TM-21)", async () => {
    const { page, picture } = await visitors.visitor();
    await page.goto(portcullis.setUpLink);
    await page.getByLabel("E-mail address").fill(email);
    await page.getByLabel("Your name").fill("Ada");
    await page.getByLabel("Organization").fill("Acme");
    await page.getByLabel(passwordLabel).fill("password1234");
    await page.getByRole("button", { name: "Set up" }).click();
    // The error is shown at its input, which has the focus.
    await page.locator('input[aria-invalid="true"]').waitFor();
    expect(await page.getByLabel(passwordLabel).evaluate((input) => input === document.activeElement)).toBe(true);
    await picture("setup-refused");
    await page.getByLabel(passwordLabel).fill(password);
    await page.getByRole("button", { name: "Set up" }).click();
    await accountIsOpen(page);
    expect(new URL(page.url()).pathname).toBe("/account");

    await page.getByRole("button", { name: "Set up authenticator" }).click();
    secret = registerSecret(((await page.getByTestId("totp-secret").textContent()) ?? "").replaceAll(/\s/g, ""));
    await picture("account-totp");
    await page.getByLabel("Code that the app shows now").fill(codeOf(secret));
    await page.getByRole("button", { name: "Confirm" }).click();
    recoveryCodes = ((await page.getByTestId("recovery-codes").textContent()) ?? "").split("\n");
    expect(recoveryCodes).toHaveLength(10);
    await picture("recovery-codes");
    await page.getByRole("button", { name: "I saved these codes" }).click();
    await page.getByText("10 recovery codes left").waitFor();
  });

  test("a set-up link that was used shows what to do", async () => {
    const { page, picture } = await visitors.visitor();
    await page.goto(portcullis.setUpLink);
    await page.getByRole("alert").filter({ hasText: /\w/ }).first().waitFor();
    expect(await page.getByLabel("Password").count()).toBe(0);
    await picture("setup-spent");
  });

  test("a person signs in with password and authenticator app, and signs out (TM-21)", async () => {
    const { page, picture, context } = await visitors.visitor();
    await page.goto(`${portcullis.url}/account`);
    await page.waitForURL("**/sign-in?callbackUrl=%2Faccount");
    await page.getByLabel("E-mail address").waitFor();
    await picture("sign-in");
    await page.getByLabel(passwordLabel).fill("not this one");
    await page.getByLabel("E-mail address").fill(email);
    await page.keyboard.press("Enter");
    await page.getByRole("alert").filter({ hasText: "the password is incorrect" }).waitFor();
    await picture("sign-in-refused");
    await signInByPassword(page);
    await page.getByRole("heading", { name: "Your second factor" }).waitFor();
    expect(await page.getByLabel("Code").evaluate((input) => input === document.activeElement)).toBe(true);
    await page.getByLabel("Code").fill("000000");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").filter({ hasText: "Incorrect code." }).waitFor();
    await picture("second-factor-refused");
    await page.getByLabel("Code").fill(codeOf(secret, 1)); // the former code was valid only once
    await page.keyboard.press("Enter");
    await accountIsOpen(page);
    await picture("account");
    const session = (await context.cookies()).find(({ name }) => name.endsWith("portcullis.session"));
    expect(session).toMatchObject({ httpOnly: true, sameSite: "Lax" });
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.waitForURL("**/sign-in");
    await page.goto(`${portcullis.url}/account`);
    await page.waitForURL("**/sign-in?callbackUrl=%2Faccount");
  });

  test("a person enrols a passkey and signs in with nothing else", async () => {
    const visitor = await visitors.visitor();
    const { page, picture, inBothColours } = visitor;
    await addAuthenticator(visitor);
    await page.goto(`${portcullis.url}/sign-in?callbackUrl=/account`);
    await signInByPassword(page);
    await page.getByLabel("Code").fill(recoveryCodes[0] ?? "");
    await page.keyboard.press("Enter");
    await accountIsOpen(page);
    await page.getByText("9 recovery codes left").waitFor();

    await page.getByLabel("Name of a new passkey").fill("Laptop");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByRole("cell", { name: "Laptop", exact: true }).waitFor();
    await page.getByRole("button", { name: "Rename Laptop" }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("Work laptop");
    await page.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
    await page.getByRole("cell", { name: "Work laptop", exact: true }).waitFor();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await picture("account-passkey");
    await inBothColours("account-passkey");
    await page.getByRole("button", { name: "Sign out", exact: true }).click();

    await page.waitForURL("**/sign-in");
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.waitForURL(`${portcullis.url}/`);
    await page.goto(`${portcullis.url}/account`);
    await accountIsOpen(page);

    await page.getByRole("button", { name: "Remove Work laptop" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await page.getByText("You do not have a passkey yet.").waitFor();
    expect(await page.getByRole("cell", { name: "Work laptop", exact: true }).count()).toBe(0);
  });

  test("a password change ends other sessions, and removing a factor requires the new password", async () => {
    const [current, other] = [await visitors.visitor(), await visitors.visitor()];
    for (const [at, { page }] of [current, other].entries()) {
      await page.goto(`${portcullis.url}/sign-in?callbackUrl=/account`);
      await signInByPassword(page);
      await page.getByLabel("Code").fill(recoveryCodes[at + 1] ?? "");
      await page.keyboard.press("Enter");
      await accountIsOpen(page);
    }
    const { page, picture } = current;
    await page.reload();
    await accountIsOpen(page);
    const sessions = page.getByRole("table", { name: "Sessions" }).locator("tbody tr");
    expect(await sessions.count()).toBeGreaterThan(1);
    await page.getByLabel("Current password").fill(password);
    const changedPassword = registerSecret("another horse, another staple 2");
    await page.getByLabel("New password").fill(changedPassword);
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByRole("status").filter({ hasText: "Password changed." }).waitFor();
    await expect.poll(() => sessions.count()).toBe(1);
    await picture("account-password-changed");
    await other.page.reload();
    await other.page.waitForURL("**/sign-in?callbackUrl=%2Faccount");

    await page.getByRole("button", { name: "Remove authenticator" }).click();
    await page.getByRole("dialog").getByLabel(passwordLabel).fill(password);
    await page.getByRole("dialog").getByRole("button", { name: "Continue" }).click();
    await page.getByRole("dialog").getByRole("alert").filter({ hasText: "Incorrect password." }).waitFor();
    await picture("proof-refused");
    await page.getByRole("dialog").getByLabel(passwordLabel).fill(changedPassword);
    await page.getByRole("dialog").getByRole("button", { name: "Continue" }).click();
    await page.getByRole("button", { name: "Set up authenticator" }).waitFor();
  });
});
