import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreatedOrganization } from "#src/main/host/contract";
import { callOver } from "../support/control-plane";
import { freePort } from "../support/free-port";
import { type RunningProvider, startOidcProvider } from "../support/oidc-provider";
import { registerSecret } from "../support/secrets";
import { type Portcullis, startPortcullis } from "./portcullis";
import { openVisitors, type Visitors } from "./visitors";

let portcullis: Portcullis;
let visitors: Visitors;
let provider: RunningProvider;
let key = "";
let link = "";

beforeAll(async () => {
  const port = await freePort();
  const redirectUri = `http://localhost:${port}/api/auth/callback/company`;
  [provider, visitors] = await Promise.all([startOidcProvider({ redirectUris: [redirectUri] }), openVisitors()]);
  const company = {
    slug: "company",
    name: "Company",
    issuer: provider.issuer,
    clientId: provider.clientId,
    clientSecret: provider.clientSecret,
    createsPersons: true,
    groupRoles: { operations: "developer" },
  };
  portcullis = await startPortcullis({ PORT: String(port), PORTCULLIS_OIDC_PROVIDERS: JSON.stringify([company]) });
  const created = await portcullis.onHost<CreatedOrganization & { setupUrl: string }>("setup", {
    email: "ada@example.org",
    organization: "Acme",
  });
  key = registerSecret(created.apiKey.key);
  link = created.setupUrl;
});

afterAll(async () => {
  await visitors?.close();
  await portcullis?.stop();
  await provider?.close();
});

const newPassword = () => registerSecret(`plenty of words ${Math.random().toString(36).slice(2)}`);

test("the operator that the host command created chooses a password with the printed link", async () => {
  const { page, picture } = await visitors.visitor();
  await page.goto(link);
  await page.getByText("For ada@example.org.").waitFor();
  await picture("setup-password");
  await page.getByLabel("New password").fill(newPassword());
  await page.getByRole("button", { name: "Choose this password" }).click();
  await page.getByText("ada@example.org at Acme").waitFor();
  expect(await page.getByText("ada@example.org at Acme").isVisible()).toBe(true);
});

