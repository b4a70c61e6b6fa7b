import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreatedOrganization } from "../../src/main/host/contract";
import { callOver } from "../support/control-plane";
import { freePort } from "../support/free-port";
import { type OidcProvider, startOidcProvider } from "../support/oidc-provider";
import { registerSecret } from "../support/secrets";
import { type Portcullis, startPortcullis } from "./portcullis";
import { openVisitors, type Visitors } from "./visitors";

let portcullis: Portcullis;
let visitors: Visitors;
let provider: OidcProvider;
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
  const made = await portcullis.onHost<CreatedOrganization & { setupUrl: string }>("setup", {
    email: "ada@example.org",
    organization: "Acme",
  });
  key = registerSecret(made.apiKey.key);
  link = made.setupUrl;
});

afterAll(async () => {
  await visitors?.close();
  await portcullis?.stop();
  await provider?.close();
});

const newPassword = () => registerSecret(`plenty of words ${Math.random().toString(36).slice(2)}`);

test("the operator whom the host made chooses a password by the link that it printed", async () => {
  const { page, picture } = await visitors.visitor();
  await page.goto(link);
  await page.getByText("For ada@example.org.").waitFor();
  await picture("setup-password");
  await page.getByLabel("New password").fill(newPassword());
  await page.getByRole("button", { name: "Choose this password" }).click();
  await page.getByText("ada@example.org at Acme").waitFor();
});

describe("sign-in by a real provider of OpenID Connect (TM-12..20)", () => {
  test("lets in whom the provider knows, with the role of their group", async () => {
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

  test("sends back a person whose address the provider does not prove, with what to ask for", async () => {
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
    ["a state that this browser never had", "code=a&state=b"],
    ["no state", "code=a"],
    ["a refusal in the provider's words", "error=access_denied&error_description=Mallory%20may%20not&state=b"],
  ])("says nothing of why to who comes back with %s", async (_what, query) => {
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

  test("says the same of every provider that there is not", async () => {
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
      expect(await page.locator("body").textContent(), path).toContain("There is nothing here.");
    }
  });

  test("ends at a page of ours, wherever callbackUrl points", async () => {
    provider.person = { sub: "grace", email: "grace@example.org", email_verified: true, groups: ["operations"] };
    const { page } = await visitors.visitor();
    const asked = new Set<string>();
    page.on("request", (request) => void asked.add(new URL(request.url()).origin));
    // Our page leaves out what is elsewhere before it asks: here the form says it all the same.
    await page.route("**/api/auth/signin/company", async (route) => {
      const form = new URLSearchParams(route.request().postData() ?? "");
      form.set("callbackUrl", "https://elsewhere.example/");
      await route.continue({ postData: form.toString() });
    });
    await page.goto(`${portcullis.url}/sign-in`);
    await page.getByRole("button", { name: "Sign in with Company" }).click();
    await page.waitForURL(`${portcullis.url}/`);
    const elsewhere = [
      "https://elsewhere.example/",
      "//elsewhere.example/",
      "/\\elsewhere.example/",
      "javascript:document.title='planted'",
      "data:text/html,planted",
      "http://localhost:1/",
      `${portcullis.url}@elsewhere.example/`,
    ];
    for (const address of elsewhere) {
      await page.goto(`${portcullis.url}/sign-in?callbackUrl=${encodeURIComponent(address)}`);
      await page.waitForURL(`${portcullis.url}/`);
      expect(await page.title(), address).toBe("Portcullis");
    }
    expect(asked).toEqual(new Set([portcullis.url, provider.url]));
  });
});

describe("an invitation", () => {
  const invite = async (email: string): Promise<string> => {
    const { status, data } = await callOver(portcullis.url, key)<{ url: string }>("invitations.create", {
      email,
      role: "viewer",
    });
    expect(status).toBe(200);
    return data.url;
  };

  test("is accepted by a second person, who gets an account with it (PO-19)", async () => {
    const url = await invite("bob@example.org");
    const { page, picture } = await visitors.visitor();
    await page.goto(url);
    await page.getByRole("heading", { name: "Join Acme" }).waitFor();
    await picture("invitation");
    await page.getByLabel("Your name").fill("Bob");
    await page.getByLabel(/^Password/).fill(newPassword());
    await page.getByRole("button", { name: "Join" }).click();
    await page.getByText("bob@example.org at Acme").waitFor();

    await page.goto(url); // it was good once
    await page.getByRole("alert").filter({ hasText: "accepted already" }).waitFor();
  });

  test("for somebody else's address cannot be accepted by who is signed in", async () => {
    provider.person = { sub: "grace", email: "grace@example.org", email_verified: true, groups: ["operations"] };
    const url = await invite("carol@example.org");
    const { page, picture } = await visitors.visitor();
    await page.goto(`${portcullis.url}/sign-in?callbackUrl=/account`);
    await page.getByRole("button", { name: "Sign in with Company" }).click();
    await page.getByText("grace@example.org at Acme").waitFor();
    await page.goto(url);
    await page.getByText("you are signed in as grace@example.org").waitFor();
    await picture("invitation-other");
    await page.getByRole("button", { name: "Sign out and go on" }).click();
    await page.getByText("This is for carol@example.org.").waitFor();
  });
});
