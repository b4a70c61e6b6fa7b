import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { CreatedInvitation } from "#src/features/invitations/contract";
import { callOver } from "../support/control-plane";
import { registerSecret } from "../support/secrets";
import type { Visitor } from "./visitors";

/** An organization that sends invitations. */
export interface Inviter {
  /** The address of the control plane. */
  readonly url: string;
  /** The name of the organization. */
  readonly organization: string;
  /** The API key of an owner. */
  readonly key: string;
}

/** A visitor who has an account. */
export interface Member extends Visitor {
  readonly email: string;
  readonly password: string;
}

export const newPassword = () => registerSecret(`plenty of words ${Math.random().toString(36).slice(2)}`);

export async function invite({ url, key }: Inviter, email: string): Promise<CreatedInvitation> {
  const { status, data } = await callOver(url, key)<CreatedInvitation>("invitations.create", { email, role: "viewer" });
  expect(status).toBe(200);
  registerSecret(tokenOf(data));
  return data;
}

/** The fragment of a link, without its `#`. */
export const tokenOf = ({ url }: { readonly url: string }) => new URL(url).hash.slice(1);

/** Creates an account through an invitation. Afterwards the page shows the account, signed in. */
export async function join(inviter: Inviter, visitor: Visitor, email: string): Promise<Member> {
  const { page } = visitor;
  const password = newPassword();
  await page.goto((await invite(inviter, email)).url);
  await page.getByLabel(/^Password/).fill(password);
  await page.getByRole("button", { name: "Join" }).click();
  await accountOf(page, email, inviter.organization);
  return { ...visitor, email, password };
}

/** Waits for the account page of this person in that organization. */
export const accountOf = (page: Page, email: string, organization: string) =>
  page.getByText(`${email} at ${organization}`).waitFor();

export const pathOf = (page: Page) => new URL(page.url()).pathname;

/** Signs out from the account page. */
export async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.waitForURL("**/sign-in");
}

/** Enters the address and the password at the sign-in page. */
export async function enterPassword({
  page,
  email,
  password,
}: Pick<Member, "page" | "email" | "password">): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel(/^Password( \*)?$/).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Adds a passkey as the first factor of an account, at the account page. */
export async function addPasskey(page: Page, name: string): Promise<void> {
  await page.getByLabel("Name of a new passkey").fill(name);
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByRole("button", { name: "I saved these codes" }).click();
  await page.getByRole("cell", { name, exact: true }).waitFor();
}

/** Calls the API in the session of this page, by a script of the page. */
export function callApi(page: Page, procedure: string): Promise<{ status: number; reason: string | null }> {
  return page.evaluate(async (path) => {
    const token = /portcullis\.csrf=([^;]+)/.exec(document.cookie)?.[1] ?? "";
    const headers = { "content-type": "application/json", "x-csrf-token": decodeURIComponent(token) };
    const response = await fetch(`/api/trpc/${path}`, { method: "POST", headers, body: "{}" });
    const { error } = await response.json();
    return { status: response.status, reason: error?.data?.reason ?? null };
  }, procedure);
}