describe("sign-in through a real OpenID Connect provider (TM-12..20)", () => {
  test("signs in a person with the role of the person's group", async () => {
    provider.person = {
      sub: "grace",
      email: "grace@example.org",
      email_verified: true,
      name: "Grace",
      groups: ["operations"],
    };
    const { page, picture } = await visitors.visitor();
    await page.goto(`${portcullis.url}/account`);
    await page.getByRole("button", { name: "Sign in with Company" }).waitFor();
    await picture("sign-in-provider");
    await page.getByRole("button", { name: "Sign in with Company" }).click();
    await page.getByText("grace@example.org at Acme").waitFor();
    expect(new URL(page.url()).pathname).toBe("/account");
  });

  test("returns a person whose address is not proven to the sign-in page, with a hint for the administrator", async () => {
    provider.person = { sub: "mallory", email: "ada@example.org", email_verified: false, name: "Mallory" };
    const { page, picture } = await visitors.visitor();
    await page.goto(`${portcullis.url}/sign-in`);
    await page.getByRole("button", { name: "Sign in with Company" }).click();
    await page.getByRole("alert").filter({ hasText: "administrator" }).waitFor();
    expect(page.url()).toBe(`${portcullis.url}/sign-in?error=provider_email_unverified`);
    expect(new URL(page.url()).pathname).toBe("/sign-in");
    await picture("sign-in-provider-refused");
  });

  test.each([
    ["a state that this browser does not have", "code=a&state=b"],
    ["no state", "code=a"],
    ["an error description of the provider", "error=access_denied&error_description=Mallory%20may%20not&state=b"],
  ])("shows no details to a visitor who comes back with %s", async (_what, query) => {
    const { page, inBothColours } = await visitors.visitor();
    await page.goto(`${portcullis.url}/api/auth/callback/company?${query}`);
    await page.getByRole("button", { name: "Sign in with Company" }).waitFor();
    expect(page.url()).toBe(`${portcullis.url}/sign-in?error=provider_refused`);
    const alerts = await page.getByRole("main").getByRole("alert").allTextContents();
    expect(alerts).toEqual([
      "Signing in did not work. Try again. If it does not work again, ask an administrator: the provider's last refusal and the audit log say why.",
    ]);
    await inBothColours("sign-in-provider-refused");
  });

  test("returns the same 404 for every unknown provider", async () => {
    const { page } = await visitors.visitor();
    for (const path of [
      "signin/nowhere",
      "callback/nowhere",
      "callback/nowhere?code=a&state=b",
      "error",
      "providers",
    ]) {
      const response = await page.goto(`${portcullis.url}/api/auth/${path}`);
      expect(response?.status(), path).toBe(404);
      expect(await page.locator("body").textContent(), path).toContain("No such endpoint");
    }
  });

  test("leads to a page of the control plane, wherever callbackUrl points", async () => {
    provider.person = { sub: "grace", email: "grace@example.org", email_verified: true, groups: ["operations"] };
    const { page } = await visitors.visitor();
    const origins = new Set<string>();
    page.on("request", (request) => void origins.add(new URL(request.url()).origin));
    // The sign-in page drops foreign addresses before it sends the form. Here the form contains one anyway.
    await page.route("**/api/auth/signin/company", async (route) => {
      const form = new URLSearchParams(route.request().postData() ?? "");
      form.set("callbackUrl", "https://elsewhere.example/");
      await route.continue({ postData: form.toString() });
    });
    await page.goto(`${portcullis.url}/sign-in`);
    await page.getByRole("button", { name: "Sign in with Company" }).click();
    await page.waitForURL(`${portcullis.url}/`);
    const foreignAddresses = [
      "https://elsewhere.example/",
      "//elsewhere.example/",
      "/\\elsewhere.example/",
      "javascript:document.title='planted'",
      "data:text/html,planted",
      "http://localhost:1/",
      `${portcullis.url}@elsewhere.example/`,
    ];
    for (const address of foreignAddresses) {
      await page.goto(`${portcullis.url}/sign-in?callbackUrl=${encodeURIComponent(address)}`);
      await page.waitForURL(`${portcullis.url}/`);
      expect(await page.title(), address).toBe("Portcullis");
    }
    expect(origins).toEqual(new Set([portcullis.url, provider.url]));
  });
});

describe("invitations", () => {
  const invite = async (email: string): Promise<string> => {
    const { status, data } = await callOver(portcullis.url, key)<{ url: string }>("invitations.create", {
      email,
      role: "viewer",
    });
    expect(status).toBe(200);
    return data.url;
  };

  test("a second person accepts an invitation and gets an account (PO-19)", async () => {
    const url = await invite("bob@example.org");
    const { page, picture } = await visitors.visitor();
    await page.goto(url);
    await page.getByRole("heading", { name: "Join Acme" }).waitFor();
    await picture("invitation");
    await page.getByLabel("Your name").fill("Bob");
    await page.getByLabel(/^Password/).fill(newPassword());
    await page.getByRole("button", { name: "Join" }).click();
    await page.getByText("bob@example.org at Acme").waitFor();

    await page.goto(url); // it is valid only once
    await page.getByRole("alert").filter({ hasText: "already accepted" }).waitFor();
  });

  test("a signed-in person cannot accept an invitation for another address", async () => {
    provider.person = { sub: "grace", email: "grace@example.org", email_verified: true, groups: ["operations"] };
    const url = await invite("carol@example.org");
    const { page, picture } = await visitors.visitor();
    await page.goto(`${portcullis.url}/sign-in?callbackUrl=/account`);
    await page.getByRole("button", { name: "Sign in with Company" }).click();
    await page.getByText("grace@example.org at Acme").waitFor();
    await page.goto(url);
    await page.getByText("you are signed in as grace@example.org").waitFor();
    await picture("invitation-other");
    await page.getByRole("button", { name: "Sign out and continue" }).click();
    await page.getByText("This invitation is for carol@example.org.").waitFor();
  });
});
