import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faintTexts } from "./faint-texts";
import { type Portcullis, startPortcullis } from "./portcullis";
import { openVisitors, type Visitors } from "./visitors";

let portcullis: Portcullis;
let visitors: Visitors;

beforeAll(async () => {
  [portcullis, visitors] = await Promise.all([startPortcullis(), openVisitors()]);
});

afterAll(async () => {
  await visitors?.close();
  await portcullis?.stop();
});

const pages = ["/", "/sign-in", "/sign-in?error=OAuthCallback", "/setup", "/accept-invitation", "/nowhere"];

test.each(["light", "dark"] as const)(
  "in %s colours the content security policy blocks nothing on any page (AM-19..23)",
  async (colorScheme) => {
    const { page, picture, problems } = await visitors.visitor({ colorScheme });
    for (const path of pages) {
      await page.goto(portcullis.url + path, { waitUntil: "networkidle" });
      await page.getByRole("heading", { level: 1 }).waitFor();
      expect(await page.locator("html").getAttribute("data-mantine-color-scheme")).toBe(colorScheme);
      expect(await page.locator("body").evaluate((body) => getComputedStyle(body).fontFamily)).toContain("system-ui");
      await picture(`page${path.replaceAll(/\W+/g, "-")}`);
      expect(await faintTexts(page), path).toEqual([]);
      expect(problems, path).toEqual([]);
    }
  },
);

describe("pages", () => {
  test("a page runs no script without its nonce, and every response has another nonce (AM-19..23)", async () => {
    const { page, problems } = await visitors.visitor();
    await page.route("**/sign-in", async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace("</body>", "<script>document.title = 'planted'</script></body>");
      await route.fulfill({ response, body });
    });
    await page.goto(`${portcullis.url}/sign-in`, { waitUntil: "networkidle" });
    expect(await page.title()).toBe("Sign in · Portcullis");
    expect(problems.splice(0).join("\n")).toContain("script-src-elem inline");
    const policies = await Promise.all(
      ["/", "/"].map(async (path) => (await fetch(portcullis.url + path)).headers.get("content-security-policy")),
    );
    expect(policies[0]).toMatch(/script-src 'self' 'nonce-[\w+/]{22}==' 'strict-dynamic';/);
    expect(policies[0]).not.toBe(policies[1]);
  });

  test("a page keeps the chosen colours and can be used with the keyboard alone", async () => {
    const { page } = await visitors.visitor();
    await page.goto(`${portcullis.url}/sign-in`);
    await page.getByLabel("E-mail address").waitFor();
    await page.getByLabel("Theme").selectOption("dark");
    await expect.poll(() => page.locator("html").getAttribute("data-mantine-color-scheme")).toBe("dark");
    await page.reload();
    expect(await page.locator("html").getAttribute("data-mantine-color-scheme")).toBe("dark");
    await page.getByLabel("E-mail address").focus();
    const focused: string[] = [];
    for (let tab = 0; tab < 5; tab += 1) {
      focused.push(await page.evaluate(() => (document.activeElement as HTMLInputElement).type));
      await page.keyboard.press("Tab");
    }
    expect(focused).toEqual(["email", "password", "button", "checkbox", "submit"]);
  });

  test("an unknown address shows a page that says so and links back", async () => {
    const { page, inBothColours } = await visitors.visitor();
    const response = await page.goto(`${portcullis.url}/account/nowhere`);
    expect(response?.status()).toBe(404);
    await page.getByRole("heading", { name: "There is no such page" }).waitFor();
    await inBothColours("not-found");
    await page.getByRole("link", { name: "Back to the first page" }).click();
    await page.waitForURL(`${portcullis.url}/`);
  });

  test("the sign-in page shows no text from its address", async () => {
    const { page } = await visitors.visitor();
    await page.goto(`${portcullis.url}/sign-in?error=${encodeURIComponent("<b>Call 555-0100</b>")}`);
    await page.getByRole("alert").filter({ hasText: "Signing in did not work." }).waitFor();
    expect(await page.getByRole("main").textContent()).not.toContain("555-0100");
  });

  test("a form says at its inputs what is missing and moves the focus there", async () => {
    const { page } = await visitors.visitor();
    await page.goto(`${portcullis.url}/sign-in`);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    const input = page.getByLabel("E-mail address");
    await expect.poll(() => input.getAttribute("aria-invalid")).toBe("true");
    const described = (await input.getAttribute("aria-describedby")) ?? "";
    expect(await page.locator(`[id="${described}"]`).textContent()).toBe("Enter your e-mail address.");
    expect(await input.evaluate((node) => node === document.activeElement)).toBe(true);
  });
});

test("every response has the security headers: pages, static files, unknown paths and the API (AM-19..23)", async () => {
  const page = await (await fetch(`${portcullis.url}/sign-in`)).text();
  const [script = ""] = /\/_next\/static\/[^"]+\.js/.exec(page) ?? [];
  const [style = ""] = /\/_next\/static\/[^"]+\.css/.exec(page) ?? [];
  expect(script && style).not.toBe("");
  const paths = [
    "/",
    "/sign-in",
    script,
    style,
    "/nowhere",
    "/_next/static/nowhere.js",
    "/%",
    "/api/trpc/x",
    "/healthz",
  ];
  for (const path of paths) {
    const { headers } = await fetch(portcullis.url + path);
    expect.soft(headers.get("x-frame-options"), path).toBe("DENY");
    expect.soft(headers.get("x-content-type-options"), path).toBe("nosniff");
    expect.soft(headers.get("referrer-policy"), path).toBe("same-origin");
    expect.soft(headers.get("permissions-policy"), path).toContain("camera=()");
    expect.soft(headers.get("content-security-policy"), path).toMatch(/frame-ancestors 'none'/);
    expect.soft(headers.get("content-security-policy"), path).not.toMatch(/script-src[^;]*unsafe/);
    expect.soft(headers.has("x-powered-by"), path).toBe(false);
  }
});
